"""A ridge regression on encoded features, with weights: quick enough to be fitted inside every fold and resample."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import DataError

Floats = NDArray[np.float64]

FEWEST = 10
PENALTY = 30.0  # pseudo-observations of "no effect" for each standardised column


@dataclass(frozen=True)
class Line:
    """Means, spreads and coefficients of standardised columns; missing numbers take the training median."""

    median: Floats
    flagged: NDArray[np.int64]
    mean: Floats
    spread: Floats
    coefficients: Floats
    intercept: float

    def predict(self, X: Floats) -> Floats:
        """Say which value is expected.

        Parameters
        ----------
        X : ndarray of float, shape (n, n_encoded)
            NaN for missing.

        Returns
        -------
        ndarray of float, shape (n,)
            Expected values.
        """
        design = (_filled(X, self.median, self.flagged) - self.mean) / self.spread
        return np.asarray(design @ self.coefficients + self.intercept, dtype=float)


def ridge(X: Floats, y: Floats, weights: Floats | None = None, *, penalty: float = PENALTY) -> Line:
    """Fit expected values.

    Parameters
    ----------
    X : ndarray of float, shape (n, n_encoded)
        NaN for missing; where at least ten rows lack a number and ten have it, a column of its own says so.
    y : ndarray of float, shape (n,)
        What is to be expected.
    weights : ndarray of float, shape (n,), optional
        How much each row counts.
    penalty : float
        Strength of the ridge, in rows.

    Returns
    -------
    Line
        The fitted line.

    Raises
    ------
    DataError
        If fewer than ten rows are there.

    Examples
    --------
    >>> x = np.linspace(0, 10, 200)[:, None]
    >>> bool(abs(ridge(x, 2 * x[:, 0], penalty=1e-6).predict(np.array([[5.0]]))[0] - 10) < 1e-3)
    True
    """
    if len(y) < FEWEST:
        raise DataError(f"{len(y)} rows cannot teach a regression; at least {FEWEST} are needed (rule enough rows)")
    w = np.ones(len(y)) if weights is None else weights
    missing = np.isnan(X)
    median = np.zeros(X.shape[1])
    answered = (~missing).any(axis=0)
    median[answered] = np.nanmedian(X[:, answered], axis=0)
    flagged = np.flatnonzero((missing.sum(axis=0) >= FEWEST) & ((~missing).sum(axis=0) >= FEWEST))
    filled = _filled(X, median, flagged)
    mean = np.asarray(np.average(filled, axis=0, weights=w), dtype=np.float64)
    deviation = np.sqrt(np.average((filled - mean) ** 2, axis=0, weights=w))
    spread: Floats = np.array(np.where(deviation > 0, deviation, 1.0), dtype=np.float64)
    design = (filled - mean) / spread
    level = float(np.average(y, weights=w))
    gram = design.T @ (design * w[:, None]) + penalty * np.eye(design.shape[1])
    coefficients = np.linalg.solve(gram, design.T @ (w * (y - level)))
    return Line(median, flagged, mean, spread, np.asarray(coefficients, dtype=np.float64), level)


def _filled(X: Floats, median: Floats, flagged: NDArray[np.int64]) -> Floats:
    missing = np.isnan(X)
    return np.hstack([np.where(missing, median, X), missing[:, flagged].astype(float)])
