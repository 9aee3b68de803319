"""Whom does a model leave without a probability? By group, with the reason, the gaps, and the family they belong to."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.fairness.counts import group_counts, total_counts
from outcomes.fairness.funnel import EVERYONE
from outcomes.fairness.gaps import Tolerance, compare, n_to_decide
from outcomes.kernel.intervals import newcombe, wilson
from outcomes.reference.units import PERCENT

ABSTENTION = "abstention"
FLAG = "no_probability"
_KEYS = ["breakdown", "group"]


def abstention_breakdown(
    people: pd.DataFrame,
    by: Sequence[str],
    *,
    reasons: Sequence[str],
    references: Mapping[str, str] | None = None,
    tolerance: Tolerance | None = None,
) -> pd.DataFrame:
    """Say for which share of everyone and of each group a model gives no probability, and why.

    Parameters
    ----------
    people : DataFrame
        One row a person whom the model should serve, with `no_probability` (bool), `because` (one of `reasons`, empty
        where there is a probability) and the columns of `by`. Not changed.
    by : sequence of str
        Columns to break down by, each on its own. People without a value are a row of their own.
    reasons : sequence of str
        Every reason there can be; each gets a column of counts, in this order.
    references : mapping of str to str, optional
        Breakdown to reference group, where no grouping declares it.
    tolerance : Tolerance, optional
        Declared beforehand; its `minimum_events` holds for people without and with a probability.

    Returns
    -------
    DataFrame
        Everyone first, then one row a breakdown and group: breakdown, group, n, events (without a probability),
        rate_pct, low_pct, high_pct (Wilson), the counts of the reasons (`reason_1`, `reason_2` ...), gap_points and
        gap_others_points with bounds and counts as in `fairness.gaps.compare`, verdict, n_to_decide. Internal: true
        counts.

    Raises
    ------
    ConfigError
        If a column is not there, or a reason is not one of `reasons`.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["Female"] * 3 + ["Male"], "no_probability": [True, False, False, False],
    ...                        "because": ["no questionnaire yet", "", "", ""]})
    >>> found = abstention_breakdown(people, ["gender"], reasons=["no questionnaire yet"])
    >>> found[["group", "events", "n"]].values.tolist()
    [['Everyone', 1, 4], ['Female', 1, 3], ['Male', 0, 1]]
    """
    flagged = _flagged(people, reasons)
    names = [FLAG, *_names(reasons)]
    counts, totals = group_counts(flagged, by, flags=names), total_counts(flagged, flags=names)
    main = counts.loc[counts["measure"].eq(FLAG)]
    held = compare(main, totals, references=references, tolerance=tolerance)
    wanted = np.nan if tolerance is None else n_to_decide(held, tolerance)
    table = pd.concat([_everyone(totals), held.assign(n_to_decide=wanted)], ignore_index=True)
    every = pd.concat([totals.assign(breakdown="everyone", group=EVERYONE), counts], ignore_index=True)
    for name in _names(reasons):
        of = every.loc[every["measure"].eq(name), [*_KEYS, "events"]].rename(columns={"events": name})
        table = table.merge(of, on=_KEYS, how="left", validate="one_to_one")
    return table.drop(columns="measure")


def abstention_gaps(by_group: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Give the gaps of an abstention table at another level, such as the one that a whole family asks for.

    Parameters
    ----------
    by_group : DataFrame
        As `abstention_breakdown` gives it.
    level : float
        Coverage of each interval.

    Returns
    -------
    DataFrame
        Same rows: simultaneous_low, simultaneous_high (against the reference), simultaneous_others_low,
        simultaneous_others_high (against everyone else); percentage points by Newcombe, missing where nobody is beside.

    Raises
    ------
    ConfigError
        If `level` is not a coverage.
    """
    found: dict[str, np.ndarray] = {}
    events, n = (by_group[name].to_numpy(dtype=float) for name in ("events", "n"))
    for beside, name in (("reference", "simultaneous"), ("others", "simultaneous_others")):
        other, of_other = (by_group[f"{beside}_{part}"].to_numpy(dtype=float) for part in ("events", "n"))
        bounds = newcombe(events, n, other, of_other, level=level)
        found |= {f"{name}_low": PERCENT * bounds.low, f"{name}_high": PERCENT * bounds.high}
    return pd.DataFrame(found, index=by_group.index)


def _names(reasons: Sequence[str]) -> list[str]:
    return [f"reason_{number}" for number in range(1, len(reasons) + 1)]


def _flagged(people: pd.DataFrame, reasons: Sequence[str]) -> pd.DataFrame:
    absent = [name for name in (FLAG, "because") if name not in people.columns]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}; pass who got no probability, and why")
    silent = people[FLAG].astype("boolean")
    odd = int((silent.fillna(value=False) & ~people["because"].isin(list(reasons))).sum())
    if odd:
        raise ConfigError(f"because: {odd} of {len(people)} rows hold a reason that was not declared")
    flags = {
        name: pd.array(people["because"].eq(reason).to_numpy(dtype=bool), dtype="boolean")
        for name, reason in zip(_names(reasons), reasons, strict=True)
    }
    return people.drop(columns="finished", errors="ignore").assign(**{FLAG: silent}, **flags)


def _everyone(totals: pd.DataFrame) -> pd.DataFrame:
    row = totals.loc[totals["measure"].eq(FLAG)].assign(breakdown="everyone", group=EVERYONE, verdict="")
    bounds = wilson(row["events"], row["n"])
    share = PERCENT * row["events"] / row["n"].where(row["n"].gt(0))
    return row.assign(rate_pct=share, low_pct=PERCENT * bounds.low, high_pct=PERCENT * bounds.high)
