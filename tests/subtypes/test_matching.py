"""States of two fits are paired by their answers, whatever their numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.subtypes.matching import match_states, overlap, profile_distance


def model(seed: int, n_states: int = 4) -> LatentMarkovParameters:
    rng = np.random.default_rng(seed)
    return LatentMarkovParameters(
        rng.dirichlet(np.ones(n_states)),
        rng.dirichlet(np.ones(n_states), (1, n_states)),
        tuple(rng.dirichlet(np.ones(3), n_states) for _ in range(5)),
    )


@given(st.permutations(range(4)), st.integers(0, 50))
def test_relabelled_states_find_their_twins(order, seed):
    one = model(seed)
    other = one.reordered(np.array(order))
    back = other.reordered(match_states(one, other))
    np.testing.assert_array_equal(back.initial, one.initial)
    np.testing.assert_array_equal(back.transition, one.transition)


def test_distance_is_zero_for_the_same_and_one_for_opposite_answers():
    same = [np.array([[1.0, 0.0], [0.0, 1.0]])]
    np.testing.assert_allclose(profile_distance(same, same), [[0, 1], [1, 0]])


def test_answers_decide_and_not_sizes():
    response = (np.array([[0.9, 0.1], [0.1, 0.9]]),)
    one = LatentMarkovParameters(np.array([0.9, 0.1]), np.eye(2)[None], response)
    other = LatentMarkovParameters(np.array([0.9, 0.1]), np.eye(2)[None], (response[0][::-1],))
    assert match_states(one, other).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("reference", "other", "expected"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 1], [1, 1]),  # the same
        ([0, 0, 1, 1], [0, 1, 1, 1], [1 / 2, 2 / 3]),  # one moved: 1 of 2, and 2 of 3
        ([0, 0, 0, 0], [0, 0, 1, 1], [1 / 2, np.nan]),  # nobody in the second by the reference
        ([0, 1, 0, 1], [1, 0, 1, 0], [0, 0]),  # not matched
    ],
)
def test_overlap_is_shared_over_either(reference, other, expected):
    np.testing.assert_allclose(overlap(np.array(reference), np.array(other), 2), expected)


def test_fits_that_cannot_be_matched_are_refused():
    with pytest.raises(ConfigError, match="3 and 4 states"):
        match_states(model(0, 3), model(0, 4))
    with pytest.raises(ConfigError, match="same items with the same answers"):
        profile_distance(model(0).response, model(0).response[:3])
