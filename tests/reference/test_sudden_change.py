"""The criteria of sudden change are those of the paper."""

import pytest

from outcomes.errors import ConfigError
from outcomes.reference.loader import FOLDER
from outcomes.reference.sudden_change import sudden_change_criteria


def test_default_criteria_are_those_of_1999() -> None:
    rules = sudden_change_criteria()
    assert rules.source.startswith("tang_derubeis_1999")
    assert (str(rules.smallest_share), rules.window, rules.minimum_scores) == ("0.25", 3, 2)
    assert (str(rules.two_sided_alpha), str(rules.reversal_share)) == ("0.05", "0.5")


def test_every_file_loads_and_an_unknown_key_is_an_error() -> None:
    for path in (FOLDER / "sudden_change").glob("*.toml"):
        assert sudden_change_criteria(path.stem).key == path.stem
    with pytest.raises(ConfigError, match="criteria 'hunch' are not known; known are tang_derubeis_1999"):
        sudden_change_criteria("hunch")
