"""A declaration is checked whole before a file is opened."""

import re
from pathlib import Path

import pytest

from outcomes.errors import ConfigError
from outcomes.library.source import Source, check_source

WRONG = {
    "an invented source needs its seed": {"kind": "invented"},
    "seed belongs to an invented source": {"seed": 3},
    "an identified source needs a reason": {"kind": "identified", "reason": " "},
    "encoding must be one of 'utf-8', 'cp1252', 'latin-1', got 'utf-16'": {"encoding": "utf-16"},
    "delimiter must be one of": {"delimiter": "::"},
    "'notes' is not a table of a feed": {"files": {"notes": (Path("x.csv"),)}},
    "files.responses must be a tuple": {"files": {"responses": "x.csv"}},
    "versions: 'referrals' has no files": {"versions": {"referrals": ("month",)}},
    "columns.responses: 'surname' is not a column": {"constants": {"responses": {"surname": "x"}}},
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_declaration_says_what_is_allowed(message):
    right = {"format": "tidy_wide", "kind": "anonymised", "reason": "licence", "files": {"responses": (Path("x.csv"),)}}
    check_source(Source(**right))
    with pytest.raises(ConfigError, match=re.escape(message)):
        check_source(Source(**(right | WRONG[message])))


def test_missing_codes_of_a_column_an_instrument_and_all_answers():
    codes = {"answers": ("99",), "phq9": ("7",), "phq9_1": ("8",), "gender": ("0",)}
    source = Source(format="tidy_wide", kind="anonymised", reason="r", files={}, missing_codes=codes)
    assert source.missing_of("phq9_1") == {"99", "7", "8"}
    assert source.missing_of("gad7_1") == {"99"}
    assert source.missing_of("gender") == {"0"}
    assert source.missing_of("patient_id") == frozenset()
