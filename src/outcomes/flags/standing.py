"""Where does each open referral stand on each measure? Numbers only: first, last, change, blanks, expected course."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from outcomes.errors import DataError
from outcomes.reference.instruments import instrument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from outcomes.flags.settings import FlagSettings

COURSE_COLUMNS: Final = (
    "instrument",
    "baseline_low",
    "baseline_high",
    "occasion",
    "expected",
    "lower",
    "upper",
    "n",
)
SERIES_COLUMNS: Final = ("referral", "instrument", "occasion", "day", "score", "answered")


def require(table: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    """Check that a table has the columns that are read from it.

    Parameters
    ----------
    table
        Any table.
    columns
        Names that must be there.
    name
        What the table is called in the message.

    Raises
    ------
    DataError
        If any is missing; every missing one is named.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise DataError(f"{name}: missing column(s) {', '.join(missing)}")


def judged_instruments(totals: pd.DataFrame, settings: FlagSettings) -> tuple[str, ...]:
    """Say which of the declared measures this service has.

    Parameters
    ----------
    totals
        One row per form; a column of totals per measure.
    settings
        The service's declaration.

    Returns
    -------
    tuple of str
        Keys in the declared order.
    """
    return tuple(key for key in settings.instruments if key in totals.columns)


def as_of_days(caseload: pd.DataFrame) -> pd.Series:
    """Count the days from receipt to the report's date, for each referral.

    Parameters
    ----------
    caseload
        One row per open referral; reads `as_of_day`, else `last_seen_day`, else nothing is known.

    Returns
    -------
    pandas.Series
        Days (Float64, missing where not known), indexed by referral.
    """
    for column in ("as_of_day", "last_seen_day"):
        if column in caseload.columns:
            days = pd.to_numeric(caseload[column]).astype("Float64")
            return pd.Series(days.to_numpy(), index=pd.Index(caseload["referral"]), name="as_of_day", dtype="Float64")
    return pd.Series(pd.NA, index=pd.Index(caseload["referral"]), name="as_of_day", dtype="Float64")


def score_series(
    caseload: pd.DataFrame, totals: pd.DataFrame, occasions: pd.DataFrame, instruments: Sequence[str]
) -> pd.DataFrame:
    """Collect the scores of the caseload, form by form, up to the report's date.

    Parameters
    ----------
    caseload
        One row per open referral: referral, and `as_of_day` or `last_seen_day`.
    totals
        referral, occasion, day, and one column of totals per measure (missing = no score).
    occasions
        referral, occasion, day and item columns; tells a form left blank from one left half-filled.
    instruments
        Measures to read.

    Returns
    -------
    pandas.DataFrame
        referral, instrument, occasion, day (Float64), score (float, missing = none), answered (bool: anything at all
        was filled in); sorted by referral, instrument, occasion, day. Forms dated after the report's date are left out.

    Raises
    ------
    DataError
        If a column is missing.
    """
    require(totals, ("referral", "occasion", "day"), "totals")
    require(occasions, ("referral", "occasion"), "occasions")
    asked = as_of_days(caseload)
    mine = totals.loc[totals["referral"].isin(asked.index)]
    day = pd.to_numeric(mine["day"]).astype("Float64")
    limit = mine["referral"].map(asked)
    kept = mine.loc[(day.isna() | limit.isna() | (day <= limit)).fillna(value=True).to_numpy(dtype=bool)]
    parts = [_one_series(kept, occasions, key) for key in instruments]
    if not parts:
        return pd.DataFrame(columns=list(SERIES_COLUMNS))
    order = ["referral", "instrument", "occasion", "day"]
    return pd.concat(parts, ignore_index=True).sort_values(order, kind="stable", ignore_index=True)


def _one_series(totals: pd.DataFrame, occasions: pd.DataFrame, key: str) -> pd.DataFrame:
    columns = [column for column in instrument(key).item_columns if column in occasions.columns]
    part = pd.DataFrame(
        {
            "referral": totals["referral"].to_numpy(),
            "instrument": key,
            "occasion": totals["occasion"].to_numpy(),
            "day": pd.to_numeric(totals["day"]).astype("Float64").to_numpy(),
            "score": totals[key].to_numpy(dtype=float, na_value=np.nan),
        }
    )
    part["day"] = part["day"].astype("Float64")
    filled = occasions.loc[occasions[columns].notna().any(axis=1), ["referral", "occasion"]] if columns else None
    scored = part["score"].notna()
    if filled is None:
        return part.assign(answered=scored)
    pairs = pd.MultiIndex.from_frame(part[["referral", "occasion"]])
    return part.assign(answered=scored | pairs.isin(pd.MultiIndex.from_frame(filled)))


