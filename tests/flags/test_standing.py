"""Numbers behind the judgement: first, last, change, blanks, and the right point of the expected course."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.flags.settings import FlagSettings
from outcomes.flags.standing import (
    as_of_days,
    course_of,
    judged_instruments,
    require,
    score_series,
    standing,
    starting_bands,
)


def series_of(desk):
    return score_series(desk.caseload, desk.totals, desk.occasions, ("phq9", "gad7"))


def test_first_and_last_skip_forms_without_a_score(desk, course):
    desk.person("p", [None, 14, "part", 9, None])
    row = standing(series_of(desk), course).set_index("instrument").loc["phq9"]
    assert (row["first"], row["last"], row["change"]) == (14, 9, -5)
    assert (row["first_day"], row["last_day"], row["last_occasion"]) == (14, 28, 4)
    assert (row["n_forms"], row["n_answered"], row["n_scores"], row["blanks"]) == (5, 3, 2, 1)


def test_one_score_has_no_change(desk, course):
    row = standing(series_of(desk.person("p", [14])), course).set_index("instrument").loc["phq9"]
    assert np.isnan(row["change"])
    assert row["rise"] is pd.NA


def test_the_point_of_the_course_counts_scored_forms_since_the_first(desk, course):
    desk.person("p", [14, 12, None, 11, None])
    row = standing(series_of(desk), course).set_index("instrument").loc["phq9"]
    wanted = course.query("instrument == 'phq9' and baseline_low == 10 and occasion == 2").iloc[0]
    assert (row["expected"], row["upper"], row["n"]) == (wanted["expected"], wanted["upper"], wanted["n"])


def test_without_a_course_nobody_stands_behind_anything(desk):
    table = standing(series_of(desk.person("p", [14, 12])), None)
    assert table["n"].eq(0).all()
    assert table["upper"].isna().all()


def test_starting_bands_leave_no_gap(course):
    first = np.array([0, 9, 9.5, 10, 14.9, 15, 27, 28, -1, np.nan])
    found = starting_bands(course, "phq9", first)
    np.testing.assert_array_equal(found, [0, 0, 0, 10, 10, 15, 20, 20, np.nan, np.nan])
    closed = course.loc[course["baseline_high"].notna()]
    np.testing.assert_array_equal(starting_bands(closed, "phq9", np.array([19.9, 20])), [15, np.nan])
    assert np.isnan(starting_bands(course, "wsas", np.array([5.0]))).all()


def test_course_of_a_person_is_one_band_in_order(course):
    part = course_of(course.sample(frac=1, random_state=0), "gad7", 10)
    assert part["occasion"].tolist() == list(range(20))
    assert part["baseline_low"].unique().tolist() == [8]
    assert course_of(None, "gad7", 10) is None
    assert course_of(course, "gad7", -1) is None


def test_report_date_comes_from_the_best_column():
    both = pd.DataFrame({"referral": ["a"], "as_of_day": [30], "last_seen_day": [20]})
    assert as_of_days(both).tolist() == [30]
    assert as_of_days(both.drop(columns="as_of_day")).tolist() == [20]
    assert as_of_days(both[["referral"]]).isna().all()


def test_only_measures_that_are_there_are_judged(desk):
    totals = desk.person("p", [1]).totals
    assert judged_instruments(totals, FlagSettings(instruments=("gad7", "wsas", "phq9"))) == ("gad7", "phq9")


def test_totals_without_items_count_as_answered(desk):
    desk.person("p", [14, 12])
    table = score_series(desk.caseload, desk.totals, desk.occasions[["referral", "occasion", "day"]], ("phq9",))
    assert table["answered"].tolist() == [True, True]


def test_missing_columns_are_all_named():
    with pytest.raises(DataError, match=r"forms: missing column\(s\) b, c"):
        require(pd.DataFrame({"a": []}), ("a", "b", "c"), "forms")
