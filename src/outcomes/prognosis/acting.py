"""What would acting on a threshold mean? Who would be flagged, how many rightly, and how many recovered late."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.resampling import percentile_interval
from outcomes.prognosis.evaluation import checked
from outcomes.prognosis.resampled import drawn

Floats = NDArray[np.float64]

FIGURES: Final = ("flag_rate", "sensitivity", "ppv", "number_needed_to_review")


def at_threshold(
    unfavourable: ArrayLike,
    probability: ArrayLike,
    *,
    threshold: float,
    pseudonyms: ArrayLike | None = None,
    n_bootstrap: int = 200,
    level: float = 0.95,
    random_state: int = 0,
) -> pd.DataFrame:
    """Say what flagging everybody at or above a probability of an unfavourable ending would do.

    Parameters
    ----------
    unfavourable : array_like of bool or 0/1, shape (n,)
        What happened.
    probability : array_like of float, shape (n,)
        Of the unfavourable ending, predicted for people who had not taught.
    threshold : float
        From which on somebody is flagged, strictly between 0 and 1.
    pseudonyms : array_like, shape (n,), optional
        Who; rows of one patient are resampled together.
    n_bootstrap : int
        Resamples; 0 leaves intervals blank.
    level : float
        Coverage of the percentile interval.
    random_state : int
        Seed.

    Returns
    -------
    DataFrame
        One row a figure: metric (flag_rate, sensitivity, ppv, number_needed_to_review, recovered_among_flagged), n,
        n_events (unfavourable), n_flagged, value, low, high. Recovered among flagged is 1 - ppv: people who would have
        been flagged and did well later. It is no count of false alarms once flags are acted on.

    Raises
    ------
    DataError
        If lengths differ, nobody is there, a value is missing or outside its range.
    ConfigError
        If the threshold is not strictly between 0 and 1.

    Examples
    --------
    >>> table = at_threshold([1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1], threshold=0.5, n_bootstrap=0)
    >>> table.set_index("metric")["value"].to_dict()["sensitivity"]
    0.5
    """
    y, p = checked(unfavourable, probability)
    if not 0 < threshold < 1:
        raise ConfigError(f"threshold must be strictly between 0 and 1, got {threshold}")
    flagged = p >= threshold
    point = _figures(y, flagged, np.ones((1, y.size), dtype=np.uint8))[0]
    low = high = np.full(point.size, np.nan)
    if n_bootstrap:
        clusters = np.arange(y.size) if pseudonyms is None else np.asarray(pseudonyms)
        low, high = percentile_interval(_figures(y, flagged, drawn(clusters, n_bootstrap, random_state)), level)
    return pd.DataFrame(
        {
            "metric": [*FIGURES, "recovered_among_flagged"],
            "n": y.size,
            "n_events": int(y.sum()),
            "n_flagged": int(flagged.sum()),
            "value": point,
            "low": low,
            "high": high,
        }
    )


def distributions(outcome: ArrayLike, probability: ArrayLike, *, edges: Sequence[float] | None = None) -> pd.DataFrame:
    """Say which probabilities people with and without the outcome had been given.

    Parameters
    ----------
    outcome : array_like of bool or 0/1, shape (n,)
        What happened.
    probability : array_like of float, shape (n,)
        What had been predicted.
    edges : sequence of float, optional
        Ends of the bins from 0 to 1; by default ten equal ones.

    Returns
    -------
    DataFrame
        outcome (0 or 1), low, high, n; bins of both outcomes, also the empty ones. Counts are not rounded: internal.
    """
    y, p = checked(outcome, probability)
    cuts = np.linspace(0, 1, 11) if edges is None else np.asarray(edges, dtype=float)
    parts = [
        pd.DataFrame(
            {"outcome": happened, "low": cuts[:-1], "high": cuts[1:], "n": np.histogram(p[y == happened], cuts)[0]}
        )
        for happened in (0, 1)
    ]
    return pd.concat(parts, ignore_index=True)


def how_often_right(past: pd.DataFrame, *, fewest: int = 10, n_bins: int = 10) -> pd.DataFrame:
    """Say of those told about this probability, how many it came true for.

    Parameters
    ----------
    past : DataFrame
        pseudonym, ending, probability and happened (boolean, <NA> left out), predicted for people who had not taught.
    fewest : int
        Patients below which a bin joins its neighbour.
    n_bins : int
        Bins of equal width to begin with.

    Returns
    -------
    DataFrame
        ending, low, high (ends of the bin), n_patients, n, n_true, told (mean probability), share. An ending with fewer
        patients than `fewest` is left out.

    Raises
    ------
    DataError
        If a column is missing.
    """
    absent = [name for name in ("pseudonym", "ending", "probability", "happened") if name not in past.columns]
    if absent:
        raise DataError(f"past predictions: column {', '.join(absent)} is missing (rule how often right)")
    parts = [
        _bins(part, fewest, n_bins).assign(ending=ending)
        for ending, part in past.loc[past["happened"].notna()].groupby("ending", sort=True)
    ]
    columns = ["ending", "low", "high", "n_patients", "n", "n_true", "told", "share"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _figures(y: Floats, flagged: NDArray[np.bool_], draws: NDArray[np.uint8]) -> Floats:
    # of each resample, from how many rows of it are flagged, have the ending, or both: counts, so that order is nothing
    hit, false_alarm, missed, rest = (
        draws[:, (flagged == flag) & (y == happened)].sum(axis=1, dtype=np.int64).astype(float)
        for flag in (True, False)
        for happened in (1, 0)
    )
    flags, events, hits, n = hit + false_alarm, hit + missed, hit, hit + false_alarm + missed + rest
    with np.errstate(divide="ignore", invalid="ignore"):
        ppv = np.where(flags > 0, hits / flags, np.nan)
        sensitivity = np.where(events > 0, hits / events, np.nan)
        review = np.where(hits > 0, flags / hits, np.nan)
    return np.column_stack([flags / n, sensitivity, ppv, review, 1 - ppv])


def _bins(part: pd.DataFrame, fewest: int, n_bins: int) -> pd.DataFrame:
    probability = part["probability"].to_numpy(dtype=float)
    code = np.minimum((probability * n_bins).astype(np.int64), n_bins - 1)
    who, happened = part["pseudonym"].to_numpy(dtype=str), part["happened"].astype(float).to_numpy()
    edges = list(range(n_bins + 1))

    def people(low: int, high: int) -> int:
        return int(np.unique(who[(code >= low) & (code < high)]).size)

    place = 0
    while place < len(edges) - 1 and len(edges) > 2:  # noqa: PLR2004  one bin cannot be joined
        if people(edges[place], edges[place + 1]) >= fewest:
            place += 1
            continue
        edges.pop(place + 1 if place < len(edges) - 2 else place)
        place = max(place - 1, 0)
    rows = []
    for low, high in pairwise(edges):
        inside = (code >= low) & (code < high)
        count = int(inside.sum())
        if people(low, high) < fewest:
            continue
        rows.append(
            {
                "low": low / n_bins,
                "high": high / n_bins,
                "n_patients": people(low, high),
                "n": count,
                "n_true": int(happened[inside].sum()),
                "told": float(probability[inside].mean()),
                "share": float(happened[inside].mean()),
            }
        )
    return pd.DataFrame(rows, columns=["low", "high", "n_patients", "n", "n_true", "told", "share"])
