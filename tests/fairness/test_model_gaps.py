"""Two criteria by group, each with its verdict; no verdict where there are too few."""

import numpy as np
import pandas as pd
import pytest

from outcomes.fairness.gaps import EXCEEDS, INCONCLUSIVE, NO_REFERENCE, REFERENCE, TOO_FEW, WITHIN, Tolerance
from outcomes.fairness.model_gaps import CALIBRATION, EQUAL_OPPORTUNITY, model_gaps
from outcomes.kernel.intervals import wilson

FIVE = Tolerance(points=5, minimum_events=100)


def table(**change):
    rows = pd.DataFrame(
        {
            "breakdown": ["everyone", "gender", "gender", "gender"],
            "group": ["Everyone", "Male", "Female", "Not known"],
            "n": [9000, 6000, 2900, 100],
            "events": [4500, 3000, 1450, 50],
            "true_positives": [3600, 2400, 1160, 40],
            "mean_probability": [0.5] * 4,
        }
    )
    return rows.assign(**change)


def verdict(found, criterion, group):
    return found.set_index(["criterion", "group"]).loc[(criterion, group)]


def test_a_model_that_is_as_good_for_both_is_within_and_small_groups_get_no_verdict():
    found = model_gaps(table(), FIVE)
    assert set(found["breakdown"]) == {"gender"}
    assert verdict(found, EQUAL_OPPORTUNITY, "Male")["verdict"] == REFERENCE
    assert verdict(found, EQUAL_OPPORTUNITY, "Female")["verdict"] == WITHIN
    assert verdict(found, EQUAL_OPPORTUNITY, "Not known")["verdict"] == TOO_FEW
    assert verdict(found, CALIBRATION, "Male")["verdict"] == WITHIN  # the reference is judged too


def test_a_group_that_is_noticed_less_often_exceeds():
    row = verdict(model_gaps(table(true_positives=[3400, 2400, 960, 40]), FIVE), EQUAL_OPPORTUNITY, "Female")
    assert row["gap_points"] == pytest.approx(100 * (960 / 1450 - 0.8))
    assert row["verdict"] == EXCEEDS


def test_a_group_that_is_told_too_much_exceeds_under_calibration_only():
    found = model_gaps(table(mean_probability=[0.53, 0.5, 0.6, 0.5]), FIVE)
    assert verdict(found, CALIBRATION, "Female")["gap_points"] == pytest.approx(-10)
    assert verdict(found, CALIBRATION, "Female")["verdict"] == EXCEEDS
    assert verdict(found, EQUAL_OPPORTUNITY, "Female")["verdict"] == WITHIN


def test_an_inconclusive_gap_says_how_many_would_decide_and_so_many_do():
    few = table(n=[900, 600, 300, 0], events=[450, 300, 150, 0], true_positives=[354, 240, 114, 0])
    row = verdict(model_gaps(few, FIVE), EQUAL_OPPORTUNITY, "Female")
    assert row["verdict"] == INCONCLUSIVE
    times = int(np.ceil(1.15 * row["n_to_decide"] / row["n"]))  # Newcombe's interval is not quite symmetric
    counts = ["n", "events", "true_positives"]
    more = few.assign(**{name: few[name] * times for name in counts})
    assert verdict(model_gaps(more, FIVE), EQUAL_OPPORTUNITY, "Female")["verdict"] in {WITHIN, EXCEEDS}


def test_calibration_of_a_group_with_four_of_four_is_not_certain():
    hits = [3600, 2400, 1196, 4]
    sizes = {"n": [9000, 6000, 2996, 4], "events": [4500, 3000, 1496, 4], "true_positives": hits}
    few = table(**sizes, mean_probability=[0.5, 0.5, 0.5, 1.0])
    row = verdict(model_gaps(few, FIVE), CALIBRATION, "Not known")
    assert row["gap_points"] == pytest.approx(0)
    bounds = wilson(4, 4)
    assert row["gap_low"] == pytest.approx(100 * (float(bounds.low) - 1))
    assert row["gap_low"] < -40


def test_a_group_is_held_against_everyone_else_too():
    found = model_gaps(table(true_positives=[3400, 2400, 960, 40]), FIVE)
    row = verdict(found, EQUAL_OPPORTUNITY, "Female")
    assert row["gap_others_points"] == pytest.approx(100 * (960 / 1450 - (3400 - 960) / (4500 - 1450)))
    assert row["gap_others_low"] < row["gap_others_points"] < row["gap_others_high"]
    assert verdict(found, EQUAL_OPPORTUNITY, "Male")["gap_others_points"] > 0  # the reference has others beside it
    assert found.loc[found["criterion"].eq(CALIBRATION), "gap_others_points"].isna().all()


def test_a_crossed_breakdown_is_judged_against_its_declared_reference():
    crossed = table(breakdown=["everyone", "gender and age", "gender and age", "gender and age"])
    found = model_gaps(crossed, FIVE, references={"gender and age": "Male"})
    assert verdict(found, EQUAL_OPPORTUNITY, "Male")["verdict"] == REFERENCE
    assert verdict(found, EQUAL_OPPORTUNITY, "Female")["verdict"] == WITHIN


def test_a_breakdown_without_a_reference_gets_calibration_only():
    found = model_gaps(table(breakdown=["everyone", "clinic", "clinic", "clinic"]), FIVE)
    assert found.loc[found["criterion"].eq(EQUAL_OPPORTUNITY), "verdict"].eq(NO_REFERENCE).all()
    assert verdict(found, CALIBRATION, "Female")["verdict"] == WITHIN
