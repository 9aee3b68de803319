"""Latent states of a study: only as many as the data bear, and features that never see the people they are for."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.studies.experiment import SubtypeSettings
from outcomes.studies.states import StateProbabilities, answered, find_states, most_states, state_table


def test_numbers_of_states_that_cannot_be_told_apart_are_left_out_and_named(states):
    assert states.selection.table["k"].tolist() == [2, 3]
    assert states.too_many == (999,)
    assert states.model.n_states in {2, 3}


def test_no_number_that_the_data_bear_is_a_data_error(materials):
    with pytest.raises(DataError, match=r"at most \d+ states could be told apart in these answers, and 998 were asked"):
        find_states(materials, SubtypeSettings(states=(998, 999), starts=1), seed=3)


def test_an_override_that_the_data_do_not_bear_is_a_data_error(materials):
    settings = SubtypeSettings(states=(2, 999), starts=1, chosen=999, chosen_reason="for the test")
    with pytest.raises(DataError, match="and 999 were asked for"):
        find_states(materials, settings, seed=3)


def test_no_more_states_than_people_or_different_answers(materials):
    sequences = materials.trajectories(("phq9",))
    few = sequences.select(np.array([0, 1, 2]))
    assert most_states(few) <= 3
    assert most_states(sequences) <= len(sequences.keys)
    assert most_states(few.select(np.array([0, 0, 0]))) <= len(np.unique(few.select(np.array([0])).items, axis=0))


def test_items_that_nobody_answered_are_left_out_and_the_rest_is_untouched(materials):
    sequences = materials.trajectories(("phq9",))
    kept = answered(sequences)
    assert kept.columns == sequences.columns
    blank = sequences.select(np.arange(len(sequences.keys)))
    blank.items[:, 4] = -1
    assert answered(blank).columns == tuple(name for name in sequences.columns if name != "phq9_5")


def test_probabilities_at_each_sitting_add_to_one_and_stand_beside_their_keys(states):
    table = state_table(states.model, states.trajectories)
    names = [name for name in table if name.startswith("probability_state_")]
    assert len(names) == states.model.n_states
    np.testing.assert_allclose(table[names].sum(axis=1), 1)
    assert table.groupby(["pseudonym", "referral"]).ngroups == len(states.trajectories.keys)


def test_features_of_a_sitting_do_not_know_what_comes_later(materials, states):
    learner = StateProbabilities(states.trajectories.columns, states.model).fit(materials.occasions)
    whole = learner.transform(materials.occasions)
    first = materials.occasions.sort_values("occasion").groupby("referral").head(1)
    alone = learner.transform(first)
    both = alone.merge(whole, on=["pseudonym", "referral", "occasion"], suffixes=("", "_whole"))
    assert len(both) == len(alone)
    np.testing.assert_allclose(both["probability_state_1"], both["probability_state_1_whole"], atol=1e-12)


def test_an_answer_that_no_training_patient_gave_counts_as_missing(materials, states):
    taught = materials.occasions.assign(phq9_9=materials.occasions["phq9_9"].clip(upper=1))
    learner = StateProbabilities(states.trajectories.columns, states.model).fit(taught)
    asked = materials.occasions.assign(phq9_9=pd.array([3] * len(materials.occasions), dtype="Int8"))
    blank = materials.occasions.assign(phq9_9=pd.array([None] * len(materials.occasions), dtype="Int8"))
    answers = materials.occasions.drop(columns=["pseudonym", "referral", "occasion", "day"]).notna().any(axis=1)
    got, wanted = learner.transform(asked[answers]), learner.transform(blank[answers])
    merged = wanted.merge(got, on=["pseudonym", "referral", "occasion"], suffixes=("", "_asked"))
    np.testing.assert_allclose(merged["probability_state_1"], merged["probability_state_1_asked"], atol=1e-12)
