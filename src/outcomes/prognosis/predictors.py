"""Which columns are made of what was known at a landmark? One function a family; each sees `Known` only."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.cohort.episodes import took_place
from outcomes.prognosis.catalogue import Feature
from outcomes.prognosis.timeline import KEY, Known
from outcomes.prognosis.words import SENSITIVE, Wording, wording
from outcomes.reference.rules import rule_edition

Columns = dict[str, tuple[pd.Series, Feature]]

LONGEST_WEEKS = 52  # waits are top-coded: a wait of two years would single somebody out
UNKNOWN = "unknown"
SLOPE_BAND = 0.5


def item_features(known: Known) -> Columns:
    """Say what was answered: each item now, and how it changed. Items that ask about safety are in the totals only.

    Parameters
    ----------
    known : Known
        What was known at the landmark.

    Returns
    -------
    dict
        Name -> (values, one a referral at risk; `Feature`).
    """
    columns: Columns = {}
    first, latest = _first_and_latest(known)
    for item in known.items:
        word = wording(item)
        if word.safety:
            continue
        columns[f"{item}_now"] = _entry(f"{item}_now", latest[item], known, word, "now", "points")
        if known.landmark > 0:
            change = latest[item] - first[item]
            columns[f"{item}_change"] = _entry(
                f"{item}_change", change, known, word, "change since the first", "points"
            )
    return columns


def total_features(known: Known) -> Columns:
    """Say how severe it is, how that changed, how fast and how unevenly.

    Parameters
    ----------
    known : Known
        What was known at the landmark.

    Returns
    -------
    dict
        Name -> (values, one a referral at risk; `Feature`).
    """
    columns: Columns = {}
    first, latest = _first_and_latest(known)
    for key in known.totals:
        word = wording(key)
        measured: dict[str, tuple[pd.Series, str, str]] = {
            f"{key}_now": (band(latest[key], word.step), "now", "points")
        }
        if known.landmark > 0:
            measured[f"{key}_first"] = (band(first[key], word.step), "at the first questionnaire", "points")
            measured[f"{key}_change"] = (band(latest[key] - first[key], word.step), "change since the first", "points")
        if known.landmark > 1:
            slope, swing = _slope_and_swing(known, key)
            measured[f"{key}_slope"] = (band(slope, SLOPE_BAND), "change per session", "points a session")
            measured[f"{key}_swing"] = (band(swing, SLOPE_BAND), "usual jump from one session to the next", "points")
        for name, (values, when, unit) in measured.items():
            columns[name] = _entry(name, values, known, word, when, unit)
    return columns


def waiting_features(known: Known) -> Columns:
    """Say how long it took to get here; nothing where sittings have no day.

    Parameters
    ----------
    known : Known
        What was known at the landmark.

    Returns
    -------
    dict
        Name -> (values, one a referral at risk; `Feature`).
    """
    day = known.referrals["landmark_day"]
    if day.isna().all():
        return {}
    wait = Wording("waiting", "time since the referral")
    columns = {"weeks_since_referral": _entry("weeks_since_referral", _weeks(day), known, wait, "so far", "weeks")}
    if known.landmark > 0:
        days = known.sittings.groupby(KEY, sort=False)["day"]
        pace = Wording("pace", "time since the questionnaire before")
        gap = _per_referral(known, known.sittings.assign(gap=days.diff()).groupby(KEY, sort=False).tail(1), "gap")
        columns["weeks_since_previous"] = _entry("weeks_since_previous", _weeks(gap), known, pace, "so far", "weeks")
    return columns


def missing_features(known: Known) -> Columns:
    """Say what was left blank or skipped.

    Parameters
    ----------
    known : Known
        What was known at the landmark.

    Returns
    -------
    dict
        Name -> (values, one a referral at risk; `Feature`).
    """
    if not known.items:
        return {}
    word = Wording("unanswered questions", "questions left blank")
    blank = known.sittings.assign(blank=known.sittings[list(known.items)].isna().sum(axis="columns").astype(float))
    latest = _per_referral(known, blank.groupby(KEY, sort=False).tail(1), "blank")
    columns = {"items_missing_now": _entry("items_missing_now", latest, known, word, "now", "questions")}
    if known.landmark > 0:
        sat = _grouped(known, known.sittings, "moment", "count")
        skipped = known.landmark + 1 - sat
        absent = Wording("missed questionnaires", "sessions without a questionnaire")
        if skipped.gt(0).any():
            columns["occasions_missing"] = _entry("occasions_missing", skipped, known, absent, "so far", "sessions")
    return columns


def treatment_features(known: Known) -> Columns:
    """Say what treatment there has been up to the landmark; nothing where there are no appointments.

    Parameters
    ----------
    known : Known
        What was known at the landmark.

    Returns
    -------
    dict
        Name -> (values, one a referral at risk; `Feature`).
    """
    contacts = known.contacts
    if contacts is None:
        return {}
    columns: Columns = {}
    treated = contacts.loc[contacts["treatment"]].astype({"day": float})
    summary = {
        "weeks_to_treatment": (
            _weeks(_grouped(known, treated, "day", "min")),
            "waiting",
            "to the first treatment",
        ),
        "treatment_so_far": (_grouped(known, treated, "day", "count"), "pace", "treatment sessions"),
    }
    missed = ~took_place(contacts, rule_edition())
    missed_days = contacts.loc[missed]
    summary["missed_so_far"] = (
        _grouped(known, missed_days, "day", "count"),
        "missed appointments",
        "appointments missed",
    )
    for name, (values, word, label) in summary.items():
        unit = "weeks" if name.startswith("weeks") else "appointments"
        columns[name] = _entry(name, values, known, Wording(word, label), "so far", unit)
    if "step" in contacts.columns:
        steps = treated.assign(high=treated["step"].eq("high").astype(float))
        reached = _grouped(known, steps, "high", "max", empty=np.nan)
        step = reached.map({0.0: "low intensity", 1.0: "high intensity"}).astype("str").fillna("no treatment yet")
        columns["step_so_far"] = _entry("step_so_far", step, known, Wording("step", "step of treatment"), "so far", "")
    return columns


def background_features(known: Known, chosen: Sequence[str]) -> Columns:
    """Say who somebody is, as far as the referral said; missing is a level of its own.

    Parameters
    ----------
    known : Known
        What was known at the landmark.
    chosen : sequence of str
        Columns of the episodes that were known at referral.

    Returns
    -------
    dict
        Name -> (labels, one a referral at risk; `Feature`).
    """
    columns: Columns = {}
    for name in chosen:
        values = known.referrals[name].astype("str").fillna(UNKNOWN)
        word = "work" if name == "employment" else "background"
        feature = Feature(name, name.replace("_", " "), "", 0, word, name in SENSITIVE)
        columns[name] = (values, feature)
    return columns


def _entry(name: str, values: pd.Series, known: Known, word: Wording, *how: str) -> tuple[pd.Series, Feature]:
    when, unit = how
    return values, Feature(name, f"{word.label}, {when}", unit, known.landmark, word.word)


def _first_and_latest(known: Known) -> tuple[pd.DataFrame, pd.DataFrame]:
    groups = known.sittings.groupby(KEY, sort=False)
    first, latest = groups.head(1).reset_index(drop=True), groups.tail(1).reset_index(drop=True)
    if len(first) == len(known.referrals):
        return first, latest  # sorted by key, one row a referral at risk, like known.referrals
    keys = known.referrals[KEY]  # at a date somebody may have come without ever filling in a questionnaire
    return keys.merge(first, on=KEY, how="left"), keys.merge(latest, on=KEY, how="left")


def _per_referral(known: Known, rows: pd.DataFrame, column: str) -> pd.Series:
    return (
        known.referrals[KEY]
        .merge(rows[[*KEY, column]], on=KEY, how="left", validate="one_to_one")[column]
        .astype(float)
    )


def _grouped(known: Known, rows: pd.DataFrame, column: str, how: str, *, empty: float | None = None) -> pd.Series:
    summary = rows.groupby(KEY, sort=False).agg(**{column: (column, how)}).reset_index()
    values = _per_referral(known, summary, column)
    none_there = (0.0 if how == "count" else np.nan) if empty is None else empty
    return values.where(values.notna(), none_there)


def _slope_and_swing(known: Known, key: str) -> tuple[pd.Series, pd.Series]:
    # least-squares slope over the sessions so far, and mean absolute jump between neighbouring scores
    rows = known.sittings.loc[known.sittings[key].notna(), [*KEY, "moment", key]]
    jumps = rows.assign(jump=rows.groupby(KEY, sort=False)[key].diff().abs())
    centred = rows[["moment", key]] - rows.groupby(KEY, sort=False)[["moment", key]].transform("mean")
    sums = jumps.assign(xy=centred["moment"] * centred[key], xx=centred["moment"] ** 2)
    table = sums.groupby(KEY, as_index=False, sort=False).agg(xy=("xy", "sum"), xx=("xx", "sum"), jump=("jump", "mean"))
    table["slope"] = table["xy"] / table["xx"].where(table["xx"].gt(0))
    return _per_referral(known, table, "slope"), _per_referral(known, table, "jump")


def _weeks(days: pd.Series) -> pd.Series:
    return (days // rule_edition().days_per_week).clip(upper=LONGEST_WEEKS)


def band(values: pd.Series, step: float) -> pd.Series:
    """Round to bands, so that no split point of a tree is one person's value.

    Parameters
    ----------
    values : Series of float
        Anything; NaN stays.
    step : float
        Width of a band.

    Returns
    -------
    Series of float
        Multiples of `step`.
    """
    return (values / step).round() * step
