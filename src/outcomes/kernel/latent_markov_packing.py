"""How ragged item answers are laid out so that one table look-up replaces several items.

Up to four items share one *pack*: the combination of their answers (missing included) is a row number in one
probability
table, so a sweep multiplies a few table rows per occasion and never takes an exponential or asks whether an answer is
missing. Used by `latent_markov`; nothing here knows what a state is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import DataError

PACK_ROWS = (
    1024  # most rows of one pack's table: four items of four answers take 625, which stays in the second-level cache
)
MISSING = -1


@dataclass(frozen=True)
class Packing:
    """Which items share a table, and what each row of the joined table stands for.

    Attributes
    ----------
    n_categories : tuple of int
        Number of answers of each item.
    groups : tuple of tuple of int
        Item numbers of each pack.
    offsets : NDArray[np.int64], shape (n_packs,)
        First row of each pack in the joined table.
    slots : NDArray[np.int64], shape (n_rows, most_items)
        For each row, the (item, answer) slots whose probabilities are multiplied; missing answers and unused places
        point
        to the last slot, whose probability is one.
    item_slots : NDArray[np.int64], shape (n_items + 1,)
        First slot of each item; slots ``item_slots[i]:item_slots[i + 1]`` are the answers of item i.
    """

    n_categories: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    offsets: NDArray[np.int64]
    slots: NDArray[np.int64]
    item_slots: NDArray[np.int64]

    @property
    def n_rows(self) -> int:
        """Return the number of rows of the joined probability table."""
        return int(self.slots.shape[0])


@dataclass(frozen=True)
class Observations:
    """Ragged sequences of item answers, packed for the sweeps.

    Attributes
    ----------
    codes : NDArray[np.int8], shape (n_occasions, n_items)
        Answers numbered from 0; -1 is missing.
    starts : NDArray[np.int64], shape (n_sequences + 1,)
        Sequence i holds the occasions ``starts[i]:starts[i + 1]``.
    weights : NDArray[np.float64], shape (n_sequences,)
        How many people a sequence stands for.
    packing : Packing
        The table layout.
    packed : NDArray[np.uint16 | np.uint32], shape (n_occasions, n_packs)
        Rows of the joined table that each occasion multiplies.
    pack_weights : NDArray[np.float64], shape (n_rows,)
        Weighted number of occasions that use each table row.
    """

    codes: NDArray[np.int8]
    starts: NDArray[np.int64]
    weights: NDArray[np.float64]
    packing: Packing
    packed: NDArray[np.uint16] | NDArray[np.uint32]
    pack_weights: NDArray[np.float64]

    @property
    def n_sequences(self) -> int:
        """Return the number of sequences."""
        return int(self.starts.shape[0]) - 1

    @property
    def n_occasions(self) -> int:
        """Return the number of occasions."""
        return int(self.codes.shape[0])

    @property
    def longest(self) -> int:
        """Return the number of occasions of the longest sequence."""
        return int(np.diff(self.starts).max())

    @property
    def occasion_weights(self) -> NDArray[np.float64]:
        """Return the weight of each occasion's sequence, shape (n_occasions,)."""
        return np.repeat(self.weights, np.diff(self.starts))

    def part(self, first: int, last: int) -> "Observations":
        """Look at some sequences only, without copying answers.

        Parameters
        ----------
        first, last : int
            Sequences ``first:last``.

        Returns
        -------
        Observations
            The part; ``pack_weights`` remain those of the whole.
        """
        begin, end = int(self.starts[first]), int(self.starts[last])
        return replace(
            self,
            codes=self.codes[begin:end],
            starts=self.starts[first : last + 1] - begin,
            weights=self.weights[first:last],
            packed=self.packed[begin:end],
        )


def packing(n_categories: Sequence[int]) -> Packing:
    """Which items share a table, so that no pack has more than ``PACK_ROWS`` rows.

    Parameters
    ----------
    n_categories : sequence of int
        Number of answers of each item, at least one each.

    Returns
    -------
    Packing
        The layout; items keep their order.
    """
    groups = _groups(n_categories)
    sizes = [int(np.prod([n_categories[item] + 1 for item in group])) for group in groups]
    item_slots = np.concatenate(([0], np.cumsum(n_categories))).astype(np.int64)
    slots = np.full((sum(sizes), max(map(len, groups))), item_slots[-1], dtype=np.int64)
    offsets = np.concatenate(([0], np.cumsum(sizes)))[:-1].astype(np.int64)
    for group, offset, size in zip(groups, offsets, sizes, strict=True):
        row = np.arange(size)
        for place, item in enumerate(group):
            row, answer = np.divmod(row, n_categories[item] + 1)
            slots[offset : offset + size, place] = np.where(
                answer < n_categories[item], item_slots[item] + answer, item_slots[-1]
            )
    return Packing(tuple(n_categories), groups, offsets, slots, item_slots)


