"""How good are probabilities in many weighted samples at once? Arrays in, one value a sample out.

`evaluation` calls these with one sample of weights 1 for the estimate, and with bootstrap weights for its interval.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Ranking = tuple[tuple[Integers, Integers], ...]

SMALLEST = 1e-6  # probabilities are held this far from 0 and 1 before a logit is taken
SWEEPS = 25
TOLERANCE = 1e-9
LOOSE = 1e-6  # a last step above this is no estimate
STEEPEST = 50.0  # a slope beyond this means separation: no finite estimate exists


def log_odds(probability: Floats) -> Floats:
    """Say what the log-odds of a probability are, held away from 0 and 1.

    Parameters
    ----------
    probability : ndarray of float
        Between 0 and 1.

    Returns
    -------
    ndarray of float
        ``log(p / (1 - p))``, within about 13.8 of 0.
    """
    held = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(held / (1 - held)), dtype=float)


def auroc(outcome: Floats, probability: Floats, weights: Floats, strata: Integers | None = None) -> Floats:
    """Say how often somebody with the outcome was given the higher probability than somebody without.

    Parameters
    ----------
    outcome, probability : ndarray of float, shape (n,)
        Outcome 0 or 1 and its predicted probability.
    weights : ndarray of float, shape (n_samples, n)
        How often each row counts in each sample.
    strata : ndarray of int, shape (n,), optional
        Only pairs within a stratum are compared (folds: models that were fitted apart are not mixed; across folds even
        a constant prediction ranks backwards, because a fold with more events leaves fewer for its training).

    Returns
    -------
    ndarray of float, shape (n_samples,)
        Area under the ROC curve, ties counted half; NaN where no pair can be compared.
    """
    return auroc_of(outcome, weights, ranked(probability, strata))


def ranked(probability: Floats, strata: Integers | None = None) -> Ranking:
    """Sort rows by probability once, for many samples.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
        What had been predicted.
    strata : ndarray of int, shape (n,), optional
        As in `auroc`.

    Returns
    -------
    tuple
        For each stratum its rows in ascending order, and where each run of ties begins among them.
    """
    parts = (
        [np.arange(probability.size)]
        if strata is None
        else [np.flatnonzero(strata == one) for one in np.unique(strata)]
    )
    found = []
    for rows in parts:
        order = rows[np.argsort(probability[rows], kind="stable")]
        found.append((order, np.flatnonzero(np.diff(probability[order], prepend=-np.inf))))
    return tuple(found)


def auroc_of(outcome: Floats, weights: Floats, ranking: Ranking) -> Floats:
    """Give the area under the ROC curve of rows that have been ranked.

    Parameters
    ----------
    outcome : ndarray of float, shape (n,)
        0 or 1.
    weights : ndarray of float, shape (n_samples, n)
        How often each row counts in each sample.
    ranking : tuple
        From `ranked`.

    Returns
    -------
    ndarray of float, shape (n_samples,)
        See `auroc`.
    """
    ahead, pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for order, starts in ranking:
        ordered = weights[:, order]
        of_events = np.add.reduceat(ordered * outcome[order], starts, axis=1)
        of_others = np.add.reduceat(ordered, starts, axis=1) - of_events
        below = np.cumsum(of_others, axis=1) - of_others / 2
        ahead += (of_events * below).sum(axis=1)
        pairs += of_events.sum(axis=1) * of_others.sum(axis=1)
    return _ratio(ahead, pairs)


def brier(outcome: Floats, probability: Floats, weights: Floats) -> Floats:
    """Say how far the probabilities are from the outcomes, squared, on average.

    Parameters
    ----------
    outcome, probability : ndarray of float, shape (n,)
        Outcome 0 or 1 and its predicted probability.
    weights : ndarray of float, shape (n_samples, n)
        How often each row counts in each sample.

    Returns
    -------
    ndarray of float, shape (n_samples,)
        Mean squared difference.
    """
    return mean_of((outcome - probability) ** 2, weights)


def mean_of(values: Floats, weights: Floats) -> Floats:
    """Give the mean of a value of each row, for many samples.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        A squared difference, an outcome.
    weights : ndarray of float, shape (n_samples, n)
        How often each row counts in each sample.

    Returns
    -------
    ndarray of float, shape (n_samples,)
        NaN for an empty sample.
    """
    return _ratio(weights @ values, weights.sum(axis=1))


def scaled_brier(outcome: Floats, probability: Floats, weights: Floats) -> Floats:
    """Say which share of the Brier score of the prevalence alone is removed.

    Parameters
    ----------
    outcome, probability : ndarray of float, shape (n,)
        Outcome 0 or 1 and its predicted probability.
    weights : ndarray of float, shape (n_samples, n)
        How often each row counts in each sample.

    Returns
    -------
    ndarray of float, shape (n_samples,)
        ``1 - Brier / (prevalence (1 - prevalence))``: 1 is perfect, 0 no better than the prevalence of that sample.
    """
    return scaled_of(brier(outcome, probability, weights), mean_of(outcome, weights))


def scaled_of(score: Floats, prevalence: Floats) -> Floats:
    """Give the scaled Brier score of samples whose Brier score is known.

    Parameters
    ----------
    score, prevalence : ndarray of float, shape (n_samples,)
        Brier score and share with the outcome of each sample.

    Returns
    -------
    ndarray of float, shape (n_samples,)
        See `scaled_brier`.
    """
    return 1 - _ratio(score, prevalence * (1 - prevalence))


def in_the_large(outcome: Floats, probability: Floats, weights: Floats, start: float = 0.0) -> Floats:
    """Say by how many log-odds the probabilities are too low as a whole: an intercept beside a slope fixed at 1.

    Parameters
    ----------
    outcome, probability : ndarray of float, shape (n,)
        Outcome 0 or 1 and its predicted probability.
    weights : ndarray of float, shape (n_samples, n)
        How often each row counts in each sample.
    start : float
        Where the search begins: for resamples, the value of the whole sample.

    Returns
    -------
    ndarray of float, shape (n_samples,)
        Maximum-likelihood intercept of ``outcome ~ offset(log-odds)``; positive: predicted too low. NaN where a sample
        holds one outcome only.
    """
    return large_of(log_odds(probability), weights, weights @ outcome, start)


def large_of(odds: Floats, totals: Floats, events: Floats, start: float = 0.0) -> Floats:
    """Give the intercept beside a slope of 1 for rows, or for bins of rows that share their log-odds.

    Parameters
    ----------
    odds : ndarray of float, shape (n,)
        Log-odds that were predicted.
    totals : ndarray of float, shape (n_samples, n)
        How much each row or bin counts.
    events : ndarray of float, shape (n_samples,)
        How much of it all had the outcome.
    start : float
        Where the search begins.

    Returns
    -------
    ndarray of float, shape (n_samples,)
        See `in_the_large`.
    """
    both = (events > 0) & (events < totals.sum(axis=1))
    intercept = np.full(len(totals), start)
    for _ in range(SWEEPS):
        expected = expit(intercept[:, None] + odds)
        weighted = totals * expected
        step = _ratio(events - weighted.sum(axis=1), np.einsum("ij,ij->i", weighted, 1 - expected))
        intercept = intercept + np.clip(np.where(both, step, 0), -2, 2)
        if _settled(np.where(both, step, 0)):
            break
    return np.where(both, intercept, np.nan)


def slope_and_intercept(
    outcome: Floats, probability: Floats, weights: Floats, start: tuple[float, float] | None = None
) -> tuple[Floats, Floats]:
    """Say how much too extreme or too timid the log-odds are: the joint logistic fit of outcome on log-odds.

    Parameters
    ----------
    outcome, probability : ndarray of float, shape (n,)
        Outcome 0 or 1 and its predicted probability.
    weights : ndarray of float, shape (n_samples, n)
        How often each row counts in each sample.
    start : tuple of float, optional
        Slope and intercept at which the search begins: for resamples, those of the whole sample.

    Returns
    -------
    slope, intercept : ndarray of float, shape (n_samples,)
        Slope below 1: predictions too extreme. The intercept is the one of the joint fit, not the one in the large.
        NaN where all probabilities are the same, one outcome is absent, or the outcomes are separated.
    """
    x = log_odds(probability)
    lever = x - float(x.mean())
    target = weights @ (np.column_stack([np.ones_like(x), lever]) * outcome[:, None])
    return slope_of(x, weights, target, start)


def slope_of(
    odds: Floats, totals: Floats, target: Floats, start: tuple[float, float] | None = None
) -> tuple[Floats, Floats]:
    """Give slope and intercept of the joint fit for rows, or for bins of rows that share their log-odds.

    Parameters
    ----------
    odds : ndarray of float, shape (n,)
        Log-odds that were predicted.
    totals : ndarray of float, shape (n_samples, n)
        How much each row or bin counts.
    target : ndarray of float, shape (n_samples, 2)
        Sum of the outcomes, and of the outcomes times the log-odds less their plain mean over `odds`.
    start : tuple of float, optional
        As in `slope_and_intercept`.

    Returns
    -------
    slope, intercept : ndarray of float, shape (n_samples,)
        See `slope_and_intercept`.
    """
    centre = float(odds.mean())
    powers = np.column_stack([np.ones_like(odds), odds - centre, (odds - centre) ** 2])
    moments = totals @ powers
    varied = moments[:, 2] * moments[:, 0] - moments[:, 1] ** 2 > (TOLERANCE * moments[:, 0]) ** 2
    usable = varied & (target[:, 0] > 0) & (target[:, 0] < moments[:, 0])
    begin = (0.0, 0.0) if start is None or not np.isfinite(start).all() else start  # from 1, Newton may swing
    slope, level = np.full(len(totals), begin[0]), np.full(len(totals), begin[1] + begin[0] * centre)
    to_slope = np.zeros(len(totals))
    for _ in range(SWEEPS):
        expected = expit(level[:, None] + slope[:, None] * powers[:, 1])
        weighted = totals * expected
        gradient = target - weighted @ powers[:, :2]
        weighted *= 1 - expected
        curvature = weighted @ powers
        determinant = curvature[:, 0] * curvature[:, 2] - curvature[:, 1] ** 2
        to_level = _ratio(curvature[:, 2] * gradient[:, 0] - curvature[:, 1] * gradient[:, 1], determinant)
        to_slope = _ratio(curvature[:, 0] * gradient[:, 1] - curvature[:, 1] * gradient[:, 0], determinant)
        going = usable & np.isfinite(to_slope) & (np.abs(slope) < STEEPEST)
        level, slope = level + np.where(going, to_level, 0), slope + np.where(going, to_slope, 0)
        if _settled(np.where(going, to_slope, 0)):
            break
    found = usable & (np.abs(slope) < STEEPEST) & (np.abs(to_slope) < LOOSE)
    return np.where(found, slope, np.nan), np.where(found, level - slope * centre, np.nan)


def net_benefits(outcome: Floats, probability: Floats, weights: Floats, thresholds: Floats) -> Floats:
    """Say how many true positives per person acting at a threshold brings, net of the false alarms it costs.

    Parameters
    ----------
    outcome, probability : ndarray of float, shape (n,)
        Outcome 0 or 1 and its predicted probability.
    weights : ndarray of float, shape (n_samples, n)
        How often each row counts in each sample.
    thresholds : ndarray of float, shape (n_thresholds,)
        Probabilities from which on one would act, strictly between 0 and 1.

    Returns
    -------
    ndarray of float, shape (n_samples, n_thresholds)
        ``TP / n - FP / n * t / (1 - t)``.
    """
    return benefits_of(worths(outcome, probability, thresholds), weights)


def worths(outcome: Floats, probability: Floats, thresholds: Floats) -> Floats:
    """Say what acting on each row is worth at each threshold, net of what a false alarm costs.

    Parameters
    ----------
    outcome, probability, thresholds : ndarray of float
        As in `net_benefits`.

    Returns
    -------
    ndarray of float, shape (n, n_thresholds)
        1 for a true positive, ``-t / (1 - t)`` for a false one, 0 for whoever is not acted on.
    """
    flagged = (probability[:, None] >= thresholds).astype(float)
    return np.asarray(flagged * (outcome[:, None] - (1 - outcome[:, None]) * (thresholds / (1 - thresholds))))


def benefits_of(worth: Floats, weights: Floats) -> Floats:
    """Give the net benefits of rows whose worth is known, for many samples.

    Parameters
    ----------
    worth : ndarray of float, shape (n, n_thresholds)
        From `worths`.
    weights : ndarray of float, shape (n_samples, n)
        How often each row counts in each sample.

    Returns
    -------
    ndarray of float, shape (n_samples, n_thresholds)
        See `net_benefits`.
    """
    return np.asarray(weights @ worth / weights.sum(axis=1, keepdims=True), dtype=float)


def _settled(step: Floats) -> bool:
    return not bool((np.abs(step) > TOLERANCE).any())


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    result = np.full(np.shape(numerator), np.nan)
    np.divide(numerator, denominator, out=result, where=np.abs(denominator) > 0)
    return result
