"""How sure is a proportion, or the gap between two? Score intervals that stay sane at none, all and nobody."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from outcomes.errors import ConfigError

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """Lower and upper bounds, arrays of one shape, on the scale of what they bound."""

    low: Floats
    high: Floats


def normal_quantile(level: float) -> float:
    """Say how many standard errors a two-sided interval of this level reaches out.

    Parameters
    ----------
    level : float
        Coverage, strictly between 0 and 1.

    Returns
    -------
    float
        The quantile of the standard normal at ``(1 + level) / 2``.

    Raises
    ------
    ConfigError
        If `level` is not strictly between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    if not 0 < level < 1:
        raise ConfigError(f"level must be strictly between 0 and 1, got {level}")
    return float(norm.ppf((1 + level) / 2))


def proportion(events: ArrayLike, n: ArrayLike) -> Floats:
    """Say what share had the event.

    Parameters
    ----------
    events, n : array_like of numbers, broadcastable
        Events and trials, ``0 <= events <= n``; either may be missing (NaN).

    Returns
    -------
    ndarray of float
        ``events / n``; NaN where `n` is 0 or either is missing.

    Raises
    ------
    ConfigError
        If a count is negative or there are more events than trials.

    Examples
    --------
    >>> proportion([1, 0], [4, 0])
    array([0.25,  nan])
    """
    counted, trials = _counts(events, n)
    share = np.full(trials.shape, np.nan)
    np.divide(counted, trials, out=share, where=trials > 0)
    return share


def wilson(events: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """Say between which proportions the truth lies, given so many events in so many trials.

    Wilson's score interval without continuity correction. It stays inside [0, 1]; with no event the lower bound is
    exactly 0, with nothing but events the upper bound is exactly 1 (and the other bound is not), and with nobody both
    are NaN.

    Parameters
    ----------
    events, n : array_like of numbers, broadcastable
        Events and trials, ``0 <= events <= n``; either may be missing (NaN).
    level : float
        Coverage, strictly between 0 and 1.

    Returns
    -------
    Interval
        `low` and `high`, proportions, in the broadcast shape.

    Raises
    ------
    ConfigError
        If a count is negative, there are more events than trials, or `level` is not a coverage.

    References
    ----------
    Wilson EB (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.

    Examples
    --------
    >>> bounds = wilson([4, 0], [4, 0])
    >>> bounds.low.round(3), bounds.high
    (array([0.51,  nan]), array([ 1., nan]))
    """
    z = normal_quantile(level)
    counted, trials = _counts(events, n)
    share = proportion(counted, trials)
    per_trial = np.full(trials.shape, np.nan)
    np.divide(z * z, trials, out=per_trial, where=trials > 0)
    centre = (share + per_trial / 2) / (1 + per_trial)
    # z sqrt(p(1-p)/n + z^2/4n^2), with z taken inside the root
    reach = np.sqrt(share * (1 - share) * per_trial + per_trial**2 / 4) / (1 + per_trial)
    low = np.where(counted == 0, centre * 0, centre - reach)
    high = np.where(counted == trials, centre * 0 + 1, centre + reach)
    return Interval(np.clip(low, 0, 1), np.clip(high, 0, 1))


def newcombe(
    events: ArrayLike, n: ArrayLike, others_events: ArrayLike, others_n: ArrayLike, level: float = 0.95
) -> Interval:
    """Say between which values the difference of two independent proportions lies.

    Newcombe's hybrid score interval (his method 10): the two Wilson intervals, squared and added from each estimate.
    It keeps its coverage at 0 % and 100 %, where the difference of means collapses to a point.

    Parameters
    ----------
    events, n : array_like of numbers, broadcastable
        Events and trials of the group in question.
    others_events, others_n : array_like of numbers, broadcastable
        Events and trials of the group it is compared with; nobody may be in both.
    level : float
        Coverage, strictly between 0 and 1.

    Returns
    -------
    Interval
        Bounds of ``events / n - others_events / others_n``; NaN where one of the groups is empty or missing.

    Raises
    ------
    ConfigError
        If a count is negative, there are more events than trials, or `level` is not a coverage.

    References
    ----------
    Newcombe RG (1998). Interval estimation for the difference between independent proportions: comparison of eleven
    methods. Statistics in Medicine 17, 873-890.

    Examples
    --------
    >>> bounds = newcombe(56, 70, 48, 80)
    >>> round(float(bounds.low), 4), round(float(bounds.high), 4)
    (0.0524, 0.3339)
    """
    first, second = proportion(events, n), proportion(others_events, others_n)
    of_first, of_second = wilson(events, n, level), wilson(others_events, others_n, level)
    difference = first - second
    down = np.hypot(first - of_first.low, of_second.high - second)
    up = np.hypot(of_first.high - first, second - of_second.low)
    return Interval(difference - down, difference + up)


def mean_interval(mean: ArrayLike, sd: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval:
    """Say between which values a mean lies, by the normal approximation.

    Parameters
    ----------
    mean, sd : array_like of float
        Sample mean and standard deviation.
    n : array_like of numbers
        Number of independent values behind each.
    level : float
        Coverage, strictly between 0 and 1.

    Returns
    -------
    Interval
        ``mean -/+ z sd / sqrt(n)``; NaN where fewer than two values stand behind it.

    Raises
    ------
    ConfigError
        If `level` is not a coverage.

    Examples
    --------
    >>> mean_interval(10.0, 5.0, 100).low.round(2)
    np.float64(9.02)
    """
    z = normal_quantile(level)
    centre, spread, count = np.broadcast_arrays(*(np.asarray(part, dtype=float) for part in (mean, sd, n)))
    reach = np.full(centre.shape, np.nan)
    np.divide(spread * z, np.sqrt(np.maximum(count, 0)), out=reach, where=count > 1)
    return Interval(centre - reach, centre + reach)


def _counts(events: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    counted, trials = np.broadcast_arrays(np.asarray(events, dtype=float), np.asarray(n, dtype=float))
    if np.any(counted < 0) or np.any(trials < 0):
        raise ConfigError("counts must not be negative; events and n are numbers of people or of courses")
    if np.any(counted > trials):
        raise ConfigError(f"events must not exceed n; they do in {int(np.sum(counted > trials))} places")
    return counted, trials
