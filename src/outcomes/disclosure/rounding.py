"""How is a count printed, so that no person can be told from it? As the policy rounds; none and all are not shown."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import DisclosureError
from outcomes.reference.policies import DisclosurePolicy

Floats = NDArray[np.float64]


def rounded(counts: ArrayLike, policy: DisclosurePolicy) -> Floats:
    """Print counts as the policy prints them.

    Parameters
    ----------
    counts : array_like of numbers
        True counts (or expected counts of a model), not negative; NaN is not applicable and stays so.
    policy : DisclosurePolicy
        The rule in force.

    Returns
    -------
    ndarray of float
        Rounded counts; NaN where the policy withholds.

    Raises
    ------
    DisclosureError
        If a count is negative, or the policy knows a way of rounding that this function does not.

    Examples
    --------
    >>> from outcomes.reference.policies import disclosure_policy
    >>> rounded([0, 1, 6, 7, 12, 13], disclosure_policy("midpoint6"))
    array([ 0.,  3.,  3.,  9.,  9., 15.])
    """
    true = np.asarray(counts, dtype=float)
    if np.any(true < 0):
        raise DisclosureError("a count must not be negative; release numbers of people, courses or occasions")
    if policy.rounding == "midpoint":
        # 1..base -> the middle of the step; exact for whole counts when the base is even
        printed = np.where(true > 0, np.ceil(true / policy.base) * policy.base - policy.base / 2, true)
    elif policy.rounding == "nearest":
        printed = np.floor(true / policy.base + 0.5) * policy.base
    elif policy.rounding == "none":
        printed = true
    else:
        raise DisclosureError(f"policy {policy.key!r} rounds by {policy.rounding!r}, which is not known here")
    few = true < policy.threshold
    return np.where(few & (policy.suppress_zero | (true > 0)), np.nan, printed)


def rounded_numerator(events: ArrayLike, n: ArrayLike, n_printed: ArrayLike, policy: DisclosurePolicy) -> Floats:
    """Print the numerator of a rate, so that neither none nor all of a group can be read off.

    With rounding to the middle of a step the lowest step is widened by zero, at both ends: a printed `few` stands for
    0 to `base` people, a printed all-but-few for 0 to `base` people missing. With suppression both ends are withheld:
    fewer than the threshold with the event, or fewer than the threshold without it.

    Parameters
    ----------
    events, n : array_like of numbers, one shape
        True numerator and denominator, ``events <= n``.
    n_printed : array_like of numbers
        The denominator as it is printed; NaN where it is withheld.
    policy : DisclosurePolicy
        The rule in force.

    Returns
    -------
    ndarray of float
        Printed numerators, never above the printed denominator; NaN where withheld.

    Raises
    ------
    DisclosureError
        If there are more events than people, or a count is negative.

    Examples
    --------
    >>> from outcomes.reference.policies import disclosure_policy
    >>> rounded_numerator([0, 50, 98, 100], [100] * 4, [99] * 4, disclosure_policy("midpoint6"))
    array([ 3., 51., 96., 96.])
    """
    true, total = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    whole = np.asarray(n_printed, dtype=float)
    if np.any(true > total):
        raise DisclosureError("a numerator must not exceed its denominator; check which columns were named")
    printed = rounded(true, policy)
    if policy.rounding == "midpoint":
        few = policy.base / 2
        printed = np.where(true <= policy.base, np.minimum(few, whole), printed)
        printed = np.where((total - true <= policy.base) & (true > policy.base), whole - few, printed)
        return np.where(np.isnan(whole) | np.isnan(true), np.nan, np.minimum(printed, whole))
    floor = max(policy.minimum_events, policy.threshold, 1)
    hidden = (true < floor) | (total - true < floor) | np.isnan(whole)
    return np.where(hidden, np.nan, np.minimum(printed, whole))


def half_up(values: ArrayLike, decimals: int) -> Floats:
    """Round as schools teach it: exact ties away from zero, on the decimal form of the number.

    Parameters
    ----------
    values : array_like of float
        Numbers; NaN stays NaN.
    decimals : int
        Places kept after the point.

    Returns
    -------
    ndarray of float
        The nearest floats to the rounded decimals.

    Examples
    --------
    >>> half_up([0.125, 2.5, -2.5], 0)
    array([ 0.,  3., -3.])
    """
    given = np.asarray(values, dtype=float)
    step = Decimal(1).scaleb(-decimals)
    flat = [_half_up_one(float(value), step) for value in given.ravel()]
    return np.array(flat, dtype=float).reshape(given.shape) + 0.0  # no minus before nought


def percentage(events: ArrayLike, n: ArrayLike, decimals: int) -> Floats:
    """Say how many per cent, rounded half up from the exact fraction.

    Parameters
    ----------
    events, n : array_like of numbers, one shape
        Whole counts; NaN where not known.
    decimals : int
        Places kept after the point.

    Returns
    -------
    ndarray of float
        Percentages; NaN where `n` is 0 or either is not known.

    Examples
    --------
    >>> percentage([1, 1, 0], [3, 8, 0], 1)
    array([33.3, 12.5,  nan])
    """
    top, bottom = np.broadcast_arrays(np.asarray(events, dtype=float), np.asarray(n, dtype=float))
    step = Decimal(1).scaleb(-decimals)
    flat = [_percentage_one(float(a), float(b), step) for a, b in zip(top.ravel(), bottom.ravel(), strict=True)]
    return np.array(flat, dtype=float).reshape(top.shape)


def _half_up_one(value: float, step: Decimal) -> float:
    if not np.isfinite(value):
        return float("nan")
    return float(Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP))


def _percentage_one(events: float, n: float, step: Decimal) -> float:
    if not (np.isfinite(events) and np.isfinite(n)) or n == 0:
        return float("nan")
    return float((Decimal(repr(events)) * 100 / Decimal(repr(n))).quantize(step, rounding=ROUND_HALF_UP))
