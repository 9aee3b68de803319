"""How often were such predictions right? Observed shares beside the words that were printed, with n and interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from outcomes.flags.standing import require
from outcomes.flags.words import OUTCOME_WORDS, share
from outcomes.kernel.intervals import wilson
from outcomes.reference.groups import grouping

if TYPE_CHECKING:
    from collections.abc import Sequence


SAID: Final = {
    "fewer than 1 in 20": 0.025,
    **{f"about {n} in 10": n / 10 for n in range(1, 10)},
    "more than 19 in 20": 0.975,
}
OFF: Final = "off"
TOO_FEW: Final = "too few"
CAUTIONS: Final = {  # by verdict
    OFF: "For people like this one the numbers were off before",
    TOO_FEW: "Too few people like this one were seen before to know if the numbers hold",
}


def track_record(past: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count, for each form of words, how many people were told it and for how many it came true.

    Parameters
    ----------
    past
        One row per person and ending whom the model had never seen when it answered: ending, probability (0 to 1),
        happened (boolean; missing = not known, left out).
    by
        Columns of `past` to break it down by.

    Returns
    -------
    pandas.DataFrame
        `by`, ending, told (words), said (the share that the words mean, or the mean probability of the cell at the two
        open ends), n, n_true, share, low, high (Wilson, 95 %), holds (the interval covers `said`).

    Raises
    ------
    DataError
        If a column is missing.

    References
    ----------
    Wilson EB (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.

    Examples
    --------
    >>> import pandas as pd
    >>> past = pd.DataFrame({"ending": "recovery", "probability": [0.68, 0.71, 0.7], "happened": [True, True, False]})
    >>> track_record(past)[["told", "n", "n_true"]].to_dict("records")
    [{'told': 'about 7 in 10', 'n': 3, 'n_true': 2}]
    """
    require(past, ("ending", "probability", "happened", *by), "past predictions")
    known = past.loc[past["happened"].notna() & past["probability"].notna()]
    known = known.assign(told=known["probability"].map(share).astype("str"), happened=known["happened"].astype(int))
    keys = [*by, "ending", "told"]
    table = known.groupby(keys, sort=False, observed=True).agg(
        n=("happened", "size"), n_true=("happened", "sum"), mean=("probability", "mean")
    )
    table = table.reset_index()
    open_end = ~table["told"].str.startswith("about")
    table["said"] = table["told"].map(SAID).astype(float).where(~open_end, table["mean"])
    interval = wilson(table["n_true"].to_numpy(), table["n"].to_numpy())
    table["share"] = table["n_true"] / table["n"]
    table["low"], table["high"] = np.asarray(interval.low), np.asarray(interval.high)
    table["holds"] = table["said"].between(table["low"], table["high"])
    order = table.assign(place=table["told"].map({words: place for place, words in enumerate(SAID)}))
    order = order.sort_values([*by, "ending", "place"], kind="stable", ignore_index=True)
    return order[[*by, "ending", "told", "said", "n", "n_true", "share", "low", "high", "holds"]]


def doubtful_groups(record: pd.DataFrame, by: str, *, fewest: int = 100) -> pd.DataFrame:
    """Find the groups for whom the printed words were off, or whom too few people stand behind.

    Parameters
    ----------
    record
        From `track_record` with one column in `by`.
    by
        That column.
    fewest
        People whose ending is known, below which nobody can say.

    Returns
    -------
    pandas.DataFrame
        `by`, ending, n, verdict ("off": seen and told shares differ by more than chance; "too few"); groups that hold
        are left out. "Off" compares the group's observed count with the sum of what was told; over all groups and
        endings together a false alarm has a chance of 5 % (Holm), because a caution that is always there is not read.

    Raises
    ------
    DataError
        If a column is missing.

    References
    ----------
    Holm S (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, 65-70.
    """
    require(record, (by, "ending", "said", "n", "n_true"), "record")
    spread = record["n"] * record["said"] * (1 - record["said"])
    sums = record.assign(told_sum=record["n"] * record["said"], spread=spread).groupby([by, "ending"], sort=True)
    table = sums[["n", "n_true", "told_sum", "spread"]].sum().reset_index()
    few = table["n"] < fewest
    away = (table["n_true"] - table["told_sum"]).abs() / np.sqrt(table["spread"])
    off = np.zeros(len(table), dtype=bool)
    judged = (~few & table["spread"].gt(0)).to_numpy()
    if judged.any():
        off[judged] = multipletests(2 * norm.sf(away[judged]), alpha=0.05, method="holm")[0]
    table["verdict"] = np.select([few, off], [TOO_FEW, OFF], default="")
    return table.loc[table["verdict"].ne(""), [by, "ending", "n", "verdict"]].reset_index(drop=True)


def group_cautions(unsure: pd.DataFrame, episodes: pd.DataFrame, *, asked: pd.Series) -> pd.DataFrame:
    """Say of whom the numbers are to be doubted because they did not hold for people like them before.

    Parameters
    ----------
    unsure
        By grouping, from `doubtful_groups`: by, group, ending, verdict.
    episodes
        Of the caseload, with the groupings.
    asked
        Referrals to whom numbers are given.

    Returns
    -------
    pandas.DataFrame
        referral, words: one sentence a referral and kind of doubt.
    """
    given = episodes.assign(referral=episodes["referral"].astype("str"))
    given = given.loc[given["referral"].isin(set(asked.astype("str")))]
    rows = []
    for verdict, sentence in CAUTIONS.items():
        told = _groups_in_words(unsure.loc[unsure["verdict"].eq(verdict)], with_endings=verdict == OFF)
        names = {name for name, _ in told} & set(given.columns)
        for row in given[["referral", *sorted(names)]].astype("str").to_dict("records"):
            mine = [told[name, row[name]] for name in sorted(names) if (name, row[name]) in told]
            if mine:
                rows.append({"referral": row["referral"], "words": f"{sentence}: {'; '.join(mine)}."})
    return pd.DataFrame(rows, columns=["referral", "words"])


def _groups_in_words(unsure: pd.DataFrame, *, with_endings: bool) -> dict[tuple[str, str], str]:
    said = {}
    for (name, group), part in unsure.groupby(["by", "group"], sort=True):
        endings = ", ".join(OUTCOME_WORDS.get(ending, ending.replace("_", " ")) for ending in sorted(part["ending"]))
        words = f"{grouping(str(name)).title.lower()}, {group}"
        said[str(name), str(group)] = f"{words} ({endings})" if with_endings else words
    return said
