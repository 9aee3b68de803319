"""Shapes of states leave with the people behind them, and say nothing about everybody in a state."""

import pandas as pd
import pytest

from outcomes.disclosure.profiles import release_profile
from outcomes.errors import DisclosureError

STATES = pd.DataFrame(
    {
        "state": [1, 1, 2, 3],
        "item": ["sleep", "mood", "sleep", "sleep"],
        "people": [600.4, 600.4, 30.0, 8.2],
        "probability": [1.0, 0.1234, 0.0, 0.5],
        "mean": [2.999, 1.0, 0.0, 1.0],
    }
)


def profile(**change):
    asked = {"labels": ["state", "item"], "expected_n": "people", "probabilities": ["probability"], "means": ["mean"]}
    return release_profile(STATES, title="Profiles", **asked | change)


def test_probabilities_keep_off_none_and_all_by_the_rounding_step():
    out = profile()
    assert out.verify().table["probability"].tolist()[:3] == [0.99, 0.12, 0.12]  # 3 of 603; 3 of 27, upwards
    assert out.table["people"].tolist() == [603, 603, 27, 9]


def test_a_small_state_is_listed_as_too_few():
    out = profile()
    assert out.reasons[3, "probability"] == "too few"
    assert out.reasons[3, "mean"] == "too few"
    assert out.table["state"].iloc[3] == "3"


def test_what_is_no_probability_is_refused():
    with pytest.raises(DisclosureError, match="mean: a probability must be between 0 and 1"):
        profile(probabilities=["mean"], means=["probability"])
    with pytest.raises(DisclosureError, match="declared but not in the table: persons"):
        profile(expected_n="persons")