def _groups(n_categories: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    groups: list[list[int]] = []
    rows = PACK_ROWS + 1
    for item, n in enumerate(n_categories):
        if rows * (n + 1) > PACK_ROWS:
            groups.append([])
            rows = 1
        groups[-1].append(item)
        rows *= n + 1
    return tuple(tuple(group) for group in groups)


def observe(
    codes: NDArray[np.integer],
    starts: NDArray[np.integer],
    weights: NDArray[np.floating] | None = None,
    n_categories: Sequence[int] | None = None,
) -> Observations:
    """How does a set of ragged sequences look to the sweeps.

    Parameters
    ----------
    codes : NDArray[np.integer], shape (n_occasions, n_items)
        Answers numbered from 0; -1 is missing.
    starts : NDArray[np.integer], shape (n_sequences + 1,)
        First occasion of each sequence, and the number of occasions at the end; no sequence is empty.
    weights : NDArray[np.floating], shape (n_sequences,), optional
        How many people a sequence stands for; one each by default.
    n_categories : sequence of int, optional
        Number of answers of each item; by default one more than the largest code seen.

    Returns
    -------
    Observations
        Checked and packed sequences.

    Raises
    ------
    DataError
        If shapes disagree, a sequence is empty, a weight is negative or not finite, or a code is out of range.
    """
    answers = np.ascontiguousarray(codes).astype(np.int8, copy=False)
    bounds = np.ascontiguousarray(starts, dtype=np.int64)
    _check_shape(answers, bounds)
    people = np.ones(bounds.size - 1) if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
    if people.shape != (bounds.size - 1,) or not np.isfinite(people).all() or (people < 0).any():
        raise DataError(f"weights: {bounds.size - 1} finite numbers of at least 0 are needed, one for each sequence")
    largest = answers.max(axis=0)
    n_seen = tuple(int(n) for n in (np.maximum(largest, 0) + 1 if n_categories is None else n_categories))
    outside = int(((answers < MISSING) | (answers >= np.array(n_seen))).sum())
    if outside:
        raise DataError(f"codes: {outside} answers outside 0..n_categories-1 (rule item_range); -1 stands for missing")
    layout = packing(n_seen)
    packed = _packed(answers, layout)
    counted = np.zeros(layout.n_rows)
    per_row = np.repeat(people, np.diff(bounds))
    for pack in range(packed.shape[1]):
        counted += np.bincount(packed[:, pack], weights=per_row, minlength=layout.n_rows)
    return Observations(answers, bounds, people, layout, packed, counted)


def _check_shape(codes: NDArray[np.int8], starts: NDArray[np.int64]) -> None:
    matrix = 2
    if codes.ndim != matrix or codes.shape[1] == 0:
        raise DataError("codes: a table with one row an occasion and one column an item is needed")
    if starts.ndim != 1 or starts.size < matrix or starts[0] != 0 or starts[-1] != codes.shape[0]:
        raise DataError(f"starts: must run from 0 to the number of occasions, {codes.shape[0]}")
    if (np.diff(starts) < 1).any():
        raise DataError(f"starts: {int((np.diff(starts) < 1).sum())} sequences hold no occasion")


def _packed(codes: NDArray[np.int8], layout: Packing) -> NDArray[np.uint16] | NDArray[np.uint32]:
    dtype = np.uint16 if layout.n_rows <= np.iinfo(np.uint16).max else np.uint32
    packed = np.empty((codes.shape[0], len(layout.groups)), dtype=dtype)
    for pack, (group, offset) in enumerate(zip(layout.groups, layout.offsets, strict=True)):
        row = np.zeros(codes.shape[0], dtype=np.int64)
        for item in reversed(group):
            answer = codes[:, item].astype(np.int64)
            n = layout.n_categories[item]
            row = row * (n + 1) + np.where(answer < 0, n, answer)
        packed[:, pack] = row + offset
    return packed
