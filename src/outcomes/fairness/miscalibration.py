"""How far are a group's probabilities from what happened? The distance that is left once chance is taken out.

The usual binned calibration error grows as a group shrinks, because each bin's share swings: small groups look badly
calibrated by their size alone. The debiased error takes the expected swing out.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from outcomes.errors import ConfigError, DataError
from outcomes.fairness.counts import in_order, labels
from outcomes.reference.units import PERCENT

FEWEST = 10  # people in a bin, or with and without the event before there is a slope
BINS = 10
POINTS = 5  # of a curve
FEWEST_AT_POINT = 20
EDGE = 1e-6
NO_PENALTY = 1e6  # inverse strength: none worth the name


def debiased_calibration_error(happened: ArrayLike, probability: ArrayLike, *, n_bins: int = BINS) -> float:
    """Say how far probabilities are from shares, in root mean square, without what chance alone makes of it.

    Parameters
    ----------
    happened : array_like of bool, shape (n,)
        The event.
    probability : array_like of float, shape (n,)
        Its probability, out of fold.
    n_bins : int
        Equal shares of people; fewer where a bin would hold fewer than ten.

    Returns
    -------
    float
        On the scale of probabilities; 0 where the distance is no larger than chance makes it, NaN below twenty people.

    Raises
    ------
    DataError
        If lengths differ or a value is missing.

    References
    ----------
    Kumar A, Liang P, Ma T (2019). Verified uncertainty calibration. NeurIPS 32, definition 4.1.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> p = rng.random(5000)
    >>> debiased_calibration_error(rng.random(5000) < p, p) < 0.02
    True
    """
    y, p = np.asarray(happened, dtype=float), np.asarray(probability, dtype=float)
    if y.shape != p.shape or y.ndim != 1 or np.isnan(y).any() or np.isnan(p).any():
        raise DataError("happened and probability must be columns of one length without missing values")
    bins = min(n_bins, y.size // FEWEST)
    if bins <= 1:  # one bin is calibration in the large
        return float("nan")
    order = np.argsort(p, kind="stable")
    total = 0.0
    for part in np.array_split(order, bins):
        share, told, n = float(y[part].mean()), float(p[part].mean()), part.size
        total += n / y.size * ((share - told) ** 2 - share * (1 - share) / (n - 1))
    return float(np.sqrt(max(total, 0.0)))


def calibration_slope(happened: ArrayLike, probability: ArrayLike) -> float:
    """Say whether probabilities are too extreme (below 1) or too cautious (above 1) for a group.

    Parameters
    ----------
    happened : array_like of bool, shape (n,)
        The event.
    probability : array_like of float, shape (n,)
        Its probability, out of fold.

    Returns
    -------
    float
        Slope of a logistic regression of the event on the log-odds of the probability; NaN with fewer than ten people
        with or without the event, or where all probabilities are one.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> p = rng.random(5000)
    >>> happened = rng.random(5000) < p
    >>> bool(abs(calibration_slope(happened, p) - 1) < 0.1), calibration_slope(happened[:15], p[:15])
    (True, nan)
    """
    y, p = np.asarray(happened, dtype=bool), np.asarray(probability, dtype=float)
    if min(y.sum(), (~y).sum()) < FEWEST or np.ptp(p) == 0:
        return float("nan")
    margin = logit(np.clip(p, EDGE, 1 - EDGE))
    return float(LogisticRegression(C=NO_PENALTY).fit(margin[:, None], y).coef_[0, 0])


def calibration_by_group(
    people: pd.DataFrame, by: str, *, event: str, probability: str, n_points: int = POINTS
) -> pd.DataFrame:
    """Set what was predicted beside what happened, in each group, from the lowest probabilities to the highest.

    Parameters
    ----------
    people : DataFrame
        One row a prediction with the columns of `by`, `event` (three-valued) and `probability`; rows where
        either is missing are left out. Not changed.
    by : str
        A grouping whose groups do not overlap.
    event, probability : str
        Columns.
    n_points : int
        Points of a curve, of as many people each; fewer where a point would stand for fewer than twenty.

    Returns
    -------
    DataFrame
        One row a group and point: group, point, n, events, predicted_pct. Groups with fewer than forty people have no
        curve. Internal: true counts.

    Raises
    ------
    ConfigError
        If a column is not there.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> p = rng.random(200)
    >>> people = pd.DataFrame({"service": ["A"] * 180 + ["B"] * 20, "p": p, "worse": rng.random(200) < p})
    >>> calibration_by_group(people, "service", event="worse", probability="p")[["group", "n"]].values.tolist()
    [['A', 36], ['A', 36], ['A', 36], ['A', 36], ['A', 36]]
    """
    absent = [name for name in (by, event, probability) if name not in people.columns]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}; join these columns to the predictions first")
    known = people.loc[people[event].notna() & people[probability].notna()]
    group = labels(known[by], by)
    y, p = known[event].astype("boolean").to_numpy(dtype=float), known[probability].to_numpy(dtype=float)
    rows = []
    for label in in_order(group, by):
        inside = np.flatnonzero(group.eq(label).to_numpy())
        points = min(n_points, inside.size // FEWEST_AT_POINT)
        if points <= 1:
            continue
        ordered = inside[np.argsort(p[inside], kind="stable")]
        for number, part in enumerate(np.array_split(ordered, points), start=1):
            one = {"group": label, "point": number, "n": part.size, "events": int(y[part].sum())}
            rows.append({**one, "predicted_pct": PERCENT * float(p[part].mean())})
    return pd.DataFrame(rows, columns=["group", "point", "n", "events", "predicted_pct"])
