"""The age of an opt-out list is a record with a source, and it says that nobody has confirmed it."""

from dataclasses import replace
from pathlib import Path

import pytest

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import source
from outcomes.reference.governance import opt_out_rule, read_opt_out_rule
from outcomes.reference.loader import FOLDER

FILE = FOLDER / "governance" / "opt_out.toml"


def test_the_folder_holds_the_records_that_are_read() -> None:
    assert [path.stem for path in (FOLDER / "governance").glob("*")] == [opt_out_rule().key]


def test_three_weeks_are_remembered_and_said_to_be_unverified() -> None:
    rule = opt_out_rule()
    assert (rule.longest_age_days, rule.verified, rule.limit()) == (21, False, "21 (unverified)")
    assert "memory" in rule.notes
    assert source(rule.source).title


def test_a_confirmed_limit_is_said_without_the_caution() -> None:
    assert replace(opt_out_rule(), verified=True, longest_age_days=7).limit() == "7"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("longest_age_days = 21", "longest_age_days = -1", "longest_age_days must be at least 0, got -1"),
        ("longest_age_days = 21", 'longest_age_days = "21"', "'longest_age_days' must be int"),
        ("longest_age_days = 21", "longest_days = 21", "'longest_age_days' is missing"),
        ("recorded = ", "written = ", "'recorded' is missing"),
        ('key = "opt_out"', 'key = "other"', "must equal the name of the file"),
        ('"nhs_opt_out_check"', '"hearsay"', "'hearsay' is not in the bibliography"),
        ("verified = false", "verified = false\nsure = true", r"unknown keys \['sure'\]"),
    ],
)
def test_a_faulty_rule_does_not_load(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "opt_out.toml"
    path.write_text(FILE.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_opt_out_rule(path)
