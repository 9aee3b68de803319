"""Is one model better than another? Figures of the same resamples of the same people, so that runs can be compared.

An interval for a difference needs both models on the same people. Rows of people never reach a tracked run; the figures
of each resample (aggregates over everyone) do, and with equal seeds they pair across runs.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import DataError
from outcomes.kernel.resampling import cluster_bootstrap
from outcomes.prognosis import metrics
from outcomes.prognosis.smoothing import FEWEST

Floats = NDArray[np.float64]
FIGURES = ("auroc", "brier", "scaled_brier", "calibration_in_the_large", "calibration_slope")
DIGITS = 6


@dataclass(frozen=True)
class Replicates:
    """Resampled figures of several models on the same people.

    `people` tells whether two sets may be paired: a digest of seed, outcomes and who belongs together, in order, from
    which nobody can be told. `figures` maps model to figure to one number a resample; `n` people (rows) stand behind
    each.
    """

    people: str
    n: int
    figures: Mapping[str, Mapping[str, tuple[float, ...]]]


def replicates(predictions: pd.DataFrame, *, snapshot: str, n_resamples: int = 200, seed: int = 0) -> Replicates:
    """Resample patients once and read every model's figures from the same resamples.

    Parameters
    ----------
    predictions : DataFrame
        Of one landmark and one validation: model, pseudonym, referral, fold, probability, outcome (missing is left
        out); the same people for every model.
    snapshot : str
        Digest of the data; people of different snapshots never pair.
    n_resamples : int
        How many.
    seed : int
        Equal seeds draw equal resamples.

    Returns
    -------
    Replicates
        Figures of every model, rounded to six significant digits.

    Raises
    ------
    DataError
        If models do not share their people, or there are fewer than ten.

    Examples
    --------
    >>> rows = pd.DataFrame({"model": "m", "pseudonym": range(20), "referral": 0, "fold": 0,
    ...                      "probability": [0.3, 0.7] * 10, "outcome": [0, 1] * 10})
    >>> replicates(rows, snapshot="ab", n_resamples=2).figures["m"]["auroc"]
    (1.0, 1.0)
    """
    known = predictions.loc[predictions["outcome"].notna()]
    wide = known.pivot(index=["pseudonym", "referral"], columns="model", values="probability").sort_index()
    if wide.isna().to_numpy().any():
        raise DataError("predictions: models were not judged on the same people (rule one row a model and referral)")
    if len(wide) < FEWEST:
        raise DataError(f"predictions: {len(wide)} referrals, fewer than {FEWEST} (rule enough to resample)")
    once = known.drop_duplicates(["pseudonym", "referral"]).set_index(["pseudonym", "referral"]).loc[wide.index]
    outcome = once["outcome"].to_numpy(dtype=float)
    folds = once["fold"].to_numpy(dtype=np.int64)
    clusters = pd.factorize(wide.index.get_level_values("pseudonym"))[0]
    draws = cluster_bootstrap(clusters, n_resamples, np.random.default_rng(seed))
    weights = np.array(list(draws), dtype=float)
    told = hashlib.sha256(f"{snapshot} {seed} {n_resamples} ".encode())
    for part in (outcome, clusters.astype(np.int64)):
        told.update(part.tobytes())
    figures = {str(name): _figures(outcome, wide[name].to_numpy(dtype=float), weights, folds) for name in wide.columns}
    return Replicates(told.hexdigest()[:16], len(wide), figures)


def _figures(y: Floats, p: Floats, weights: Floats, folds: NDArray[np.int64]) -> dict[str, tuple[float, ...]]:
    slope, _ = metrics.slope_and_intercept(y, p, weights)
    found = (
        metrics.auroc(y, p, weights, folds),
        metrics.brier(y, p, weights),
        metrics.scaled_brier(y, p, weights),
        metrics.in_the_large(y, p, weights),
        slope,
    )
    return {
        name: tuple(float(f"{value:.{DIGITS}g}") for value in values)
        for name, values in zip(FIGURES, found, strict=True)
    }
