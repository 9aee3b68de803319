"""The correction for wrong assignment: its algebra, and that it undoes the shrinking of differences."""

import numpy as np
import pytest

from outcomes.errors import DataError
from outcomes.kernel.three_step import assignment_errors, bch_weights, naive_weights, state_means

POSTERIOR = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.1, 0.9]])


def test_assignment_errors_by_hand():
    errors = assignment_errors(POSTERIOR, POSTERIOR.argmax(axis=1))
    np.testing.assert_allclose(errors, [[1.7 / 2.1, 0.4 / 2.1], [0.3 / 1.9, 1.6 / 1.9]])


def test_bch_weights_invert_the_errors_and_sum_to_one_a_person():
    weights = bch_weights(POSTERIOR)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights.sum(axis=0), POSTERIOR.sum(axis=0))
    errors = assignment_errors(POSTERIOR, POSTERIOR.argmax(axis=1))
    np.testing.assert_allclose(errors @ weights[[0, 2]], np.eye(2), atol=1e-12)


def test_certain_states_need_no_correction():
    posterior = np.eye(3)[[0, 1, 2, 1]]
    np.testing.assert_allclose(bch_weights(posterior), naive_weights(posterior))


def test_means_and_errors_by_hand():
    found = state_means(naive_weights(POSTERIOR), np.array([1.0, 0.0, 1.0, 1.0]))
    np.testing.assert_allclose(found.mean, [0.5, 1.0])
    np.testing.assert_allclose(found.standard_error, [np.sqrt(0.5) / 2, 0.0])
    np.testing.assert_allclose(found.weight, [2, 2])


def test_the_correction_undoes_the_shrinking():
    rng = np.random.default_rng(0)
    state = (rng.random(40000) < 0.5).astype(int)
    signal = state + rng.normal(0, 1.0, state.size)
    odds = np.exp((signal - 0.5) / 1.0)
    posterior = np.column_stack((1 / (1 + odds), odds / (1 + odds)))
    outcome = (rng.random(state.size) < np.where(state == 1, 0.7, 0.3)).astype(float)
    naive = state_means(naive_weights(posterior), outcome).mean
    corrected = state_means(bch_weights(posterior), outcome).mean
    assert naive[1] - naive[0] < 0.2
    assert corrected[1] - corrected[0] == pytest.approx(0.4, abs=0.03)


def test_states_that_cannot_be_told_apart_are_refused():
    with pytest.raises(DataError, match=r"cannot be told apart|expected to hold nobody"):
        bch_weights(np.full((10, 2), 0.5))
    with pytest.raises(DataError, match="1 states are expected to hold nobody"):
        bch_weights(np.array([[1.0, 0.0], [1.0, 0.0]]))


def test_missing_outcomes_are_refused():
    with pytest.raises(DataError, match="1 of 4 people have none"):
        state_means(naive_weights(POSTERIOR), np.array([1.0, np.nan, 0.0, 1.0]))


def test_a_state_that_nobody_is_put_into_has_no_mean():
    found = state_means(np.array([[1.0, 0.0]]), np.array([1.0]))
    assert np.isnan(found.mean[1])
    assert np.isnan(found.standard_error[1])
