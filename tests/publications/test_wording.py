"""Cells in words."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError
from outcomes.publications.wording import breakdown_title, cell, footnotes, heading, interval, number, require_released
from outcomes.reference.policies import disclosure_policies


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.integers(0, 3), st.booleans())
def test_a_number_can_be_read_back(value, decimals, signed):
    said = number(value, decimals, signed=signed)
    back = float(said.replace(",", "").replace("−", "-").replace("+", ""))
    assert back == pytest.approx(value, abs=0.5 * 10**-decimals + 1e-9)
    assert not said.startswith("−0") or back != 0


def test_not_applicable_is_a_dash_and_nought_has_no_sign():
    assert number(math.nan, 1) == "–"
    assert number(-0.04, 1, signed=True) == "0.0"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("n", "n"),
        ("rate_pct", "Rate (%)"),
        ("phq9_first", "PHQ-9 first"),
        ("weeks_waited", "Weeks waited"),
        ("auc", "AUC"),
    ],
)
def test_headings_are_for_people(name, said):
    assert heading(name) == said


def test_breakdowns_have_titles():
    assert breakdown_title("gender") == "Gender"
    assert breakdown_title("Age and service") == "Age and service"


def test_cells_intervals_and_reasons(recovery):
    assert cell(recovery, 0, "n") == "2,997"
    assert interval(recovery, 0, "rate_pct") == "47.2 to 50.7"
    assert cell(recovery, 2, "rate_pct") == "too few"
    assert interval(recovery, 2, "rate_pct") == "–"
    assert interval(recovery, 0, "n") == "–"


def test_footnotes_name_policy_methods_and_what_is_hidden(recovery):
    said = " ".join(footnotes(recovery))
    for words in ("Invented people.", "steps of 6 (0, 3, 9, 15", "Wilson", "Newcombe", "cells are not shown: too few"):
        assert words in said


def test_every_policy_is_said(recovery):
    for policy in disclosure_policies():
        out = release(
            recovery.table[["group", "n"]].astype({"n": int}), labels=["group"], counts=["n"], policy=policy, title="t"
        )
        assert footnotes(out)[0].startswith("Counts ")


def test_only_sealed_records_pass(recovery):
    assert require_released(recovery) is recovery
    with pytest.raises(DisclosureError, match="got dict"):
        require_released({})
