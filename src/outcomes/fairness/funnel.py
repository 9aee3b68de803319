"""Where is each group lost? From referred to recovered, because completers alone hide it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.fairness.counts import in_order, labels
from outcomes.kernel.intervals import proportion, wilson
from outcomes.reference.code_cleaning import SEPARATOR
from outcomes.reference.groups import groupings
from outcomes.reference.units import PERCENT

STAGES: Mapping[str, str] = MappingProxyType(
    {
        "assessed": "Assessed",
        "started": "Started treatment",
        "completed": "Completed treatment",
        "paired": "Paired scores",
        "recovery": "Recovered",
    }
)
REFERRED = "Referred"
EVERYONE = "Everyone"


def funnel(referrals: pd.DataFrame, by: Sequence[str] = (), *, stages: Mapping[str, str] = STAGES) -> pd.DataFrame:
    """Count how many of those referred reach each stage, for everyone and by group.

    A stage counts those who reached it and every stage before it. Who is not known to have reached a stage counts as
    not having reached it, and a stage that is known for nobody (no contacts table, say) is left out.

    Parameters
    ----------
    referrals : DataFrame
        One row a referral with three-valued stage columns and the columns of `by`; referrals whose follow-up has not
        ended should be left out by the caller. Not changed.
    by : sequence of str
        Columns to break down by, each on its own.
    stages : mapping of str to str
        Stage columns in order, and how to call them; absent ones are left out.

    Returns
    -------
    DataFrame
        One row a breakdown, group and stage: breakdown, group, stage, n, referred, share_pct, low_pct, high_pct
        (Wilson), lost (since the stage before). For the first stage the share is missing, as it is everyone by
        definition.

    Raises
    ------
    ConfigError
        If a column to break down by is not there.

    Examples
    --------
    >>> referrals = pd.DataFrame({"assessed": [True, True, False], "started": [True, False, False]})
    >>> funnel(referrals)[["stage", "n", "lost"]].to_dict("list")
    {'stage': ['Referred', 'Assessed', 'Started treatment'], 'n': [3, 2, 1], 'lost': [0, 1, 1]}
    """
    absent = [column for column in by if column not in referrals.columns]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}; join these columns to the referrals first")
    reached = _reached(referrals, stages)
    parts = [_one(reached, "everyone", EVERYONE)]
    known = groupings()
    for column in by:
        groups = labels(referrals[column], column)
        long = reached.assign(group=groups.to_numpy())
        if column in known and known[column].overlapping:
            long = long.assign(group=long["group"].str.split(SEPARATOR)).explode("group", ignore_index=True)
            long["group"] = long["group"].str.strip().astype("str")
        parts += [
            _one(long.loc[long["group"].eq(label)].drop(columns="group"), column, label)
            for label in in_order(long["group"], column)
        ]
    return pd.concat(parts, ignore_index=True)


def _reached(referrals: pd.DataFrame, stages: Mapping[str, str]) -> pd.DataFrame:
    so_far = np.ones(len(referrals), dtype=bool)
    columns = {REFERRED: so_far}
    for column, name in stages.items():
        if column not in referrals.columns:
            continue
        held = referrals[column].astype("boolean")
        if held.notna().any():
            so_far = so_far & held.to_numpy(dtype=bool, na_value=False)
            columns[name] = so_far
    return pd.DataFrame(columns).astype("int64")


def _one(reached: pd.DataFrame, breakdown: str, group: str) -> pd.DataFrame:
    n = reached.to_numpy(dtype=np.int64).sum(axis=0)
    whole = np.full(n.shape, float(n[0]))
    whole[0] = np.nan
    bounds = wilson(n, whole)
    return pd.DataFrame(
        {
            "breakdown": breakdown,
            "group": group,
            "stage": list(reached.columns),
            "n": n,
            "referred": whole,
            "share_pct": PERCENT * proportion(n, whole),
            "low_pct": PERCENT * bounds.low,
            "high_pct": PERCENT * bounds.high,
            "lost": -np.diff(n, prepend=n[:1]),
        }
    )
