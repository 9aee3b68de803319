"""The name of each open referral on the page, and the date from which its days are counted.

Everything before works on pseudonyms: local identifiers come in last, from the library's relink, inside care.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from outcomes.errors import DataError
from outcomes.flags.standing import require

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import date

    from outcomes.flags.report import CaseloadReport

NOBODY = "No therapist recorded"
PSEUDONYM_LETTERS = 8


def labels(caseload: pd.DataFrame) -> dict[Hashable, str]:
    """Name each open referral as its reader knows it.

    Parameters
    ----------
    caseload
        referral and pseudonym; local_id where the reader may see it; label where names were given already.

    Returns
    -------
    dict
        Referral to label: the local identifier, else as much of the pseudonym as makes it unique; a person with two
        open referrals gets "referral 1 of 2".
    """
    if "label" in caseload.columns:
        return dict(zip(caseload["referral"], caseload["label"].astype(str), strict=True))
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


def named(report: CaseloadReport, people: pd.DataFrame) -> CaseloadReport:
    """Put the local identifiers onto a finished report: the last step before it is drawn.

    Parameters
    ----------
    report
        Judged by pseudonym.
    people
        pseudonym and patient_id, from the library's relink.

    Returns
    -------
    CaseloadReport
        The same report, its people under the names by which their own service knows them.

    Raises
    ------
    DataError
        If somebody on the caseload has no local identifier.
    """
    require(people, ("pseudonym", "patient_id"), "people")
    local = people.drop_duplicates("pseudonym").set_index("pseudonym")["patient_id"]
    caseload = report.caseload.assign(local_id=report.caseload["pseudonym"].map(local))
    unknown = int(caseload["local_id"].isna().sum())
    if unknown:
        raise DataError(f"caseload: {unknown} of {len(caseload)} people have no local identifier (rule relinked)")
    return replace(report, caseload=caseload, left=report.left.assign(local_id=report.left["pseudonym"].map(local)))


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
