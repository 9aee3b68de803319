"""How long did people wait? From receipt to the first treatment contact, and from the first to the second."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import DataError
from outcomes.measures.judging import three_valued
from outcomes.measures.pairs import EPISODE_KEY
from outcomes.measures.rates import add_rates
from outcomes.reference.rules import RuleEdition, edition_of


def _column(episodes: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in episodes.columns:
        raise DataError(f"episodes.{name}: the column is missing; waits need contacts with days")
    return episodes[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _bands(days: NDArray[np.float64], edition: RuleEdition) -> pd.Series:
    starts = np.array([band.lowest for band in edition.wait_bands], dtype=np.float64)
    labels = np.array([band.label for band in edition.wait_bands], dtype=object)
    found = labels[np.clip(np.searchsorted(starts, days, side="right") - 1, 0, None)]
    found[~(days >= starts[0])] = None
    return pd.Series(found, dtype="str")


def waits(episodes: pd.DataFrame, *, edition: RuleEdition | str | None = None) -> pd.DataFrame:
    """Say how long each person waited, and whether that met the standards.

    Parameters
    ----------
    episodes : DataFrame
        One row an episode: pseudonym, referral, days_waited, days_first_to_second (days; missing where there was none).
    edition : RuleEdition or str, optional
        The rules or their key; by default the current edition.

    Returns
    -------
    DataFrame
        One row an episode: pseudonym, referral, days_waited, weeks_waited, wait_band (str), `within_{standard}`
        (three-valued; missing without a treatment contact), days_first_to_second, second_wait_band,
        `second_wait_over_{n}` (three-valued; missing without a second contact). No adjustment is made for pauses.

    Raises
    ------
    DataError
        If the days are not there.
    """
    rules = edition_of(edition)
    first, second = _column(episodes, "days_waited"), _column(episodes, "days_first_to_second")
    table = episodes[list(EPISODE_KEY)].reset_index(drop=True)
    table = table.assign(days_waited=first, weeks_waited=first / rules.days_per_week, wait_band=_bands(first, rules))
    for standard in rules.wait_standards:
        table[f"within_{standard.key}"] = three_valued(first <= standard.days, ~np.isnan(first))
    table = table.assign(days_first_to_second=second, second_wait_band=_bands(second, rules))
    for days in rules.second_wait_flags:
        table[f"second_wait_over_{days}"] = three_valued(second > days, ~np.isnan(second))
    return table


def wait_rates(
    waited: pd.DataFrame, counted: NDArray[np.bool_], *, edition: RuleEdition | str | None = None
) -> pd.DataFrame:
    """Give the share of counted courses in each waiting band, and the share that met each standard.

    Parameters
    ----------
    waited : DataFrame
        As `waits` returns it.
    counted : ndarray of bool
        Which rows count: the standard is measured on courses finished in the period.
    edition : RuleEdition or str, optional
        The rules or their key; by default the current edition.

    Returns
    -------
    DataFrame
        measure ("wait_first" or "wait_first_to_second"), label, numerator, denominator (courses with that wait),
        rate_pct, low_pct, high_pct.
    """
    rules = edition_of(edition)
    own = waited.loc[counted]
    rows = []
    for measure, band, days in (
        ("wait_first", "wait_band", "days_waited"),
        ("wait_first_to_second", "second_wait_band", "days_first_to_second"),
    ):
        n = int(own[days].notna().sum())
        rows += [(measure, one.label, int(own[band].eq(one.label).sum()), n) for one in rules.wait_bands]
        rows += [(measure, one.label, int(own[days].le(one.days).sum()), n) for one in rules.wait_standards]
    table = pd.DataFrame(rows, columns=["measure", "label", "numerator", "denominator"])
    return add_rates(table, decimals=rules.rate_decimals)
