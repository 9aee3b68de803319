"""For whom does it work less well? Every outcome by every group, with n, interval, gaps and a careful verdict."""

from collections.abc import Mapping, Sequence

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.fairness.counts import group_counts, labels, total_counts
from outcomes.fairness.gaps import Tolerance, compare

__all__ = ["Tolerance", "breakdown", "intersect"]


def breakdown(
    outcomes: pd.DataFrame,
    by: Sequence[str],
    *,
    flags: Sequence[str] = (),
    references: Mapping[str, str] | None = None,
    tolerance: Tolerance | None = None,
    edition: str | None = None,
) -> pd.DataFrame:
    """Say how each outcome falls out by group, and how far each group is from the reference and from everyone else.

    Parameters
    ----------
    outcomes : DataFrame
        One row a course (or person): an outcome table of `measures` with the columns of `by` joined on, or any table
        with three-valued columns named in `flags`. Not changed.
    by : sequence of str
        Columns to break down by, each on its own. People without a value are a row of their own.
    flags : sequence of str
        Three-valued columns to count beside the published outcomes; those who could not be assessed are not in n.
    references : mapping of str to str, optional
        Breakdown to the group that others are compared with; by default those of `outcomes.reference.groups`.
    tolerance : Tolerance, optional
        How large a gap would matter, declared before looking; without it no verdict is given.
    edition : str, optional
        Key of the outcome rules; by default the current edition.

    Returns
    -------
    DataFrame
        One row a breakdown, group and measure; columns as in `fairness.gaps.compare`. Internal: true counts.

    Raises
    ------
    ConfigError
        If a column is not there, there is nothing to count, or a declared reference is not a group.

    Notes
    -----
    A gap whose interval holds zero is not "no gap". Rates of those who completed hide who was lost before: see
    `funnel`.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["Female"] * 4 + ["Male"] * 4,
    ...                        "well": pd.array([True, True, False, None, True] + [False] * 3, dtype="boolean")})
    >>> breakdown(people, ["gender"], flags=["well"])[["group", "events", "n"]].to_dict("list")
    {'group': ['Female', 'Male'], 'events': [2, 1], 'n': [3, 4]}
    """
    counts = group_counts(outcomes, by, flags=flags, edition=edition)
    totals = total_counts(outcomes, flags=flags, edition=edition)
    return compare(counts, totals, references=references, tolerance=tolerance)


def intersect(outcomes: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Add a column for the groups of two breakdowns at once, such as women of one ethnic group.

    Parameters
    ----------
    outcomes : DataFrame
        One row a course, with both columns. Not changed.
    first, second : str
        Columns to cross.

    Returns
    -------
    DataFrame
        A copy with the column "<first> and <second>".

    Raises
    ------
    ConfigError
        If a column is not there.
    """
    absent = [column for column in (first, second) if column not in outcomes.columns]
    if absent:
        raise ConfigError(f"cannot cross columns that are not there: {', '.join(absent)}")
    crossed = labels(outcomes[first], first) + ", " + labels(outcomes[second], second)
    return outcomes.assign(**{f"{first} and {second}": crossed})
