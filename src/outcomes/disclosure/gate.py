"""May this table leave? The one function that turns an aggregate into a `Released`; publications take nothing else."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from outcomes.disclosure.curves import check_vertices
from outcomes.disclosure.derivation import TOO_FEW, Derivation
from outcomes.disclosure.layout import (
    Gap,
    Layout,
    Rate,
    RateLike,
    Statistic,
    StatisticLike,
    Vertices,
    check_table,
    layout,
)
from outcomes.disclosure.links import find_links
from outcomes.disclosure.seal import Column, Hidden, Kind, Released, sealed
from outcomes.errors import DisclosureError
from outcomes.reference.policies import DisclosurePolicy, disclosure_policy

__all__ = ["Gap", "Rate", "Released", "Statistic", "Vertices", "release"]


def release(  # noqa: PLR0913  the declaration of a table, every part by name
    table: pd.DataFrame,
    *,
    labels: Sequence[str],
    counts: Sequence[str],
    rates: Mapping[str, RateLike] | None = None,
    statistics: Mapping[str, StatisticLike] | None = None,
    vertices: Vertices | None = None,
    policy: str = "midpoint6",
    title: str,
    notes: Sequence[str] = (),
) -> Released:
    """Turn an aggregate into a table that may be published.

    Every count is rounded by the policy, every rate and gap with its interval is computed anew from the printed counts
    (whatever the table held), means and other statistics are shown above the policy's limits and listed as "too few"
    below them. No rate of exactly none or all of a group is printed. Rows are kept in their order.

    Parameters
    ----------
    table : DataFrame
        One row a group, class, measure...; never a patient. Not changed.
    labels : sequence of str
        Columns that say what the row is: words or whole numbers.
    counts : sequence of str
        Columns that count people (courses, occasions).
    rates : mapping, optional
        Column name to ``(numerator, denominator)``, ``(numerator, denominator, low, high)``, `Rate` or `Gap`.
    statistics : mapping, optional
        Column name to the count it stands on, ``(n, events)`` or `Statistic`.
    vertices : Vertices, optional
        For the points of curves: which people each point stands for. Figures draw no curve without it.
    policy : str
        Key of a disclosure policy in `outcomes.reference.policies`.
    title : str
        What the table shows.
    notes : sequence of str
        Sentences that belong under it.

    Returns
    -------
    Released
        A draft, sealed for this process; it leaves for good through `outcomes.disclosure.door`.

    Raises
    ------
    DisclosureError
        If a column is not declared, a label could be a person, a count is impossible, counts form a circle, or a
        point of a curve stands for too few people.
    ConfigError
        If the policy is not known.

    References
    ----------
    OpenSAFELY output checking: rounding counts to the midpoint of six and deriving rates from the rounded counts.

    Examples
    --------
    >>> groups = pd.DataFrame({"gender": ["Female", "Male"], "recovered": [101, 2], "finished": [201, 5]})
    >>> out = release(groups, labels=["gender"], counts=["recovered", "finished"], title="Recovery",
    ...               rates={"rate_pct": ("recovered", "finished")})
    >>> out.table.to_dict("list")
    {'gender': ['Female', 'Male'], 'recovered': [99.0, 3.0], 'finished': [201.0, 3.0], 'rate_pct': [49.3, nan]}
    """
    rule = disclosure_policy(policy)
    declared = layout(labels, counts, rates or {}, statistics or {})
    if vertices is not None:
        check_vertices(table, vertices, rule)
        table = table.drop(columns=[vertices.count] if vertices.count not in set(declared.names()) else [])
    check_table(table, declared)
    if not title.strip():
        raise DisclosureError("a released table needs a title that says what it shows")
    plain = table.reset_index(drop=True)
    columns = _columns(declared, rule)
    printed = _printed(plain, declared, rule)
    ordered = [name for name in plain.columns if name in printed]
    ordered += [column.name for column in columns if column.name not in ordered]
    content = Released(
        table=pd.DataFrame({name: printed[name] for name in ordered}),
        columns=tuple(sorted(columns, key=lambda column: ordered.index(column.name))),
        title=title.strip(),
        notes=tuple(notes),
        policy=rule.key,
        hidden=tuple(_hidden(plain, printed, declared, rule)),
        vertices=0 if vertices is None else rule.minimum_n_for_a_vertex,
        links=find_links(plain, declared),
    )
    return sealed(content)


def _columns(declared: Layout, rule: DisclosurePolicy) -> list[Column]:
    found = [Column(name, "label") for name in declared.labels]
    found += [Column(name, "count") for name in declared.counts]
    for name, rate in declared.rates.items():
        kind: Kind = "gap" if isinstance(rate, Gap) else "rate"
        of = tuple(part for pair in rate.pairs for part in pair)
        found.append(Column(name, kind, rule.rate_decimals, rate.low, rate.high, of))
        found += [Column(bound, "bound", rule.rate_decimals, of=of) for bound in (rate.low, rate.high) if bound]
    for name, what in declared.statistics.items():
        of = (what.n,) if what.events is None else (what.n, what.events)
        found.append(Column(name, "statistic", what.decimals, what.low, what.high, of))
        found += [Column(bound, "bound", what.decimals, of=of) for bound in (what.low, what.high) if bound]
    return found


def _printed(table: pd.DataFrame, declared: Layout, rule: DisclosurePolicy) -> dict[str, object]:
    derived = Derivation(table, declared, rule)
    columns: dict[str, object] = {name: table[name].astype("str") for name in declared.labels}
    columns |= {name: derived.count(name) for name in declared.counts}
    for name, rate in declared.rates.items():
        columns[name], bounds = derived.gap(rate) if isinstance(rate, Gap) else derived.rate(rate)
        columns |= {bound: side for bound, side in zip((rate.low, rate.high), bounds, strict=True) if bound}
    for name, what in declared.statistics.items():
        values_of = derived.statistic(what)
        columns |= {shown: values_of(shown) for shown in (name, what.low, what.high) if shown}
    return columns


def _hidden(
    table: pd.DataFrame, printed: Mapping[str, object], declared: Layout, rule: DisclosurePolicy
) -> Iterator[Hidden]:
    for name in declared.counts:
        gone = np.isnan(np.asarray(printed[name], dtype=float)) & table[name].notna().to_numpy()
        yield from (Hidden(int(row), name, rule.symbol) for row in np.flatnonzero(gone))
    for name, rate in declared.rates.items():
        known = [table[part].notna().to_numpy() for pair in rate.pairs for part in pair]
        gone = np.isnan(np.asarray(printed[name], dtype=float)) & np.all(known, axis=0)
        yield from (Hidden(int(row), name, TOO_FEW) for row in np.flatnonzero(gone))
    for name in declared.statistics:
        gone = np.isnan(np.asarray(printed[name], dtype=float)) & table[name].notna().to_numpy()
        yield from (Hidden(int(row), name, TOO_FEW) for row in np.flatnonzero(gone))
