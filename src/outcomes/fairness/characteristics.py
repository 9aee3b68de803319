"""Who are these people? Table 1: counts and shares of categories, means and spreads of numbers, by group."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.fairness.counts import in_order, labels
from outcomes.fairness.funnel import EVERYONE
from outcomes.kernel.intervals import proportion
from outcomes.reference.units import PERCENT


def characteristics(
    people: pd.DataFrame,
    *,
    group: str | None = None,
    categories: Mapping[str, str],
    numbers: Mapping[str, str],
) -> pd.DataFrame:
    """Describe people, over everyone and by one grouping column, as the first table of a paper does.

    Parameters
    ----------
    people : DataFrame
        One row a person (or course). Not changed.
    group : str, optional
        Column that parts people into the columns of the table.
    categories : mapping of str to str
        Categorical columns and how to call them; people without a value are a level of their own.
    numbers : mapping of str to str
        Numeric columns and how to call them; missing values are not in their n.

    Returns
    -------
    DataFrame
        One row a group, characteristic and level: group, characteristic, level (empty for a number), n, of (people in
        the group, or with a value), share_pct, mean, sd. Internal: true counts. Release it with labels group,
        characteristic and level, counts n and of, the rate share_pct of (n, of), and mean and sd as statistics of n.

    Raises
    ------
    ConfigError
        If a column is not there.
    """
    wanted = [*([group] if group else []), *categories, *numbers]
    absent = [name for name in wanted if name not in people.columns]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}")
    filled = people.assign(**{name: labels(people[name], name) for name in [*([group] if group else []), *categories]})
    parts = [_described(filled, filled, EVERYONE, categories, numbers)]
    if group:
        parts += [
            _described(filled.loc[filled[group].eq(name)], filled, name, categories, numbers)
            for name in in_order(filled[group], group)
        ]
    return pd.DataFrame([row for part in parts for row in part])


def _described(
    people: pd.DataFrame, everyone: pd.DataFrame, group: str, categories: Mapping[str, str], numbers: Mapping[str, str]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [_row(group, "People", "", len(people))]
    for column, name in numbers.items():
        known = people[column].dropna().astype(float)
        mean, sd = (float(known.mean()), float(known.std(ddof=1))) if len(known) else (np.nan, np.nan)
        rows.append(_row(group, f"{name}, mean (SD)", "", len(known)) | {"mean": mean, "sd": sd})
    for column, name in categories.items():
        for level in in_order(everyone[column], column):
            n = int(people[column].eq(level).sum())
            share = PERCENT * float(proportion(n, len(people)))
            rows.append(_row(group, name, level, n) | {"of": len(people), "share_pct": share})
    return rows


def _row(group: str, characteristic: str, level: str, n: int) -> dict[str, object]:
    return {
        "group": group,
        "characteristic": characteristic,
        "level": level,
        "n": n,
        "of": np.nan,
        "share_pct": np.nan,
        "mean": np.nan,
        "sd": np.nan,
    }
