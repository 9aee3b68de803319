"""How much do figures differ from fold to fold? Each model on each fold of each validation, aggregates only."""

from typing import Final

import numpy as np
import pandas as pd

from outcomes.errors import DataError
from outcomes.prognosis import metrics

COLUMNS: Final = ["landmark", "model", "validation", "fold", "metric", "n", "n_events", "value"]
FEWEST: Final = 10  # people with, and without, the ending below which a fold gives no figure


def by_fold(predictions: pd.DataFrame) -> pd.DataFrame:
    """Say how good each model was on each fold.

    A fold is small, so its figures swing; no interval is given, and none of them is a headline. They show whether one
    fold carries a result.

    Parameters
    ----------
    predictions : DataFrame
        One row a patient's referral, landmark, model and validation: landmark, model, validation, fold, probability,
        outcome (missing is left out). Not changed.

    Returns
    -------
    DataFrame
        landmark, model, validation, fold, metric (auroc, brier, calibration_in_the_large, calibration_slope), n,
        n_events, value; only folds with at least ten people with the ending and ten without.

    Raises
    ------
    DataError
        If a column is not there.

    Examples
    --------
    >>> rows = pd.DataFrame({"landmark": 0, "model": "m", "validation": "by patient", "fold": 0,
    ...                      "probability": [0.3, 0.7] * 10, "outcome": [0, 1] * 10})
    >>> by_fold(rows).query("metric == 'auroc'")["value"].tolist()
    [1.0]
    """
    absent = [name for name in (*COLUMNS[:4], "probability", "outcome") if name not in predictions.columns]
    if absent:
        raise DataError(f"predictions: column {', '.join(absent)} is missing (rule folds)")
    known = predictions.loc[predictions["outcome"].notna()]
    rows: list[dict[str, object]] = []
    for key, part in known.groupby(COLUMNS[:4], sort=True):
        outcome = part["outcome"].to_numpy(dtype=float)
        n_events = int(outcome.sum())
        if min(n_events, outcome.size - n_events) < FEWEST:
            continue
        beside = dict(zip(COLUMNS[:4], key, strict=True)) | {"n": outcome.size, "n_events": n_events}
        found = _figures(outcome, part["probability"].to_numpy(dtype=float))
        rows += [beside | {"metric": name, "value": value} for name, value in found.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _figures(outcome: metrics.Floats, probability: metrics.Floats) -> dict[str, float]:
    once = np.ones((1, outcome.size))
    slope, _ = metrics.slope_and_intercept(outcome, probability, once)
    found = {
        "auroc": metrics.auroc(outcome, probability, once),
        "brier": metrics.brier(outcome, probability, once),
        "calibration_in_the_large": metrics.in_the_large(outcome, probability, once),
        "calibration_slope": slope,
    }
    return {name: float(values[0]) for name, values in found.items()}
