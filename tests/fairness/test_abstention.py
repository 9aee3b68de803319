"""Who gets no probability: shares by group with their reasons, held against a reference and everyone else."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.fairness.abstention import abstention_breakdown, abstention_gaps
from outcomes.fairness.breakdown import breakdown
from outcomes.fairness.gaps import EXCEEDS, REFERENCE, TOO_FEW, Tolerance
from outcomes.kernel.intervals import newcombe, wilson

WHY = ("no questionnaire yet", "outside the training data")
FIVE = Tolerance(points=5, minimum_events=100)


def people(silent, n, reason=WHY[0]):
    """`silent` of `n` people in each group have no probability."""
    rows = []
    for group, (quiet, all_of_it) in {"Male": (silent[0], n[0]), "Female": (silent[1], n[1])}.items():
        quiet_ones = np.arange(all_of_it) < quiet
        rows.append(
            pd.DataFrame({"gender": group, "no_probability": quiet_ones, "because": np.where(quiet_ones, reason, "")})
        )
    return pd.concat(rows, ignore_index=True)


def of(table, group):
    return table.set_index("group").loc[group]


def test_counts_shares_and_intervals():
    found = abstention_breakdown(people((30, 90), (300, 450)), ["gender"], reasons=WHY)
    assert found["group"].tolist() == ["Everyone", "Female", "Male"]
    every, female = of(found, "Everyone"), of(found, "Female")
    assert (every["events"], every["n"], every["rate_pct"]) == (120, 750, 16.0)
    assert (female["events"], female["n"], female["rate_pct"]) == (90, 450, 20.0)
    bounds = wilson(90, 450)
    assert female["low_pct"] == pytest.approx(100 * float(bounds.low))
    assert female["high_pct"] == pytest.approx(100 * float(bounds.high))
    assert (female["reason_1"], female["reason_2"]) == (90, 0)


def test_gaps_to_the_reference_and_to_everyone_else():
    found = abstention_breakdown(people((30, 90), (300, 450)), ["gender"], reasons=WHY)
    female = of(found, "Female")
    assert female["gap_points"] == pytest.approx(10)
    assert female["gap_others_points"] == pytest.approx(10)
    bounds = newcombe(90, 450, 30, 300)
    assert female["gap_low"] == pytest.approx(100 * float(bounds.low))
    assert np.isnan(of(found, "Male")["gap_points"])  # the reference


def test_reasons_add_up_and_an_undeclared_one_is_refused():
    rows = people((30, 90), (300, 450))
    rows.loc[rows["no_probability"] & (rows.index % 2 == 0), "because"] = WHY[1]
    found = abstention_breakdown(rows, ["gender"], reasons=WHY)
    assert (found["reason_1"] + found["reason_2"]).eq(found["events"]).all()
    assert of(found, "Everyone")["reason_2"] > 0
    with pytest.raises(ConfigError, match="of 750 rows hold a reason that was not declared"):
        abstention_breakdown(rows, ["gender"], reasons=WHY[:1])
    with pytest.raises(ConfigError, match="not in the table: because"):
        abstention_breakdown(rows.drop(columns="because"), ["gender"], reasons=WHY)


def test_verdicts_need_a_hundred_people_without_a_probability_on_both_sides():
    clear = abstention_breakdown(people((150, 600), (3000, 3000)), ["gender"], reasons=WHY, tolerance=FIVE)
    assert of(clear, "Female")["verdict"] == EXCEEDS
    assert of(clear, "Male")["verdict"] == REFERENCE
    rare = abstention_breakdown(people((99, 600), (3000, 3000)), ["gender"], reasons=WHY, tolerance=FIVE)
    assert of(rare, "Female")["verdict"] == TOO_FEW
    assert of(clear, "Everyone")["verdict"] == ""


def test_the_same_gaps_as_any_three_valued_column_gives():
    rows = people((30, 90), (300, 450))
    found = abstention_breakdown(rows, ["gender"], reasons=WHY).iloc[1:].reset_index(drop=True)
    same = breakdown(rows, ["gender"], flags=["no_probability"])
    shared = [name for name in same.columns if name not in {"measure", "verdict"}]
    pd.testing.assert_frame_equal(found[shared], same[shared], check_dtype=False)


def test_a_family_asks_for_wider_intervals_around_the_same_gaps():
    found = abstention_breakdown(people((30, 90), (300, 450)), ["gender"], reasons=WHY)
    usual, family = abstention_gaps(found, level=0.95), abstention_gaps(found, level=1 - 0.05 / 40)
    assert usual.loc[1, "simultaneous_low"] == pytest.approx(found.loc[1, "gap_low"])
    assert usual.loc[1, "simultaneous_others_high"] == pytest.approx(found.loc[1, "gap_others_high"])
    assert family.loc[1, "simultaneous_low"] < found.loc[1, "gap_low"]
    assert family.loc[[0, 2], "simultaneous_low"].isna().all()


def test_people_of_unknown_group_and_a_group_without_anybody_silent_have_rows():
    rows = people((0, 90), (300, 450))
    rows.loc[rows.index[:10], "gender"] = None
    found = abstention_breakdown(rows, ["gender"], reasons=WHY)
    unknown = found.loc[~found["group"].isin(["Everyone", "Male", "Female"])]
    assert unknown["n"].tolist() == [10]
    male = of(found, "Male")
    assert male["events"] == 0
    assert male["high_pct"] > 0
