"""Who is on the caseload at a date? The open referrals of the care view, in the columns that the rules read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.errors import DataError
from outcomes.flags.rules import STAGES
from outcomes.reference.rules import DEFAULT_EDITION, RuleEdition, rule_edition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


def open_caseload(
    tables: Mapping[str, pd.DataFrame], *, as_of: date | None = None, edition: RuleEdition | None = None
) -> pd.DataFrame:
    """List the referrals that were open at a date, with what the rules need to know of each.

    Parameters
    ----------
    tables
        The care view's tables: patients, referrals (with day_zero, patient_id and therapist_id where it holds them),
        and contacts where the feed has them.
    as_of
        The report's date; None takes the last day of the extract for each referral. A date needs `day_zero`.
    edition
        Which attendance codes mean that somebody was seen; the default edition unless said.

    Returns
    -------
    pandas.DataFrame
        One row per referral received by then and not ended by then: pseudonym, referral, service, therapist, local_id
        and day_zero where known, as_of_day, last_contact_day (Float64), stage ("waiting" before the first treatment
        contact).

    Raises
    ------
    DataError
        If a date is asked for but the referrals hold no date of receipt.
    """
    rules = edition or rule_edition(DEFAULT_EDITION)
    known = episodes(tables, edition=rules)
    rows = known[["pseudonym", "referral", "service", "therapist", "end_day", "started", "open"]]
    local = tables["referrals"].set_index("referral")
    rows = rows.assign(as_of_day=_as_of_day(tables["referrals"], as_of).reindex(rows["referral"]).to_numpy())
    for column, name in (("patient_id", "local_id"), ("therapist_id", "therapist"), ("day_zero", "day_zero")):
        if column in local.columns:
            rows[name] = local[column].reindex(rows["referral"]).to_numpy()
    rows["as_of_day"] = rows["as_of_day"].astype("Float64")
    rows["last_contact_day"] = _last_contact(tables.get("contacts"), rows, rules)
    waiting = rows["started"].eq(False).fillna(value=False).astype(bool)  # noqa: FBT003  compared with, not switched
    rows["stage"] = np.where(waiting, STAGES[1], STAGES[0])
    return rows.loc[_open(rows)].drop(columns=["end_day", "started", "open"]).reset_index(drop=True)


def _as_of_day(referrals: pd.DataFrame, as_of: date | None) -> pd.Series:
    index = pd.Index(referrals["referral"])
    if as_of is None:
        return pd.Series(referrals["last_seen_day"].astype("Float64").to_numpy(), index=index, dtype="Float64")
    if "day_zero" not in referrals.columns:
        raise DataError("referrals: no column day_zero, so a caseload at a date can't be drawn; leave the date out")
    days = (pd.Timestamp(as_of) - pd.to_datetime(referrals["day_zero"])).dt.days
    return pd.Series(days.astype("Float64").to_numpy(), index=index, dtype="Float64")


def _open(rows: pd.DataFrame) -> pd.Series:
    # Received by the date, and not ended by it; a referral that has not ended at all is open whatever the date.
    received = rows["as_of_day"].isna() | rows["as_of_day"].ge(0).fillna(value=False)
    end = rows["end_day"].astype("Float64")
    ended = end.notna() & (rows["as_of_day"].isna() | end.le(rows["as_of_day"]).fillna(value=True))
    exists = rows["open"].notna()
    return (received & ~ended & exists).astype(bool)


def _last_contact(contacts: pd.DataFrame | None, rows: pd.DataFrame, edition: RuleEdition) -> pd.Series:
    if contacts is None:
        return pd.Series(pd.NA, index=rows.index, dtype="Float64")
    limit = contacts["referral"].map(rows.set_index("referral")["as_of_day"]).astype("Float64")
    day = contacts["day"].astype("Float64")
    past = (limit.isna() | (day <= limit)).fillna(value=False).astype(bool)
    seen = contacts.loc[contacts["attendance"].isin(edition.attended_codes) & past]
    last = seen.assign(day=day[seen.index]).groupby("referral")["day"].max()
    return rows["referral"].map(last).astype("Float64")
