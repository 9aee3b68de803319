"""May this curve leave? One with a corner for each person shows persons; here a step stands for at least ten."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.errors import DisclosureError
from outcomes.reference.policies import disclosure_policy


def thin_curve(
    table: pd.DataFrame, *, reached: str, by: Sequence[str] = (), policy: str = "midpoint6", ends: bool = True
) -> pd.DataFrame:
    """Keep only vertices that stand for enough people.

    For curves over a cumulative count (flagged at each threshold, still in treatment at each week, ROC): going along a
    curve, a vertex is kept when the count has moved by at least the policy's minimum number of people since the vertex
    kept before, so that no step can be read as one person. Release the result with `gate.release`.

    Parameters
    ----------
    table : DataFrame
        One row a vertex, in order along each curve. Not changed.
    reached : str
        Count column that grows or falls along a curve.
    by : sequence of str
        Columns that tell curves apart.
    policy : str
        Key of the disclosure policy.
    ends : bool
        Whether the first vertex of each curve is kept, where nobody is counted apart yet.

    Returns
    -------
    DataFrame
        The kept rows, in their order, with a new index.

    Raises
    ------
    DisclosureError
        If a column is not there or a count is missing.
    ConfigError
        If the policy is not known.

    Examples
    --------
    >>> curve = pd.DataFrame({"flagged": [0, 1, 2, 12, 14, 30]})
    >>> thin_curve(curve, reached="flagged")["flagged"].tolist()
    [0, 12, 30]
    """
    absent = [name for name in (reached, *by) if name not in table.columns]
    if absent:
        raise DisclosureError(f"not in the curve: {', '.join(absent)}")
    if table[reached].isna().any():
        raise DisclosureError(f"{reached}: a curve can be thinned only where every vertex has its count")
    least = disclosure_policy(policy).minimum_n_for_statistics
    counts = table[reached].to_numpy(dtype=float)
    curves = [positions for _, positions in sorted(_positions(table, by).items(), key=lambda item: item[1][0])]
    kept = [row for rows in curves for row in _spaced(rows, counts, least, ends=ends)]
    return table.iloc[sorted(kept)].reset_index(drop=True)


def _positions(table: pd.DataFrame, by: Sequence[str]) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    keys = zip(*(table[name].astype(str) for name in by), strict=True) if by else ((),) * len(table)
    for row, key in enumerate(keys):
        found.setdefault(tuple(key), []).append(row)
    return found


def _spaced(rows: list[int], counts: np.ndarray, least: int, *, ends: bool) -> list[int]:
    kept = rows[:1] if ends else []
    last = counts[rows[0]]
    for row in rows[1:]:
        if abs(counts[row] - last) >= least:
            kept.append(row)
            last = counts[row]
    return kept
