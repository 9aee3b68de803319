"""Endings, groups and characteristics beside the states of the same referrals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.studies import states_beside
from outcomes.studies.sections.subtypes import SubtypeSettings
from outcomes.studies.states_beside import (
    FEWEST_ENDINGS,
    OTHERWISE,
    endings_as_data,
    endings_of,
    first_state_odds,
    measured_by,
    time_as_steps,
)


def with_episodes(materials, **columns):
    return replace(materials, episodes=materials.episodes.assign(**columns))


def test_open_cases_have_no_ending_and_rare_ways_to_end_stand_together(materials, states):
    found = pd.Series(endings_of(materials, states.trajectories))
    keys = states.trajectories.keys.merge(materials.episodes, on=["pseudonym", "referral"], how="left")
    assert found.isna().tolist() == keys["end_day"].isna().tolist()
    counts = found.value_counts()
    assert {"planned", "dropped_out"} <= set(counts.index) <= {"planned", "dropped_out", "referred_on", OTHERWISE}
    assert (counts.drop(OTHERWISE, errors="ignore") >= FEWEST_ENDINGS).all()


def test_a_feed_that_does_not_tell_how_referrals_end_says_so(materials, states):
    nobody = with_episodes(materials, end_day=pd.NaT)
    with pytest.raises(DataError, match="does not tell how referrals ended"):
        endings_of(nobody, states.trajectories)
    alike = with_episodes(materials, end_reason="46")
    with pytest.raises(DataError, match="more than one way"):
        endings_of(alike, states.trajectories)


def test_endings_as_data_begin_at_the_chosen_model(materials, states):
    found = endings_as_data(materials, states.trajectories, states.model)
    assert found.at_random is states.model
    assert found.with_endings.n_states == states.model.n_states
    assert found.likelihood_ratio > 0
    assert "given" in set(found.with_endings.starts_["kind"])


def test_what_was_not_asked_for_or_is_not_told_says_why(materials, states):
    settings = SubtypeSettings(states=(2,), measurement_by=("shoe_size",))
    with pytest.raises(DataError, match="does not tell shoe_size"):
        measured_by(materials, states.trajectories, states.model, settings, seed=1)
    none_asked = replace(
        materials,
        opened=replace(materials.opened, experiment=materials.opened.experiment.model_copy(update={"fairness": None})),
    )
    with pytest.raises(DataError, match="no characteristics were asked for"):
        first_state_odds(none_asked, states.trajectories, states.model)


def test_groups_are_compared_by_simulation_where_asked_for(materials, states, monkeypatch):
    half = ["a" if place % 2 else "b" for place in range(len(materials.episodes))]
    by_lot = with_episodes(materials, gender=half)
    settings = SubtypeSettings(states=(2,), measurement_by=("gender",), measurement_simulations=3)
    with pytest.raises(DataError, match="fewer than two groups by gender have at least 100 people"):
        measured_by(by_lot, states.trajectories, states.model, settings, seed=1)
    monkeypatch.setattr(states_beside, "FEWEST_IN_GROUP", 20)
    found = measured_by(by_lot, states.trajectories, states.model, settings, seed=1)["gender"]
    assert set(found.n_groups) == {"a", "b"}
    assert found.simulated.size == 3
    assert found.p_value >= 0.25


def test_time_makes_the_steps_where_days_are_known_and_session_numbers_do_otherwise(states):
    found = time_as_steps(states.trajectories, states.model, 7)
    assert found.steps.unit == 7
    assert found.by_time.n_states == states.model.n_states
    undated = replace(states.trajectories, day=np.full(states.trajectories.day.size, np.nan))
    inner = np.ones(undated.occasion.size, dtype=bool)
    inner[undated.starts[:-1]] = False
    if (np.diff(undated.occasion, prepend=0)[inner] == 1).all():
        with pytest.raises(DataError, match="no questionnaire has a date, and none is missing"):
            time_as_steps(undated, states.model, 7)
    skipped = replace(undated, occasion=2 * undated.occasion)
    by_number = time_as_steps(skipped, states.model, 7)
    assert (by_number.steps.unit, by_number.steps.n_blank) == (1, int(inner.sum()))
