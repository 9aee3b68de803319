"""What would the figures be among other patients? Probabilities sorted once, resamples drawn once, a few at a time."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from outcomes.kernel.resampling import cluster_bootstrap, cluster_codes
from outcomes.prognosis import metrics

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CELLS_AT_ONCE: Final = 100_000  # rows x samples held together
BINS: Final = (
    2_000  # rows next to each other share a bin of the resampled logistic fits, where there are more than that
)
NAMES: Final = (
    "auroc",
    "brier",
    "scaled_brier",
    "calibration_in_the_large",
    "calibration_slope",
    "calibration_intercept_joint",
)


@dataclass(frozen=True)
class Sample:
    """Outcomes and probabilities of some rows, sorted by probability.

    Parameters
    ----------
    y, p : ndarray of float, shape (n,)
        Outcome 0 or 1 and its predicted probability.
    cuts : ndarray of float
        Thresholds of the net benefit.
    folds : ndarray of int, shape (n,)
        Stratum of each row: pairs are compared within one.
    """

    y: Floats
    p: Floats
    cuts: Floats
    folds: Integers

    @classmethod
    def sorted(cls, y: Floats, p: Floats, cuts: Floats, folds: Integers) -> tuple["Sample", Integers]:
        """Put rows into the order of their probability.

        Parameters
        ----------
        y, p, cuts, folds : ndarray
            As above, in any order.

        Returns
        -------
        sample : Sample
            In ascending order of probability.
        order : ndarray of int, shape (n,)
            Where each of its rows stood.
        """
        order = np.argsort(p, kind="stable")
        return cls(y[order], p[order], cuts, folds[order]), order

    @cached_property
    def ranking(self) -> metrics.Ranking:
        """Ties and strata of the area under the ROC curve, found once."""
        return metrics.ranked(self.p, self.folds)

    @cached_property
    def odds(self) -> Floats:
        """Log-odds of the probabilities."""
        return metrics.log_odds(self.p)

    @cached_property
    def bins(self) -> tuple[Integers, Floats]:
        """Where bins of neighbours begin, and their mean log-odds; every row its own bin where there are few."""
        odds = self.odds
        starts = np.unique(np.linspace(0, odds.size, min(BINS, odds.size), endpoint=False).astype(np.int64))
        return starts, np.add.reduceat(odds, starts) / np.diff(np.append(starts, odds.size))

    @cached_property
    def distances(self) -> Floats:
        """Squared distance of each outcome from its probability."""
        return np.asarray((self.y - self.p) ** 2, dtype=float)

    @cached_property
    def worths(self) -> tuple[Floats, Floats]:
        """Worth of acting on each row at each threshold, by the model and on everybody."""
        return metrics.worths(self.y, self.p, self.cuts), metrics.worths(self.y, np.ones_like(self.p), self.cuts)

    def figures(self, weights: Floats, point: Floats | None = None) -> Floats:
        """Give the figures of weighted samples.

        Parameters
        ----------
        weights : ndarray of float, shape (n_samples, n)
            How often each row counts.
        point : ndarray of float, optional
            Figures of the whole sample, where the logistic fits begin. With it, and with more than `BINS` rows, these
            go by bins of neighbours: that moves a resample's slope by far less than the interval is wide.

        Returns
        -------
        ndarray of float, shape (n_samples, n_figures)
            In the order of `NAMES`, then both net benefits at each cut.
        """
        begun = dict(zip(NAMES, point if point is not None else np.zeros(len(NAMES)), strict=False))
        large, start = begun["calibration_in_the_large"], (begun["calibration_slope"], begun[NAMES[-1]])
        odds, totals, of_events = self.odds, weights, weights * self.y
        if point is not None:
            starts, odds = self.bins
            totals, of_events = (np.add.reduceat(part, starts, axis=1) for part in (weights, of_events))
        target = of_events @ np.column_stack([np.ones_like(odds), odds - odds.mean()])
        slope, intercept = metrics.slope_of(odds, totals, target, start)
        brier = metrics.mean_of(self.distances, weights)
        single = [
            metrics.auroc_of(self.y, weights, self.ranking),
            brier,
            metrics.scaled_of(brier, metrics.mean_of(self.y, weights)),
            metrics.large_of(odds, totals, target[:, 0], large if np.isfinite(large) else 0.0),
            slope,
            intercept,
        ]
        return np.column_stack([*single, *(metrics.benefits_of(worth, weights) for worth in self.worths)])


def replicates(sample: Sample, point: Floats, draws: NDArray[np.uint8], order: Integers) -> Floats:
    """Give the figures of resamples of patients, a few at a time so that they stay in the cache.

    Parameters
    ----------
    sample : Sample
        Sorted rows.
    point : ndarray of float
        Figures of the whole sample.
    draws : ndarray of int, shape (n_bootstrap, n)
        From `drawn`, as the rows stood.
    order : ndarray of int, shape (n,)
        Where each row of the sample stood.

    Returns
    -------
    ndarray of float, shape (n_bootstrap, n_figures)
        One row a resample.
    """
    at_once = max(CELLS_AT_ONCE // order.size, 1)
    return np.vstack(
        [
            sample.figures(draws[begin : begin + at_once, order].astype(float), point)
            for begin in range(0, len(draws), at_once)
        ]
    )


def drawn(clusters: NDArray[np.generic], n_bootstrap: int, seed: int) -> NDArray[np.uint8]:
    """Draw resamples of patients, once for all models that are judged on the same ones.

    Parameters
    ----------
    clusters : ndarray, shape (n,)
        Patient of each row.
    n_bootstrap : int
        Resamples.
    seed : int
        Equal seeds draw the same patients.

    Returns
    -------
    ndarray of int, shape (n_bootstrap, n)
        How often each row counts.
    """
    codes, _ = cluster_codes(clusters)
    return _drawn(codes.tobytes(), n_bootstrap, seed)


@lru_cache(maxsize=4)
def _drawn(codes: bytes, n_bootstrap: int, seed: int) -> NDArray[np.uint8]:
    # several models are judged on the same people: one set of draws; nobody is drawn 256 times
    clusters = np.frombuffer(codes, dtype=np.int64)
    draws = cluster_bootstrap(clusters, n_bootstrap, np.random.default_rng(seed))
    return np.array([weights.astype(np.uint8) for weights in draws])
