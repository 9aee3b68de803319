"""Padded, shortened and lower-cased codes are read by rules with names; nothing else is guessed."""

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.reference.code_cleaning import RULES, clean_code, per_distinct_value, read_rules
from outcomes.reference.loader import Entry

LEGAL = {"02", "10", "X", "F320"}


@pytest.mark.parametrize(
    ("code", "rules", "expected"),
    [
        ("02", [], "02"),
        (" 02 ", ["strip_blanks"], "02"),
        ("2", ["restore_lost_zero"], "02"),
        ("2 ", ["strip_blanks", "restore_lost_zero"], "02"),
        ("2.0", ["drop_decimal_point_zero", "restore_lost_zero"], "02"),
        ("x", ["upper_case"], "X"),
        ("010", ["drop_leading_zeros"], "10"),
        ("F32.0", ["drop_dots"], "F320"),
        ("2", ["strip_blanks"], None),
        ("CH", list(RULES), None),
        ("00", list(RULES), None),
    ],
)
def test_code_is_read_by_the_rules_that_are_named(code: str, rules: list[str], expected: str | None) -> None:
    assert clean_code(code, LEGAL, rules) == expected


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ConfigError, match="cleaning rule 'guess' is not known"):
        read_rules(Entry({"cleaning": ["guess"]}, "x.toml"))


def test_each_distinct_value_is_translated_once_and_blanks_apart() -> None:
    asked: list[str] = []

    def translate(text: str) -> str:
        asked.append(text)
        return text.upper()

    values = pd.Series(["a", None, "a", "  ", "b"], index=[5, 6, 7, 8, 9], name="code")
    found = per_distinct_value(values, translate, blank="none")
    assert found.tolist() == ["A", "none", "A", "none", "B"]
    assert found.index.tolist() == [5, 6, 7, 8, 9]
    assert sorted(asked) == ["a", "b"]


def test_an_empty_column_stays_empty() -> None:
    assert per_distinct_value(pd.Series([], dtype="str"), str.upper, blank=None).empty
