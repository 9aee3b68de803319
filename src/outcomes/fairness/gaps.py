"""How far is a group from the reference, and from everyone else? Judged against a declared tolerance only."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.intervals import newcombe, proportion, wilson
from outcomes.reference.groups import groupings
from outcomes.reference.units import PERCENT

WITHIN, EXCEEDS, INCONCLUSIVE = "within tolerance", "exceeds tolerance", "inconclusive"
_NEAR = 0.02  # of the tolerance: a gap this near to it is never decided
_TENS = 10
TOO_FEW, REFERENCE, NO_REFERENCE, NOT_JUDGED = "too few to say", "reference", "no reference", "no tolerance declared"


@dataclass(frozen=True)
class Tolerance:
    """How large a gap would matter, declared before looking.

    Parameters
    ----------
    points : float
        Percentage points; a gap inside plus or minus this is tolerable.
    minimum_events : int
        Events and non-events that a group and its reference must each have before anything is said: with 20 a rate of
        70 % has a half-width of 20 points, with 100 of 9 points, with 500 of 4.

    Raises
    ------
    ConfigError
        If the tolerance is not positive or the minimum is negative.
    """

    points: float
    minimum_events: int

    def __post_init__(self) -> None:
        if not self.points > 0:
            raise ConfigError(f"a tolerance must be above 0 percentage points, got {self.points}")
        if self.minimum_events < 0:
            raise ConfigError(f"minimum_events must not be negative, got {self.minimum_events}")


def reference_of(breakdown: str, references: Mapping[str, str] | None = None) -> str | None:
    """Say which group the others are compared with.

    Parameters
    ----------
    breakdown : str
        Column that was broken down by.
    references : mapping of str to str, optional
        Declared references, which go before those of the groupings.

    Returns
    -------
    str or None
        Label of the group; None where none is declared.
    """
    declared = references or {}
    if breakdown in declared:
        return declared[breakdown]
    known = groupings()
    return known[breakdown].reference_label if breakdown in known else None


def compare(
    counts: pd.DataFrame,
    totals: pd.DataFrame,
    *,
    references: Mapping[str, str] | None = None,
    tolerance: Tolerance | None = None,
) -> pd.DataFrame:
    """Set every group beside its reference and beside everyone else.

    Parameters
    ----------
    counts : DataFrame
        breakdown, group, measure, events, n.
    totals : DataFrame
        measure, events, n over everyone.
    references : mapping of str to str, optional
        Breakdown to reference group; by default those of `outcomes.reference.groups`.
    tolerance : Tolerance, optional
        Declared beforehand; without it no verdict is given.

    Returns
    -------
    DataFrame
        `counts` with rate_pct, low_pct, high_pct (Wilson); reference_events, reference_n, gap_points, gap_low, gap_high
        (against the reference); others_events, others_n, gap_others_points, gap_others_low, gap_others_high (against
        everyone who is not in the group); verdict. Gaps are percentage points with Newcombe's interval, missing for the
        reference itself and where nobody is on one side.

    Raises
    ------
    ConfigError
        If a declared reference is not one of the groups.
    """
    _check_references(counts, references)
    table = counts.reset_index(drop=True)
    table["reference"] = table["breakdown"].map(lambda key: reference_of(key, references)).astype("object")
    of = table.rename(columns={"group": "reference", "events": "reference_events", "n": "reference_n"})
    keys = ["breakdown", "reference", "measure"]
    of = of.loc[:, ["breakdown", "measure", "reference_events", "reference_n"]].assign(
        reference=counts["group"].to_numpy()
    )
    table = table.merge(of, on=keys, how="left", validate="many_to_one")
    table = table.merge(
        totals.rename(columns={"events": "others_events", "n": "others_n"})[["measure", "others_events", "others_n"]],
        on="measure", how="left", validate="many_to_one",
    )  # fmt: skip
    table["others_events"] -= table["events"]
    table["others_n"] -= table["n"]
    itself = table["group"].eq(table["reference"])
    table.loc[itself, ["reference_events", "reference_n"]] = np.nan
    bounds = wilson(table["events"], table["n"])
    table["rate_pct"] = PERCENT * proportion(table["events"], table["n"])
    table["low_pct"], table["high_pct"] = PERCENT * bounds.low, PERCENT * bounds.high
    _add_gap(table, "reference", "gap")
    _add_gap(table, "others", "gap_others")
    table["verdict"] = verdicts(table, tolerance)
    return table.drop(columns="reference")[_ORDER]


_ORDER = [
    "breakdown", "group", "measure", "events", "n", "rate_pct", "low_pct", "high_pct",
    "reference_events", "reference_n", "gap_points", "gap_low", "gap_high",
    "others_events", "others_n", "gap_others_points", "gap_others_low", "gap_others_high", "verdict",
]  # fmt: skip


def verdicts(table: pd.DataFrame, tolerance: Tolerance | None) -> NDArray[np.object_]:
    """Judge gaps against a tolerance: within, exceeds, or inconclusive; nothing where there are too few.

    Within: the whole interval lies inside plus or minus the tolerance. Exceeds: the whole interval lies outside.
    Anything else is inconclusive, and an interval that holds zero is no evidence of fairness.

    Parameters
    ----------
    table : DataFrame
        events, n, reference_events, reference_n, gap_low, gap_high, group, reference.
    tolerance : Tolerance or None
        Declared beforehand.

    Returns
    -------
    ndarray of str
        One a row.
    """
    itself = table["group"].eq(table["reference"]).to_numpy(dtype=bool)
    without = table["reference_n"].isna().to_numpy(dtype=bool)
    if tolerance is None:
        return np.select([itself, without], [REFERENCE, NO_REFERENCE], NOT_JUDGED).astype(object)
    sides = [table["events"], table["n"] - table["events"]]
    sides += [table["reference_events"], table["reference_n"] - table["reference_events"]]
    fewest = np.min([side.to_numpy(dtype=float) for side in sides], axis=0)
    low, high = table["gap_low"].to_numpy(dtype=float), table["gap_high"].to_numpy(dtype=float)
    few = ~(fewest >= tolerance.minimum_events)
    inside = (low >= -tolerance.points) & (high <= tolerance.points)
    outside = (low > tolerance.points) | (high < -tolerance.points)
    found = [REFERENCE, NO_REFERENCE, TOO_FEW, WITHIN, EXCEEDS]
    return np.select([itself, without, few, inside, outside], found, INCONCLUSIVE).astype(object)


def n_to_decide(table: pd.DataFrame, tolerance: Tolerance) -> NDArray[np.float64]:
    """Say with how many people an inconclusive gap would be decided, if it stayed as wide and both sides grew alike.

    Half-widths shrink with the square root of the people, so that a gap is decided once the half-width is smaller than
    its distance from the tolerance.

    Parameters
    ----------
    table : DataFrame
        n, gap_points, gap_low, gap_high, verdict.
    tolerance : Tolerance
        Declared beforehand.

    Returns
    -------
    ndarray of float
        People in the group, to the next ten; NaN where the verdict is not inconclusive, or no number would decide (the
        gap is the tolerance).
    """
    n, gap = table["n"].to_numpy(dtype=float), np.abs(table["gap_points"].to_numpy(dtype=float))
    half = (table["gap_high"].to_numpy(dtype=float) - table["gap_low"].to_numpy(dtype=float)) / 2
    away = np.abs(tolerance.points - gap)
    unsure = table["verdict"].eq(INCONCLUSIVE).to_numpy(dtype=bool) & (away > _NEAR * tolerance.points)
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = np.ceil(n * (half / away) ** 2 / _TENS) * _TENS
    return np.where(unsure, wanted, np.nan)


def _add_gap(table: pd.DataFrame, beside: str, name: str) -> None:
    events, n = table["events"].to_numpy(dtype=float), table["n"].to_numpy(dtype=float)
    others, others_n = (table[f"{beside}_{part}"].to_numpy(dtype=float) for part in ("events", "n"))
    bounds = newcombe(events, n, others, others_n)
    table[f"{name}_points"] = PERCENT * (proportion(events, n) - proportion(others, others_n))
    table[f"{name}_low"], table[f"{name}_high"] = PERCENT * bounds.low, PERCENT * bounds.high


def _check_references(counts: pd.DataFrame, references: Mapping[str, str] | None) -> None:
    for breakdown, label in (references or {}).items():
        groups = counts.loc[counts["breakdown"].eq(breakdown), "group"].unique()
        if len(groups) and label not in groups:
            raise ConfigError(
                f"reference {label!r} is not a group of {breakdown}; groups are {', '.join(sorted(groups))}"
            )
