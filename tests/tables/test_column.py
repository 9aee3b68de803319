"""The record of a column says its rule in words."""

import pytest

from outcomes.errors import ConfigError
from outcomes.tables.column import Column, Table

AGE = Column(name="age", type="integer", meaning="age", minimum=0, maximum=130, required=True)


def test_the_rule_in_words():
    assert AGE.rule == "never blank; 0 to 130"
    assert Column(name="c", type="code", meaning="m", codes=("1", "2")).rule == "one of 1 2"
    assert Column(name="c", type="code", meaning="m", pattern="[0-9]{2}").rule == "matches `[0-9]{2}`"
    assert Column(name="n", type="integer", meaning="m", minimum=1).rule == "1 or more"
    assert Column(name="i", type="integer", meaning="m", integers=(0, 1)).rule == "one of 0 1"


def test_a_column_that_is_not_there_is_named():
    table = Table("people", "Who?", (AGE,), ("age",))
    assert table.column("age") is AGE
    with pytest.raises(ConfigError, match="table people has no column 'height'; it may have age"):
        table.column("height")
