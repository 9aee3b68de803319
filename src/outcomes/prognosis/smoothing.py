"""What is the observed risk at a predicted one? Local quadratic regression as R's `loess` does it by default."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline

from outcomes.errors import ConfigError

Floats = NDArray[np.float64]

MARGIN = 0.005  # share of the range by which the outermost vertices lie outside the data
CELL = 0.2  # share of span * n that a cell may hold before it is cut at its median
FEWEST = 10  # people below which no curve is drawn


def loess(x: Floats, y: Floats, *, span: float = 0.75) -> Floats:
    """Say which mean of `y` goes with each `x`, without assuming a shape.

    Local quadratic least squares with tricube weights over the nearest ``span * n`` points, fitted at the vertices of a
    k-d tree and joined by cubic Hermite pieces: the surface that R's ``loess(y ~ x)`` returns by default.

    Parameters
    ----------
    x, y : ndarray of float, shape (n,)
        Predicted probability and outcome (0 or 1), or any other pair; finite.
    span : float
        Share of the points that a local fit uses, above 0 and at most 1.

    Returns
    -------
    ndarray of float, shape (n,)
        The smoothed `y`; it may leave [0, 1] a little. NaN everywhere where there are fewer than ten points or fewer
        than four different values of `x`.

    Raises
    ------
    ConfigError
        If `span` is not a share.

    References
    ----------
    Cleveland WS, Devlin SJ (1988). Locally weighted regression. JASA 83, 596-610.

    Examples
    --------
    >>> grid = np.linspace(0, 1, 20)
    >>> np.allclose(loess(grid, grid**2), grid**2)
    True
    """
    if not 0 < span <= 1:
        raise ConfigError(f"span must be above 0 and at most 1, got {span}")
    distinct_needed = 4
    if x.size < FEWEST or np.unique(x).size < distinct_needed:
        return np.full(x.size, np.nan)
    near = int(np.floor(x.size * span + 1e-5))
    knots = _vertices(np.sort(x), int(np.floor(x.size * span * CELL)))
    fits = np.array([_local_quadratic(x, y, knot, near) for knot in knots])
    return np.asarray(CubicHermiteSpline(knots, fits[:, 0], fits[:, 1])(x), dtype=float)


def _local_quadratic(x: Floats, y: Floats, at: float, near: int) -> tuple[float, float]:
    # value and slope at one place
    offset = x - at
    distance = np.abs(offset)
    reach = np.partition(distance, near - 1)[near - 1]
    if reach == 0:  # so many ties that the neighbourhood is one point
        return float(y[distance == 0].mean()), 0.0
    scaled = np.clip(distance / reach, 0, 1)
    root = np.sqrt((1 - scaled**3) ** 3)
    design = np.column_stack([np.ones_like(x), offset / reach, (offset / reach) ** 2])
    fitted = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0]
    return float(fitted[0]), float(fitted[1] / reach)


def _vertices(ordered: Floats, largest_cell: int) -> Floats:
    # where the local fits are made: the ends of the box, a little widened, and cell medians
    width = ordered[-1] - ordered[0]
    places = [ordered[0] - MARGIN * width, ordered[-1] + MARGIN * width]
    cells = [(0, ordered.size - 1)]
    while cells:
        first, last = cells.pop()
        if last - first + 1 <= max(largest_cell, 1):
            continue
        middle = (first + last) // 2
        cut = middle
        while cut > first and ordered[cut] == ordered[cut + 1]:  # ties stay on one side
            cut -= 1
        if ordered[cut] == ordered[cut + 1]:
            continue
        places.append(ordered[cut])
        cells += [(first, cut), (cut + 1, last)]
    return np.unique(np.array(places, dtype=float))
