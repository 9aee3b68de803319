"""The families of answers: shares for free ones, Newton for ordered ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from outcomes.errors import ConfigError
from outcomes.kernel.emissions import FAMILIES, Nominal, Ordinal, family, shares


def adjacent(locations: np.ndarray, steps: np.ndarray) -> np.ndarray:
    logits = np.concatenate(([0.0], np.cumsum(-steps))) + locations[:, None] * np.arange(steps.size + 1)
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True)


def value(counts: np.ndarray, p: np.ndarray) -> float:
    return float((counts * np.log(p)).sum())


def test_shares_are_counts_over_people_and_empty_rows_stay():
    better, squared = shares(np.array([[1.0, 3.0], [0.0, 0.0]]), np.array([[0.5, 0.5], [0.2, 0.8]]))
    assert better.tolist() == [[0.25, 0.75], [0.2, 0.8]]
    assert squared == pytest.approx((1 - 2) ** 2 / 2 + (3 - 2) ** 2 / 2)


def test_the_score_is_zero_at_the_maximum_only():
    counts = np.array([[5.0, 15.0, 20.0]])
    top, _ = shares(counts, np.full((1, 3), 1 / 3))
    assert shares(counts, top)[1] == pytest.approx(0.0)
    assert shares(counts, np.full((1, 3), 1 / 3))[1] > 1


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_an_ordinal_update_never_loses_and_settles_at_the_maximum(n_states, n_answers, seed):
    rng = np.random.default_rng(seed)
    counts = rng.gamma(1.0, 30.0, (n_states, n_answers)) + 0.1
    ordinal = Ordinal()
    p = ordinal.nearest(rng.dirichlet(np.ones(n_answers) * 3, n_states))
    for _ in range(30):
        update = ordinal.maximise(counts, p)
        assert value(counts, update.probability) >= value(counts, p) - 1e-9
        p = update.probability
    assert ordinal.maximise(counts, p).squared_score < 1e-8

    def loss(x):
        trial = adjacent(np.concatenate(([0.0], x[n_answers - 1 :])), x[: n_answers - 1])
        return -value(counts, np.maximum(trial, 1e-300))

    start = np.zeros(n_answers - 1 + n_states - 1)
    assert -minimize(loss, start, method="BFGS").fun <= value(counts, p) + 1e-3


def test_ordinal_recovers_planted_locations():
    locations, steps = np.array([-1.0, 0.5, 2.0]), np.array([-0.5, 0.3, 1.5])
    truth = adjacent(locations, steps)
    p = np.full((3, 4), 0.25)
    for _ in range(20):
        p = Ordinal().maximise(1000 * truth, p).probability
    np.testing.assert_allclose(p, truth, atol=1e-8)
    coefficients = Ordinal().coefficients(p)
    np.testing.assert_allclose(coefficients[3:], locations[1:] - locations[0], atol=1e-6)


def test_ordinal_coefficients_give_back_their_probabilities():
    truth = adjacent(np.array([0.0, 1.3, -2.0]), np.array([0.2, -0.4]))
    np.testing.assert_allclose(Ordinal().nearest(truth).sum(axis=1), 1.0)
    coefficients = Ordinal().coefficients(truth)
    np.testing.assert_allclose(
        adjacent(np.concatenate(([0.0], coefficients[2:])), -np.diff(np.concatenate(([0.0], coefficients[:2])))),
        truth,
        atol=1e-12,
    )


@pytest.mark.parametrize(
    ("name", "n_states", "n_answers", "n"),
    [
        ("nominal", 7, 4, 21),
        ("ordinal", 7, 4, 9),
        ("nominal", 3, 1, 0),
        ("ordinal", 3, 1, 0),
        ("ordinal", 2, 2, 2),
    ],
)
def test_the_number_of_free_parameters(name, n_states, n_answers, n):
    assert family(name).n_parameters(n_states, n_answers) == n


def test_two_answers_are_the_same_in_both_families():
    counts = np.array([[10.0, 30.0], [25.0, 5.0]])
    p = np.full((2, 2), 0.5)
    for _ in range(10):
        p = Ordinal().maximise(counts, p).probability
    np.testing.assert_allclose(p, Nominal().maximise(counts, p).probability, atol=1e-8)


def test_a_single_answer_has_nothing_to_estimate():
    for each in FAMILIES.values():
        assert each.maximise(np.array([[3.0], [4.0]]), np.ones((2, 1))).probability.tolist() == [[1.0], [1.0]]


def test_an_unknown_family_is_refused():
    with pytest.raises(ConfigError, match="one of nominal, ordinal, graded, got 'poisson'"):
        family("poisson")
