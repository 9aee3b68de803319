"""How sure is a proportion, or the gap between two? Score intervals that stay sane at none, all and nobody."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import norm, rankdata, t

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


class Estimate(NamedTuple):
    """One number with its interval; all NaN where it cannot be computed."""

    value: float
    low: float
    high: float


UNKNOWN = Estimate(np.nan, np.nan, np.nan)
_LARGEST_STEP = 1e-10  # on the log-odds scale, far below anything printed
_MOST_STEPS = 100


def auc(events: ArrayLike, scores: ArrayLike, level: float = 0.95) -> Estimate:
    """Say how often someone with the event has a higher score than someone without, ties counting half.

    The interval is DeLong's, on the logit scale so that it stays inside (0, 1). It takes rows as independent: where
    patients have several rows, resample patients instead (`kernel.resampling`).

    Parameters
    ----------
    events : array_like of bool, shape (n,)
        Whether the event happened.
    scores : array_like of float, shape (n,)
        Any monotone score, higher for a likelier event.
    level : float
        Coverage, strictly between 0 and 1.

    Returns
    -------
    Estimate
        NaN with fewer than two rows on either side; no interval where the separation is perfect.

    Raises
    ------
    ConfigError
        If `level` is not a coverage.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL (1988). Comparing the areas under two or more correlated receiver operating
    characteristic curves. Biometrics 44, 837-845.

    Examples
    --------
    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8]).value
    0.875
    """
    z = normal_quantile(level)
    happened, score = np.asarray(events, dtype=bool), np.asarray(scores, dtype=float)
    with_event, without = score[happened], score[~happened]
    if min(with_event.size, without.size) < 2:  # noqa: PLR2004  a variance takes two
        return UNKNOWN
    ranks = rankdata(np.concatenate([with_event, without]))
    placed_with = (ranks[: with_event.size] - rankdata(with_event)) / without.size
    placed_without = 1 - (ranks[with_event.size :] - rankdata(without)) / with_event.size
    area = float(placed_with.mean())
    variance = placed_with.var(ddof=1) / with_event.size + placed_without.var(ddof=1) / without.size
    if not 0 < area < 1:
        return Estimate(area, np.nan, np.nan)
    reach = z * np.sqrt(variance) / (area * (1 - area))
    return Estimate(area, float(expit(logit(area) - reach)), float(expit(logit(area) + reach)))


def logit_t(share: ArrayLike, standard_error: ArrayLike, freedom: int, level: float = 0.95) -> Interval:
    """Say between which shares the truth lies, given a share with a standard error of a sampling design.

    Normal on the logit scale, with the t quantile of the design's degrees of freedom.

    Parameters
    ----------
    share, standard_error : array_like of float, broadcastable
        Shares, 0 to 1, and their standard errors.
    freedom : int
        Sampling units less strata.
    level : float
        Coverage, strictly between 0 and 1.

    Returns
    -------
    Interval
        NaN where the share is 0 or 1, something is missing, or there is no degree of freedom.

    Raises
    ------
    ConfigError
        If `level` is not a coverage.

    References
    ----------
    Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data. Survey Methodology 24, 193-201.

    Examples
    --------
    >>> [round(float(side), 3) for side in logit_t(0.1, 0.02, 30)]
    [0.066, 0.149]
    """
    normal_quantile(level)  # refuses what is no coverage
    centre, error = np.broadcast_arrays(np.asarray(share, dtype=float), np.asarray(standard_error, dtype=float))
    inside = (centre > 0) & (centre < 1) & np.isfinite(error) & (freedom > 0)
    safe = np.where(inside, centre, 0.5)
    half = float(t.ppf((1 + level) / 2, max(freedom, 1))) * error / (safe * (1 - safe))
    low, high = (np.where(inside, expit(logit(safe) + side * half), np.nan) for side in (-1, 1))
    return Interval(low, high)


def calibration_in_the_large(events: ArrayLike, probability: ArrayLike, level: float = 0.95) -> Estimate:
    """Say by how many log-odds all predictions would have to move for their sum to be the number of events.

    The intercept of a logistic model whose only other term is the prediction's log-odds with the slope fixed at 1 (an
    offset); not the intercept of a model that fits the slope as well. Above 0: more events than predicted.

    Parameters
    ----------
    events : array_like of bool, shape (n,)
        Whether the event happened.
    probability : array_like of float, shape (n,)
        Predictions strictly between 0 and 1.
    level : float
        Coverage, strictly between 0 and 1.

    Returns
    -------
    Estimate
        NaN where nobody or everybody had the event, or a prediction is 0 or 1.

    Raises
    ------
    ConfigError
        If `level` is not a coverage.

    References
    ----------
    Van Calster B et al. (2019). Calibration: the Achilles heel of predictive analytics. BMC Medicine 17, 230.

    Examples
    --------
    >>> round(calibration_in_the_large([1, 0, 0, 1], [0.5, 0.5, 0.5, 0.5]).value, 6)
    0.0
    """
    z = normal_quantile(level)
    happened, predicted = np.asarray(events, dtype=float), np.asarray(probability, dtype=float)
    observed = happened.sum()
    if not 0 < observed < happened.size or predicted.min() <= 0 or predicted.max() >= 1:
        return UNKNOWN
    offset, intercept = logit(predicted), 0.0
    for _ in range(_MOST_STEPS):  # Newton on a concave likelihood, steps of at most one log-odds
        fitted = expit(offset + intercept)
        information = float(np.sum(fitted * (1 - fitted)))
        step = float((observed - fitted.sum()) / information)
        intercept += float(np.clip(step, -1, 1))
        if abs(step) < _LARGEST_STEP:
            reach = z / np.sqrt(information)
            return Estimate(intercept, intercept - reach, intercept + reach)
    return UNKNOWN
