"""Patients are drawn whole, labels are shuffled between patients, and the same seed draws the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import ConfigError
from outcomes.kernel.resampling import (
    cluster_bootstrap,
    cluster_bootstrap_rows,
    cluster_codes,
    percentile_interval,
    permutation_null,
)

CLUSTERS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=40)


@settings(deadline=None)
@given(CLUSTERS, st.integers(0, 2**32 - 1))
def test_a_cluster_is_drawn_whole(clusters, seed):
    codes, n_clusters = cluster_codes(clusters)
    for weights in cluster_bootstrap(clusters, 3, np.random.default_rng(seed)):
        of_cluster = dict(zip(codes, weights, strict=True))
        assert all(of_cluster[code] == weight for code, weight in zip(codes, weights, strict=True))
        assert sum(of_cluster.values()) == n_clusters


@settings(deadline=None)
@given(CLUSTERS, st.integers(0, 2**32 - 1))
def test_rows_are_the_weights_written_out(clusters, seed):
    rows = next(cluster_bootstrap_rows(clusters, 1, np.random.default_rng(seed)))
    weights = next(cluster_bootstrap(clusters, 1, np.random.default_rng(seed)))
    np.testing.assert_array_equal(np.bincount(rows, minlength=len(clusters)), weights)


def test_clustered_standard_error_of_a_mean_is_that_of_patients_not_of_rows():
    generator = np.random.default_rng(1)
    patients = np.repeat(np.arange(200), 10)
    values = np.repeat(generator.normal(size=200), 10)
    means = [np.average(values, weights=w) for w in cluster_bootstrap(patients, 400, generator)]
    assert np.std(means) == pytest.approx(values.std() / np.sqrt(200), rel=0.15)


def test_same_seed_same_draws():
    draws = [list(cluster_bootstrap(["a", "b", "c"], 5, np.random.default_rng(7))) for _ in range(2)]
    np.testing.assert_array_equal(draws[0], draws[1])


def test_percentiles_leave_out_what_could_not_be_computed():
    replicates = np.column_stack([np.arange(101.0), np.full(101, np.nan)])
    replicates[:20, 0] = np.nan
    bounds = percentile_interval(replicates, 0.9)
    assert bounds.low[0] == pytest.approx(24)
    assert bounds.high[0] == pytest.approx(96)
    assert np.isnan(bounds.low[1])


def test_permuting_keeps_the_label_of_a_patient_together():
    clusters = ["a", "a", "b", "b", "c"]
    labels = np.array([1, 1, 0, 0, 0])

    def together(shuffled):
        return float(shuffled[0] == shuffled[1] and shuffled[2] == shuffled[3] and shuffled.max() == 1)

    null = permutation_null(labels, clusters, together, 50, np.random.default_rng(0))
    assert null.tolist() == [1.0] * 50


def test_permutation_reaches_every_patient():
    counts = permutation_null(np.array([1, 0, 0]), ["a", "b", "c"], np.argmax, 300, np.random.default_rng(3))
    assert np.bincount(counts.astype(int)).min() > 70


def test_nothing_to_draw_from_is_refused():
    with pytest.raises(ConfigError, match="not empty"):
        cluster_codes([])
    with pytest.raises(ConfigError, match="must be at least 1, got 0"):
        cluster_bootstrap(["a"], 0, np.random.default_rng(0))
    with pytest.raises(ConfigError, match="level must be strictly between"):
        percentile_interval([1.0], 1)
    with pytest.raises(ConfigError, match="at least one resample"):
        percentile_interval([])


def test_a_patient_is_shuffled_with_the_label_of_the_first_row():
    clusters = ["a", "a", "a", "b"]
    labels = np.array([1, 0, 0, 0])
    sums = permutation_null(labels, clusters, np.sum, 60, np.random.default_rng(0))
    assert set(sums) == {1.0, 3.0}  # the 1 goes to all rows of a, or to the one row of b
