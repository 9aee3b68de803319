"""The expected course, and who has left it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import ConfigError
from outcomes.prognosis.course import ESTIMAND, expected_course, not_on_track


def many(scores: list[list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"pseudonym": f"p{who:03d}", "referral": f"r{who:03d}", "occasion": number, "phq9": score}
            for who, row in enumerate(scores)
            for number, score in enumerate(row, start=1)
        ]
    )


def test_a_worked_example():
    totals = many([[12, 10 + who % 11, 8] for who in range(22)])
    course = expected_course(totals, "phq9", edges=[0, 10])
    assert course["estimand"].eq(ESTIMAND).all()
    second = course.query("occasion == 1").iloc[0]
    assert (second["n"], second["expected"], second["lower"], second["upper"]) == (22, 15, 11, 19)
    assert second["baseline_low"] == 0  # nobody began below 10, so the two bands are one
    assert pd.isna(second["baseline_high"])


def test_a_cell_needs_ten_people():
    totals = many([[12, 10]] * 11 + [[12, 10, 9]] * 9)
    course = expected_course(totals, "phq9", edges=[0])
    assert course["occasion"].tolist() == [0, 1]
    assert course["n"].ge(10).all()


def test_bands_come_from_the_severity_bands_and_small_ones_join():
    rng = np.random.default_rng(0)
    totals = many([[float(rng.integers(5, 15)), 8.0] for _ in range(200)] + [[25.0, 20.0]] * 3)
    course = expected_course(totals, "phq9")
    assert sorted(course["baseline_low"].unique()) == [0, 10]
    assert course.query("occasion == 0")["n"].sum() == 203


def test_everyone_begins_in_one_band(invented):
    course = expected_course(invented.courses.totals, "phq9")
    began = invented.courses.totals.dropna(subset=["phq9"])["referral"].nunique()
    people = course.query("occasion == 0")["n"].sum()
    assert began * 0.9 <= people <= began  # people, not referrals: some come back


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_boundaries_are_ordered_and_worse_beginnings_expect_no_better(seed):
    rng = np.random.default_rng(seed)
    totals = many([list(rng.integers(0, 28, rng.integers(1, 6)).astype(float)) for _ in range(150)])
    course = expected_course(totals, "phq9")
    assert (course["lower"] <= course["expected"]).all()
    assert (course["expected"] <= course["upper"]).all()
    for _, session in course.sort_values("baseline_low").groupby("occasion"):
        assert session["expected"].is_monotonic_increasing
        assert session["upper"].is_monotonic_increasing
    assert not course.duplicated(["baseline_low", "occasion"]).any()


# scores so far | not on track | reason (boundary at session 1 is 15)
CASES = """
12 16    | True  | above the boundary
12 15    | False | on the boundary
12 10    | False | below it
12       |       | only the first score
12 9 9 9 |       | nobody stands behind session 3
"""


def test_who_is_not_on_track():
    learnt = many([[12, 15]] * 20)
    course = expected_course(learnt, "phq9", edges=[0])
    for line in CASES.strip().splitlines():
        scores, expected, _ = (part.strip() for part in line.split("|"))
        row = not_on_track(many([[float(score) for score in scores.split()]]), course).iloc[0]
        if expected:
            assert bool(row["not_on_track"]) is (expected == "True")
        else:
            assert pd.isna(row["not_on_track"])
        assert row["first"] == 12
        assert row["sessions"] == len(scores.split()) - 1


def test_about_one_in_ten_is_above_the_boundary(invented):
    course = expected_course(invented.courses.totals, "phq9")
    latest = not_on_track(invented.courses.totals, course)
    assert 0.02 < latest["not_on_track"].mean() < 0.2
    assert latest["referral"].is_unique


def test_a_missing_total_is_no_score():
    totals = many([[12, 10]] * 12)
    totals.loc[0, "phq9"] = np.nan
    found = not_on_track(totals, expected_course(totals, "phq9", edges=[0]))
    assert found.loc[found["referral"].eq("r000"), "first"].tolist() == [10]


def test_the_feeds_own_session_numbers():
    totals = many([[12, 10, 8]] * 12)
    totals = totals.loc[totals["occasion"].ne(2)]
    assert expected_course(totals, "phq9", edges=[0], clock="number")["occasion"].tolist() == [0, 2]
    assert expected_course(totals, "phq9", edges=[0])["occasion"].tolist() == [0, 1]


def test_wrong_parameters_are_quoted():
    totals = many([[12, 10]] * 12)
    with pytest.raises(ConfigError, match="totals have no column 'gad7'"):
        expected_course(totals, "gad7")
    with pytest.raises(ConfigError, match=r"boundaries must be shares around the median.*\(0.9, 0.1\)"):
        expected_course(totals, "phq9", boundaries=(0.9, 0.1))
    with pytest.raises(ConfigError, match="edges must ascend"):
        expected_course(totals, "phq9", edges=[10, 5])
    course = expected_course(totals, "phq9")
    with pytest.raises(ConfigError, match="course must hold one instrument, got 2"):
        not_on_track(totals, pd.concat([course, course.assign(instrument="gad7")]))
