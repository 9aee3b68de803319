"""What may be said of one open case: all adds up, nobody is missing, an invented model is silent about the real."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.endings import ended
from outcomes.prognosis.individual import (
    OUTSIDE,
    SCORED,
    SUMS,
    UNSCORED,
    Lessons,
    foretell,
    refuse_invented,
    teach,
)
from outcomes.prognosis.timeline import KEY

LESSONS = Lessons(sessions=(0, 1, 2), weeks=(4,), horizon_weeks=12, interval_weeks=4, resamples=3)


@pytest.fixture(scope="module")
def service(invented):
    """The invented service with an extract day, and three-valued outcomes."""
    courses = invented.courses
    episodes = courses.episodes.assign(last_seen_day=200)
    courses = replace(courses, episodes=episodes)
    recovered = invented.outcomes["reliable_recovery"]
    flags = invented.outcomes.assign(
        recovery=recovered,
        reliable_improvement=recovered,
        no_reliable_change=~recovered,
        reliable_deterioration=recovered & False,
    )
    return courses, ended(episodes, flags)


@pytest.fixture(scope="module")
def taught(service):
    return teach(*service, trained_on="invented", lessons=LESSONS)


@pytest.fixture(scope="module")
def today(service):
    courses, _ = service
    still = courses.episodes.loc[courses.episodes["open"], KEY]
    return still.assign(day=np.where(np.arange(len(still)) % 4, 70, 199))


@pytest.fixture(scope="module")
def told(taught, service, today):
    return foretell(taught, service[0], today, service[1], kind="invented")


def test_everybody_asked_about_has_one_status(told, today):
    assert len(told.status) == len(today)
    assert not told.status.duplicated(KEY).any()
    assert set(told.status["status"]) <= {SCORED, OUTSIDE, UNSCORED}
    silent = told.status["status"].ne(SCORED)
    assert told.status.loc[silent, "because"].ne("").all()
    assert told.status.loc[~silent, "because"].eq("").all()


def test_joint_endings_of_each_person_add_up_to_one_and_sums_are_made_of_them(told):
    joint = told.endings[told.endings["kind"].eq("joint")]
    assert np.abs(joint.groupby(KEY)["probability"].sum() - 1).max() < 1e-12
    sums = told.endings[told.endings["kind"].eq("sum")]
    assert set(sums["ending"]) == set(SUMS)
    dropped = joint[joint["ending"].eq("dropped_out")].groupby(KEY)["probability"].sum()
    printed = sums[sums["ending"].eq("dropped_out")].set_index(KEY)["probability"]
    assert np.allclose(dropped, printed.loc[dropped.index])


def test_a_probability_stands_between_its_bounds_and_is_never_bare(told):
    possible = told.endings[told.endings["probability"].gt(0)]
    assert possible["probability"].between(possible["low"] - 1e-9, possible["high"] + 1e-9).all()
    assert possible["high"].gt(possible["low"]).mean() > 0.95


def test_nobody_outside_the_training_data_is_given_a_number(taught, service, today):
    far = replace(taught, frontier=replace(taught.frontier, within=0.0))
    found = foretell(far, service[0], today, service[1], kind="invented")
    assert set(found.status["status"]) <= {OUTSIDE, UNSCORED}
    assert found.endings.empty
    assert found.reasons.empty


def test_reasons_are_in_words_and_none_is_sensitive(told):
    assert set(told.reasons["direction"]) <= {"for", "against"}
    assert told.reasons["rank"].between(1, 3).all()
    assert not told.reasons["reason"].str.contains("gender|age band|ethnic").any()
    assert told.reasons.groupby([*KEY, "direction"]).size().max() <= 3


def test_the_course_has_both_estimands_with_bounds(told):
    assert told.course["estimand"].nunique() == 2
    assert told.course["expected"].between(told.course["low"] - 1, told.course["high"] + 1).all()


def test_a_model_taught_by_an_invented_service_refuses_real_people(taught, service, today):
    for kind in ("identified", "anonymised"):
        with pytest.raises(ConfigError, match="taught by an invented service; it may not say anything about real"):
            foretell(taught, service[0], today, service[1], kind=kind)
    refuse_invented("identified", "identified")
    refuse_invented("invented", "invented")


def test_a_column_that_taught_and_is_gone_is_named(taught, service, today):
    courses = replace(service[0], episodes=service[0].episodes.drop(columns="employment"))
    with pytest.raises(DataError, match="column employment is missing"):
        foretell(taught, courses, today, service[1], kind="invented")


def test_the_same_seed_gives_the_same_numbers_on_one_or_two_workers(taught, service, today, told):
    again = teach(*service, trained_on="invented", lessons=LESSONS, workers=2)
    found = foretell(again, service[0], today, service[1], kind="invented")
    pd.testing.assert_frame_equal(found.endings, told.endings)
