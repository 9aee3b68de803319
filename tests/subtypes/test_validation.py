"""Held-out likelihood prefers the truth, and nobody judges a model that has seen him."""

import numpy as np
import pytest

from outcomes.errors import ConfigError
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.validation import cross_validated, known_answers, take

QUICK = LatentMarkov(n_starts=4)


def two_kinds(n, seed):
    rng = np.random.default_rng(seed)
    return np.where(rng.random((n, 6)) < np.where(rng.random(n) < 0.5, 0.85, 0.15)[:, None], 1, 0)


def test_two_kinds_are_two_by_held_out_likelihood():
    table = cross_validated(two_kinds(400, 0), (1, 2, 3), estimator=QUICK, folds=4)
    assert table.loc[table["simplest"], "k"].tolist() == [2]
    assert table.loc[1, "gain"] > 5 * table.loc[1, "gain_error"] > 0
    assert table.loc[2, "gain"] < 2 * table.loc[2, "gain_error"]
    assert table["best"].sum() == 1


def test_held_out_likelihood_of_one_state_by_hand():
    answers = two_kinds(60, 1)
    table = cross_validated(answers, (1,), estimator=LatentMarkov(penalty=0.0), folds=2)
    fold = np.random.default_rng(0).permutation(np.arange(60) % 2)
    total = 0.0
    for part in (0, 1):
        p = answers[fold != part].mean(axis=0)
        test = answers[fold == part]
        total += (test * np.log(p) + (1 - test) * np.log(1 - p)).sum()
    assert table.loc[0, "held_out"] == pytest.approx(total / 60, rel=1e-9)


def test_an_answer_that_no_training_person_gave_counts_as_missing():
    answers = two_kinds(40, 2)
    answers[0, 0] = 3
    assert cross_validated(answers, (1,), folds=4)["n_unseen"].tolist() == [1]


def test_taken_sequences_are_whole(small):
    part = take(small.sequences, np.array([3, 1]))
    np.testing.assert_array_equal(part.items[:6], small.sequences.items[18:24])
    assert part.starts.tolist() == [0, 6, 12]
    model = LatentMarkov(1).fit(part)
    judged, n = known_answers(small.sequences, model)
    assert n == int((judged.items != small.sequences.items).sum()) > 0


def test_too_many_folds_are_refused():
    with pytest.raises(ConfigError, match="between 2 and the number of persons, 5; got 6"):
        cross_validated(two_kinds(5, 0), (1,), folds=6)
