"""How good is a set of probabilities? Discrimination, calibration, net benefit, with patient-clustered intervals.

No accuracy and no F1: they depend on a threshold that nobody chose. `metrics` holds the arithmetic.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.intervals import wilson
from outcomes.kernel.resampling import percentile_interval
from outcomes.prognosis import metrics
from outcomes.prognosis.resampled import NAMES, Sample, drawn, replicates
from outcomes.prognosis.smoothing import FEWEST, loess
from outcomes.prognosis.threads import one_thread

Floats = NDArray[np.float64]

SUSPICIOUS_AUROC = 0.90
FEWEST_TO_SUSPECT = 100  # among fewer people such an area comes by chance
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6)


class LeakageWarning(UserWarning):
    """A discrimination that no honest forecast of a therapy's ending has reached."""


@dataclass(frozen=True)
class Discrimination:
    """Who is ranked above whom, and how near the probabilities are to the outcomes."""

    n: int
    n_events: int
    auroc: float
    brier: float
    scaled_brier: float


@dataclass(frozen=True)
class Calibration:
    """Whether of those given p so many recover.

    `in_the_large` is the intercept with the slope fixed at 1; `intercept` belongs to the joint fit with `slope`. `ici`,
    `e50`, `e90` and `e_max` are mean, median, 90th percentile and largest distance between probability and loess curve.
    `curve` has one row a bin of at least ten people: n, n_events, predicted, observed, low, high.
    """

    n: int
    n_events: int
    in_the_large: float
    slope: float
    intercept: float
    ici: float
    e50: float
    e90: float
    e_max: float
    curve: pd.DataFrame


def discrimination(outcome: ArrayLike, probability: ArrayLike) -> Discrimination:
    """Say how well probabilities rank people and how near they are to what happened.

    Parameters
    ----------
    outcome : array_like of bool or 0/1, shape (n,)
        What happened; no missing value.
    probability : array_like of float, shape (n,)
        What had been predicted, between 0 and 1.

    Returns
    -------
    Discrimination
        n, n_events, auroc (NaN if only one outcome occurs), brier, scaled_brier.

    Raises
    ------
    DataError
        If lengths differ, nobody is there, a value is missing or outside its range.

    Examples
    --------
    >>> discrimination([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8]).auroc
    0.875
    """
    y, p = checked(outcome, probability)
    once = np.ones((1, y.size))
    return Discrimination(
        n=y.size,
        n_events=int(y.sum()),
        auroc=float(metrics.auroc(y, p, once)[0]),
        brier=float(metrics.brier(y, p, once)[0]),
        scaled_brier=float(metrics.scaled_brier(y, p, once)[0]),
    )


@one_thread
def calibration(outcome: ArrayLike, probability: ArrayLike, *, n_bins: int = 10, level: float = 0.95) -> Calibration:
    """Say whether probabilities can be taken at their word.

    Parameters
    ----------
    outcome : array_like of bool or 0/1, shape (n,)
        What happened; no missing value.
    probability : array_like of float, shape (n,)
        What had been predicted, between 0 and 1.
    n_bins : int
        Largest number of bins of the curve; there are fewer where a bin would hold fewer than ten people.
    level : float
        Coverage of the Wilson interval of each bin.

    Returns
    -------
    Calibration
        Both intercepts, slope, integrated index, quantiles of the distance, binned curve.

    Raises
    ------
    DataError
        If lengths differ, nobody is there, a value is missing or outside its range.
    ConfigError
        If `n_bins` is below 1.

    References
    ----------
    Austin PC, Steyerberg EW (2019). The integrated calibration index. Statistics in Medicine 38, 4051-4065.
    Van Calster B et al. (2016). A calibration hierarchy for risk models. J Clin Epidemiol 74, 167-176.
    """
    y, p = checked(outcome, probability)
    if n_bins < 1:
        raise ConfigError(f"n_bins must be at least 1, got {n_bins}")
    once = np.ones((1, y.size))
    slope, intercept = metrics.slope_and_intercept(y, p, once)
    distance = np.abs(loess(p, y) - p)
    e50, e90 = np.quantile(distance, [0.5, 0.9])
    return Calibration(
        n=y.size,
        n_events=int(y.sum()),
        in_the_large=float(metrics.in_the_large(y, p, once)[0]),
        slope=float(slope[0]),
        intercept=float(intercept[0]),
        ici=float(distance.mean()),
        e50=float(e50),
        e90=float(e90),
        e_max=float(distance.max()),
        curve=_binned(y, p, n_bins, level),
    )


