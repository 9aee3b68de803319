"""Who is on the caseload on a day? Every referral that was received by then and had not ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from outcomes.cohort.episodes import episodes, took_place
from outcomes.errors import ConfigError, DataError
from outcomes.flags.standing import require
from outcomes.reference.codelists import code_list

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from outcomes.reference.rules import RuleEdition

NO_THERAPIST: Final = "not yet with a therapist"
LOCAL: Final = ("therapist_id", "day_zero")
LEFT_STAGES: Final = {"died": "deceased", "referred_on": "transferred"}


def last_known_day(referrals: pd.DataFrame) -> date:
    """Say up to which date the care view knows anything.

    Parameters
    ----------
    referrals
        Of the care view: day_zero (date), last_seen_day (days since then).

    Returns
    -------
    date
        The latest date that any referral was seen on.

    Raises
    ------
    DataError
        If no referral is dated.
    """
    seen = _dates(referrals["day_zero"], referrals["last_seen_day"])
    if not seen.notna().any():
        raise DataError("referrals.day_zero: no referral is dated, so there is no caseload as of a date (rule dated)")
    latest: date = seen.max().date()
    return latest


def roster(tables: Mapping[str, pd.DataFrame], *, as_of: date, edition: RuleEdition) -> pd.DataFrame:
    """List who was on the caseload on a day.

    Parameters
    ----------
    tables
        Of the care view: patients, referrals (with therapist_id, day_zero), and contacts where there are.
    as_of
        The page's date.
    edition
        Which contacts count as attended and as treatment.

    Returns
    -------
    pandas.DataFrame
        One row a referral that was received by that date and had not ended: pseudonym, referral, service, therapist
        (their local code), day_zero, as_of_day, last_contact_day, stage ("waiting" before the first treatment contact,
        else "in treatment"; "deceased" where another referral of the same person ended by death). No local identifier
        of the person: that is put in last (`naming.named`).

    Raises
    ------
    ConfigError
        If the date lies after all that is known.
    DataError
        If the care view lacks a local column, or no referral is dated.

    Examples
    --------
    >>> roster(view.tables, as_of=date(2023, 3, 31), edition=rule_edition())  # doctest: +SKIP
    """
    referrals = tables["referrals"]
    absent = [column for column in LOCAL if column not in referrals.columns]
    if absent:
        raise DataError(f"referrals: column {', '.join(absent)} is missing, so this is no care view (rule care view)")
    known = last_known_day(referrals)
    if as_of > known:
        raise ConfigError(f"--as-of {as_of} lies after the last day of the feed, {known}; give that day or one before")
    day = pd.Series((pd.Timestamp(as_of) - referrals["day_zero"]).dt.days, dtype="Float64")
    there = day.ge(0) & (referrals["end_day"].isna() | referrals["end_day"].astype("Float64").gt(day))
    every = referrals.assign(as_of_day=day.astype("Int32"))[there.fillna(value=False).to_numpy(dtype=bool)]
    course = episodes(tables, edition=edition).set_index("referral")
    waited = every["referral"].map(course["days_waited"]).astype("Float64")
    started = waited.le(every["as_of_day"].astype("Float64")).fillna(value=False).to_numpy(dtype=bool)
    ended = _ended(referrals, day)
    died = set(ended.loc[ended["stage"].eq("deceased"), "pseudonym"])
    stage = pd.Series("in treatment", index=every.index).where(started, "waiting")
    return pd.DataFrame(
        {
            "pseudonym": every["pseudonym"],
            "referral": every["referral"],
            "service": every["service"],
            "therapist": every["therapist_id"].fillna(NO_THERAPIST),
            "day_zero": every["day_zero"].dt.date,
            "as_of_day": every["as_of_day"],
            "last_contact_day": _last_contact(every, tables.get("contacts"), edition),
            "stage": stage.mask(every["pseudonym"].isin(died), "deceased"),
        }
    ).reset_index(drop=True)


def left_lately(tables: Mapping[str, pd.DataFrame], *, as_of: date, days: int) -> pd.DataFrame:
    """List who has moved to another service or died of late: states of their own, beside the caseload and not on it.

    Parameters
    ----------
    tables
        Of the care view.
    as_of
        The page's date.
    days
        How far back.

    Returns
    -------
    pandas.DataFrame
        One row a referral that ended in the last `days` days: referral, pseudonym, therapist, service, stage
        ("transferred" or "deceased"), day (of the end, from receipt), day_zero.

    Raises
    ------
    DataError
        If the care view lacks a local column.
    """
    referrals = tables["referrals"]
    require(referrals, LOCAL, "referrals of the care view")
    since = pd.Series((pd.Timestamp(as_of) - referrals["day_zero"]).dt.days, dtype="Float64", index=referrals.index)
    ended = _ended(referrals, since)
    recent = ended.loc[(since.loc[ended.index] - ended["end_day"]).le(days).to_numpy(dtype=bool, na_value=False)]
    return pd.DataFrame(
        {
            "referral": recent["referral"],
            "pseudonym": recent["pseudonym"],
            "therapist": recent["therapist_id"].fillna(NO_THERAPIST),
            "service": recent["service"],
            "stage": recent["stage"],
            "day": recent["end_day"],
            "day_zero": recent["day_zero"].dt.date,
        }
    ).reset_index(drop=True)


def _ended(referrals: pd.DataFrame, since: pd.Series) -> pd.DataFrame:
    # Referrals that had ended by the page's date because the person died or went to another service.
    kinds = {code: LEFT_STAGES.get(entry.kind, "") for code, entry in code_list("end_code").codes.items()}
    reason = referrals["end_reason"] if "end_reason" in referrals.columns else pd.Series(pd.NA, index=referrals.index)
    stage = reason.map(kinds).fillna("").astype(str)
    end = referrals["end_day"].astype("Float64")
    rows = (end.le(since) & stage.ne("")).to_numpy(dtype=bool, na_value=False)
    return referrals.assign(stage=stage, end_day=end).loc[rows]


def _dates(day_zero: pd.Series, days: pd.Series) -> pd.Series:
    return day_zero + pd.to_timedelta(days.astype("Float64").astype(float), unit="D")


def _last_contact(every: pd.DataFrame, contacts: pd.DataFrame | None, edition: RuleEdition) -> pd.Series:
    if contacts is None:
        return pd.Series(pd.NA, index=every.index, dtype="Int32")
    limit = contacts["referral"].map(every.set_index("referral")["as_of_day"]).astype("Float64")
    seen = took_place(contacts, edition) & contacts["day"].astype("Float64").le(limit)
    latest = contacts[seen.fillna(value=False).to_numpy(dtype=bool)].groupby("referral")["day"].max()
    return every["referral"].map(latest).astype("Int32")
