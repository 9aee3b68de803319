"""A small group is not badly calibrated because it is small."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.fairness.miscalibration import calibration_by_group, calibration_slope, debiased_calibration_error


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


def test_the_slope_is_below_one_where_probabilities_are_too_extreme():
    rng = np.random.default_rng(8)
    margin = rng.normal(0, 1, 6000)
    happened = rng.random(6000) < 1 / (1 + np.exp(-margin))
    assert calibration_slope(happened, 1 / (1 + np.exp(-2 * margin))) == pytest.approx(0.5, abs=0.05)
    assert calibration_slope(happened, 1 / (1 + np.exp(-margin))) == pytest.approx(1, abs=0.1)
    assert np.isnan(calibration_slope(happened, np.full(6000, 0.5)))
    assert np.isnan(calibration_slope(np.arange(6000) < 9, 1 / (1 + np.exp(-margin))))


def test_points_of_a_curve_add_up_to_everyone_who_was_judged():
    rng = np.random.default_rng(2)
    p = rng.random(500)
    worse = pd.array(rng.random(500) < p, dtype="boolean")
    people = pd.DataFrame({"service": rng.choice(["A", "B", None], 500), "p": p, "worse": worse})
    people.loc[:9, "p"] = np.nan
    found = calibration_by_group(people, "service", event="worse", probability="p")
    assert found["n"].sum() == 490
    assert found["events"].sum() == people.loc[10:, "worse"].sum()
    assert found.groupby("group")["predicted_pct"].apply(lambda column: column.is_monotonic_increasing).all()
    assert set(found["group"]) == {"A", "B", "Not known"}
    with pytest.raises(ConfigError, match="not in the table: region"):
        calibration_by_group(people, "region", event="worse", probability="p")
