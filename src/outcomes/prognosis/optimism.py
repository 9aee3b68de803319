"""By how much does a model flatter itself on the people who taught it? The bootstrap's answer."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.resampling import cluster_bootstrap_rows
from outcomes.prognosis import metrics
from outcomes.prognosis.forecaster import Forecaster

Floats = NDArray[np.float64]

NAMES = ("auroc", "brier", "calibration_slope")
FEWEST = 2


def optimism(
    model: Forecaster,
    X: pd.DataFrame,
    y: ArrayLike,
    groups: ArrayLike,
    *,
    n_resamples: int = 100,
    random_state: int = 0,
) -> pd.DataFrame:
    """Correct the apparent performance by Harrell's bootstrap: refit on resampled patients, judge on the original ones.

    Every step that learns (encoding, number of trees, penalty) is repeated in each resample.

    Parameters
    ----------
    model : Forecaster
        Left untouched.
    X : DataFrame, shape (n, n_features)
        Features.
    y : array_like of 0/1, shape (n,)
        Outcome.
    groups : array_like, shape (n,)
        Patient of each row; patients are resampled.
    n_resamples : int
        At least 2.
    random_state : int
        Seed.

    Returns
    -------
    DataFrame
        metric (auroc, brier, calibration_slope), apparent, optimism, corrected, standard_error (of the optimism),
        n_resamples.

    Raises
    ------
    ConfigError
        If there are fewer than two resamples.
    DataError
        If only one outcome is there.

    References
    ----------
    Harrell FE, Lee KL, Mark DB (1996). Multivariable prognostic models. Statistics in Medicine 15, 361-387.
    """
    if n_resamples < FEWEST:
        raise ConfigError(f"n_resamples must be at least {FEWEST}, got {n_resamples}")
    outcome, who = np.asarray(y, dtype=float), np.asarray(groups)
    if np.unique(outcome).size < FEWEST:
        raise DataError("outcome: all rows are of one class; nothing can be judged (rule two outcomes)")
    apparent = _judged(clone(model).fit(X, outcome.astype(int), groups=who), X, outcome)
    rises = []
    for rows in cluster_bootstrap_rows(who, n_resamples, np.random.default_rng(random_state)):
        drawn = outcome[rows]
        if np.unique(drawn).size < FEWEST:
            continue
        part = X.iloc[rows]
        fitted = clone(model).fit(part, drawn.astype(int), groups=who[rows])
        rises.append(_judged(fitted, part, drawn) - _judged(fitted, X, outcome))
    found = np.array(rises)
    rise = found.mean(axis=0)
    return pd.DataFrame(
        {
            "metric": NAMES,
            "apparent": apparent,
            "optimism": rise,
            "corrected": apparent - rise,
            "standard_error": found.std(axis=0, ddof=1) / np.sqrt(len(found)),
            "n_resamples": len(found),
        }
    )


def _judged(model: Forecaster, X: pd.DataFrame, outcome: Floats) -> Floats:
    p = model.predict_proba(X)[:, 1]
    once = np.ones((1, outcome.size))
    return np.array(
        [
            metrics.auroc(outcome, p, once)[0],
            metrics.brier(outcome, p, once)[0],
            metrics.slope_and_intercept(outcome, p, once)[0][0],
        ]
    )
