"""Outcomes by group: counts, gaps and verdicts, against fairlearn and against the laws they must obey."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, selection_rate
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import ConfigError
from outcomes.fairness.breakdown import Tolerance, breakdown, intersect


def people(sizes, rates, *, column="gender", names=("Female", "Male", "Other")):
    parts = []
    for name, n, rate in zip(names, sizes, rates, strict=False):
        well = np.arange(n) < round(rate * n)
        parts.append(pd.DataFrame({column: name, "well": pd.array(well, dtype="boolean")}))
    return pd.concat(parts, ignore_index=True)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1)), min_size=2, max_size=3), st.randoms())
def test_point_values_equal_fairlearn(groups, random):
    table = people([n for n, _ in groups], [rate for _, rate in groups])
    found = breakdown(table, ["gender"], flags=["well"]).set_index("group")
    truth = table["well"].to_numpy(dtype=bool)
    frame = MetricFrame(
        metrics=selection_rate, y_true=truth, y_pred=truth, sensitive_features=table["gender"].to_numpy(dtype=object)
    )
    for name, rate in frame.by_group.items():
        assert found.loc[name, "rate_pct"] == pytest.approx(100 * rate, abs=1e-9)


def test_not_assessable_is_not_in_n_and_not_known_is_a_row():
    table = pd.DataFrame(
        {
            "colour": ["red", "red", None, "blue"],
            "well": pd.array([True, None, False, True], dtype="boolean"),
        }
    )
    found = breakdown(table, ["colour"], flags=["well"]).set_index("group")
    assert found["n"].to_dict() == {"Not known": 1, "blue": 1, "red": 1}
    assert found["events"].to_dict() == {"Not known": 0, "blue": 1, "red": 1}


@pytest.mark.parametrize(
    ("sizes", "rates", "verdict"),
    [
        ((2000, 2000), (0.5, 0.5), "within tolerance"),
        ((2000, 2000), (0.5, 0.3), "exceeds tolerance"),
        ((2000, 2000), (0.3, 0.5), "exceeds tolerance"),
        ((400, 400), (0.5, 0.45), "inconclusive"),
        ((2000, 150), (0.5, 0.5), "too few to say"),
        ((2000, 150), (0.5, 0.0), "too few to say"),
        ((4000, 200), (0.9, 0.9), "too few to say"),  # 20 without the event
    ],
)
def test_verdicts(sizes, rates, verdict):
    tolerance = Tolerance(points=5, minimum_events=100)
    found = breakdown(
        people(sizes, rates), ["gender"], flags=["well"], references={"gender": "Female"}, tolerance=tolerance
    ).set_index("group")
    assert found.loc["Male", "verdict"] == verdict
    assert found.loc["Female", "verdict"] == "reference"


def test_without_a_tolerance_nothing_is_judged_and_fair_is_never_said():
    found = breakdown(people((2000, 2000), (0.5, 0.5)), ["gender"], flags=["well"], references={"gender": "Female"})
    assert set(found["verdict"]) == {"reference", "no tolerance declared"}
    assert not found["verdict"].str.contains("fair").any()


def test_everyone_else_is_everyone_without_the_group():
    found = breakdown(people((100, 60, 40), (0.5, 0.25, 1)), ["gender"], flags=["well"]).set_index("group")
    assert found.loc["Male", ["others_events", "others_n"]].tolist() == [90, 140]
    assert found.loc["Male", "gap_others_points"] == pytest.approx(25 - 100 * 90 / 140)


def test_gap_turns_its_sign_with_the_reference():
    table = people((300, 300), (0.5, 0.4))
    one = breakdown(table, ["gender"], flags=["well"], references={"gender": "Female"}).set_index("group")
    two = breakdown(table, ["gender"], flags=["well"], references={"gender": "Male"}).set_index("group")
    assert one.loc["Male", "gap_points"] == pytest.approx(-two.loc["Female", "gap_points"])
    assert one.loc["Male", "gap_low"] == pytest.approx(-two.loc["Female", "gap_high"])


def test_row_order_and_the_callers_table_do_not_matter():
    table = people((30, 20), (0.5, 0.2))
    before = table.copy()
    shuffled = table.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        breakdown(table, ["gender"], flags=["well"]), breakdown(shuffled, ["gender"], flags=["well"])
    )
    pd.testing.assert_frame_equal(table, before)


def test_four_of_four_is_not_certain():
    found = breakdown(people((4, 400), (1, 0.5)), ["gender"], flags=["well"]).set_index("group")
    assert found.loc["Female", "low_pct"] < 55
    assert found.loc["Female", "high_pct"] == 100


def test_intersections_are_groups_of_two_columns():
    table = people((2, 2), (1, 0)).assign(place=["here", None, "here", "there"])
    crossed = intersect(table, "gender", "place")
    assert crossed["gender and place"].tolist() == ["Female, here", "Female, Not known", "Male, here", "Male, there"]


def test_refusals():
    table = people((2, 2), (1, 0))
    with pytest.raises(ConfigError, match="not in the table: absent"):
        breakdown(table, ["absent"], flags=["well"])
    with pytest.raises(ConfigError, match="nothing to count"):
        breakdown(table, ["gender"])
    with pytest.raises(ConfigError, match="reference 'Neither' is not a group of gender; groups are Female, Male"):
        breakdown(table, ["gender"], flags=["well"], references={"gender": "Neither"})
    with pytest.raises(ConfigError, match="above 0 percentage points, got 0"):
        Tolerance(0, 100)
    with pytest.raises(ConfigError, match="must not be negative, got -1"):
        Tolerance(5, -1)
    with pytest.raises(ConfigError, match="cannot cross columns that are not there: place"):
        intersect(table, "gender", "place")
