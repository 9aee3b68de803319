"""The climb: it stops for a reason, keeps its path, and never calls the cap convergence."""

import numpy as np
import pytest

from outcomes.kernel.ascent import Improvement, aitken_gap, ascend


def geometric(rate: float):
    """Climb to 10 from 0, the distance shrinking by ``rate`` each sweep; parameters are the distance itself."""
    return lambda distance: Improvement(10.0 - distance, distance, distance * rate)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9, 0.99])
def test_the_aitken_gap_is_the_true_distance_of_a_geometric_climb(rate):
    path = [10 - 10 * rate**n for n in range(6)]
    assert aitken_gap(path) == pytest.approx(10 * rate**5)


@pytest.mark.parametrize("path", [[], [1.0], [1.0, 2.0], [0.0, 1.0, 3.0], [0.0, 1.0, 0.5]])
def test_there_is_no_gap_without_shrinking_gains(path):
    assert aitken_gap(path) == float("inf")


def test_gains_below_rounding_are_the_top():
    assert aitken_gap([1e6, 1e6, 1e6]) == 0.0


def test_a_climb_that_arrives_says_so_and_is_as_near_as_asked():
    ascent = ascend(10.0, geometric(0.9), tolerance=1e-4, score_tolerance=1.0, sweeps=1000)
    assert ascent.reason == "tolerance"
    assert 10.0 - ascent.path[-1] == pytest.approx(ascent.gap)
    assert ascent.gap <= 1e-4
    assert ascent.path[-1] == 10.0 - ascent.parameters


def test_the_cap_is_not_convergence():
    ascent = ascend(10.0, geometric(0.99), tolerance=1e-4, score_tolerance=1.0, sweeps=50)
    assert ascent.reason == "sweeps"
    assert len(ascent.path) == 50


def test_a_small_gap_with_a_steep_score_goes_on():
    loose = ascend(10.0, geometric(0.5), tolerance=1e-2, score_tolerance=1.0, sweeps=1000)
    strict = ascend(10.0, geometric(0.5), tolerance=1e-2, score_tolerance=1e-6, sweeps=1000)
    assert len(strict.path) > len(loose.path)
    assert strict.score <= 1e-6


def test_the_path_holds_every_sweep():
    ascent = ascend(10.0, geometric(0.5), tolerance=0.1, score_tolerance=1.0, sweeps=1000)
    np.testing.assert_allclose(ascent.path, 10.0 - 10.0 * 0.5 ** np.arange(len(ascent.path)))


def test_a_good_leap_is_kept_and_saves_sweeps():
    def leap(first: float, second: float, third: float) -> float:
        rate = (third - second) / (second - first)
        return third * rate**20

    plain = ascend(10.0, geometric(0.99), tolerance=1e-4, score_tolerance=1.0, sweeps=5000)
    fast = ascend(10.0, geometric(0.99), tolerance=1e-4, score_tolerance=1.0, sweeps=5000, leap=leap)
    assert fast.reason == "tolerance"
    assert fast.sweeps < plain.sweeps / 4
    assert fast.path[-1] == pytest.approx(plain.path[-1], abs=2e-4)
    assert np.diff(fast.path).min() >= 0


@pytest.mark.parametrize("guess", [1e6, float("nan")])
def test_a_bad_leap_is_never_kept(guess):
    plain = ascend(10.0, geometric(0.9), tolerance=1e-4, score_tolerance=1.0, sweeps=5000)
    bad = ascend(10.0, geometric(0.9), tolerance=1e-4, score_tolerance=1.0, sweeps=5000, leap=lambda *_: guess)
    np.testing.assert_array_equal(bad.path[: len(plain.path)], plain.path)
    assert bad.sweeps > plain.sweeps  # what was tried is counted


def test_the_cap_counts_leaps_too():
    capped = ascend(10.0, geometric(0.99), tolerance=0.0, score_tolerance=0.0, sweeps=4, leap=lambda *_: 1e6)
    assert (capped.reason, capped.sweeps, len(capped.path)) == ("sweeps", 4, 3)
