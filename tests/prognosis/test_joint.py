"""Judging the joint endings: everybody by a model that had not seen them, only where the extract reaches."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.prognosis.endings import ended
from outcomes.prognosis.evaluation import LeakageWarning
from outcomes.prognosis.individual import SUMS, Lessons
from outcomes.prognosis.joint import judge_joint
from outcomes.prognosis.splits import by_patient
from outcomes.prognosis.stacked import stack

LESSONS = Lessons(sessions=(0, 2), weeks=(4,), horizon_weeks=12, interval_weeks=4)


@pytest.fixture(scope="module")
def service(invented):
    episodes = invented.courses.episodes.assign(last_seen_day=150)
    recovered = invented.outcomes["reliable_recovery"]
    flags = invented.outcomes.assign(
        recovery=recovered,
        reliable_improvement=recovered,
        no_reliable_change=~recovered,
        reliable_deterioration=recovered & False,
    )
    return replace(invented.courses, episodes=episodes), ended(episodes, flags)


@pytest.fixture(scope="module")
def judged(service):
    courses, ends = service
    rows = stack(courses, sessions=LESSONS.sessions, weeks=LESSONS.weeks)
    folds = by_patient(courses.episodes["pseudonym"], 2, 1)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", LeakageWarning
        )  # the last score of a short invented course is nearly its ending
        return judge_joint(courses, rows, ends, folds, lessons=LESSONS, n_bootstrap=50, groups=("gender",))


def test_each_row_is_judged_once_an_ending(judged):
    assert not judged.past.duplicated(["referral", "kind", "number", "ending"]).any()
    assert set(judged.past["ending"]) <= set(SUMS)
    assert judged.past["probability"].between(0, 1).all()
    assert judged.past["happened"].notna().all()


def test_observed_and_foretold_shares_both_add_up_to_everybody(judged):
    assert judged.shares["n_ended"].sum() == judged.shares["n"].iloc[0]
    assert judged.shares["predicted"].sum() == pytest.approx(1)


def test_nobody_is_judged_whose_horizon_lies_behind_the_extract(service, judged):
    courses, ends = service
    soon = replace(courses, episodes=courses.episodes.assign(last_seen_day=60))
    late = ended(soon.episodes, ends.table.assign(**dict.fromkeys(("recovery", "reliable_recovery"), False)).assign(
        reliable_improvement=False, no_reliable_change=False, reliable_deterioration=False))  # fmt: skip
    assert len(judged.past)
    with pytest.raises(DataError, match="too few finished referrals"):
        judge_joint(
            soon,
            stack(soon, sessions=(0,), weeks=()),
            late,
            by_patient(soon.episodes["pseudonym"], 2, 1),
            lessons=LESSONS,
        )


def test_metrics_have_intervals_and_coverage_is_told_by_landmark_and_group(judged):
    areas = judged.metrics.query("metric == 'auroc'")
    assert areas["value"].between(areas["low"], areas["high"]).all()
    assert {"landmark", "gender"} == set(judged.coverage["by"])
    assert judged.coverage["n_patients"].ge(10).all()
    assert judged.record["n_patients"].ge(10).all()


def test_learners_see_nothing_that_had_not_been_recorded(service):
    courses, ends = service
    rows = stack(courses, sessions=(0, 2), weeks=())
    folds = by_patient(courses.episodes["pseudonym"], 2, 1)
    never = np.zeros(len(courses.episodes))
    with pytest.raises(DataError, match="too few finished referrals"):
        judge_joint(courses, rows, ends, folds, lessons=LESSONS, n_bootstrap=20, until=never)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeakageWarning)
        late = judge_joint(courses, rows, ends, folds, lessons=LESSONS, n_bootstrap=20, until=never + 400)
        all_of_it = judge_joint(courses, rows, ends, folds, lessons=LESSONS, n_bootstrap=20)
    assert late.past.equals(all_of_it.past)  # all had been recorded by then


def test_three_workers_judge_as_one_does(service, judged):
    courses, ends = service
    rows = stack(courses, sessions=LESSONS.sessions, weeks=LESSONS.weeks)
    folds = by_patient(courses.episodes["pseudonym"], 2, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeakageWarning)
        again = judge_joint(courses, rows, ends, folds, lessons=LESSONS, n_bootstrap=50, groups=("gender",), workers=3)
    for name in ("metrics", "shares", "record", "past", "coverage"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(judged, name), check_exact=True)
