"""Gaps in time as blank steps: what is put in, and that a gap is passed by as many moves as it lasts."""

import numpy as np
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.kernel.latent_markov_decoding import posterior
from outcomes.kernel.latent_markov_packing import observe
from outcomes.subtypes.gaps import even_steps
from outcomes.subtypes.sequences import Sequences

DATA = Sequences(np.array([[0], [1], [1], [0], [1]], dtype=np.int8), np.array([0, 3, 5]), ("a",), np.arange(5))


def test_missed_weeks_become_blank_occasions():
    even = even_steps(DATA, [0, 7, 28, 3, 6], unit=7)
    assert even.sequences.items.ravel().tolist() == [0, 1, -1, -1, 1, 0, 1]
    assert even.sequences.starts.tolist() == [0, 5, 7]
    assert even.kept.tolist() == [0, 1, 4, 5, 6]
    assert (even.n_blank, even.n_shortened, even.n_together) == (2, 0, 1)  # three days apart is less than half a week
    assert "2 blank occasions" in even.said


def test_long_gaps_are_shortened_and_counted():
    even = even_steps(DATA, [0, 100, 101, 0, 1], longest=4)
    assert even.sequences.items.ravel().tolist() == [0, -1, -1, -1, 1, 1, 0, 1]
    assert even.n_shortened == 1


def test_a_gap_is_passed_by_as_many_moves_as_it_lasts():
    p = LatentMarkovParameters(
        np.array([1.0, 0.0]), np.array([[[0.9, 0.1], [0.2, 0.8]]]), (np.array([[0.8, 0.2], [0.3, 0.7]]),)
    )
    gap = even_steps(Sequences(DATA.items[:2], np.array([0, 2]), ("a",), np.arange(2)), [0, 3]).sequences
    found = posterior(observe(gap.items, gap.starts, None, (2,)), p).log_sequence[0]
    ahead = p.initial @ np.linalg.matrix_power(p.transition[0], 3)
    assert found == pytest.approx(np.log(0.8) + np.log(ahead @ p.response[0][:, 1]), rel=1e-12)


@pytest.mark.parametrize(
    ("when", "arguments", "error", "message"),
    [
        ([0, 1, 2], {}, DataError, "one finite time for each of the 5"),
        ([0, 1, np.nan, 0, 1], {}, DataError, "one finite time"),
        ([0, 2, 1, 0, 1], {}, DataError, "1 occasions lie before"),
        ([0, 1, 2, 0, 1], {"unit": 0}, ConfigError, "unit must be above 0"),
    ],
)
def test_times_that_cannot_be_used_are_refused(when, arguments, error, message):
    with pytest.raises(error, match=message):
        even_steps(DATA, when, **arguments)
