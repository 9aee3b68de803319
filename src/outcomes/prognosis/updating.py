"""May a model be used at a new service as it is, shifted or stretched? A test says so, and what has drifted since."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.types import is_numeric_dtype
from scipy.special import expit
from scipy.stats import chi2

from outcomes.errors import DataError
from outcomes.prognosis import metrics
from outcomes.prognosis.catalogue import FeatureTable
from outcomes.prognosis.evaluation import checked

Floats = NDArray[np.float64]

AS_IT_IS, SHIFTED, STRETCHED = "as it is", "intercept updated", "intercept and slope updated"
FEWEST: Final = 10
LEVEL: Final = 0.05
DRIFTED: Final = 0.2  # stability index from which on a feature is said to have moved (a convention, not a test)
BINS: Final = 10


@dataclass(frozen=True)
class Recalibration:
    """How log-odds are moved for a new service: ``intercept + slope x log-odds``; `how` says which was chosen.

    `n` people and `n_events` taught it; `p_shift` and `p_stretch` are the p-values of the two steps.
    """

    how: str
    intercept: float
    slope: float
    n: int
    n_events: int
    p_shift: float
    p_stretch: float

    def apply(self, probability: ArrayLike) -> Floats:
        """Update probabilities.

        Parameters
        ----------
        probability : array_like of float, shape (n,)
            As the model gives them.

        Returns
        -------
        ndarray of float, shape (n,)
            For this service.
        """
        odds = metrics.log_odds(np.asarray(probability, dtype=float))
        return np.asarray(expit(self.intercept + self.slope * odds), dtype=float)


def recalibrate(outcome: ArrayLike, probability: ArrayLike, *, level: float = LEVEL) -> Recalibration:
    """Choose the least change that a service's own past courses ask for.

    A closed sequence of likelihood-ratio tests: nothing against intercept and slope; then the intercept alone against
    both. Nothing is changed unless the first is significant.

    Parameters
    ----------
    outcome : array_like of bool or 0/1, shape (n,)
        What happened at the new service.
    probability : array_like of float, shape (n,)
        What the model had said.
    level : float
        Of the tests.

    Returns
    -------
    Recalibration
        To be applied to further people of this service, and judged on others than these.

    Raises
    ------
    DataError
        If fewer than ten people have, or lack, the outcome.

    References
    ----------
    Vergouwe Y et al. (2017). A closed testing procedure to select an appropriate method for updating prediction models.
    Statistics in Medicine 36, 4529-4539.
    """
    y, p = checked(outcome, probability)
    if min(y.sum(), (1 - y).sum()) < FEWEST:
        raise DataError(
            f"a new service needs {FEWEST} past courses with and {FEWEST} without the outcome to update a model; it "
            f"has {int(y.sum())} and {int((1 - y).sum())}"
        )
    once, odds = np.ones((1, y.size)), metrics.log_odds(p)
    shift = float(metrics.in_the_large(y, p, once)[0])
    slope, intercept = (float(found[0]) for found in metrics.slope_and_intercept(y, p, once))
    if not np.isfinite(slope):
        slope, intercept = 1.0, shift
    plain, shifted, stretched = (
        _log_likelihood(y, a + b * odds) for a, b in ((0.0, 1.0), (shift, 1.0), (intercept, slope))
    )
    p_any = float(chi2.sf(2 * (stretched - plain), 2))
    p_stretch = float(chi2.sf(2 * max(stretched - shifted, 0.0), 1))
    if p_any >= level:
        chosen = (AS_IT_IS, 0.0, 1.0)
    elif p_stretch >= level:
        chosen = (SHIFTED, shift, 1.0)
    else:
        chosen = (STRETCHED, intercept, slope)
    return Recalibration(*chosen, n=y.size, n_events=int(y.sum()), p_shift=p_any, p_stretch=p_stretch)


def drift(earlier: FeatureTable, later: FeatureTable) -> pd.DataFrame:
    """Say which features of a later period no longer look like those that taught.

    Parameters
    ----------
    earlier, later : FeatureTable
        The same columns at the same landmark.

    Returns
    -------
    DataFrame
        One row a feature, the most moved first: feature, meaning, word, n_earlier, n_later, missing_earlier,
        missing_later (shares), stability_index (sum over at most ten bins of the earlier period, or categories, with a
        bin for missing), moved (True from .2 on). Bins with fewer than ten people in the earlier period are joined.

    Raises
    ------
    DataError
        If the columns differ, or a period has fewer than ten people.
    """
    if list(earlier.frame.columns) != list(later.frame.columns):
        raise DataError("features: the two periods do not have the same columns (rule same columns)")
    if min(len(earlier.frame), len(later.frame)) < FEWEST:
        raise DataError(f"drift needs {FEWEST} people in each period, got {len(earlier.frame)} and {len(later.frame)}")
    rows = []
    for feature in earlier.catalogue:
        before, after = earlier.frame[feature.name], later.frame[feature.name]
        rows.append(
            {
                "feature": feature.name,
                "meaning": feature.meaning,
                "word": feature.word,
                "n_earlier": len(before),
                "n_later": len(after),
                "missing_earlier": float(before.isna().mean()),
                "missing_later": float(after.isna().mean()),
                "stability_index": _stability(before, after),
            }
        )
    table = pd.DataFrame(rows).assign(moved=lambda rows: rows["stability_index"].ge(DRIFTED))
    return table.sort_values(["stability_index", "feature"], ascending=[False, True], ignore_index=True)


def _log_likelihood(y: Floats, odds: Floats) -> float:
    return float(-np.logaddexp(0, np.where(y > 0, -odds, odds)).sum())


def _stability(before: pd.Series, after: pd.Series) -> float:
    if is_numeric_dtype(before):
        values = before.dropna().to_numpy(dtype=float)
        edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])) if values.size else np.zeros(0)
        codes = [_binned(column, edges) for column in (before, after)]
    else:
        levels = pd.Index(sorted(before.dropna().astype("str").unique()))
        codes = [levels.get_indexer(pd.Index(column.astype("str"))) for column in (before, after)]
    names = np.unique(codes[0])
    counts = np.array([[np.sum(part == name) for name in names] for part in codes], dtype=float)
    unseen = float(np.sum(~np.isin(codes[1], names)))
    small = counts[0] < FEWEST
    kept = np.column_stack([counts[:, ~small], counts[:, small].sum(axis=1)])
    kept[1, -1] += unseen
    shares = (kept + 0.5) / (kept + 0.5).sum(axis=1, keepdims=True)
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def _binned(column: pd.Series, edges: Floats) -> NDArray[np.int64]:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="left")).astype(np.int64)
