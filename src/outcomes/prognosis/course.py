"""Is somebody's course what one would expect from where they began? Bands of the first score, session by session.

Later points describe those who were still attending, unless they are weighed to stand for those who left as well (had
treatment continued): the estimand is named in every table.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.prognosis.staying import staying_weights, weighted_quantile
from outcomes.prognosis.timeline import KEY, OCCASION
from outcomes.reference.instruments import instrument

ESTIMAND = "among those still attending"
CONTINUED = "had treatment continued"
FEWEST = 10
BOUNDARIES = (0.1, 0.9)


def expected_course(
    totals: pd.DataFrame,
    instrument_key: str,
    *,
    last_occasion: int = 20,
    boundaries: tuple[float, float] = BOUNDARIES,
    edges: Sequence[float] | None = None,
    clock: str = "order",
    estimand: str = ESTIMAND,
) -> pd.DataFrame:
    """Say which score is usual at each session for people who began with this score.

    Median and boundaries over the courses that were still attending then, within bands of the first score. A cell needs
    ten people; a band with fewer than ten at the start joins its neighbour. Across bands values never fall: who began
    worse is never expected to be better.

    Parameters
    ----------
    totals : DataFrame
        pseudonym, referral, occasion and a column `instrument_key`; courses from which one wants to learn.
    instrument_key : str
        "phq9".
    last_occasion : int
        Sessions after the first up to which the course is followed.
    boundaries : (float, float)
        Lower and upper quantile; (.1, .9) leaves one in ten outside on each side.
    edges : sequence of float, optional
        Lowest score of each band, ascending; by default the severity bands of the instrument.
    clock : {"order", "number"}
        Whether sessions are counted, or are the feed's own occasion numbers.
    estimand : {"among those still attending", "had treatment continued"}
        Whom later points describe: those who were there, or everybody of the beginning (missing at random given the
        scores so far; see `outcomes.prognosis.staying`).

    Returns
    -------
    DataFrame
        instrument, baseline_low, baseline_high, occasion (0 is the first), expected, lower, upper, n, estimand;
        the last band has no upper end (<NA>).

    Raises
    ------
    ConfigError
        If the column is missing, boundaries are not ascending shares around the median, edges do not ascend, or the
        estimand is neither of the two.

    References
    ----------
    Lambert MJ, Whipple JL, Bishop MJ et al. (2002). Comparison of empirically-derived and rationally-derived methods
    for identifying patients at risk for treatment failure. Clinical Psychology and Psychotherapy 9, 149-164.
    """
    _check_boundaries(boundaries)
    if estimand not in {ESTIMAND, CONTINUED}:
        raise ConfigError(f"estimand must be {ESTIMAND!r} or {CONTINUED!r}, got {estimand!r}")
    scores = _since_first(totals, instrument_key, clock)
    first = scores.groupby(KEY, sort=False)["score"].transform("first")
    bands = _joined(_band_edges(instrument_key, edges), scores.loc[scores["moment"].eq(0)])
    weights = staying_weights(scores) if estimand == CONTINUED else np.ones(len(scores))
    scores = scores.assign(weight=weights)
    scores = scores.assign(band=np.searchsorted(bands, first, side="right") - 1)
    scores = scores.loc[scores["moment"].le(last_occasion) & scores["band"].ge(0)]
    low, high = boundaries
    cells = scores.groupby(["band", "moment"], sort=True)
    found = {
        "expected": cells["score"].median(),
        "lower": cells["score"].quantile(low),
        "upper": cells["score"].quantile(high),
    }
    if estimand == CONTINUED:
        found = {name: _weighed(cells, share) for name, share in (("expected", 0.5), ("lower", low), ("upper", high))}
    table = pd.DataFrame({**found, "n": cells["pseudonym"].nunique()}).reset_index()
    table = table.loc[table["n"].ge(FEWEST)]
    rising = table.sort_values(["moment", "band"]).groupby("moment")[["expected", "lower", "upper"]].cummax()
    table = table.assign(**{name: rising[name] for name in rising.columns})
    ends = pd.array([*bands[1:], np.nan], dtype="Float64")
    return pd.DataFrame(
        {
            "instrument": instrument_key,
            "baseline_low": np.asarray(bands, dtype=float)[table["band"]],
            "baseline_high": ends[table["band"].to_numpy()],
            "occasion": table["moment"].to_numpy(),
            "expected": table["expected"].to_numpy(),
            "lower": table["lower"].to_numpy(),
            "upper": table["upper"].to_numpy(),
            "n": table["n"].to_numpy(),
            "estimand": estimand,
        }
    )


def not_on_track(totals: pd.DataFrame, course: pd.DataFrame, *, clock: str = "order") -> pd.DataFrame:
    """Say whose latest score is worse than the upper boundary for people who began like them.

    Parameters
    ----------
    totals : DataFrame
        pseudonym, referral, occasion and the column of the instrument of `course`.
    course : DataFrame
        The result of `expected_course` for one instrument.
    clock : {"order", "number"}
        As for `expected_course`.

    Returns
    -------
    DataFrame
        One row a referral with a score: pseudonym, referral, occasion (the feed's number), sessions (since the first
        score), first, latest, expected, lower, upper, n, not_on_track (boolean; <NA> where the first score is the only
        one, or fewer than ten people stand behind the boundary).

    Raises
    ------
    ConfigError
        If `course` does not hold exactly one instrument, or its column is missing in `totals`.
    """
    keys = course["instrument"].unique()
    if len(keys) != 1:
        raise ConfigError(f"course must hold one instrument, got {len(keys)}")
    scores = _since_first(totals, str(keys[0]), clock)
    groups = scores.groupby(KEY, sort=False)
    latest = groups.tail(1).assign(first=groups.head(1)["score"].to_numpy())
    edges = np.unique(course["baseline_low"].to_numpy(dtype=float))
    band = np.searchsorted(edges, latest["first"], side="right") - 1
    latest = latest.assign(baseline_low=np.where(band >= 0, edges[np.maximum(band, 0)], np.nan))
    cells = course[["baseline_low", "occasion", "expected", "lower", "upper", "n"]].rename(
        columns={"occasion": "moment"}
    )
    judged = latest.merge(cells, on=["baseline_low", "moment"], how="left")
    known = judged["upper"].notna() & judged["moment"].gt(0)
    return pd.DataFrame(
        {
            "pseudonym": judged["pseudonym"],
            "referral": judged["referral"],
            "occasion": judged["occasion"],
            "sessions": judged["moment"],
            "first": judged["first"],
            "latest": judged["score"],
            **{name: judged[name] for name in ("expected", "lower", "upper")},
            "n": judged["n"].astype("Int64"),
            "not_on_track": judged["score"].gt(judged["upper"]).astype("boolean").where(known),
        }
    )


def _weighed(cells: Any, share: float) -> pd.Series:  # noqa: ANN401  pandas' grouped frames have no public type
    found = {
        key: weighted_quantile(part["score"].to_numpy(dtype=float), part["weight"].to_numpy(dtype=float), share)
        for key, part in cells
    }
    return pd.Series(found, dtype=float).rename_axis(["band", "moment"])


def _since_first(totals: pd.DataFrame, key: str, clock: str) -> pd.DataFrame:
    if key not in totals.columns:
        raise ConfigError(f"totals have no column {key!r}; score that instrument first")
    scored = pd.DataFrame(
        {
            **{name: totals[name] for name in OCCASION},
            "score": totals[key].to_numpy(dtype=float, na_value=np.nan),
        }
    )
    scored = scored.loc[scored["score"].notna()].sort_values(OCCASION, ignore_index=True)
    groups = scored.groupby(KEY, sort=False)
    if clock == "number":
        moment = scored["occasion"].astype("int64") - groups["occasion"].transform("first").astype("int64")
    else:
        moment = groups.cumcount()
    return scored.assign(moment=moment)


def _band_edges(key: str, edges: Sequence[float] | None) -> list[float]:
    if edges is None:
        one = instrument(key)
        found = [float(band.lowest) for band in one.severity] or list(np.linspace(one.minimum, one.maximum, 6)[:-1])
    else:
        found = [float(edge) for edge in edges]
    if not found or any(left >= right for left, right in pairwise(found)):
        raise ConfigError(f"edges must ascend and not be empty, got {found}")
    return found


def _joined(edges: list[float], first: pd.DataFrame) -> list[float]:
    # a band with fewer than ten people at the start joins the one below it, the lowest the one above it
    kept = list(edges)
    while len(kept) > 1:
        band = np.searchsorted(kept, first["score"], side="right") - 1
        people = [first.loc[band == number, "pseudonym"].nunique() for number in range(len(kept))]
        small = [number for number, count in enumerate(people) if count < FEWEST]
        if not small:
            break
        kept.pop(max(small[-1], 1))
    return kept


def _check_boundaries(boundaries: tuple[float, float]) -> None:
    low, high = boundaries
    middle = 0.5
    if not 0 < low < middle < high < 1:
        raise ConfigError(f"boundaries must be shares around the median, such as (.1, .9), got {boundaries}")
