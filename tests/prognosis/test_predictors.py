"""Each family of columns is what one would work out by hand, from what was known and nothing else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.prognosis.predictors import (
    LONGEST_WEEKS,
    UNKNOWN,
    background_features,
    band,
    item_features,
    missing_features,
    total_features,
    treatment_features,
    waiting_features,
)
from outcomes.prognosis.timeline import KEY, OCCASION, Courses, known_at
from outcomes.prognosis.words import SENSITIVE

FAMILIES = (item_features, total_features, waiting_features, missing_features, treatment_features)


def values(columns, name):
    return columns[name][0].tolist()


def one_person(answers, *, contacts=None, landmark=None, clock="order", **episode):
    """What was known about one referral; `answers` holds (occasion, day, phq9_3, phq9_9, phq9)."""
    sat = pd.DataFrame(answers, columns=["occasion", "day", "phq9_3", "phq9_9", "phq9"], dtype="Float64")
    sat = sat.assign(pseudonym="a", referral="r", occasion=sat["occasion"].astype(int))
    episodes = pd.DataFrame({"pseudonym": ["a"], "referral": ["r"], **{name: [what] for name, what in episode.items()}})
    if contacts is not None:
        contacts = pd.DataFrame(contacts, columns=["day", "attendance", "appointment_type", "step"])
        contacts = contacts.assign(pseudonym="a", referral="r")
    courses = Courses(
        episodes, sat[[*OCCASION, "day", "phq9_3", "phq9_9"]], sat[[*OCCASION, "day", "phq9"]], contacts, clock
    )
    return known_at(courses, len(answers) - 1 if landmark is None else landmark)


FOUR = [(1, 14, 3, 1, 20), (2, 24, None, 0, 18), (3, 35, 1, 0, 13), (4, 80, 0, 0, 9)]


@pytest.mark.parametrize("landmark", [0, 1, 3])
def test_every_column_has_one_value_a_referral_and_is_known_in_time(invented, landmark):
    known = known_at(invented.courses, landmark)
    for family in FAMILIES:
        columns = family(known)
        assert columns, family.__name__
        for name, (found, feature) in columns.items():
            assert len(found) == len(known.referrals), name
            assert (feature.name, feature.known_at <= landmark) == (name, True)
            assert feature.meaning
            assert feature.word


def test_items_are_now_and_since_the_first():
    columns = item_features(one_person(FOUR))
    assert values(columns, "phq9_3_now") == [0]
    assert values(columns, "phq9_3_change") == [-3]
    assert np.isnan(values(item_features(one_person(FOUR, landmark=1)), "phq9_3_now")).all()


def test_an_item_that_asks_about_safety_is_no_column_of_its_own():
    known = one_person(FOUR)
    assert "phq9_9" in known.items
    assert not [name for name in item_features(known) if name.startswith("phq9_9")]


def test_nothing_can_have_changed_at_intake():
    known = one_person(FOUR, landmark=0)
    assert set(item_features(known)) == {"phq9_3_now"}
    assert set(total_features(known)) == {"phq9_now"}
    assert set(total_features(one_person(FOUR, landmark=1))) == {"phq9_now", "phq9_first", "phq9_change"}


def test_totals_say_how_severe_how_fast_and_how_unevenly():
    columns = total_features(one_person(FOUR))
    assert values(columns, "phq9_now") == [9]
    assert values(columns, "phq9_first") == [20]
    assert values(columns, "phq9_change") == [-11]
    assert values(columns, "phq9_slope") == [-4.0]  # least squares: -3.8, in bands of a half
    assert values(columns, "phq9_swing") == [3.5]  # 11 / 3 = 3.67


def test_slope_and_swing_equal_a_line_through_each_persons_scores(invented):
    known = known_at(invented.courses, 4)
    columns = total_features(known)
    by_referral = dict(iter(known.sittings.groupby("referral")))
    for place, referral in enumerate(known.referrals["referral"]):
        rows = by_referral[referral].dropna(subset=["gad7"])
        slope, swing = np.nan, np.nan
        if len(rows) > 1:
            slope = np.polyfit(rows["moment"], rows["gad7"], 1)[0]
            swing = np.abs(np.diff(rows["gad7"])).mean()
        np.testing.assert_allclose(columns["gad7_slope"][0].iloc[place], slope, atol=0.25 + 1e-9)
        np.testing.assert_allclose(columns["gad7_swing"][0].iloc[place], swing, atol=0.25 + 1e-9)


def test_one_score_has_neither_slope_nor_swing():
    columns = total_features(one_person([(1, 1, 1, 0, 12), (2, 8, 1, 0, None), (3, 15, 1, 0, None)]))
    assert np.isnan(values(columns, "phq9_slope") + values(columns, "phq9_swing")).all()


def test_waits_are_whole_weeks_and_long_ones_look_alike():
    columns = waiting_features(one_person(FOUR))
    assert values(columns, "weeks_since_referral") == [11]  # day 80
    assert values(columns, "weeks_since_previous") == [6]  # 45 days
    for wait in (365, 800):
        late = waiting_features(one_person([(1, wait, 1, 0, 12)]))
        assert values(late, "weeks_since_referral") == [LONGEST_WEEKS]
        assert set(late) == {"weeks_since_referral"}


def test_without_days_there_are_no_waits():
    assert waiting_features(one_person([(1, None, 1, 0, 12), (2, None, 1, 0, 9)])) == {}


def test_blanks_of_the_latest_questionnaire_are_counted():
    columns = missing_features(one_person([(1, 1, None, None, 12), (2, 8, None, 0, 11)]))
    assert values(columns, "items_missing_now") == [1]
    assert "occasions_missing" not in columns


def test_sessions_without_a_questionnaire_are_counted_where_sessions_are_numbered():
    columns = missing_features(one_person([(0, 1, 1, 0, 12), (3, 22, 1, 0, 11)], landmark=3, clock="number"))
    assert values(columns, "occasions_missing") == [2]


def test_totals_without_items_cannot_have_blanks():
    sat = pd.DataFrame({"pseudonym": ["a"], "referral": ["r"], "occasion": [1], "phq9": [12.0]})
    known = known_at(Courses(sat[KEY], sat[OCCASION], sat), 0)
    assert missing_features(known) == {}
    assert item_features(known) == {}


def test_treatment_is_what_was_attended_by_then():
    contacts = [(10, "5", "02", "low"), (21, "3", "03", "low"), (30, "6", "03", "low"), (90, "5", "03", "high")]
    columns = treatment_features(one_person(FOUR, contacts=contacts))
    assert values(columns, "weeks_to_treatment") == [1]
    assert values(columns, "treatment_so_far") == [2]
    assert values(columns, "missed_so_far") == [1]
    assert values(columns, "step_so_far") == ["low intensity"]


def test_the_highest_step_counts_and_none_is_said():
    high = [(10, "5", "03", "high"), (20, "5", "03", "low")]
    assert values(treatment_features(one_person(FOUR, contacts=high)), "step_so_far") == ["high intensity"]
    later = treatment_features(one_person(FOUR, contacts=[(81, "5", "03", "high")]))
    assert values(later, "step_so_far") == ["no treatment yet"]
    assert values(later, "treatment_so_far") == [0]
    assert np.isnan(values(later, "weeks_to_treatment")).all()


def test_without_appointments_there_are_no_columns_about_treatment():
    assert treatment_features(one_person(FOUR)) == {}


def test_background_that_is_missing_is_a_level_of_its_own(invented):
    episodes = invented.courses.episodes.assign(gender=invented.courses.episodes["gender"].mask(lambda g: g == "Male"))
    known = known_at(Courses(episodes, invented.courses.occasions, invented.courses.totals), 0)
    found, feature = background_features(known, ["gender", "employment"])["gender"]
    assert set(found) == {"Female", "Not stated", UNKNOWN}
    assert found.eq(UNKNOWN).sum() == known.referrals["gender"].isna().sum()
    assert (feature.sensitive, feature.word, feature.known_at) == ("gender" in SENSITIVE, "background", 0)


def test_background_is_only_what_was_chosen(invented):
    known = known_at(invented.courses, 2)
    assert list(background_features(known, ["employment"])) == ["employment"]
    assert background_features(known, ["employment"])["employment"][1].word == "work"
    assert background_features(known, []) == {}


@given(st.floats(-100, 100), st.sampled_from([0.05, 0.5, 1.0, 2.0]))
def test_a_band_is_the_nearest_multiple_of_its_width(value, step):
    (found,) = band(pd.Series([value]), step)
    assert abs(found - value) <= step / 2 + 1e-9
    assert abs(found / step - round(found / step)) < 1e-6


def test_a_band_of_nothing_is_nothing():
    assert band(pd.Series([np.nan, 1.2]), 1.0).isna().tolist() == [True, False]
