"""How does each printed column follow from the printed counts? Counts first, then rates, gaps and statistics."""

from collections.abc import Callable
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.disclosure.layout import Gap, Layout, Rate, Statistic
from outcomes.disclosure.rounding import half_up, percentage, rounded, rounded_numerator
from outcomes.errors import DisclosureError
from outcomes.kernel.intervals import Interval, newcombe, wilson
from outcomes.reference.policies import DisclosurePolicy

Floats = NDArray[np.float64]

TOO_FEW = "too few"
_PER_CENT = 100


class Derivation:
    """The printed columns of one table under one policy.

    Parameters
    ----------
    table : DataFrame
        True counts and statistics; not changed.
    declared : Layout
        What each column is.
    policy : DisclosurePolicy
        The rule in force.
    """

    def __init__(self, table: pd.DataFrame, declared: Layout, policy: DisclosurePolicy) -> None:
        self._true = {name: table[name].to_numpy(dtype=float, na_value=np.nan) for name in declared.counts}
        self._table, self._declared, self._policy = table, declared, policy
        self._printed: dict[str, Floats] = {}

    def count(self, name: str) -> Floats:
        """Print one count column.

        Parameters
        ----------
        name : str
            Count column.

        Returns
        -------
        ndarray of float
            Printed counts; NaN where withheld or not applicable.

        Raises
        ------
        DisclosureError
            If counts are numerators of each other in a circle, or a numerator exceeds its denominator.
        """
        if name not in self._printed:
            self._printed[name] = self._count(name, ())
        return self._printed[name]

    def _count(self, name: str, asked: tuple[str, ...]) -> Floats:
        if name in asked:
            raise DisclosureError(f"counts are numerators of each other: {' of '.join((*asked, name))}")
        rates = self._declared.rates.values()
        wholes = sorted({whole for rate in rates for part, whole in rate.pairs if part == name})
        if not wholes:
            return rounded(self._true[name], self._policy)
        printed = [self._part(name, whole, self._count(whole, (*asked, name))) for whole in wholes]
        return np.asarray(np.minimum.reduce(printed), dtype=float)

    def _part(self, name: str, whole: str, whole_printed: Floats) -> Floats:
        true, total = self._true[name], self._true[whole]
        part = rounded_numerator(true, total, whole_printed, self._policy)
        # Without a whole there is no rate here, and the count is one like any other.
        return cast(Floats, np.where(np.isnan(total), rounded(true, self._policy), part))

    def rate(self, rate: Rate) -> tuple[Floats, Interval]:
        """Print one rate with its interval, in per cent.

        Parameters
        ----------
        rate : Rate
            Its declaration.

        Returns
        -------
        values : ndarray of float
            Percentages; NaN where too few.
        bounds : Interval
            Wilson's interval in per cent.
        """
        events, n = self._pair(rate.numerator, rate.denominator)
        around = wilson(*self._shown(rate.numerator, rate.denominator))
        return percentage(events, n, self._policy.rate_decimals), self._in_per_cent(around)

    def gap(self, gap: Gap) -> tuple[Floats, Interval]:
        """Print one gap with its interval, in percentage points.

        Parameters
        ----------
        gap : Gap
            Its declaration.

        Returns
        -------
        values : ndarray of float
            Percentage points; NaN where either side has too few.
        bounds : Interval
            Newcombe's interval in percentage points.
        """
        (events, n), (others, others_n) = (self._shown(*pair) for pair in gap.pairs)
        points = _PER_CENT * (events / n - others / others_n)
        if self._policy.rates_from == "true":  # what a reader gets from the two printed rates, and nothing finer
            here, there = (percentage(*self._pair(*pair), self._policy.rate_decimals) for pair in gap.pairs)
            points = here - there
        return half_up(points, self._policy.rate_decimals), self._in_per_cent(newcombe(events, n, others, others_n))

    def statistic(self, statistic: Statistic) -> Callable[[str], Floats]:
        """Make the function that prints a statistic or one of its bounds.

        Parameters
        ----------
        statistic : Statistic
            Its declaration.

        Returns
        -------
        callable
            Takes the name of a column, returns its values, NaN where too few people stand behind them.
        """
        n = self.count(statistic.n)
        enough = n >= self._policy.minimum_n_for_statistics
        if statistic.events is not None:
            events = self.count(statistic.events)
            fewer = np.minimum(events, n - events)
            enough &= fewer >= self._policy.minimum_n_for_statistics

        def printed(name: str) -> Floats:
            values = self._table[name].to_numpy(dtype=float, na_value=np.nan)
            return np.where(enough, half_up(values, statistic.decimals), np.nan)

        return printed

    def _shown(self, numerator: str, denominator: str) -> tuple[Floats, Floats]:
        events, n = self.count(numerator), self.count(denominator)
        hidden = np.isnan(events) | np.isnan(n) | (n < self._policy.minimum_n_for_statistics)
        return np.where(hidden, np.nan, events), np.where(hidden, np.nan, n)

    def _pair(self, numerator: str, denominator: str) -> tuple[Floats, Floats]:
        events, n = self._shown(numerator, denominator)
        if self._policy.rates_from == "true":
            shown = ~np.isnan(n)
            events, n = (np.where(shown, self._true[name], np.nan) for name in (numerator, denominator))
        return events, n

    def _in_per_cent(self, bounds: Interval) -> Interval:
        return Interval(*(half_up(_PER_CENT * side, self._policy.rate_decimals) for side in bounds))
