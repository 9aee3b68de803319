"""Recovery scored from the items: the model's own table is near the truth where tables of assigned people are not."""

import numpy as np
import pytest

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.following import outcome_by_initial_state
from outcomes.subtypes.implied import exits, implied_outcome, observed_outcome
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.sequences import Sequences
from outcomes.subtypes.simulating import draw_answers, draw_states
from outcomes.subtypes.stability import bootstrap

CASE = 10


def recovered(first, last):
    case = first.sum(axis=1) >= CASE
    return np.where(case, last.sum(axis=1) < CASE, np.nan)


def always(first, last):
    return np.ones(len(first)) + 0 * last[:, 0]


@pytest.fixture(scope="module")
def fitted(small):
    return LatentMarkov(3, n_starts=3).fit(small.sequences)


def test_recovery_is_rarer_after_a_worse_state_and_has_its_errors(fitted, small):
    stability = bootstrap(fitted, small.sequences, n_resamples=4)
    table = implied_outcome(fitted, small.sequences, recovered, stability=stability, n_people=4000)
    assert table["assessable"].is_monotonic_increasing
    assert table["mean"].iloc[-1] < table["mean"].iloc[-2]
    assert (table["low"].le(table["mean"]) & table["mean"].le(table["high"])).all()
    assert table["simulation_error"].lt(0.06).all()


def test_what_is_true_of_all_is_implied_for_all(fitted, small):
    table = implied_outcome(fitted, small.sequences, always, n_people=50)
    assert table["mean"].tolist() == [1.0] * 3
    assert table["low"].isna().all()


def test_change_may_be_negative(fitted, small):
    table = implied_outcome(
        fitted, small.sequences, lambda first, last: (last.sum(axis=1) - first.sum(axis=1)).astype(float), n_people=2000
    )
    assert table["mean"].iloc[0] > 0 > table["mean"].iloc[-1]  # towards the middle


def test_exits_add_up_to_the_endings(fitted, small):
    hazard = exits(fitted, small.sequences).hazard
    assert hazard.shape == (6, 3)
    np.testing.assert_allclose(hazard[:-1], 0.0)  # everybody stays for six occasions
    assert (hazard[-1] == 1).all()


def test_exits_by_state_are_found():
    # the well leave after each occasion with probability .5, the ill with .1; states never change
    rng = np.random.default_rng(0)
    ill = rng.random(2000) < 0.5
    lengths = np.minimum(rng.geometric(np.where(ill, 0.1, 0.5)), 8)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    answers = (rng.random((starts[-1], 10)) < np.where(np.repeat(ill, lengths), 0.9, 0.1)[:, None]).astype(np.int8)
    data = Sequences(answers, starts, tuple("abcdefghij"), np.arange(starts[-1]))
    model = LatentMarkov(2, n_starts=3).fit(data)
    hazard = exits(model, data).hazard
    assert hazard[0] == pytest.approx([0.5, 0.1], abs=0.04)
    longer = implied_outcome(model, data, lambda first, last: (last != first).any(axis=1).astype(float), n_people=2000)
    # one occasion only leaves no change at all; half of the well have one
    assert longer["mean"].iloc[0] < longer["mean"].iloc[1] < 0.95


def test_real_people_are_judged_by_the_same_rule(fitted, small):
    items = small.sequences.items.reshape(400, 6, 9)
    found = observed_outcome(fitted, small.sequences, recovered)
    np.testing.assert_array_equal(found, recovered(items[:, 0], items[:, 5]))
    blank = small.sequences.items.copy()
    blank[0, 0] = -1  # the first person's first occasion lacks an answer
    data = Sequences(blank, small.sequences.starts, small.sequences.columns, small.sequences.rows)
    assert np.isnan(observed_outcome(fitted, data, always)[0])
    single = np.array([[1, 2, 0, 1, 0, 1, 2, 0, 0]] * 3)
    assert np.isnan(observed_outcome(LatentMarkov(1).fit(single), single, always, paired=True)).all()


def test_nobody_is_refused(fitted, small):
    with pytest.raises(ConfigError, match="n_people must be at least 1"):
        implied_outcome(fitted, small.sequences, always, n_people=0)


def below(first, last):
    return (last.sum(axis=1) < CASE).astype(float) + 0 * first[:, 0]


@pytest.mark.slow
def test_implied_endings_are_nearer_to_the_truth_than_assigned_or_corrected(cohort):
    """Below caseness at the sixth occasion, scored from the items, by first state; three cohorts of 9,891."""
    rng = np.random.default_rng(99)
    first = np.repeat(np.arange(7), 60_000)
    truth = cohort(10, seed=0).truth
    states = draw_states(truth, np.arange(0, first.size * 6 + 1, 6), rng, first=first)
    ends = [draw_answers(truth, states[place::6], rng) for place in (0, 5)]
    rate = below(*ends).reshape(7, -1).mean(axis=1)
    errors = {"implied": [], "naive": [], "bch": [], "ml": []}
    search = Search(finished=2, sweeps=300, tolerance=0.05, score_tolerance=0.1)
    for seed in (1, 2, 3):
        made = cohort(9891, seed=seed)
        items = made.sequences.items.reshape(-1, 6, 9)
        real = below(items[:, 0], items[:, 5])
        model = LatentMarkov(7, n_starts=8, search=search, n_jobs=2).fit(made.sequences)
        by_state = outcome_by_initial_state(model, made.sequences, real)
        found = {method: rows["mean"].to_numpy() for method, rows in by_state.groupby("method")}
        found["implied"] = implied_outcome(model, made.sequences, below)["mean"].to_numpy()
        for method, kept in errors.items():
            kept.append(np.sqrt(np.mean((found[method] - rate) ** 2)))
    mean = {method: np.mean(values) for method, values in errors.items()}
    assert mean["implied"] < min(mean["naive"], mean["bch"], mean["ml"])
    assert mean["implied"] < 0.02
