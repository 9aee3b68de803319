"""Cumulative logits for states: probabilities, derivatives, the maximum, and the way back into the family."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.kernel.emissions import family
from outcomes.kernel.emissions_graded import Graded

GRADED = Graded()
CUTS_AND_LOCATIONS = np.array([-1.0, 1.0, 2.4, 0.7, 2.5])  # three thresholds, states 1 and 2 against state 0


def test_the_family_has_its_name():
    assert isinstance(family("graded"), Graded)


def test_probabilities_are_differences_of_logistic_curves():
    p = GRADED.probabilities(CUTS_AND_LOCATIONS, (3, 4))
    at_least = 1 / (1 + np.exp(-(np.array([0, 0.7, 2.5])[:, None] - np.array([-1.0, 1.0, 2.4]))))
    np.testing.assert_allclose(p[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:], at_least, rtol=1e-12)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.05, 3), min_size=3, max_size=3), st.lists(st.floats(-6, 6), min_size=2, max_size=2))
def test_coefficients_come_back(widths, locations):
    coefficients = np.concatenate((np.cumsum(widths) - 3, locations))
    p = GRADED.probabilities(coefficients, (3, 4))
    np.testing.assert_allclose(GRADED.coefficients(p), coefficients, atol=1e-7)
    np.testing.assert_allclose(GRADED.member(p), p, atol=1e-7)


def test_extreme_states_keep_their_coefficients():
    coefficients = np.array([-1.0, 1.0, 2.4, 30.0, -30.0])
    p = GRADED.probabilities(coefficients, (3, 4))
    assert (p > 0).all()
    np.testing.assert_allclose(GRADED.coefficients(p), coefficients, rtol=1e-9)


def test_the_gradient_is_the_slope_of_the_expected_likelihood():
    counts = np.random.default_rng(0).uniform(1, 50, (3, 4))

    def value(coefficients):
        return float((counts * np.log(GRADED.probabilities(coefficients, (3, 4)))).sum())

    slopes = [(value(CUTS_AND_LOCATIONS + h) - value(CUTS_AND_LOCATIONS - h)) / 2e-6 for h in np.eye(5) * 1e-6]
    got = GRADED.gradient(counts, GRADED.probabilities(CUTS_AND_LOCATIONS, (3, 4)))
    np.testing.assert_allclose(got, slopes, rtol=1e-6)


def test_counts_of_the_family_give_their_parameters_back():
    truth = GRADED.probabilities(CUTS_AND_LOCATIONS, (3, 4))
    p = GRADED.nearest(np.full((3, 4), 0.25) + np.eye(3, 4) * 0.1)
    for _ in range(30):
        p = GRADED.maximise(truth * np.array([[100.0], [300.0], [50.0]]), p).probability
    np.testing.assert_allclose(p, truth, atol=1e-8)
    assert GRADED.maximise(truth * 100, truth).squared_score == pytest.approx(0.0, abs=1e-9)


def test_an_empty_state_and_a_single_answer_do_no_harm():
    counts = np.array([[5.0, 3.0, 2.0], [0.0, 0.0, 0.0]])
    update = GRADED.maximise(counts, GRADED.nearest(np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])))
    assert np.isfinite(update.probability).all()
    one = np.ones((2, 1))
    assert GRADED.maximise(one, one).squared_score == 0.0
    assert GRADED.n_parameters(2, 1) == GRADED.coefficients(one).size == GRADED.gradient(one, one).size == 0
    assert GRADED.n_parameters(7, 4) == 3 + 6
