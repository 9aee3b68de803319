"""What share of courses recovered, improved, got worse? Published denominators, halves up, intervals, groups."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.intervals import wilson
from outcomes.measures.rounding import half_up_ratio
from outcomes.reference.code_cleaning import SEPARATOR
from outcomes.reference.groups import groupings
from outcomes.reference.rules import RuleEdition, edition_of, rule_edition
from outcomes.reference.units import PERCENT

# Which published thresholds a measure needs: referrals judged on a questionnaire without them are left out and counted.
_NEEDS: Final = {
    "recovery": ("caseness_threshold_known",),
    "reliable_improvement": ("change_threshold_known",),
    "reliable_deterioration": ("change_threshold_known",),
    "no_reliable_change": ("change_threshold_known",),
    "reliable_recovery": ("caseness_threshold_known", "change_threshold_known"),
}


def published_rate(numerator: ArrayLike, denominator: ArrayLike, *, decimals: int | None = None) -> NDArray[np.float64]:
    """Write a share as the national reports do: in percent, with one decimal, halves up.

    Parameters
    ----------
    numerator, denominator : array_like of int, broadcastable
        Counts.
    decimals : int, optional
        Decimals of the percentage; by default those of the current rule edition.

    Returns
    -------
    ndarray of float
        Percentages; NaN where the denominator is 0.

    Notes
    -----
    With the denominators of `rates`, every rate of the annual reports comes out exactly. Python's `round`, which sends
    ties to the even digit, does not reproduce them.

    Examples
    --------
    >>> float(published_rate(316251, 672193 - 37805))
    49.9
    """
    places = rule_edition().rate_decimals if decimals is None else decimals
    return half_up_ratio(numerator, denominator, places, scale=PERCENT)


def _spread(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    # One row for each group a person is in, for groupings that overlap; every other column stays as it is.
    known = groupings()
    for column in by:
        if column in known and known[column].overlapping:
            table = table.assign(**{column: table[column].str.split(SEPARATOR)}).explode(column, ignore_index=True)
            table[column] = table[column].astype("str")
    return table


def _in_group_order(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    known = groupings()
    ranks = {}
    for column in by:
        labels = known[column].labels if column in known else tuple(sorted(table[column].dropna().unique()))
        place = {label: rank for rank, label in enumerate(labels)}
        ranks[column] = table[column].map(place).fillna(len(place)).to_numpy(dtype=np.float64)
    order = np.lexsort([ranks[column] for column in reversed(by)]) if by else np.arange(len(table))
    return table.iloc[order].reset_index(drop=True)


def add_rates(table: pd.DataFrame, *, decimals: int) -> pd.DataFrame:
    """Add the published percentage and its 95 % Wilson interval to counts.

    Parameters
    ----------
    table : DataFrame
        numerator and denominator.
    decimals : int
        Decimals of the percentage.

    Returns
    -------
    DataFrame
        A copy with rate_pct (half up), low_pct and high_pct (not rounded), missing where the denominator is 0.
    """
    events, n = table["numerator"].to_numpy(dtype=np.int64), table["denominator"].to_numpy(dtype=np.int64)
    bounds = wilson(events, n)
    return table.assign(
        rate_pct=published_rate(events, n, decimals=decimals),
        low_pct=np.where(n > 0, bounds.low * PERCENT, np.nan),
        high_pct=np.where(n > 0, bounds.high * PERCENT, np.nan),
    )


def _counts(outcomes: pd.DataFrame, measure: str, edition: RuleEdition) -> pd.DataFrame:
    finished = outcomes["finished"].to_numpy(dtype=bool)
    known = np.logical_and.reduce([outcomes[column].to_numpy(dtype=bool) for column in _NEEDS[measure]])
    inside = finished & known
    if edition.denominators[measure] != "finished":
        inside &= ~outcomes["not_at_caseness"].to_numpy(dtype=bool, na_value=False)
    return pd.DataFrame(
        {
            "numerator": inside & outcomes[measure].to_numpy(dtype=bool, na_value=False),
            "denominator": inside,
            "not_assessable": inside & outcomes[measure].isna().to_numpy(dtype=bool),
            "threshold_unknown": finished & ~known,
        },
        index=outcomes.index,
    )


def rates(outcomes: pd.DataFrame, by: Sequence[str] = (), *, edition: RuleEdition | str | None = None) -> pd.DataFrame:
    """Give recovery, reliable change and deterioration rates, as the national reports define them.

    Improvement, deterioration and no change are shares of all finished courses; recovery and reliable recovery are
    shares of finished courses less those known not to be at caseness. Courses without paired scores stay in and count
    as failures; courses judged on a questionnaire without a published threshold are left out, and counted.

    Parameters
    ----------
    outcomes : DataFrame
        As `outcomes.outcomes` returns it, with the columns of `by` joined on.
    by : sequence of str
        Columns to group by. Where a column is the key of an overlapping grouping, a person counts in each of their
        groups.
    edition : RuleEdition or str, optional
        The rules or their key; by default the current edition.

    Returns
    -------
    DataFrame
        One row a measure and group: measure, the columns of `by`, numerator, denominator, rate_pct (half up), low_pct
        and high_pct (95 % Wilson), not_assessable (in the denominator, without an answer), threshold_unknown (left
        out).

    Raises
    ------
    ConfigError
        If a column of `by` is not there.
    """
    rules, by = edition_of(edition), list(by)
    if absent := [column for column in by if column not in outcomes.columns]:
        raise ConfigError(f"cannot group by {', '.join(absent)}: join these columns to the outcomes first")
    spread = _spread(outcomes, by)
    parts = []
    for measure in rules.denominators:
        counts = _counts(spread, measure, rules)
        if by:
            groups = [spread[column] for column in by]
            summed = counts.groupby(groups, dropna=False, sort=True).sum().reset_index()
        else:
            summed = counts.sum().to_frame().T
        summed.insert(0, "measure", measure)
        parts.append(_in_group_order(summed, by))
    table = add_rates(pd.concat(parts, ignore_index=True), decimals=rules.rate_decimals)
    order = ["measure", *by, "numerator", "denominator", "rate_pct", "low_pct", "high_pct"]
    return table[[*order, "not_assessable", "threshold_unknown"]].astype(
        dict.fromkeys(["numerator", "denominator", "not_assessable", "threshold_unknown"], np.int64)
    )
