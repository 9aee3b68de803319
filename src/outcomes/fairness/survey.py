"""How common is something in a population, by group, when people were not drawn alike? Weighted shares of a survey."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.fairness.counts import in_order, labels
from outcomes.kernel.intervals import logit_t
from outcomes.reference.units import PERCENT

WITH_DESIGN = "weights, strata and sampling units"
WEIGHTS_ONLY = "weights only: strata and sampling units are not known, so that intervals are too narrow"
Floats = NDArray[np.float64]


def weighted_shares(
    people: pd.DataFrame,
    by: Sequence[str],
    flag: str,
    *,
    weight: str,
    stratum: str | None = None,
    unit: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Say which share of each group of a population has something, from a survey with weights.

    Parameters
    ----------
    people : DataFrame
        One row a person: the columns of `by`, the three-valued `flag`, `weight` (people of the population each stands
        for, 0 or more). Rows without the flag are left out but stay in the design. Not changed.
    by : sequence of str
        Breakdowns, each on its own.
    flag : str
        Column to count.
    weight : str
        Column.
    stratum, unit : str, optional
        Columns of the sampling design: strata, and the units drawn in them. Without both, people count as drawn one by
        one with unequal chances, and `allows_for` says so.
    level : float
        Coverage.

    Returns
    -------
    DataFrame
        One row everyone, then a row a breakdown and group: breakdown, group, events, n (people asked), effective_n
        (Kish), raw_pct, weighted_pct, low_pct, high_pct (logit interval, Taylor linearisation, t with units less
        strata degrees of freedom), design_effect (variance against as many people drawn at random), largest_share
        (weight of the heaviest person, of the weight of all who count), freedom, allows_for. Bounds are missing where
        the share is 0 or 100 %. Internal: true counts.

    Raises
    ------
    ConfigError
        If a column is not there, or only one of `stratum` and `unit` is given.
    DataError
        If a weight is missing or negative, or a stratum has a single unit.

    References
    ----------
    Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data. Survey Methodology 24, 193-201.

    Examples
    --------
    >>> four = pd.DataFrame({"ill": pd.array([True, False, True, False], dtype="boolean"), "w": [3.0, 1.0, 1.0, 3.0]})
    >>> weighted_shares(four, [], "ill", weight="w")[["raw_pct", "weighted_pct"]].values.tolist()
    [[50.0, 50.0]]
    """
    if (stratum is None) != (unit is None):
        raise ConfigError("a sampling design needs strata and units; give both or neither")
    design = [name for name in (stratum, unit) if name is not None]
    absent = [name for name in (*by, flag, weight, *design) if name not in people.columns]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}")
    weights = people[weight].to_numpy(dtype=float, na_value=np.nan)
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise DataError(f"{weight}: every row needs a weight of 0 or more (rule weight_known)")
    known = people[flag].notna().to_numpy(dtype=bool)
    y = people[flag].astype("boolean").fillna(value=False).to_numpy(dtype=float)
    units, of_unit = _design(people, design)
    alone = int((np.bincount(of_unit) == 1).sum())
    if alone:
        raise DataError(
            f"{alone} strata have a single sampling unit (rule two_units_a_stratum); join them to their neighbours"
        )
    sample = _Sample(np.asarray(y, dtype=np.float64), weights, known, units, of_unit, level)
    rows = [{"breakdown": "everyone", "group": "Everyone", **sample.share(np.ones(len(people), dtype=bool))}]
    for column in by:
        group = labels(people[column], column)
        rows += [
            {"breakdown": column, "group": label, **sample.share(group.eq(label).to_numpy(dtype=bool))}
            for label in in_order(group, column)
        ]
    return pd.DataFrame(rows).assign(allows_for=WITH_DESIGN if design else WEIGHTS_ONLY)


def _design(people: pd.DataFrame, design: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    # the unit of each person, the stratum of each unit; without a design everyone is a unit of one stratum
    if not design:
        return np.arange(len(people), dtype=np.int64), np.zeros(len(people), dtype=np.int64)
    strata = pd.factorize(people[design[0]])[0]
    units = np.asarray(people.groupby(design, sort=False, dropna=False).ngroup(), dtype=np.int64)
    of_unit = np.zeros(int(units.max()) + 1 if units.size else 0, dtype=np.int64)
    of_unit[units] = strata
    return units, of_unit


@dataclass(frozen=True)
class _Sample:
    y: Floats
    weights: Floats
    known: NDArray[np.bool_]
    units: NDArray[np.int64]  # of each person
    of_unit: NDArray[np.int64]  # stratum of each unit
    level: float

    @property
    def many(self) -> NDArray[np.int64]:
        """Units of each stratum."""
        return np.bincount(self.of_unit)

    def share(self, inside: NDArray[np.bool_]) -> dict[str, float]:
        kept = inside & self.known
        n, events = int(kept.sum()), int(self.y[kept].sum())
        weight = np.where(kept, self.weights, 0.0)
        total = float(weight.sum())
        row = {"events": events, "n": n, "effective_n": np.nan, "raw_pct": np.nan, "weighted_pct": np.nan}
        row |= {"low_pct": np.nan, "high_pct": np.nan, "design_effect": np.nan, "largest_share": np.nan}
        row["freedom"] = float(self.many.sum() - (self.many > 0).sum())
        if total == 0:
            return row
        share = float(weight @ self.y) / total
        row |= {"effective_n": total**2 / float(weight @ weight), "raw_pct": PERCENT * events / n}
        row |= {"weighted_pct": PERCENT * share, "largest_share": float(weight.max()) / total}
        if not 0 < share < 1:
            return row
        variance = self._variance(weight * (self.y - share) / total)
        row["design_effect"] = variance / (share * (1 - share) / n)
        bounds = logit_t(share, np.sqrt(variance), int(row["freedom"]), self.level)
        return row | {"low_pct": PERCENT * float(bounds.low), "high_pct": PERCENT * float(bounds.high)}

    def _variance(self, scores: Floats) -> float:
        # between the totals of units within their stratum; who is outside the group counts with 0
        totals = np.bincount(self.units, weights=scores, minlength=self.of_unit.size)
        means = np.bincount(self.of_unit, weights=totals) / np.maximum(self.many, 1)
        squares = np.bincount(self.of_unit, weights=(totals - means[self.of_unit]) ** 2)
        used = self.many > 1
        return float(np.sum(squares[used] * self.many[used] / (self.many[used] - 1)))
