"""How far are a group's probabilities from what happened? The distance that is left once chance is taken out.

The usual binned calibration error grows as a group shrinks, because each bin's share swings: small groups look badly
calibrated by their size alone. The debiased error takes the expected swing out.
"""

import numpy as np
from numpy.typing import ArrayLike

from outcomes.errors import DataError

FEWEST = 10  # people in a bin
BINS = 10


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
