"""What was known, and about whom, at a landmark? Everything later is cut away before any feature is computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.cohort.episodes import treatment_contacts
from outcomes.errors import ConfigError, DataError
from outcomes.reference.rules import rule_edition

KEY = ["pseudonym", "referral"]
OCCASION = [*KEY, "occasion"]
CLOCKS = ("order", "number")


@dataclass(frozen=True)
class Courses:
    """The tables that features are made of.

    Parameters
    ----------
    episodes : DataFrame
        One row a referral: pseudonym, referral; read where present: started, end_day, quarter and the groupings.
    occasions : DataFrame
        One row a sitting: pseudonym, referral, occasion, day (optional) and item columns.
    totals : DataFrame
        One row a sitting: pseudonym, referral, occasion, day (optional) and one column an instrument.
    contacts : DataFrame, optional
        One row an appointment: pseudonym, referral, day, attendance, appointment_type, step.
    clock : {"order", "number"}
        "order": landmark s is the (s + 1)th filled questionnaire of the referral, 0 the first. "number": the feed's own
        occasion numbers are session numbers; landmark s uses those up to and including s.
    """

    episodes: pd.DataFrame
    occasions: pd.DataFrame
    totals: pd.DataFrame
    contacts: pd.DataFrame | None = None
    clock: str = "order"

    def __post_init__(self) -> None:
        if self.clock not in CLOCKS:
            raise ConfigError(f"clock must be one of {', '.join(CLOCKS)}, got {self.clock!r}")
        for name, columns in (("episodes", KEY), ("occasions", OCCASION), ("totals", OCCASION)):
            missing = [column for column in columns if column not in getattr(self, name).columns]
            if missing:
                raise DataError(f"{name}: column {', '.join(missing)} is missing (rule key)")

    def until(self, days: NDArray[np.float64]) -> "Courses":
        """Give what had happened until a day of each referral's own.

        Parameters
        ----------
        days : ndarray of float, shape (n_episodes,)
            Days since the referral, in the order of the episodes; infinite keeps everything.

        Returns
        -------
        Courses
            Without later questionnaires and appointments, nor those without a day where the limit is finite.
        """
        limits = self.episodes[KEY].astype("str").assign(limit=days)

        def cut(table: pd.DataFrame) -> pd.DataFrame:
            limit = table[KEY].astype("str").merge(limits, on=KEY, how="left")["limit"].to_numpy(dtype=float)
            day = table["day"].to_numpy(dtype=float, na_value=np.nan) if "day" in table else np.nan
            return table.loc[(day <= limit) | np.isposinf(limit)].reset_index(drop=True)

        contacts = None if self.contacts is None else cut(self.contacts)
        return replace(self, occasions=cut(self.occasions), totals=cut(self.totals), contacts=contacts)


@dataclass(frozen=True)
class Known:
    """What was known at a landmark: no row of it is later.

    `referrals` has one row a referral at risk (key, landmark_day and the episode columns), sorted by key; `sittings`
    are their questionnaires so far, with `moment` (position or number); `contacts` their appointments so far, with
    `treatment`. `counts` says how many referrals were left out, and why.
    """

    landmark: int
    referrals: pd.DataFrame
    sittings: pd.DataFrame
    contacts: pd.DataFrame | None
    items: tuple[str, ...]
    totals: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)


def instrument_columns(totals: pd.DataFrame) -> tuple[str, ...]:
    """Say which columns of a table of totals are scores.

    Parameters
    ----------
    totals : DataFrame
        As `outcomes.measures.scoring.totals` returns it.

    Returns
    -------
    tuple of str
        All columns but the key, the day and the counts of imputed items.
    """
    apart = {*OCCASION, "day", "source"}
    return tuple(column for column in totals.columns if column not in apart and not column.endswith("_n_imputed"))


def sittings(courses: Courses) -> pd.DataFrame:
    """Say which questionnaires were filled when, in order.

    A sitting counts when at least one item or total is there.

    Parameters
    ----------
    courses : Courses
        Its `occasions` and `totals` are read.

    Returns
    -------
    DataFrame
        pseudonym, referral, occasion, day, moment (position from 0, or the feed's own number), items, totals; sorted by
        key; numbers as float with NaN for missing.

    Raises
    ------
    DataError
        If two rows of a table have one pseudonym, referral and occasion.
    """
    scores = list(instrument_columns(courses.totals))
    items = [column for column in courses.occasions.columns if column not in {*OCCASION, "day"}]
    for name, table in (("occasions", courses.occasions), ("totals", courses.totals)):
        repeated = int(table.duplicated(OCCASION).sum())
        if repeated:
            raise DataError(f"{name}: {repeated} rows repeat pseudonym, referral and occasion (rule one row a sitting)")
    both = _dated(courses.occasions, items).merge(
        _dated(courses.totals, scores), on=OCCASION, how="outer", suffixes=("", "_of_total"), validate="one_to_one"
    )
    both["day"] = both["day"].where(both["day"].notna(), both["day_of_total"])
    both = both.drop(columns="day_of_total")
    both = both.loc[both[[*items, *scores]].notna().any(axis="columns")].sort_values(OCCASION, ignore_index=True)
    numbers = both["occasion"] if courses.clock == "number" else both.groupby(KEY, sort=False).cumcount()
    both.insert(4, "moment", numbers.astype("int64"))
    return both


def known_at(courses: Courses, landmark: int, *, filled: pd.DataFrame | None = None) -> Known:
    """Say who was at risk at a landmark and what was known about them.

    At risk: whoever began treatment (as far as that is recorded), has reached the landmark, and was still open then,
    that is, not discharged on or before its day. Whether the course is ever completed, paired or finished plays no
    part.

    Parameters
    ----------
    courses : Courses
        The tables.
    landmark : int
        0 is the first questionnaire, s the one after s further ones (or session number s).
    filled : DataFrame, optional
        The result of `sittings(courses)`, to spare its making.

    Returns
    -------
    Known
        Rows at risk and what was known; counts: referrals, never_treated, not_reached, ended_before, at_risk.

    Raises
    ------
    ConfigError
        If `landmark` is negative.
    """
    if landmark < 0:
        raise ConfigError(f"landmark must be 0 (intake) or a session number, got {landmark}")
    answered = sittings(courses) if filled is None else filled
    so_far = answered.loc[answered["moment"].le(landmark)]
    if courses.clock == "order":
        reached = so_far.loc[so_far["moment"].eq(landmark), [*KEY, "day"]]
    else:
        reached = so_far.groupby(KEY, sort=False).tail(1)[[*KEY, "day"]]
    referrals = courses.episodes.merge(
        reached.rename(columns={"day": "landmark_day"}), on=KEY, how="left", indicator=True
    )
    there = referrals["_merge"].eq("both")
    treated = ~_false(referrals, "started")
    ended = _float(referrals, "end_day").le(referrals["landmark_day"])
    at_risk = there & treated & ~ended
    counts = {
        "referrals": len(referrals),
        "never_treated": int((~treated).sum()),
        "not_reached": int((treated & ~there).sum()),
        "ended_before": int((treated & there & ended).sum()),
        "at_risk": int(at_risk.sum()),
    }
    chosen = referrals.loc[at_risk].drop(columns="_merge").sort_values(KEY, ignore_index=True)
    return Known(
        landmark=landmark,
        referrals=chosen,
        sittings=so_far.merge(chosen[KEY], on=KEY).sort_values(OCCASION, ignore_index=True),
        contacts=contacts_by(courses.contacts, chosen),
        items=tuple(c for c in courses.occasions.columns if c not in {*OCCASION, "day"}),
        totals=instrument_columns(courses.totals),
        counts=counts,
    )


def contacts_by(contacts: pd.DataFrame | None, chosen: pd.DataFrame) -> pd.DataFrame | None:
    """Give the appointments up to each referral's landmark, marked as treatment or not by the cohort's rule.

    Parameters
    ----------
    contacts : DataFrame, optional
        One row an appointment.
    chosen : DataFrame
        Referrals at risk with `landmark_day` and, where present, `end_day`.

    Returns
    -------
    DataFrame or None
        The contacts with `landmark_day` and `treatment`; None where there are none.
    """
    if contacts is None or not len(contacts):
        return None
    dated = contacts.merge(chosen[[*KEY, "landmark_day"]], on=KEY)
    seen = dated.loc[_float(dated, "day").le(dated["landmark_day"])].reset_index(drop=True)
    rules = rule_edition()  # a feed without types or therapies: every attended appointment is treatment
    plain = {"appointment_type": rules.treatment_appointment_types[0], "therapy": ""}
    absent = {name: value for name, value in plain.items() if name not in seen.columns}
    ends = chosen[["referral"]].assign(end_day=_float(chosen, "end_day"))
    return seen.assign(treatment=treatment_contacts(seen.assign(**absent), ends, rules))


def _dated(table: pd.DataFrame, values: list[str]) -> pd.DataFrame:
    numbers = {column: table[column].to_numpy(dtype=float, na_value=np.nan) for column in values}
    return pd.DataFrame(
        {
            "pseudonym": table["pseudonym"].astype("str"),
            "referral": table["referral"].astype("str"),
            "occasion": table["occasion"].astype("int64"),
            "day": _float(table, "day"),
            **numbers,
        }
    )


def _float(table: pd.DataFrame, column: str) -> pd.Series:
    if column not in table.columns:
        return pd.Series(np.nan, index=table.index, dtype=float)
    return pd.Series(table[column].to_numpy(dtype=float, na_value=np.nan), index=table.index)


def _false(table: pd.DataFrame, column: str) -> pd.Series:
    if column not in table.columns:
        return pd.Series(data=False, index=table.index)
    return pd.Series(
        table[column].astype("boolean").eq(other=False).to_numpy(dtype=bool, na_value=False), index=table.index
    )
