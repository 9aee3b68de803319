"""What became of everybody referred, given a year? Stages reached within twelve months, and recoveries nobody counted.

Rates of those who completed hide who never started. A cohort of referrals that were all followed for as long hides
nobody, and does not count recent referrals as lost.
"""

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.fairness.counts import in_order, labels
from outcomes.kernel.intervals import proportion
from outcomes.reference.code_cleaning import SEPARATOR
from outcomes.reference.groups import groupings
from outcomes.reference.units import PERCENT

TWELVE_MONTHS_DAYS = 365
NEEDED = ("last_seen_day", "days_waited", "end_day", "assessed", "started", "completed")


def followed(referrals: pd.DataFrame, *, days: int = TWELVE_MONTHS_DAYS) -> pd.DataFrame:
    """Keep the referrals that were followed long enough, with the stages each reached in that time.

    Parameters
    ----------
    referrals : DataFrame
        One row a referral: last_seen_day (days from referral to the end of the data), days_waited (to the first
        treatment contact), end_day (to discharge), the stage columns assessed, started, completed and, where known,
        paired and recovery. Not changed.
    days : int
        Length of the follow-up.

    Returns
    -------
    DataFrame
        Referrals followed for `days` or longer; what happened later than that counts as not reached.

    Raises
    ------
    ConfigError
        If a column is not there.

    Examples
    --------
    >>> two = pd.DataFrame({"last_seen_day": [400, 90], "days_waited": [30, 20], "end_day": [380, 80],
    ...                     "assessed": [True, True], "started": [True, True], "completed": [True, True]})
    >>> followed(two)[["started", "completed"]].values.tolist()
    [[True, False]]
    """
    absent = [name for name in NEEDED if name not in referrals.columns]
    if absent:
        raise ConfigError(f"a cohort of referrals needs the columns {', '.join(absent)}")
    kept = referrals.loc[referrals["last_seen_day"].ge(days).fillna(value=False)].copy()
    in_time = kept["days_waited"].le(days).fillna(value=False).astype("boolean")
    ended = kept["end_day"].le(days).fillna(value=False).astype("boolean")
    for stage, within in {"started": in_time, "completed": ended, "paired": ended, "recovery": ended}.items():
        if stage in kept.columns:
            kept[stage] = kept[stage].astype("boolean") & within
    return kept


def lost_pairs(outcomes: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Count those who completed treatment without paired scores, and the recoveries that nobody could count.

    Parameters
    ----------
    outcomes : DataFrame
        One row a referral: finished, paired, at_caseness, recovery (three-valued) and the columns of `by`.
    by : list of str
        Breakdowns, each on its own.

    Returns
    -------
    DataFrame
        One row a breakdown and group: breakdown, group, finished, unpaired, unpaired_pct, recovered, recovery_n (at
        caseness, paired), uncounted_recoveries (unpaired people times the group's share of recoveries among finished
        and paired: if they had recovered as often as those who were measured, which is not known). Internal.

    Raises
    ------
    ConfigError
        If a column is not there.
    """
    absent = [name for name in ("finished", "paired", "recovery", *by) if name not in outcomes.columns]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}; join these columns to the outcomes first")
    ended = outcomes.loc[outcomes["finished"].fillna(value=False)]
    rows = []
    for column in by:
        group = labels(ended[column], column)
        if column in groupings() and groupings()[column].overlapping:
            split = ended.assign(group_label=group.str.split(SEPARATOR)).explode("group_label", ignore_index=True)
            long = split.assign(group_label=split["group_label"].str.strip())
        else:
            long = ended.assign(group_label=group.to_numpy())
        rows += [
            {"breakdown": column, "group": label, **_lost(long.loc[long["group_label"].eq(label)])}
            for label in in_order(long["group_label"], column)
        ]
    return pd.DataFrame(rows)


def _lost(part: pd.DataFrame) -> dict[str, float]:
    paired = part["paired"].fillna(value=False).astype(bool)
    recovered, judged = int(part["recovery"].eq(other=True).sum()), int(part["recovery"].notna().sum())
    unpaired = int((~paired).sum())
    share = recovered / int(paired.sum()) if paired.any() else float("nan")
    return {
        "finished": len(part),
        "unpaired": unpaired,
        "unpaired_pct": PERCENT * float(proportion(unpaired, len(part))),
        "recovered": recovered,
        "recovery_n": judged,
        "uncounted_recoveries": unpaired * share,
    }
