"""Ridge regression with weights: the textbook answer, and missing numbers."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from outcomes.errors import DataError
from outcomes.prognosis.linear import ridge


def test_it_is_scikit_learns_ridge_on_standardised_columns():
    rng = np.random.default_rng(0)
    x, w = rng.normal(3, [1, 5], (300, 2)), rng.integers(1, 4, 300) * 1.0
    y = 2 * x[:, 0] - x[:, 1] + rng.normal(size=300)
    mean = np.average(x, axis=0, weights=w)
    spread = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=w))
    peer = Ridge(alpha=30.0).fit((x - mean) / spread, y, sample_weight=w)
    assert ridge(x, y, w).predict(x) == pytest.approx(peer.predict((x - mean) / spread), abs=1e-9)


def test_weight_two_is_the_row_twice():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(60, 2)), rng.normal(size=60)
    twice = ridge(np.vstack([x, x[:20]]), np.r_[y, y[:20]])
    weighted = ridge(x, y, np.r_[np.full(20, 2.0), np.ones(40)])
    assert weighted.predict(x) == pytest.approx(
        twice.predict(x), abs=0.02
    )  # medians of missing numbers apart, none here


def test_missing_numbers_have_a_column_of_their_own():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 1))
    gone = rng.random(400) < 0.3
    y = np.where(gone, 5.0, x[:, 0])
    x[gone] = np.nan
    assert ridge(x, y, penalty=1e-6).predict(np.array([[np.nan]]))[0] == pytest.approx(5.0, abs=0.05)
    with pytest.raises(DataError, match="9 rows cannot teach"):
        ridge(x[:9], y[:9])
