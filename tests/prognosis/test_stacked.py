"""Rows after sessions and at dates: nothing later than the day, and silence is counted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.stacked import DATE, EVERY_COLUMN, SESSION, as_of, stack
from outcomes.prognosis.timeline import Courses

KEY = ["pseudonym", "referral"]


def service(last_seen=200):
    """Ann comes weekly, Bo once and is silent, Cy never fills in a form, Di ends on day 20, Ed is not treated."""
    people = ["ann", "bo", "cy", "di", "ed"]
    episodes = pd.DataFrame(
        {
            "pseudonym": people,
            "referral": people,
            "end_day": [100, None, None, 20, None],
            "last_seen_day": last_seen,
            "started": pd.array([True, True, True, True, False], dtype="boolean"),
        }
    )
    sat = pd.DataFrame(
        [
            ("ann", 1, 7, 18),
            ("ann", 2, 14, 15),
            ("ann", 3, 21, 9),
            ("bo", 1, 7, 12),
            ("di", 1, 7, 20),
            ("ed", 1, 7, 11),
        ],
        columns=["pseudonym", "occasion", "day", "phq9"],
    )
    sat = sat.assign(referral=sat["pseudonym"])
    contacts = pd.DataFrame(
        [
            ("ann", 7, "5"),
            ("ann", 14, "5"),
            ("ann", 21, "5"),
            ("bo", 7, "5"),
            ("bo", 28, "3"),
            ("cy", 7, "5"),
            ("di", 7, "5"),
        ],
        columns=["pseudonym", "day", "attendance"],
    )
    contacts = contacts.assign(referral=contacts["pseudonym"], contact_number=1, appointment_type="03")
    return Courses(episodes, sat[[*KEY, "occasion", "day"]], sat[[*KEY, "occasion", "day", "phq9"]], contacts)


def rows_of(found, kind, number):
    wanted = found.rows["kind"].eq(kind) & found.rows["number"].eq(number)
    return pd.concat([found.rows, found.table.frame], axis="columns").loc[wanted].set_index("referral")


def test_at_risk_at_a_date_is_whoever_is_open_also_the_silent_and_those_without_a_form():
    found = stack(service(), sessions=(0, 1), weeks=(4,))
    assert set(rows_of(found, SESSION, 0).index) == {"ann", "bo", "di"}
    assert set(rows_of(found, SESSION, 1).index) == {"ann"}
    at_date = rows_of(found, DATE, 4)
    assert set(at_date.index) == {"ann", "bo", "cy"}
    assert at_date.loc["cy", "questionnaires_so_far"] == 0
    assert np.isnan(at_date.loc["cy", "phq9_now"])


def test_silence_counts_from_the_last_attended_contact_or_form_and_missed_ones_do_not_break_it():
    at_date = rows_of(stack(service(), weeks=(4,)), DATE, 4)
    assert at_date["day"].tolist() == [35.0, 35.0, 35.0]
    assert at_date["weeks_since_last_contact"].to_dict() == {"ann": 2.0, "bo": 4.0, "cy": 4.0}
    assert at_date.loc["bo", "missed_so_far"] == 1


def test_an_unplanned_contact_breaks_the_silence_and_was_not_missed():
    courses = service()
    unplanned = courses.contacts["attendance"].eq("3").map({True: "N", False: "Y"})
    told = replace(courses, contacts=courses.contacts.assign(planned=unplanned))
    at_date = rows_of(stack(told, weeks=(4,)), DATE, 4)
    assert at_date.loc["bo", "weeks_since_last_contact"] == 1
    assert at_date.loc["bo", "missed_so_far"] == 0


def test_features_are_frozen_on_the_day():
    courses = service()
    late = courses.totals.assign(phq9=courses.totals["phq9"].where(courses.totals["day"].le(14), 27))
    before, after = (stack(one, sessions=(1,), weeks=()) for one in (courses, replace(courses, totals=late)))
    pd.testing.assert_frame_equal(before.table.frame, after.table.frame)
    assert rows_of(before, SESSION, 1).loc["ann", "phq9_change"] == -3


def test_nobody_is_at_risk_after_the_day_of_the_extract():
    assert len(stack(service(last_seen=34), sessions=(), weeks=(4,)).rows) == 0
    assert len(stack(service(last_seen=35), sessions=(), weeks=(4,)).rows) == 3


def test_today_is_a_day_of_each_referrals_own():
    days = pd.DataFrame({"pseudonym": ["bo", "ann", "di"], "referral": ["bo", "ann", "di"], "day": [42, 21, 42]})
    found = as_of(service(), days)
    assert found.rows["referral"].tolist() == ["ann", "bo"]
    assert found.table.frame["weeks_since_last_contact"].tolist() == [0.0, 5.0]
    with pytest.raises(DataError, match="1 rows repeat a referral"):
        as_of(service(), pd.concat([days, days.head(1)]))


def test_a_feature_is_declared_as_known_then_and_the_rows_share_one_set_of_columns(invented):
    found = stack(invented.courses, sessions=(0, 3), weeks=(4, 8))
    assert max(feature.known_at for feature in found.table.catalogue) <= EVERY_COLUMN
    assert {"weeks_since_last_contact", "questionnaires_so_far"} <= {one.name for one in found.table.catalogue}
    assert "occasions_missing" not in found.table.frame
    assert len(found.rows) == len(found.table.frame) == len(found.table.keys)
    half = found.take(np.arange(0, len(found.rows), 2))
    assert (
        half.rows["referral"].tolist() == half.table.keys["referral"].tolist() == found.rows["referral"].tolist()[::2]
    )


def test_the_planted_leak_is_refused_here_too(invented):
    counted = invented.courses.occasions[[*KEY, "occasion"]]
    leak = counted.assign(calm=counted.groupby("referral")["occasion"].transform("max").astype(float))
    with pytest.raises(ConfigError, match="'calm' moves one to one with the number of"):
        stack(invented.courses, sessions=(2,), weeks=(), extra=leak)
    named = counted.assign(n_sessions_attended=3.0)
    with pytest.raises(ConfigError, match="'n_sessions_attended' is known only at the end"):
        stack(invented.courses, sessions=(2,), weeks=(), extra=named)


def test_without_days_or_landmarks_there_is_nothing_to_stack():
    courses = service()
    undated = replace(
        courses, occasions=courses.occasions.drop(columns="day"), totals=courses.totals.drop(columns="day")
    )
    with pytest.raises(DataError, match="no sitting has a day"):
        stack(undated)
    with pytest.raises(ConfigError, match="at least one landmark"):
        stack(courses, sessions=(), weeks=())
