"""What is new since the last report? Compares two judgements of the caseload by referral."""

from __future__ import annotations

from typing import Final

import pandas as pd

from outcomes.flags.standing import require

NEW: Final = "new on the caseload"
NEWLY_FLAGGED: Final = "newly flagged"
NO_LONGER: Final = "no longer flagged"


def changes_since(judged: pd.DataFrame, previous: pd.DataFrame | None) -> pd.DataFrame:
    """Say what is new for each open referral since the last report.

    Parameters
    ----------
    judged
        From `rules.judge`.
    previous
        referral and status of the last report (its JSON or CSV twin), or None when there was none.

    Returns
    -------
    pandas.DataFrame
        referral and news: "new on the caseload", "newly flagged", "no longer flagged" or "". Without a last report
        every line is empty.

    Raises
    ------
    DataError
        If the last report lacks a column.
    """
    table = pd.DataFrame({"referral": judged["referral"], "news": ""})
    if previous is None:
        return table
    require(previous, ("referral", "status"), "last report")
    before = judged["referral"].map(previous.drop_duplicates("referral", keep="last").set_index("referral")["status"])
    now = judged["status"].eq("flag")
    table["news"] = table["news"].mask(before.isna(), NEW)
    table["news"] = table["news"].mask(before.notna() & before.ne("flag") & now, NEWLY_FLAGGED)
    table["news"] = table["news"].mask(before.eq("flag").fillna(value=False) & ~now, NO_LONGER)
    return table


def gone_since(judged: pd.DataFrame, previous: pd.DataFrame | None) -> int:
    """Count the referrals that were on the last report and are on the caseload no more.

    Parameters
    ----------
    judged
        From `rules.judge`.
    previous
        referral of the last report, or None when there was none.

    Returns
    -------
    int
        How many.
    """
    return 0 if previous is None else len(set(previous["referral"]) - set(judged["referral"]))
