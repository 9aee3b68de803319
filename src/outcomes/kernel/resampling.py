"""What would other patients have shown? Whole patients are drawn again, never single rows; labels are shuffled."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.intervals import Interval

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def cluster_codes(clusters: ArrayLike) -> tuple[Integers, int]:
    """Give every cluster a number from 0, row by row, and count them.

    Parameters
    ----------
    clusters : array_like, shape (n_rows,)
        Identifier of the cluster (patient) of each row; strings or numbers.

    Returns
    -------
    codes : ndarray of int, shape (n_rows,)
        Number of the cluster in sorted order of the identifiers.
    n_clusters : int
        Number of different clusters.

    Raises
    ------
    ConfigError
        If there is no row, or `clusters` is not one-dimensional.

    Examples
    --------
    >>> cluster_codes(["b", "a", "b"])
    (array([1, 0, 1]), 2)
    """
    labels = np.asarray(clusters)
    if labels.ndim != 1 or labels.size == 0:
        raise ConfigError(f"clusters must be one-dimensional and not empty, got shape {labels.shape}")
    if labels.dtype == object:
        labels = labels.astype(str)
    distinct, codes = np.unique(labels, return_inverse=True)
    return codes.astype(np.int64), int(distinct.size)


def cluster_bootstrap(clusters: ArrayLike, n_resamples: int, generator: np.random.Generator) -> Iterator[Integers]:
    """Say how often each row counts in samples of whole clusters drawn with replacement.

    A percentile bootstrap over rows is wrong for repeated measures; this one draws patients. Weights are cheaper than
    indices and serve every statistic that takes `sample_weight`.

    Parameters
    ----------
    clusters : array_like, shape (n_rows,)
        Cluster (patient) of each row.
    n_resamples : int
        Number of samples, at least 1.
    generator : numpy.random.Generator
        Source of randomness; the same state gives the same samples.

    Returns
    -------
    iterator of ndarray of int, shape (n_rows,)
        One weight a row; rows of one cluster share it, and over clusters the weights add up to their number.

    Raises
    ------
    ConfigError
        If `n_resamples` is below 1 or there is no row.

    Examples
    --------
    >>> weights = next(cluster_bootstrap(["a", "a", "b"], 1, np.random.default_rng(0)))
    >>> bool(weights[0] == weights[1]), int(weights[0] + weights[2])
    (True, 2)
    """
    _at_least_one(n_resamples)
    codes, n_clusters = cluster_codes(clusters)
    shares = np.full(n_clusters, 1 / n_clusters)
    return (generator.multinomial(n_clusters, shares)[codes].astype(np.int64) for _ in range(n_resamples))


def cluster_bootstrap_rows(clusters: ArrayLike, n_resamples: int, generator: np.random.Generator) -> Iterator[Integers]:
    """Say which rows, repeats included, make up samples of whole clusters drawn with replacement.

    For statistics that take no weights. Same draws as `cluster_bootstrap` for the same generator state.

    Parameters
    ----------
    clusters : array_like, shape (n_rows,)
        Cluster (patient) of each row.
    n_resamples : int
        Number of samples, at least 1.
    generator : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    iterator of ndarray of int
        Row numbers in ascending order, each repeated as often as its cluster was drawn.

    Raises
    ------
    ConfigError
        If `n_resamples` is below 1 or there is no row.

    Examples
    --------
    >>> rows = next(cluster_bootstrap_rows(["a", "b"], 1, np.random.default_rng(0)))
    >>> len(rows)
    2
    """
    rows = np.arange(np.asarray(clusters).size)
    return (np.repeat(rows, weights) for weights in cluster_bootstrap(clusters, n_resamples, generator))


def percentile_interval(replicates: ArrayLike, level: float = 0.95) -> Interval:
    """Say between which values the middle so many per cent of the replicates lie.

    Parameters
    ----------
    replicates : array_like, shape (n_resamples, ...)
        One value of the statistic, or one array of values, a resample; NaN where it could not be computed.
    level : float
        Coverage, strictly between 0 and 1.

    Returns
    -------
    Interval
        Bounds in the shape of one replicate; NaN where fewer than half of the replicates could be computed.

    Raises
    ------
    ConfigError
        If `level` is not a coverage or there is no replicate.

    Examples
    --------
    >>> percentile_interval([0.0, 1.0, 2.0, 3.0, 4.0], level=0.5)
    Interval(low=array(1.), high=array(3.))
    """
    if not 0 < level < 1:
        raise ConfigError(f"level must be strictly between 0 and 1, got {level}")
    values = np.asarray(replicates, dtype=float)
    if values.ndim == 0 or values.shape[0] == 0:
        raise ConfigError("replicates must hold at least one resample")
    known = np.isfinite(values)
    enough = 2 * known.sum(axis=0) >= values.shape[0]
    padded = np.where(enough, values, 0.0)
    bounds = np.nanquantile(padded, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Interval(np.where(enough, bounds[0], np.nan), np.where(enough, bounds[1], np.nan))


def permutation_null(
    labels: Integers,
    clusters: ArrayLike,
    statistic: Callable[[Integers], float],
    n_permutations: int,
    generator: np.random.Generator,
) -> Floats:
    """Say which values the statistic would take if the group labels meant nothing.

    Labels are shuffled between clusters (patients), each of which keeps one label for all its rows: the label of its
    first row.

    Parameters
    ----------
    labels : ndarray of int, shape (n_rows,)
        Group of each row.
    clusters : array_like, shape (n_rows,)
        Cluster (patient) of each row.
    statistic : callable
        Takes permuted labels, shape (n_rows,), returns a number.
    n_permutations : int
        Number of shuffles, at least 1.
    generator : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of float, shape (n_permutations,)
        The statistic under each shuffle, in the order drawn.

    Raises
    ------
    ConfigError
        If `n_permutations` is below 1 or there is no row.

    Examples
    --------
    >>> same = permutation_null(np.array([0, 0]), ["a", "b"], lambda labels: labels.sum(), 2, np.random.default_rng(0))
    >>> same
    array([0., 0.])
    """
    _at_least_one(n_permutations)
    codes, n_clusters = cluster_codes(clusters)
    of_cluster = np.empty(n_clusters, dtype=np.int64)
    of_cluster[codes[::-1]] = np.asarray(labels)[::-1]  # written backwards, so that the first row of a cluster stays
    return np.array([statistic(generator.permutation(of_cluster)[codes]) for _ in range(n_permutations)], dtype=float)


def _at_least_one(number: int) -> None:
    if number < 1:
        raise ConfigError(f"the number of resamples must be at least 1, got {number}")
