"""What was known after a session, and what as of a date? Rows of both kinds below each other, features frozen there.

Only people who come have a row after a session. A row at a date sees the others too, and for how long they were silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from outcomes.cohort.episodes import took_place
from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.catalogue import Feature, FeatureTable
from outcomes.prognosis.features import band_extra
from outcomes.prognosis.guard import background_columns, check_extra
from outcomes.prognosis.predictors import (
    LONGEST_WEEKS,
    Columns,
    background_features,
    item_features,
    missing_features,
    total_features,
    treatment_features,
    waiting_features,
)
from outcomes.prognosis.timeline import KEY, OCCASION, Courses, Known, contacts_by, instrument_columns, sittings
from outcomes.reference.rules import rule_edition

SESSION, DATE = "session", "date"
WEEKS: Final = (4, 8, 12, 16, 20, 26)  # since the first contact: where rows at a date are taken for teaching
EVERY_COLUMN: Final = 2  # the landmark from which on slopes exist: stacked rows share one set of columns
FAMILIES: Final = (item_features, total_features, waiting_features, missing_features, treatment_features)


@dataclass(frozen=True)
class Stack:
    """Rows of people at risk, each with what was known on its day.

    `table` holds the features and keys; `rows`, in the same order: pseudonym, referral, kind ("session" or "date"),
    number (session or week), day (since the referral). A referral has several rows.
    """

    table: FeatureTable
    rows: pd.DataFrame

    def take(self, chosen: np.ndarray) -> "Stack":
        """Give some of the rows.

        Parameters
        ----------
        chosen : ndarray of bool or int
            Which.

        Returns
        -------
        Stack
            The same columns.
        """
        keys, frame, rows = (
            part.loc[chosen].reset_index(drop=True)
            if chosen.dtype == bool
            else part.iloc[chosen].reset_index(drop=True)
            for part in (self.table.keys, self.table.frame, self.rows)
        )
        return Stack(replace(self.table, keys=keys, frame=frame), rows)


def stack(
    courses: Courses,
    *,
    sessions: Sequence[int] = (0, 1, 2, 3, 4),
    weeks: Sequence[int] = WEEKS,
    extra: pd.DataFrame | None = None,
) -> Stack:
    """Give rows after sessions and rows at dates for everybody in treatment then.

    Parameters
    ----------
    courses : Courses
        The tables; sittings and episodes with days.
    sessions : sequence of int
        0 is the first questionnaire.
    weeks : sequence of int
        Weeks since the first contact of the course at which a date is taken.
    extra : DataFrame, optional
        pseudonym, referral, occasion and number columns known at that occasion (filtered state probabilities).

    Returns
    -------
    Stack
        One row a referral at risk and moment; at risk: treatment begun, not ended on or before the day, and the day not
        after the day of the extract.

    Raises
    ------
    ConfigError
        If neither sessions nor weeks are given, or one is negative.
    DataError
        If the feed has no days.
    """
    if not (len(sessions) or len(weeks)) or min((*sessions, *weeks)) < 0:
        raise ConfigError("sessions and weeks must name at least one landmark, none of them negative")
    filled = _dated(courses)
    begun = _first_contact(courses, filled)
    parts = []
    for number in sessions:
        reached = filled.loc[filled["moment"].eq(number), [*KEY, "day"]]
        parts.append(_rows_by(courses, filled, reached, extra, SESSION, number))
    for number in weeks:
        reached = begun.assign(day=begun["day"] + number * rule_edition().days_per_week)
        parts.append(_rows_by(courses, filled, reached, extra, DATE, number))
    return _joined(parts)


def as_of(courses: Courses, days: pd.DataFrame, *, extra: pd.DataFrame | None = None) -> Stack:
    """Give one row a referral on a day of its own: what is known of the open cases today.

    Parameters
    ----------
    courses : Courses
        The tables.
    days : DataFrame
        pseudonym, referral, day (since the referral); one row a referral.
    extra : DataFrame, optional
        As in `stack`.

    Returns
    -------
    Stack
        One row a referral that has begun treatment and is open on its day.

    Raises
    ------
    DataError
        If a referral stands twice, or the feed has no days.
    """
    if days.duplicated(KEY).any():
        raise DataError(f"days: {int(days.duplicated(KEY).sum())} rows repeat a referral (rule one day a referral)")
    wanted = days[KEY].astype("str").assign(day=days["day"].to_numpy(dtype=float, na_value=np.nan))
    return _rows_by(courses, _dated(courses), wanted, extra, DATE, 0)


def weeks_since(known: Known) -> pd.Series:
    """Say for how many weeks nobody had been heard of: no attended appointment, no questionnaire.

    Parameters
    ----------
    known : Known
        What was known on the day.

    Returns
    -------
    Series of float
        Whole weeks, at most 52; NaN where there never was a contact.
    """
    met = [known.sittings[[*KEY, "day"]]]
    if known.contacts is not None:
        met.append(_attended(known.contacts))
    last = pd.concat(met).groupby(KEY, sort=False)["day"].max().reset_index()
    beside = known.referrals[[*KEY, "landmark_day"]].merge(last, on=KEY, how="left")
    return ((beside["landmark_day"] - beside["day"]) // rule_edition().days_per_week).clip(upper=LONGEST_WEEKS)


def _dated(courses: Courses) -> pd.DataFrame:
    filled = sittings(courses)
    dated = filled.loc[filled["day"].notna()]
    if dated.empty:
        raise DataError("occasions: no sitting has a day, so that no time to an ending can be told (rule dated)")
    return dated


def _attended(contacts: pd.DataFrame) -> pd.DataFrame:
    attended = took_place(contacts, rule_edition()) & contacts["day"].notna()
    return contacts.loc[attended, [*KEY, "day"]].astype({"day": float})


def _first_contact(courses: Courses, filled: pd.DataFrame) -> pd.DataFrame:
    met = [filled[[*KEY, "day"]]]
    if courses.contacts is not None and len(courses.contacts):
        met.append(_attended(courses.contacts))
    return pd.DataFrame(pd.concat(met).groupby(KEY, sort=True)["day"].min().reset_index())


def _rows_by(  # noqa: PLR0917  what, up to when, and under which name
    courses: Courses, filled: pd.DataFrame, days: pd.DataFrame, extra: pd.DataFrame | None, kind: str, number: int
) -> Stack:
    known = _known_by(courses, filled, days)
    columns: Columns = {}
    for family in FAMILIES:
        columns |= family(known)
    columns.pop("occasions_missing", None)  # counts against a session number, which a date does not have
    columns |= _moment_features(known)
    columns |= background_features(known, background_columns(courses.episodes))
    table = FeatureTable(
        frame=pd.DataFrame({name: values.to_numpy() for name, (values, _) in columns.items()}),
        keys=known.referrals[KEY],
        catalogue=tuple(feature for _, feature in columns.values()),
        landmark=EVERY_COLUMN,
        counts=known.counts,
    )
    if extra is not None:
        check_extra(extra, courses.episodes, filled, number if kind == SESSION else int(filled["moment"].max()))
        table = table.with_features(*_extra_by(extra, known))
    rows = known.referrals[KEY].assign(kind=kind, number=number, day=known.referrals["landmark_day"].to_numpy())
    return Stack(table, rows.reset_index(drop=True))


def _known_by(courses: Courses, filled: pd.DataFrame, days: pd.DataFrame) -> Known:
    # as `timeline.known_at`, but up to a day of each referral's own
    episodes = courses.episodes.assign(**{name: courses.episodes[name].astype("str") for name in KEY})
    there = episodes.merge(days.rename(columns={"day": "landmark_day"}), on=KEY, how="inner")
    day = there["landmark_day"].to_numpy(dtype=float)
    started = ~_column(there, "started", missing=1.0).eq(0)
    ended = _column(there, "end_day", missing=np.inf).le(day)
    unseen = _column(there, "last_seen_day", missing=np.inf).lt(day)
    at_risk = started & ~ended & ~unseen & np.isfinite(day)
    counts = {
        "referrals": len(courses.episodes),
        "never_treated": int((~started).sum()),
        "ended_before": int((started & ended).sum()),
        "at_risk": int(at_risk.sum()),
    }
    chosen = there.loc[at_risk].sort_values(KEY, ignore_index=True)
    dated = filled.merge(chosen[[*KEY, "landmark_day"]], on=KEY)
    so_far = dated.loc[dated["day"].le(dated["landmark_day"])].drop(columns="landmark_day")
    return Known(
        landmark=EVERY_COLUMN,
        referrals=chosen,
        sittings=so_far.sort_values(OCCASION, ignore_index=True),
        contacts=contacts_by(courses.contacts, chosen),
        items=tuple(c for c in courses.occasions.columns if c not in {*OCCASION, "day"}),
        totals=instrument_columns(courses.totals),
        counts=counts,
    )


def _moment_features(known: Known) -> Columns:
    sat = known.sittings.groupby(KEY, sort=False).size().rename("n").reset_index()
    number = known.referrals[KEY].merge(sat, on=KEY, how="left")["n"].fillna(0.0)  # a count: nobody found is none
    return {
        "weeks_since_last_contact": (
            weeks_since(known),
            Feature(
                "weeks_since_last_contact",
                "time since the last contact, on the day",
                "weeks",
                EVERY_COLUMN,
                "silence",
            ),
        ),
        "questionnaires_so_far": (
            number.astype(float),
            Feature(
                "questionnaires_so_far",
                "questionnaires filled in, so far",
                "sessions",
                EVERY_COLUMN,
                "time in treatment",
            ),
        ),
    }


def _extra_by(extra: pd.DataFrame, known: Known) -> tuple[pd.DataFrame, tuple[Feature, ...]]:
    names = [column for column in extra.columns if column not in {*OCCASION, "day"}]
    timed = known.sittings[OCCASION].merge(extra[[*OCCASION, *names]], on=OCCASION).sort_values(OCCASION)
    latest = known.referrals[KEY].merge(timed.groupby(KEY, sort=False).tail(1), on=KEY, how="left")
    frame = pd.DataFrame({name: band_extra(latest[name]) for name in names})
    return frame, tuple(
        Feature(name, name.replace("_", " "), "", EVERY_COLUMN, "pattern of symptoms") for name in names
    )


def _joined(parts: Sequence[Stack]) -> Stack:
    catalogue = {feature.name: feature for part in parts for feature in part.table.catalogue}
    frames = [part.table.frame for part in parts if len(part.table.frame)]
    frame = pd.concat(frames, ignore_index=True) if frames else parts[0].table.frame
    text = [name for name in frame.columns if frame[name].dtype == object or str(frame[name].dtype) == "str"]
    frame = frame.assign(**{name: frame[name].astype("str") for name in text})
    present = tuple(feature for name, feature in catalogue.items() if name in frame.columns)
    counts: dict[str, int] = {}
    for part in parts:
        for name, value in part.table.counts.items():
            counts[name] = value if name == "referrals" else counts.get(name, 0) + value
    table = FeatureTable(
        frame=frame[[feature.name for feature in present]],
        keys=pd.concat([part.table.keys for part in parts], ignore_index=True),
        catalogue=present,
        landmark=EVERY_COLUMN,
        counts=counts,
    )
    return Stack(table, pd.concat([part.rows for part in parts], ignore_index=True))


def _column(table: pd.DataFrame, name: str, *, missing: float) -> pd.Series:
    if name not in table.columns:
        return pd.Series(missing, index=table.index)
    return pd.Series(table[name].to_numpy(dtype=float, na_value=missing), index=table.index)