def net_benefit(outcome: ArrayLike, probability: ArrayLike, thresholds: Sequence[float]) -> pd.DataFrame:
    """Say whether acting on the model does more good than acting on everybody or on nobody, threshold by threshold.

    Parameters
    ----------
    outcome : array_like of bool or 0/1, shape (n,)
        What happened; no missing value.
    probability : array_like of float, shape (n,)
        What had been predicted, between 0 and 1.
    thresholds : sequence of float
        Probabilities from which on one would act, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        One row a threshold: threshold, n, n_flagged, model, treat_all, treat_none (true positives per person, net).

    Raises
    ------
    DataError
        If lengths differ, nobody is there, a value is missing or outside its range.
    ConfigError
        If a threshold is not strictly between 0 and 1.

    References
    ----------
    Vickers AJ, Elkin EB (2006). Decision curve analysis. Medical Decision Making 26, 565-574.

    Examples
    --------
    >>> net_benefit([0, 1], [0.2, 0.8], [0.5])[["model", "treat_all"]].values.tolist()
    [[0.5, 0.0]]
    """
    y, p = checked(outcome, probability)
    cuts = _cuts(thresholds)
    once = np.ones((1, y.size))
    return pd.DataFrame(
        {
            "threshold": cuts,
            "n": y.size,
            "n_flagged": (p[:, None] >= cuts).sum(axis=0),
            "model": metrics.net_benefits(y, p, once, cuts)[0],
            "treat_all": metrics.net_benefits(y, np.ones(y.size), once, cuts)[0],
            "treat_none": 0.0,
        }
    )


@one_thread
def evaluate(
    outcome: ArrayLike,
    probability: ArrayLike,
    *,
    pseudonyms: ArrayLike | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    n_bootstrap: int = 200,
    level: float = 0.95,
    random_state: int = 0,
    strata: ArrayLike | None = None,
) -> pd.DataFrame:
    """Say how good the probabilities are, each figure with its interval over patients.

    Parameters
    ----------
    outcome : array_like of bool or 0/1, shape (n,)
        What happened; no missing value.
    probability : array_like of float, shape (n,)
        What had been predicted, between 0 and 1.
    pseudonyms : array_like, shape (n,), optional
        Who: rows of one patient are resampled together. Without it every row is a patient.
    thresholds : sequence of float
        Where the net benefit is read.
    n_bootstrap : int
        Number of resamples; 0 leaves the intervals blank.
    level : float
        Coverage of the percentile interval.
    random_state : int
        Seed of the resampling.
    strata : array_like of int, shape (n,), optional
        Fold of each row: the area under the ROC curve compares people of one fold only.

    Returns
    -------
    DataFrame
        One row a figure: metric, n, n_events, value, low, high. Distances from the calibration curve (ici, e50, e90)
        have no interval; the prevalence has Wilson's.

    Raises
    ------
    DataError
        If lengths differ, nobody is there, a value is missing or outside its range.
    ConfigError
        If a threshold or the coverage is out of range, or `n_bootstrap` is negative.

    Warns
    -----
    LeakageWarning
        If the area under the ROC curve is surely above .90 (lower bound, or value without resampling) among at least
        100 people: something may know the ending.
    """
    y, p = checked(outcome, probability)
    cuts = _cuts(thresholds)
    if n_bootstrap < 0:
        raise ConfigError(f"n_bootstrap must not be negative, got {n_bootstrap}")
    names = [*NAMES, *(f"net_benefit{whom}_at_{cut:.2f}" for whom in ("", "_all") for cut in cuts)]
    folds = np.zeros(y.size, dtype=np.int64) if strata is None else np.asarray(strata, dtype=np.int64)
    sample, order = Sample.sorted(y, p, cuts, folds)
    point = sample.figures(np.ones((1, y.size)))[0]
    low, high = np.full(point.size, np.nan), np.full(point.size, np.nan)
    if n_bootstrap:
        clusters = np.arange(y.size) if pseudonyms is None else np.asarray(pseudonyms)
        found = replicates(sample, point, drawn(clusters, n_bootstrap, random_state), order)
        low, high = percentile_interval(found, level)
    rows = pd.DataFrame({"metric": names, "value": point, "low": low, "high": high})
    rows = pd.concat([rows, _unresampled(y, p, level)], ignore_index=True)
    rows.insert(1, "n", y.size)
    rows.insert(2, "n_events", int(y.sum()))
    surely = float(low[0] if n_bootstrap else point[0])
    if surely > SUSPICIOUS_AUROC and y.size >= FEWEST_TO_SUSPECT:
        warnings.warn(
            f"the area under the ROC curve is {point[0]:.3f}, above {SUSPICIOUS_AUROC:.2f}: look for a predictor "
            "that is only known at the end (number of sessions, end reason, last score)",
            LeakageWarning,
            stacklevel=3,  # past the wrapper
        )
    return rows


