"""How many of each group had each outcome? Numerators and denominators in one long table."""

from collections.abc import Sequence

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.measures.rates import rates
from outcomes.reference.code_cleaning import SEPARATOR
from outcomes.reference.groups import groupings

NOT_KNOWN = "Not known"
_COUNTS = ["measure", "events", "n"]


def group_counts(
    outcomes: pd.DataFrame, by: Sequence[str], *, flags: Sequence[str] = (), edition: str | None = None
) -> pd.DataFrame:
    """Count events and people for every outcome in every group of every breakdown.

    Published outcomes keep their published denominators (`measures.rates`); a flag's denominator are those for whom it
    is true or false, not those who could not be assessed.

    Parameters
    ----------
    outcomes : DataFrame
        One row a course (or person), with the columns of `by`. Where it has `finished`, it is an outcome table of
        `measures` and its rates are counted as well.
    by : sequence of str
        Columns to break down by, each on its own; rows without a value are a group called "Not known".
    flags : sequence of str
        Further three-valued columns.
    edition : str, optional
        Key of the outcome rules; by default the current edition.

    Returns
    -------
    DataFrame
        One row a breakdown, group and measure: breakdown, group, measure, events, n. Overlapping groupings count a
        person in each of their groups.

    Raises
    ------
    ConfigError
        If a column is not there, or there is nothing to count.
    """
    _check(outcomes, by, flags)
    filled = outcomes.assign(**{column: labels(outcomes[column], column) for column in by})
    parts = []
    for column in by:
        table = _counted(filled, [column], flags, edition).rename(columns={column: "group"})
        parts.append(table.assign(breakdown=column))
    return pd.concat(parts, ignore_index=True)[["breakdown", "group", *_COUNTS]]


def total_counts(outcomes: pd.DataFrame, *, flags: Sequence[str] = (), edition: str | None = None) -> pd.DataFrame:
    """Count events and people for every outcome over everyone.

    Parameters
    ----------
    outcomes : DataFrame
        As for `group_counts`.
    flags : sequence of str
        Further three-valued columns.
    edition : str, optional
        Key of the outcome rules.

    Returns
    -------
    DataFrame
        measure, events, n.

    Raises
    ------
    ConfigError
        If a column is not there, or there is nothing to count.
    """
    _check(outcomes, (), flags)
    return _counted(outcomes, [], flags, edition)[_COUNTS]


def labels(column: pd.Series, key: str) -> pd.Series:
    """Name every group, those without a value too.

    Parameters
    ----------
    column : Series
        Labels, some missing.
    key : str
        Key of the grouping, where it is one.

    Returns
    -------
    Series of str
        Missing values as the grouping calls them, else "Not known".
    """
    known = groupings()
    missing = known[key].not_known if key in known else NOT_KNOWN
    return column.astype("object").where(column.notna(), missing).astype("str")


def in_order(values: pd.Series, key: str) -> list[str]:
    """List the groups that occur, in the order in which a table shows them.

    Parameters
    ----------
    values : Series of str
        Group of each row, none missing.
    key : str
        Key of the grouping, where it is one.

    Returns
    -------
    list of str
        The grouping's own order first, anything it does not know after it, alphabetically.
    """
    known = groupings()
    own = known[key].labels if key in known else ()
    there = set(values.unique())
    return [label for label in own if label in there] + sorted(there.difference(own))


def _check(outcomes: pd.DataFrame, by: Sequence[str], flags: Sequence[str]) -> None:
    absent = [column for column in (*by, *flags) if column not in outcomes.columns]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}; join these columns to the outcomes first")
    if "finished" not in outcomes.columns and not flags:
        raise ConfigError(
            "nothing to count: pass an outcome table of `measures`, or name three-valued columns in flags"
        )


def _counted(outcomes: pd.DataFrame, by: list[str], flags: Sequence[str], edition: str | None) -> pd.DataFrame:
    parts = [_flag_counts(outcomes, by, flag) for flag in flags]
    if "finished" in outcomes.columns:
        published = rates(outcomes, by, edition=edition)
        parts.insert(0, published.rename(columns={"numerator": "events", "denominator": "n"})[[*by, *_COUNTS]])
    return pd.concat(parts, ignore_index=True)


def _flag_counts(outcomes: pd.DataFrame, by: list[str], flag: str) -> pd.DataFrame:
    held = outcomes[flag].astype("boolean")
    counted = pd.DataFrame({"events": held.fillna(value=False).astype("int64"), "n": held.notna().astype("int64")})
    for column in by:
        counted[column] = outcomes[column].to_numpy()
    if not by:
        return counted.sum().to_frame().T.assign(measure=flag)
    (column,) = by
    known = groupings()
    if column in known and known[column].overlapping:
        counted = counted.assign(**{column: counted[column].str.split(SEPARATOR)}).explode(column, ignore_index=True)
        counted[column] = counted[column].str.strip().astype("str")
    summed = counted.groupby(column, sort=True)[["events", "n"]].sum().reset_index().assign(measure=flag)
    place = {label: rank for rank, label in enumerate(in_order(summed[column], column))}
    return summed.sort_values(column, key=lambda names: names.map(place), kind="stable")
