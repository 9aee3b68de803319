"""Who waits longer, and who is offered what? Waits, steps and therapies of those who started, by group."""

from collections.abc import Sequence

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.fairness.counts import in_order, labels
from outcomes.measures.waits import waits
from outcomes.reference.code_cleaning import SEPARATOR
from outcomes.reference.codelists import code_list
from outcomes.reference.groups import groupings
from outcomes.reference.rules import edition_of

WAITS, STEPS, THERAPIES = "wait", "highest step", "main therapy"
OTHER = "Other"
MOST_NAMED = 6
_SOURCES = {STEPS: ("highest_step", "step"), THERAPIES: ("therapy", "therapy")}  # column, code list
_COLUMNS = ["breakdown", "group", "what", "received", "events", "n"]


def received(episodes: pd.DataFrame, by: Sequence[str], *, edition: str | None = None) -> pd.DataFrame:
    """Say how soon each group's treatment began, at which step, and by which therapy.

    Parameters
    ----------
    episodes : DataFrame
        One row a referral: pseudonym, referral, days_waited, days_first_to_second (days), highest_step and therapy
        (codes, words or missing), and the columns of `by`. Not changed.
    by : sequence of str
        Breakdowns, each on its own.
    edition : str, optional
        Key of the outcome rules, which hold the standards for waits.

    Returns
    -------
    DataFrame
        One row a breakdown, group and thing received: breakdown, group, what ("wait", "highest step", "main therapy"),
        received, events, n (those for whom it is known; only those who started have a wait). The six therapies most
        often given are named. Internal: true counts.

    Raises
    ------
    ConfigError
        If a column is not there.

    Examples
    --------
    >>> two = pd.DataFrame({"pseudonym": ["a", "b"], "referral": ["1", "2"], "days_waited": [20, 60],
    ...                     "days_first_to_second": [10, 20], "team": ["x", "x"]})
    >>> received(two, ["team"])[["received", "events", "n"]].head(1).values.tolist()
    [['Within 6 weeks', 1, 2]]
    """
    needed = ("days_waited", "days_first_to_second", *by)
    absent = [name for name in needed if name not in episodes.columns]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}; join these columns to the referrals first")
    held = _held(episodes, edition)
    rows = []
    for column in by:
        group = labels(episodes[column], column).reset_index(drop=True)
        if column in groupings() and groupings()[column].overlapping:
            group = group.str.split(SEPARATOR).explode().str.strip()
        for label in in_order(group, column):
            inside = held.loc[group.index[group.eq(label)]]
            for key in held.columns:
                what, name = str(key[0]), str(key[1])
                known = inside[key].dropna()
                counted = {"events": int(known.sum()), "n": len(known)}
                rows.append({"breakdown": column, "group": label, "what": what, "received": name, **counted})
    return pd.DataFrame(rows, columns=_COLUMNS)


def _held(episodes: pd.DataFrame, edition: str | None) -> pd.DataFrame:
    # one three-valued column for each thing received
    rules = edition_of(edition)
    waited = waits(episodes, edition=rules)
    found: dict[tuple[str, str], pd.Series] = {}
    for standard in rules.wait_standards:
        within = waited[f"within_{standard.key}"]
        found[WAITS, standard.label.capitalize()] = within.astype("boolean")
    for days in rules.second_wait_flags:
        found[WAITS, f"Second after over {days} days"] = waited[f"second_wait_over_{days}"].astype("boolean")
    for what, (name, listed) in _SOURCES.items():
        if name in episodes.columns and episodes[name].notna().any():
            words = {code: one.label.capitalize() for code, one in code_list(listed).codes.items()}
            given = episodes[name].reset_index(drop=True).map(lambda code, words=words: words.get(code, code))
            common = given.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[:MOST_NAMED]
            named = given.where(given.isin(common) | given.isna(), OTHER)
            order = [*(sorted(common) if what == STEPS else common), *([OTHER] if named.eq(OTHER).any() else [])]
            for label in order:
                found[what, str(label)] = named.eq(label).astype("boolean").mask(named.isna())
    return pd.DataFrame(found)