def _unresampled(y: Floats, p: Floats, level: float) -> pd.DataFrame:
    distance = np.abs(loess(p, y) - p)
    e50, e90 = np.quantile(distance, [0.5, 0.9])
    bounds = wilson(y.sum(), y.size, level)
    return pd.DataFrame(
        {
            "metric": ["ici", "e50", "e90", "prevalence", "mean_probability"],
            "value": [distance.mean(), e50, e90, y.mean(), p.mean()],
            "low": [np.nan, np.nan, np.nan, float(bounds.low), np.nan],
            "high": [np.nan, np.nan, np.nan, float(bounds.high), np.nan],
        }
    )


def _binned(y: Floats, p: Floats, n_bins: int, level: float) -> pd.DataFrame:
    # equal shares of people, ties together, no bin below ten people
    bins = max(min(n_bins, y.size // FEWEST), 1)
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1], method="higher"))
    codes = np.searchsorted(edges, p, side="right")
    codes = _merge_small(codes)
    table = pd.DataFrame({"bin": codes, "predicted": p, "observed": y}).groupby("bin")
    n, events = table.size().to_numpy(), table["observed"].sum().to_numpy()
    bounds = wilson(events, n, level)
    curve = pd.DataFrame(
        {
            "n": n,
            "n_events": events.astype(int),
            "predicted": table["predicted"].mean().to_numpy(),
            "observed": events / n,
            "low": bounds.low,
            "high": bounds.high,
        }
    )
    return curve.loc[curve["n"].ge(FEWEST)].reset_index(drop=True)


def _merge_small(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    # a bin of fewer than ten people joins its left neighbour, the first one its right neighbour
    merged = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    sizes = np.bincount(merged)
    while sizes.size > 1 and sizes.min() < FEWEST:
        small = int(np.argmin(sizes))
        merged[merged >= max(small, 1)] -= 1
        sizes = np.bincount(merged)
    return merged


def checked(outcome: ArrayLike, probability: ArrayLike) -> tuple[Floats, Floats]:
    """Give outcome and probability as columns of numbers.

    Parameters
    ----------
    outcome : array_like of bool or 0/1, shape (n,)
        What happened.
    probability : array_like of float, shape (n,)
        What had been predicted.

    Returns
    -------
    outcome, probability : ndarray of float, shape (n,)
        Checked.

    Raises
    ------
    DataError
        If lengths differ, nobody is there, a value is missing or outside its range.
    """
    y, p = (_floats(values) for values in (outcome, probability))
    if y.ndim != 1 or y.shape != p.shape or y.size == 0:
        raise DataError(f"outcome and probability must be columns of one length, got shapes {y.shape} and {p.shape}")
    wrong = int((~np.isin(y, (0, 1))).sum())
    if wrong:
        raise DataError(f"outcome: {wrong} of {y.size} values are missing or neither true nor false (rule binary)")
    wrong = int((~((p >= 0) & (p <= 1))).sum())
    if wrong:
        raise DataError(f"probability: {wrong} of {p.size} values are missing or outside 0-1 (rule probability)")
    return y, p


def _floats(values: ArrayLike) -> Floats:
    if isinstance(values, pd.Series):
        return values.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(values, dtype=float)


def _cuts(thresholds: Sequence[float]) -> Floats:
    cuts = np.asarray(thresholds, dtype=float)
    if cuts.size == 0 or not ((cuts > 0) & (cuts < 1)).all():
        raise ConfigError(f"thresholds must lie strictly between 0 and 1, got {list(thresholds)}")
    return cuts
