"""Is the widest gap wider than chance makes it? Many small groups make wide gaps, so the null stands beside."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.fairness.counts import group_counts, labels
from outcomes.kernel.intervals import proportion
from outcomes.kernel.resampling import permutation_null
from outcomes.reference.groups import groupings
from outcomes.reference.units import PERCENT

_ROW = "row of the table"


def largest_gaps(
    outcomes: pd.DataFrame,
    by: Sequence[str],
    measure: str,
    *,
    n_permutations: int,
    generator: np.random.Generator,
    level: float = 0.95,
    edition: str | None = None,
) -> pd.DataFrame:
    """Set the widest gap between any two groups beside the widest gaps that shuffled labels give.

    Parameters
    ----------
    outcomes : DataFrame
        One row a course, with `pseudonym` and the columns of `by`; patients keep one label when labels are shuffled.
    by : sequence of str
        Breakdowns; overlapping ones (several groups a person) are left out, as their labels cannot be shuffled.
    measure : str
        An outcome of `measures.rates`, or a three-valued column.
    n_permutations : int
        Number of shuffles.
    generator : numpy.random.Generator
        Source of randomness.
    level : float
        Upper quantile of the null that is given.
    edition : str, optional
        Key of the outcome rules.

    Returns
    -------
    DataFrame
        One row a breakdown: breakdown, measure, groups, lowest, highest (the two groups), gap_points, null_median,
        null_high, p_value (share of shuffles with a gap at least as wide, the observed one counted in).

    Raises
    ------
    ConfigError
        If a column is not there or the measure cannot be counted.
    """
    if "pseudonym" not in outcomes.columns:
        raise ConfigError("largest_gaps needs the column pseudonym: labels are shuffled between patients, not rows")
    events, n = _row_counts(outcomes, measure, edition)
    known = groupings()
    partitions = [column for column in by if column not in known or not known[column].overlapping]
    patients = outcomes["pseudonym"].astype("str").to_numpy()
    rows = []
    for column in partitions:
        names, codes = np.unique(labels(outcomes[column], column).to_numpy(dtype=str), return_inverse=True)
        n_groups = names.size

        def gap(of: np.ndarray, n_groups: int = n_groups) -> float:
            return float(np.ptp(_known_rates(of, events, n, n_groups)))

        null = permutation_null(codes.astype(np.int64), patients, gap, n_permutations, generator)
        shares = _rates(codes, events, n, n_groups)
        widest = gap(codes)
        rows.append(
            {
                "breakdown": column,
                "measure": measure,
                "groups": int(np.isfinite(shares).sum()),
                "lowest": str(names[np.nanargmin(shares)]),
                "highest": str(names[np.nanargmax(shares)]),
                "gap_points": widest,
                "null_median": float(np.median(null)),
                "null_high": float(np.quantile(null, level)),
                "p_value": float((1 + np.sum(null >= widest)) / (1 + null.size)),
            }
        )
    return pd.DataFrame(rows)


def _row_counts(outcomes: pd.DataFrame, measure: str, edition: str | None) -> tuple[np.ndarray, np.ndarray]:
    numbered = outcomes.assign(**{_ROW: np.arange(len(outcomes))})
    flags = [measure] if "finished" not in outcomes.columns else []
    counts = group_counts(numbered, [_ROW], flags=flags, edition=edition)
    wanted = counts.loc[counts["measure"].eq(measure)]
    if wanted.empty:
        counted = ", ".join(counts["measure"].unique())
        raise ConfigError(f"measure {measure!r} is not counted here; counted are {counted}")
    order = np.argsort(wanted["group"].to_numpy(dtype=np.int64))
    return wanted["events"].to_numpy(dtype=float)[order], wanted["n"].to_numpy(dtype=float)[order]


def _rates(codes: np.ndarray, events: np.ndarray, n: np.ndarray, n_groups: int) -> np.ndarray:
    of_group = np.bincount(codes, weights=events, minlength=n_groups)
    return PERCENT * proportion(of_group, np.bincount(codes, weights=n, minlength=n_groups))


def _known_rates(codes: np.ndarray, events: np.ndarray, n: np.ndarray, n_groups: int) -> np.ndarray:
    shares = _rates(codes, events, n, n_groups)
    return np.asarray(shares[np.isfinite(shares)])
