"""Local regression."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import ConfigError
from outcomes.prognosis.smoothing import loess


@settings(max_examples=30, deadline=None)
@given(st.integers(12, 400), st.floats(-2, 2), st.floats(-2, 2), st.integers(0, 100))
def test_a_parabola_is_reproduced(n, linear, square, seed):
    x = np.sort(np.random.default_rng(seed).random(n))
    y = 1 + linear * x + square * x**2
    np.testing.assert_allclose(loess(x, y), y, atol=1e-7)


def test_it_follows_a_bend_that_a_line_misses():
    rng = np.random.default_rng(0)
    x = rng.random(3000)
    y = (rng.random(3000) < 0.5 + 0.4 * np.sin(4 * x)).astype(float)
    assert np.abs(loess(x, y, span=0.3) - 0.5 - 0.4 * np.sin(4 * x)).mean() < 0.03


def test_row_order_plays_no_part():
    rng = np.random.default_rng(1)
    x, y = rng.random(200), rng.random(200)
    order = rng.permutation(200)
    np.testing.assert_allclose(loess(x[order], y[order]), loess(x, y)[order], atol=1e-10)


def test_ties_and_few_people_give_no_nonsense():
    assert np.isnan(loess(np.arange(9.0), np.ones(9))).all()
    assert np.isnan(loess(np.repeat([0.1, 0.2], 50), np.ones(100))).all()
    tied = np.concatenate([np.full(300, 0.5), np.linspace(0, 1, 40)])
    found = loess(tied, (tied > 0.4).astype(float))
    assert np.isfinite(found).all()


def test_a_span_beyond_one_is_refused():
    with pytest.raises(ConfigError, match=r"span must be above 0 and at most 1, got 1\.5"):
        loess(np.arange(20.0), np.arange(20.0), span=1.5)
