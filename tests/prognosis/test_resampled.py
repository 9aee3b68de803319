"""Resamples of patients: drawn once for all models, binned where rows are many, the same figures all the same."""

import numpy as np
import pytest

from outcomes.kernel.resampling import cluster_bootstrap
from outcomes.prognosis import metrics
from outcomes.prognosis.resampled import BINS, NAMES, Sample, drawn, replicates

CUTS = np.array([0.3, 0.6])


def told(n, seed=0):
    rng = np.random.default_rng(seed)
    odds = rng.normal(-0.5, 1.2, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-(0.2 + 0.9 * odds)))).astype(float)
    return y, 1 / (1 + np.exp(-odds)), rng.integers(0, n // 2, n)


def slow(y, p, weights):
    once = weights[None].astype(float)
    slope, joint = metrics.slope_and_intercept(y, p, once)
    parts = (metrics.auroc(y, p, once), metrics.brier(y, p, once), metrics.scaled_brier(y, p, once))
    return np.array([*(part[0] for part in parts), metrics.in_the_large(y, p, once)[0], slope[0], joint[0]])


@pytest.mark.parametrize(("n", "share"), [(800, 1e-6), (9000, 0.03)])
def test_replicates_are_those_of_one_resample_at_a_time(n, share):
    """Few rows: the same numbers. Many: bins move a figure by less than a thirtieth of its spread."""
    y, p, who = told(n)
    sample, order = Sample.sorted(y, p, CUTS, np.zeros(n, dtype=np.int64))
    point = sample.figures(np.ones((1, n)))[0]
    found = replicates(sample, point, drawn(who, 30, 7), order)[:, : len(NAMES)]
    draws = cluster_bootstrap(who, 30, np.random.default_rng(7))
    expected = np.array([slow(y, p, weights) for weights in draws])
    assert (n > BINS) == (share > 1e-6)
    assert (np.abs(found - expected).max(axis=0) / expected.std(axis=0)).max() < share


def test_the_figures_of_the_whole_sample_are_never_binned():
    y, p, _ = told(6000)
    sample, _ = Sample.sorted(y, p, CUTS, np.zeros(6000, dtype=np.int64))
    found = sample.figures(np.ones((1, 6000)))[0, : len(NAMES)]
    assert found == pytest.approx(slow(y, p, np.ones(6000)), abs=1e-9)


def test_folds_are_compared_within_after_sorting_too():
    y, p, who = told(500)
    folds = who % 3
    sample, _ = Sample.sorted(y, p, CUTS, folds)
    once = np.ones((1, 500))
    assert sample.figures(once)[0, 0] == pytest.approx(metrics.auroc(y, p, once, folds)[0], abs=1e-12)
