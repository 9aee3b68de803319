"""Decoding beyond the enumeration in `test_latent_markov`: missing answers, ties, and what each occasion adds."""

import numpy as np
import pytest

from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.kernel.latent_markov_decoding import posterior, viterbi
from outcomes.kernel.latent_markov_packing import observe

MODEL = LatentMarkovParameters(
    np.array([0.7, 0.3]), np.array([[[0.9, 0.1], [0.2, 0.8]]]), (np.array([[0.8, 0.2], [0.1, 0.9]]),)
)


def test_a_blank_occasion_is_a_forecast():
    found = posterior(observe(np.array([[1], [-1]]), np.array([0, 2]), None, (2,)), MODEL)
    here = np.array([0.7 * 0.2, 0.3 * 0.9])
    here /= here.sum()
    np.testing.assert_allclose(found.filtered[0], here)
    np.testing.assert_allclose(found.filtered[1], here @ MODEL.transition[0])
    np.testing.assert_allclose(found.smoothed[0], here)
    assert found.log_occasion[1] == pytest.approx(0.0, abs=1e-12)


def test_occasions_add_up_to_their_sequence():
    found = posterior(observe(np.array([[1], [0], [1]]), np.array([0, 2, 3]), None, (2,)), MODEL)
    assert found.log_sequence.tolist() == pytest.approx([found.log_occasion[:2].sum(), found.log_occasion[2]])
    assert found.log_occasion[2] == pytest.approx(np.log(0.7 * 0.2 + 0.3 * 0.9))


def test_the_last_smoothed_state_is_the_filtered_one():
    found = posterior(observe(np.array([[1], [0], [1]]), np.array([0, 3]), None, (2,)), MODEL)
    np.testing.assert_allclose(found.smoothed[-1], found.filtered[-1])


def test_ties_go_to_the_lower_state():
    even = LatentMarkovParameters(np.full(2, 0.5), np.full((1, 2, 2), 0.5), (np.full((2, 2), 0.5),))
    assert viterbi(observe(np.array([[1], [0]]), np.array([0, 2]), None, (2,)), even).tolist() == [0, 0]
