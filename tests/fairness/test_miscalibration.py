"""A small group is not badly calibrated because it is small."""

import numpy as np
import pytest

from outcomes.errors import DataError
from outcomes.fairness.miscalibration import debiased_calibration_error


def mean_error(n, shift, repeats=200, seed=1):
    rng = np.random.default_rng(seed)
    squares = []
    for _ in range(repeats):
        p = rng.uniform(0.2, 0.8, n)
        squares.append(debiased_calibration_error(rng.random(n) < p, p - shift) ** 2)
    return np.sqrt(np.mean(squares))


@pytest.mark.parametrize("n", [300, 3000])
def test_a_planted_distance_is_found_whatever_the_size(n):
    assert mean_error(n, 0.15) == pytest.approx(0.15, abs=0.012)


def test_a_calibrated_small_group_is_near_zero_where_the_usual_error_is_not():
    rng = np.random.default_rng(4)
    usual, debiased = [], []
    for _ in range(200):
        p = rng.uniform(0.2, 0.8, 150)
        y = rng.random(150) < p
        order = np.array_split(np.argsort(p), 10)
        usual.append(np.sqrt(np.mean([(y[part].mean() - p[part].mean()) ** 2 for part in order])))
        debiased.append(debiased_calibration_error(y, p))
    assert np.mean(usual) > 0.1
    assert np.median(debiased) < 0.05


def test_too_few_say_nothing():
    assert np.isnan(debiased_calibration_error([0, 1] * 9, [0.5] * 18))


def test_missing_values_are_refused():
    with pytest.raises(DataError, match="one length without missing"):
        debiased_calibration_error([0, 1, np.nan], [0.1, 0.2, 0.3])
