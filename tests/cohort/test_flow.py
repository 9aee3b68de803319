"""The funnel counts who is left at each step, and says why the others are not."""

import pandas as pd
import pytest

from outcomes.cohort.flow import flow
from outcomes.errors import DataError


def frame():
    return pd.DataFrame(
        {
            "pseudonym": list("abcdea"),
            "referral": list("123456"),
            "gender": list("MMFFFM"),
            "assessed": pd.array([False, True, True, True, False, True], "boolean"),
            "started": pd.array([False, False, True, True, True, True], "boolean"),
            "completed": pd.array([False, False, False, True, True, True], "boolean"),
            "open": pd.array([False, False, True, False, False, False], "boolean"),
        }
    )


def test_steps_count_those_who_passed_all_before():
    found = flow(frame()).set_index("step")
    assert found["referrals"].to_dict() == {"referred": 6, "assessed": 5, "started": 4, "ended": 3, "completed": 3}
    assert found["left_out"].to_dict() == {"referred": 0, "assessed": 1, "started": 1, "ended": 1, "completed": 0}
    assert found.loc["ended", "reason"] == "still open"
    assert found.loc["completed", "reason"] == ""
    assert found.loc["referred", "patients"] == 5


def test_outcomes_add_the_last_steps_and_not_assessable_is_not_recovered():
    outcomes = pd.DataFrame(
        {
            "pseudonym": list("dea"),
            "referral": list("456"),
            "paired": [True, True, True],
            "recovery": pd.array([True, None, False], "boolean"),
        }
    )
    found = flow(frame(), outcomes).set_index("step")["referrals"]
    assert (found["paired"], found["recovery"]) == (3, 1)


def test_groups_add_up():
    whole, parts = flow(frame()), flow(frame(), by=["gender"])
    assert parts.groupby("step")["referrals"].sum().to_dict() == whole.set_index("step")["referrals"].to_dict()
    with pytest.raises(DataError, match="episodes have no column age to count by"):
        flow(frame(), by=["age"])


def test_what_is_not_known_is_left_out_not_counted_as_nobody():
    unknown = frame().assign(
        **{name: pd.array([None] * 6, "boolean") for name in ("assessed", "started", "completed", "open")}
    )
    assert flow(unknown)["step"].tolist() == ["referred"]
