"""How the answers of independent people are laid out for graded response models: each pattern once, items in pairs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import DataError

MISSING = -1
PAIR = 2  # items that share a table: pairs stay in the second-level cache on a grid of several hundred nodes


@dataclass(frozen=True)
class Answers:
    """Answers of independent people, each pattern once.

    Attributes
    ----------
    codes : NDArray[np.int8], shape (n_patterns, n_items)
        Distinct rows of answers numbered from 0; -1 is missing; rows without any answer are left out.
    weights : NDArray[np.float64], shape (n_patterns,)
        How many people gave each.
    pattern : NDArray[np.int64], shape (n_people,)
        Pattern of each person that was put in; -1 for a person without any answer or with weight zero.
    n_answers : tuple of int
        Number of answers of each item.
    slots : NDArray[np.int64], shape (n_rows, 2)
        The (item, answer) slots that each row of the joined table of item pairs multiplies; missing ones point to the
        last slot.
    packed : NDArray[np.int64], shape (n_patterns, n_pairs)
        Table rows of each pattern.
    """

    codes: NDArray[np.int8]
    weights: NDArray[np.float64]
    pattern: NDArray[np.int64]
    n_answers: tuple[int, ...]
    slots: NDArray[np.int64]
    packed: NDArray[np.int64]

    @property
    def n_persons(self) -> float:
        """Return the summed weights of people with an answer."""
        return float(self.weights.sum())

    @property
    def item_slots(self) -> NDArray[np.int64]:
        """Return the first slot of each item and their total, shape (n_items + 1,)."""
        return np.concatenate(([0], np.cumsum(self.n_answers))).astype(np.int64)


def answers(codes: NDArray[np.integer], weights: NDArray[np.floating] | None = None) -> Answers:
    """How do the answers of independent people look to the model.

    Parameters
    ----------
    codes : NDArray[np.integer], shape (n_people, n_items)
        Answers numbered from 0 without gaps in each item; -1 is missing.
    weights : NDArray[np.floating], shape (n_people,), optional
        How many people each row stands for; one each by default.

    Returns
    -------
    Answers
        Distinct patterns with their weights.

    Raises
    ------
    DataError
        If shapes disagree, a weight is negative or not finite, nobody answered, a code is below -1, or nobody gave
        an answer that lies below the largest one of its item.
    """
    table = np.ascontiguousarray(codes).astype(np.int8, copy=False)
    if table.ndim != PAIR or table.shape[1] == 0:
        raise DataError("codes: a table with one row a person and one column an item is needed")
    people = np.ones(table.shape[0]) if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
    if people.shape != (table.shape[0],) or not np.isfinite(people).all() or (people < 0).any():
        raise DataError(f"weights: {table.shape[0]} finite numbers of at least 0 are needed, one for each person")
    kept = (table != MISSING).any(axis=1) & (people > 0)
    if not kept.any():
        raise DataError("codes: nobody answered anything")
    if (table < MISSING).any():
        raise DataError(f"codes: {int((table < MISSING).sum())} answers below -1 (rule item_range)")
    distinct, which = np.unique(table[kept], axis=0, return_inverse=True)
    pattern = np.full(table.shape[0], MISSING, dtype=np.int64)
    pattern[kept] = which.ravel()
    counted = np.bincount(which.ravel(), weights=people[kept], minlength=distinct.shape[0]).astype(np.float64)
    n_answers = tuple(_number_of_answers(distinct))
    slots, packed = _pairs(distinct, n_answers)
    return Answers(distinct, counted, pattern, n_answers, slots, packed)


def _number_of_answers(codes: NDArray[np.int8]) -> list[int]:
    found = []
    for item, column in enumerate(codes.T):
        counts = np.bincount(column[column != MISSING].astype(np.int64))
        if counts.size == 0 or (counts == 0).any():
            raise DataError(f"codes: item {item} has an answer that nobody gave; number the given answers from 0")
        found.append(int(counts.size))
    return found


def _pairs(codes: NDArray[np.int8], n_answers: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first_slot = np.concatenate(([0], np.cumsum(n_answers))).astype(np.int64)
    missing = int(first_slot[-1])
    tables, rows, begun = [], [], 0
    for item in range(0, len(n_answers), PAIR):
        members = range(item, min(item + PAIR, len(n_answers)))
        sizes = [n_answers[member] + 1 for member in members]
        places = np.indices(sizes).reshape(len(sizes), -1)
        slots = [
            np.where(place < n_answers[member], first_slot[member] + place, missing)
            for member, place in zip(members, places, strict=True)
        ]
        tables.append(np.column_stack([*slots, *[np.full(slots[0].size, missing)] * (PAIR - len(slots))]))
        given = [
            np.where(codes[:, member] == MISSING, n_answers[member], codes[:, member].astype(np.int64))
            for member in members
        ]
        rows.append(begun + np.ravel_multi_index(given, sizes))
        begun += slots[0].size
    return np.concatenate(tables), np.ascontiguousarray(np.column_stack(rows))
