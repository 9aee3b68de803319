"""How is a share written with few decimals? Halves go up, and whole numbers do the work, so that ties are exact."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import ConfigError
from outcomes.reference.units import DECIMAL_BASE


def half_up_ratio(
    numerator: ArrayLike, denominator: ArrayLike, decimals: int, *, scale: int = 1
) -> NDArray[np.float64]:
    """Divide whole numbers and round halves up.

    Python's and NumPy's own rounding sends exact halves to the even neighbour, and binary fractions miss some halves
    altogether: 12.25 must become 12.3.

    Parameters
    ----------
    numerator, denominator : array_like of whole numbers, broadcastable
        Counts or sums, not negative.
    decimals : int
        Decimals to keep.
    scale : int, default 1
        What the ratio is multiplied by before rounding (100 for a percentage).

    Returns
    -------
    ndarray of float
        The rounded ratio; NaN where the denominator is 0.

    Raises
    ------
    ConfigError
        If a number is negative or not whole.

    Examples
    --------
    >>> half_up_ratio([1, 49, 3], [8, 400, 0], 1, scale=100)
    array([12.5, 12.3,  nan])
    """
    above, below = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    for part in (above, below):
        if np.any(part < 0) or np.any(part != np.rint(part)):
            raise ConfigError("numerator and denominator must be whole numbers, not negative")
    steps = DECIMAL_BASE**decimals
    top, divisor = above.astype(np.int64), np.where(below > 0, below, 1).astype(np.int64)
    whole = (top * (2 * steps * scale) + divisor) // (2 * divisor)
    return np.where(below > 0, whole / steps, np.nan)
