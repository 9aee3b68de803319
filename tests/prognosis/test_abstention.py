"""Everyone who had a session gets a probability or a reason why not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.prognosis.abstention import NO_QUESTIONNAIRE, REASONS, TOO_FEW_SCORES, abstentions
from outcomes.prognosis.individual import OUTSIDE
from outcomes.prognosis.splits import by_patient
from outcomes.prognosis.stacked import stack
from outcomes.prognosis.timeline import KEY, known_at

SESSIONS = (0, 1, 2)


def attended(courses):
    """The same service, in which every sitting was an attended appointment."""
    return replace(courses, contacts=courses.contacts.assign(attendance="5"))


def without(courses, referrals, occasions):
    """Take questionnaires away; the appointments stay."""
    gone = [
        table["referral"].isin(referrals) & table["occasion"].isin(occasions)
        for table in (courses.occasions, courses.totals)
    ]
    return replace(courses, occasions=courses.occasions.loc[~gone[0]], totals=courses.totals.loc[~gone[1]])


def said(courses, landmarks=SESSIONS, **made):
    splits = by_patient(courses.episodes["pseudonym"], 4, 0)
    return abstentions(courses, landmarks, splits, **made)


def reasons(found, landmark):
    return found.loc[found["landmark"].eq(landmark)].set_index("referral")["because"]


@pytest.fixture(scope="module")
def courses(invented):
    return attended(invented.courses)


@pytest.fixture(scope="module")
def long_ones(courses):
    """Referrals with four sessions and more."""
    number = courses.occasions.groupby("referral").size()
    return sorted(number.index[number.ge(4)])


def test_with_a_questionnaire_at_every_session_only_the_unusual_are_left_out(courses):
    found = said(courses)
    assert set(found["because"]) <= {"", OUTSIDE}
    assert found["no_probability"].eq(found["because"].ne("")).all()
    assert found["no_probability"].mean() < 0.1
    for landmark in SESSIONS:
        at_risk = known_at(courses, landmark).referrals["referral"]
        assert sorted(reasons(found, landmark).index) == sorted(at_risk)


def test_who_never_filled_anything_in_is_counted_at_each_session_they_had(courses, long_ones):
    silent = long_ones[:12]
    found = said(without(courses, silent, range(1, 99)))
    for landmark in SESSIONS:
        assert reasons(found, landmark)[silent].eq(NO_QUESTIONNAIRE).all()
    assert not reasons(found, 0).drop(silent).eq(NO_QUESTIONNAIRE).any()


def test_a_questionnaire_left_out_leaves_later_sessions_without_a_probability_of_their_own(courses, long_ones):
    some = long_ones[:12]
    found = said(without(courses, some, [2]))
    assert reasons(found, 0)[some].isin(["", OUTSIDE]).all()
    assert reasons(found, 1)[some].eq(TOO_FEW_SCORES).all()
    assert reasons(found, 2)[some].eq(TOO_FEW_SCORES).all()
    others = reasons(found, 1).drop(some)
    assert not others.eq(TOO_FEW_SCORES).any()


def test_a_questionnaire_handed_in_before_the_next_session_is_in_time(courses, long_ones):
    one = long_ones[0]
    late = courses.occasions["referral"].eq(one) & courses.occasions["occasion"].eq(2)
    third = courses.contacts.loc[courses.contacts["referral"].eq(one)].sort_values("day")["day"].iloc[2]
    for day, reason in ((third - 1, ""), (third, TOO_FEW_SCORES)):
        moved = replace(
            courses,
            occasions=courses.occasions.assign(day=courses.occasions["day"].mask(late, day)),
            totals=courses.totals.assign(day=courses.totals["day"].mask(late, day)),
        )
        assert reasons(said(moved), 1)[one] in {reason, *([OUTSIDE] if not reason else [])}


def test_a_session_on_the_day_of_discharge_asks_for_no_probability(courses, long_ones):
    one = long_ones[0]
    second = courses.contacts.loc[courses.contacts["referral"].eq(one)].sort_values("day")["day"].iloc[1]
    own = courses.episodes["referral"].eq(one)
    ended = replace(courses, episodes=courses.episodes.assign(end_day=courses.episodes["end_day"].mask(own, second)))
    found = said(ended)
    assert one in reasons(found, 0).index
    assert one not in reasons(found, 1).index


def test_who_is_unlike_the_patients_of_the_other_folds_is_outside(courses):
    rows = stack(courses, sessions=SESSIONS)
    here = rows.rows["number"].eq(1) & rows.rows["kind"].eq("session")
    odd = rows.rows.loc[here, "referral"].iloc[0]
    frame = rows.table.frame
    silent = frame["weeks_since_last_contact"].mask((here & rows.rows["referral"].eq(odd)).to_numpy(), 51.0)
    far = replace(rows, table=replace(rows.table, frame=frame.assign(weeks_since_last_contact=silent)))
    found = said(courses, rows=far)
    assert reasons(found, 1)[odd] == OUTSIDE
    assert reasons(found, 0)[odd] == reasons(said(courses, rows=rows), 0)[odd]


def test_rows_made_beforehand_say_the_same(courses):
    pd.testing.assert_frame_equal(said(courses), said(courses, rows=stack(courses, sessions=SESSIONS)))


def test_everyone_of_a_landmark_is_there_once_whatever_the_order_of_the_rows(courses, long_ones):
    gone = without(courses, long_ones[:5], [2])
    found = said(gone)
    assert not found.duplicated(["landmark", *KEY]).any()
    shuffled = replace(
        gone,
        occasions=gone.occasions.sample(frac=1, random_state=1),
        contacts=gone.contacts.sample(frac=1, random_state=2),
    )
    pd.testing.assert_frame_equal(said(shuffled), found)
    assert set(found["because"]) <= {"", *REASONS}


def test_a_feed_without_appointments_and_days_counts_its_own_blank_sittings(courses, long_ones):
    some = long_ones[:12]
    gone = courses.occasions["referral"].isin(some) & courses.occasions["occasion"].eq(3)
    items = [name for name in courses.occasions if name.startswith(("phq9", "gad7"))]
    blank = courses.occasions.assign(**{name: courses.occasions[name].mask(gone) for name in items})
    scores = ["phq9", "gad7"]
    totals = courses.totals.assign(**{name: courses.totals[name].mask(gone.to_numpy()) for name in scores})
    plain = replace(
        courses,
        contacts=None,
        occasions=blank.drop(columns="day"),
        totals=totals.drop(columns="day"),
        episodes=courses.episodes.drop(columns="end_day"),
    )
    found = said(plain)
    assert reasons(found, 2)[some].eq(TOO_FEW_SCORES).all()
    assert reasons(found, 1)[some].ne(TOO_FEW_SCORES).all()


def test_a_feed_with_session_numbers_is_taken_at_its_word(courses, long_ones):
    numbered = replace(
        courses,
        clock="number",
        occasions=courses.occasions.assign(occasion=courses.occasions["occasion"] - 1),
        totals=courses.totals.assign(occasion=courses.totals["occasion"] - 1),
    )
    some = long_ones[:12]
    found = said(without(numbered, some, [0, 1]))
    assert reasons(found, 1)[some].eq(NO_QUESTIONNAIRE).all()
    assert reasons(found, 2)[some].isin(["", OUTSIDE]).all()
    assert np.isin(reasons(found, 1).drop(some), ["", OUTSIDE]).all()
