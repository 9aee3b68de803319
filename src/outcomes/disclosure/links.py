"""Which printed counts belong together? Parts and totals, copies of one number: what an attacker would know anyway.

Found from true counts when a table passes the gate, kept as places in the table and as keyed marks, never as numbers.
"""

import hmac
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.disclosure.layout import Gap, Layout, Rate

_KEY = secrets.token_bytes(16)  # marks can be compared within one process only, and are written nowhere
_MOST_PARTS = 200

Place = tuple[int, str]


@dataclass(frozen=True)
class Sum:
    """Some cells of a table add up, in true counts, to a whole.

    Parameters
    ----------
    parts : tuple of (int, str)
        Row and column of each part.
    whole : (int, str) or None
        The cell that holds the whole, where the table prints it.
    mark : str
        The same for sums and cells of the same size, meaningless otherwise.
    """

    parts: tuple[Place, ...]
    whole: Place | None
    mark: str = ""


@dataclass(frozen=True)
class Links:
    """What ties the cells of one table to each other and to those of other tables.

    Parameters
    ----------
    sums : tuple of Sum
        Parts and wholes.
    marks : mapping of str to tuple of str
        For each count column the mark of each row; empty where there is no whole number.
    copies : tuple of ((int, str), (int, str))
        Pairs of cells of the table that hold the same number of the same people.
    chains : tuple of tuple of (int, str)
        Steps that each count some of the step before, from everybody down: the steps of a funnel.
    """

    sums: tuple[Sum, ...] = ()
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    copies: tuple[tuple[Place, Place], ...] = ()
    chains: tuple[tuple[Place, ...], ...] = ()


def find_links(table: pd.DataFrame, declared: Layout) -> Links:
    """Find what ties the counts of a table together.

    For each label column, rows that agree in every other label are a block. A block whose largest count is the sum of
    the others has its total inside; one whose sum stands in another count column of all its rows (a denominator) has
    its total there; any other block keeps the mark of its sum, so that totals of different blocks can be compared.

    Parameters
    ----------
    table : DataFrame
        True counts.
    declared : Layout
        What each column is.

    Returns
    -------
    Links
        Places and marks; no number.

    Examples
    --------
    >>> from outcomes.disclosure.layout import layout
    >>> table = pd.DataFrame({"group": ["All", "a", "b"], "n": [20, 12, 8]})
    >>> find_links(table, layout(["group"], ["n"], {}, {})).sums[0].whole
    (0, 'n')
    """
    counts = {name: table[name].to_numpy(dtype=float, na_value=np.nan) for name in declared.counts}
    words = {name: table[name].astype(str).to_numpy(dtype=str) for name in declared.labels}
    whole = {name: values for name, values in counts.items() if not np.any(values[~np.isnan(values)] % 1)}
    sums = dict.fromkeys(found for rows in _blocks(words, len(table)) for found in _sums(rows, whole))
    marks = {name: tuple(_mark(value) for value in values) for name, values in counts.items()}
    chains = dict.fromkeys(found for rows in _blocks(words, len(table)) for found in _chains(rows, declared, whole))
    return Links(tuple(sums), marks, tuple(_copies(declared, counts, words)), tuple(chains))


def _mark(value: float) -> str:
    if np.isnan(value) or value % 1:
        return ""
    return hmac.new(_KEY, f"{value:.0f}".encode(), "sha256").hexdigest()[:16]


def _blocks(words: Mapping[str, NDArray[np.str_]], n_rows: int) -> Iterator[list[int]]:
    for varying in words:
        rest = [words[name] for name in words if name != varying]
        found: dict[tuple[str, ...], list[int]] = {}
        for row in range(n_rows):
            found.setdefault(tuple(str(column[row]) for column in rest), []).append(row)
        yield from (rows for rows in found.values() if 1 < len(rows) <= _MOST_PARTS)


def _sums(rows: Sequence[int], counts: Mapping[str, NDArray[np.float64]]) -> Iterator[Sum]:
    for name, values in counts.items():
        block = values[list(rows)]
        if np.isnan(block).any() or block.max() == 0:
            continue
        total, largest = float(block.sum()), int(block.argmax())
        if len(rows) > 2 and total == 2 * block[largest]:  # noqa: PLR2004  a total and at least two parts
            parts = tuple((row, name) for place, row in enumerate(rows) if place != largest)
            yield Sum(parts, (rows[largest], name), _mark(float(block[largest])))
            continue
        elsewhere = [other for other, held in counts.items() if other != name and np.all(held[list(rows)] == total)]
        parts = tuple((row, name) for row in rows)
        yield Sum(parts, (rows[0], elsewhere[0]) if elsewhere else None, _mark(total))


def _chains(
    rows: Sequence[int], declared: Layout, counts: Mapping[str, NDArray[np.float64]]
) -> Iterator[tuple[Place, ...]]:
    for rate in declared.rates.values():
        if not isinstance(rate, Rate) or not {rate.numerator, rate.denominator} <= counts.keys():
            continue
        steps, everybody = counts[rate.numerator][list(rows)], counts[rate.denominator][list(rows)]
        everybody = everybody[~np.isnan(everybody)]  # the first step may stand without a share
        if everybody.size and np.all(everybody == steps[0]) and np.all(np.diff(steps) <= 0):
            yield tuple((row, rate.numerator) for row in rows)


def _copies(
    declared: Layout, counts: Mapping[str, NDArray[np.float64]], words: Mapping[str, NDArray[np.str_]]
) -> Iterator[tuple[Place, Place]]:
    for rows in _blocks(words, len(next(iter(counts.values())))):
        for name in {rate.denominator for rate in declared.rates.values() if isinstance(rate, Rate)}:
            if np.all(counts[name][rows] == counts[name][rows[0]]):
                yield from (((row, name), (rows[0], name)) for row in rows[1:])
    first = next(iter(words.values()), None)
    for gap in (what for what in declared.rates.values() if isinstance(what, Gap)):
        (events, n), (of_events, of_n) = gap.pairs
        for row in range(len(counts[n])):
            near = [
                other
                for other in range(len(counts[n]))
                if (first is None or first[other] == first[row])
                and counts[n][other] == counts[of_n][row]
                and counts[events][other] == counts[of_events][row]
            ]
            if near:
                yield (row, of_n), (near[0], n)
                yield (row, of_events), (near[0], events)
