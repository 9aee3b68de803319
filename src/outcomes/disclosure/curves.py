"""May this curve leave? One with a corner for each person shows persons; here a step stands for at least ten."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.disclosure.layout import Vertices
from outcomes.errors import DisclosureError
from outcomes.reference.policies import DisclosurePolicy, disclosure_policy

Floats = NDArray[np.float64]


def thin_curve(
    table: pd.DataFrame,
    *,
    reached: str,
    by: Sequence[str] = (),
    whole: str | None = None,
    policy: str = "midpoint6",
    ends: bool = True,
) -> pd.DataFrame:
    """Keep only vertices that stand for enough people.

    For curves over a cumulative count (flagged at each threshold, still in treatment at each week, ROC): going along a
    curve, a vertex is kept when the count has moved by at least the policy's number of people since the vertex kept
    before, so that no step can be read as one person. With `whole`, a vertex that leaves fewer than that many people
    on either side (nearly nobody flagged, nearly everybody) goes too. Release the result with `gate.release` and a
    declaration of its `Vertices`.

    Parameters
    ----------
    table : DataFrame
        One row a vertex, in order along each curve. Not changed.
    reached : str
        Count column that grows or falls along a curve.
    by : sequence of str
        Columns that tell curves apart.
    whole : str, optional
        Column with everybody on the curve.
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
    >>> thin_curve(curve.assign(n=38), reached="flagged", whole="n")["flagged"].tolist()
    [0, 12]
    """
    _check_columns(table, (reached, *by, *([whole] if whole else [])))
    if table[reached].isna().any():
        raise DisclosureError(f"{reached}: a curve can be thinned only where every vertex has its count")
    least = disclosure_policy(policy).minimum_n_for_a_vertex
    counts = table[reached].to_numpy(dtype=float)
    apart = np.zeros(len(table), dtype=bool) if whole is None else _nearly_an_end(table, reached, whole, least)
    curves = [[row for row in positions if not apart[row]] for positions in _positions(table, by)]
    kept = [row for rows in curves if rows for row in _spaced(rows, counts, least, ends=ends)]
    return table.iloc[sorted(kept)].reset_index(drop=True)


def check_vertices(table: pd.DataFrame, vertices: Vertices, policy: DisclosurePolicy) -> None:
    """Refuse a curve with a vertex that stands for too few people.

    Parameters
    ----------
    table : DataFrame
        One row a vertex, in order along each curve.
    vertices : Vertices
        Which people a vertex stands for.
    policy : DisclosurePolicy
        The rule in force.

    Raises
    ------
    DisclosureError
        If a column is not there, or a vertex stands for too few; the message names the column and how many vertices.

    Examples
    --------
    >>> bins = pd.DataFrame({"bin": [1, 2], "n": [40, 10]})
    >>> check_vertices(bins, Vertices("n"), disclosure_policy("midpoint6"))
    """
    whole = [vertices.whole] if vertices.whole else []
    _check_columns(table, (vertices.count, *vertices.by, *whole))
    least = policy.minimum_n_for_a_vertex
    counts = table[vertices.count].to_numpy(dtype=float, na_value=np.nan)
    if vertices.whole is None:
        few = int((counts < least).sum())
    else:
        few = int(_nearly_an_end(table, vertices.count, vertices.whole, least).sum())
        for rows in _positions(table, vertices.by):
            along = counts[rows]
            few += int((np.abs(np.diff(along[~np.isnan(along)])) < least).sum())
    if few:
        raise DisclosureError(
            f"{vertices.count}: {few} of {len(table)} vertices of the curve stand for fewer than {least} people; thin "
            "it with disclosure.curves.thin_curve, or put bins together"
        )


def _check_columns(table: pd.DataFrame, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise DisclosureError(f"not in the curve: {', '.join(absent)}")


def _nearly_an_end(table: pd.DataFrame, reached: str, whole: str, least: int) -> NDArray[np.bool_]:
    # a count of nobody or of everybody tells nobody apart, one of nearly nobody does
    counts = table[reached].to_numpy(dtype=float, na_value=np.nan)
    left = table[whole].to_numpy(dtype=float, na_value=np.nan) - counts
    near: NDArray[np.bool_] = ((counts > 0) & (counts < least)) | ((left > 0) & (left < least))
    return near


def _positions(table: pd.DataFrame, by: Sequence[str]) -> list[list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    keys = zip(*(table[name].astype(str) for name in by), strict=True) if by else ((),) * len(table)
    for row, key in enumerate(keys):
        found.setdefault(tuple(key), []).append(row)
    return list(found.values())


def _spaced(rows: list[int], counts: Floats, least: int, *, ends: bool) -> list[int]:
    kept = rows[:1] if ends else []
    last = counts[rows[0]]
    for row in rows[1:]:
        if abs(counts[row] - last) >= least:
            kept.append(row)
            last = counts[row]
    return kept
