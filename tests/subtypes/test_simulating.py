"""Invented people are as the model says, and as many as were asked for."""

import numpy as np

from outcomes.subtypes.simulating import draw_answers, draw_rows, draw_states


def test_many_draws_have_the_shares_of_the_model(small):
    rng = np.random.default_rng(0)
    starts = np.arange(0, 120_001, 3)
    states = draw_states(small.truth, starts, rng)
    np.testing.assert_allclose(np.bincount(states[starts[:-1]], minlength=7) / 40_000, small.truth.initial, atol=0.01)
    now, then = states[starts[:-1]], states[starts[:-1] + 1]
    stay = [(then[now == s] == s).mean() for s in range(7)]
    np.testing.assert_allclose(stay, np.diagonal(small.truth.transition[0]), atol=0.03)
    answers = draw_answers(small.truth, states, rng)
    assert answers.shape == (120_000, 9)
    share = (answers[states == 3][:, 0][:, None] == np.arange(4)).mean(axis=0)
    np.testing.assert_allclose(share, small.truth.response[0][3], atol=0.02)


def test_first_states_may_be_given_and_lengths_differ(small):
    starts = np.array([0, 1, 5])
    states = draw_states(small.truth, starts, np.random.default_rng(0), first=np.array([6, 2]))
    assert states[[0, 1]].tolist() == [6, 2]
    assert states.size == 5


def test_certain_rows_are_certain():
    assert draw_rows(np.eye(3), np.random.default_rng(0)).tolist() == [0, 1, 2]
