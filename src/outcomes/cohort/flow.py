"""How many remain at each step from referral to paired scores, and why do the others not? Counts for the funnel."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from outcomes.errors import DataError

STEPS: Final[Mapping[str, str]] = {
    "referred": "referred",
    "assessed": "assessed",
    "started": "started treatment",
    "ended": "referral ended",
    "completed": "completed a course",
    "paired": "scores at start and end",
    "recovery": "recovered",
}
REASONS: Final[Mapping[str, str]] = {
    "assessed": "never assessed",
    "started": "assessed, no treatment contact",
    "ended": "still open",
    "completed": "fewer than two treatment contacts",
    "paired": "no scores at start and end",
    "recovery": "not recovered, or not assessable",
}
KEY: Final = ("pseudonym", "referral")


def flow(episodes: pd.DataFrame, outcomes: pd.DataFrame | None = None, *, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count how many remain at each step, and why the others do not.

    Each step counts the referrals that have passed every step before it. Where the feed cannot say (no contacts table),
    the step is left out rather than counted as nobody.

    Parameters
    ----------
    episodes : DataFrame
        As `episodes.episodes` returns them.
    outcomes : DataFrame, optional
        Key columns and `paired`, `recovery`, for the last steps.
    by : sequence of str
        Columns to count by, such as "ethnic_group_5".

    Returns
    -------
    DataFrame
        The columns of `by`, then step, label, referrals, patients, left_out, reason; steps in order.

    Raises
    ------
    DataError
        If a column of `by` is absent.
    """
    absent = [name for name in by if name not in episodes]
    if absent:
        raise DataError(f"episodes have no column {', '.join(absent)} to count by")
    rows = _flags(episodes, outcomes, by)
    groups = [((), rows)] if not by else list(rows.groupby(list(by), sort=True, dropna=False))
    lines = [dict(zip(by, group, strict=True)) | line for group, members in groups for line in _count(members)]
    return pd.DataFrame(lines, columns=[*by, "step", "label", "referrals", "patients", "left_out", "reason"])


def _flags(episodes: pd.DataFrame, outcomes: pd.DataFrame | None, by: Sequence[str]) -> pd.DataFrame:
    rows = episodes[[*KEY, *by, "assessed", "started", "completed"]].assign(
        referred=True, ended=(~episodes["open"]).astype("boolean"), assessed=episodes["assessed"] | episodes["started"]
    )
    if outcomes is None:
        return rows
    told = [name for name in ("paired", "recovery") if name in outcomes]
    return rows.merge(outcomes[[*KEY, *told]], on=list(KEY), how="left", validate="one_to_one")


def _count(rows: pd.DataFrame) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = []
    remaining = rows
    for step, label in STEPS.items():
        if step not in rows or rows[step].isna().all():
            continue
        passed = remaining[remaining[step].astype("boolean").fillna(value=False).to_numpy(dtype=bool)]
        left_out = len(remaining) - len(passed)
        lines.append(
            {
                "step": step,
                "label": label,
                "referrals": len(passed),
                "patients": int(passed["pseudonym"].nunique()),
                "left_out": left_out,
                "reason": REASONS.get(step, "") if left_out else "",
            }
        )
        remaining = passed
    return lines