def standing(series: pd.DataFrame, course: pd.DataFrame | None) -> pd.DataFrame:
    """Say where each referral stands on each measure now.

    Parameters
    ----------
    series
        From `score_series`.
    course
        Expected course: instrument, baseline_low, baseline_high (not included; missing = no upper end), occasion
        (scored forms since the first, which is 0), expected, lower, upper, n; or None.

    Returns
    -------
    pandas.DataFrame
        One row per referral and measure with any form: n_forms, n_answered, n_scores, blanks (forms since the last
        score), first, first_day, last, last_day, last_occasion, change (last - first, missing below two scores), rise
        and fall (whether the change is reliable; missing when unknown), index (the reliable-change index), decimals,
        expected, lower, upper, n (people behind the point of the course; 0 when there is no such point).

    Raises
    ------
    DataError
        If the course lacks a column.
    """
    order = series.groupby(["referral", "instrument"], sort=True).cumcount()
    scored = series.loc[series["score"].notna()]
    keys = ["referral", "instrument"]
    table = series.groupby(keys, sort=True).agg(n_forms=("occasion", "size"), n_answered=("answered", "sum"))
    table["last_day_form"] = series.loc[series["answered"]].groupby(keys)["day"].max()
    table["n_scores"] = scored.groupby(keys).size().reindex(table.index, fill_value=0)
    table[["first", "first_day"]] = scored.groupby(keys).nth(0).set_index(keys)[["score", "day"]]
    last = scored.assign(place=order).groupby(keys).nth(-1).set_index(keys)
    table[["last", "last_day", "last_occasion"]] = last[["score", "day", "occasion"]]
    table["blanks"] = table["n_forms"] - last["place"].reindex(table.index, fill_value=-1) - 1
    table["change"] = (table["last"] - table["first"]).where(table["n_scores"] > 1)
    return _with_course(_with_limits(table.reset_index()), course)


def _with_limits(table: pd.DataFrame) -> pd.DataFrame:
    # Add whether the change is reliable, by each measure's published index, compared exactly.
    rise = pd.array([pd.NA] * len(table), dtype="boolean")
    fall = rise.copy()
    index = np.full(len(table), np.nan)
    decimals = np.zeros(len(table), dtype=int)
    for key, rows in table.groupby("instrument", sort=True).indices.items():
        record = instrument(str(key))
        decimals[rows] = record.decimals
        if record.reliable_change is None:
            continue
        change = table["change"].to_numpy(dtype=float)[rows]
        known = rows[~np.isnan(change)]
        rise[known] = record.reliable_change.met(change)[~np.isnan(change)]
        fall[known] = record.reliable_change.met(-change)[~np.isnan(change)]
        index[rows] = float(record.reliable_change.value)
    return table.assign(rise=rise, fall=fall, index=index, decimals=decimals)


def _with_course(table: pd.DataFrame, course: pd.DataFrame | None) -> pd.DataFrame:
    # Add the point of the expected course that belongs to each first score and last form.
    result = table.assign(expected=np.nan, lower=np.nan, upper=np.nan, n=0, baseline_low=np.nan)
    if course is None:
        return result
    require(course, COURSE_COLUMNS, "course")
    low = np.full(len(result), np.nan)
    for key, rows in result.groupby("instrument", sort=True).indices.items():
        low[rows] = starting_bands(course, str(key), result["first"].to_numpy(dtype=float)[rows])
    result["baseline_low"] = low
    wanted = ["expected", "lower", "upper", "n"]
    first_of_each = course.drop_duplicates(["instrument", "baseline_low", "occasion"])
    points = first_of_each.set_index(_place(first_of_each))[wanted]
    found = points.reindex(_place(result.assign(occasion=result["n_scores"] - 1)))
    for column in ("expected", "lower", "upper"):
        result[column] = found[column].to_numpy(dtype=float)
    result["n"] = np.nan_to_num(found["n"].to_numpy(dtype=float)).astype(int)
    return result


def _place(table: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays(
        [
            table["instrument"].astype(object),
            table["baseline_low"].astype(float),
            pd.to_numeric(table["occasion"]).astype(float),
        ]
    )


def starting_bands(course: pd.DataFrame, key: str, first: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the starting band of the expected course in which each first score lies.

    Parameters
    ----------
    course
        The whole table.
    key
        The measure.
    first
        First scores, shape (n,).

    Returns
    -------
    ndarray of float
        Lowest score of each one's band, shape (n,); missing where there is none.
    """
    bands = course.loc[course["instrument"].eq(key), ["baseline_low", "baseline_high"]].astype("Float64").astype(float)
    bands = bands.drop_duplicates("baseline_low").sort_values("baseline_low")
    if bands.empty:
        return np.full(len(first), np.nan)
    lows, highs = bands["baseline_low"].to_numpy(), bands["baseline_high"].to_numpy()
    place = np.searchsorted(lows, first, side="right") - 1
    band = np.clip(place, 0, None)
    inside = np.isnan(highs[band]) | (first < highs[band])
    return np.where((place >= 0) & inside & ~np.isnan(first), lows[band], np.nan)


def course_of(course: pd.DataFrame | None, key: str, first: float) -> pd.DataFrame | None:
    """Find the part of the expected course that is drawn for someone with this first score.

    Parameters
    ----------
    course
        The whole table, or None.
    key
        The measure.
    first
        The first score.

    Returns
    -------
    pandas.DataFrame or None
        Rows of the person's starting band in order of occasion; None when there is no such band.
    """
    if course is None:
        return None
    mine = course.loc[course["instrument"].eq(key)]
    low = starting_bands(course, key, np.array([first]))[0]
    chosen = mine.loc[mine["baseline_low"].astype(float).eq(low)].sort_values("occasion", kind="stable")
    return None if chosen.empty else chosen
