"""The name of each open referral on the page, and the date from which its days are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import date

NOBODY = "No therapist recorded"
PSEUDONYM_LETTERS = 8


def labels(caseload: pd.DataFrame) -> dict[Hashable, str]:
    """Name each open referral as its reader knows it.

    Parameters
    ----------
    caseload
        referral and pseudonym; local_id where the reader may see it.

    Returns
    -------
    dict
        Referral to label: the local identifier, else as much of the pseudonym as makes it unique; a person with two
        open referrals gets "referral 1 of 2".
    """
    if "local_id" in caseload.columns:
        base = caseload["local_id"].astype("string").fillna(caseload["pseudonym"].astype("string")).astype(str)
    else:
        whole = caseload["pseudonym"].astype(str)
        short = whole.str[:PSEUDONYM_LETTERS]
        people_behind = whole.groupby(short).transform("nunique")
        base = short.where(people_behind.eq(1), whole)
    place = base.groupby(base).cumcount() + 1
    size = base.groupby(base).transform("size")
    return {
        referral: name if of == 1 else f"{name} (referral {at} of {of})"
        for referral, name, at, of in zip(caseload["referral"], base, place, size, strict=True)
    }


def day_zeros(caseload: pd.DataFrame) -> dict[Hashable, date]:
    """Look up each referral's date of receipt, where the care view holds it.

    Parameters
    ----------
    caseload
        referral, and day_zero where known.

    Returns
    -------
    dict
        Referral to date; empty without the column.
    """
    if "day_zero" not in caseload.columns:
        return {}
    return dict(zip(caseload["referral"], pd.to_datetime(caseload["day_zero"]), strict=True))
