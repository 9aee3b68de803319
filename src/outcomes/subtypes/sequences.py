"""What may be put into a model of item trajectories, and the one form it is brought into.

Accepted are item trajectories (anything with ``items``, ``starts`` and ``columns``), a table with one row an occasion,
or a plain array
with one row a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError

MISSING = -1
LARGEST_CODE = 126  # answers are kept as bytes
MATRIX = 2
NOT_ITEMS = ("day",)  # columns of the canonical occasion table that are neither keys nor answers


@runtime_checkable
class Trajectories(Protocol):
    """Ragged item answers: what `outcomes.cohort.trajectories` makes."""

    @property
    def items(self) -> NDArray[np.int8]:
        """Return answers, shape (n_occasions, n_items); -1 is missing."""

    @property
    def starts(self) -> NDArray[np.int64]:
        """Return first occasions of the sequences and the total, shape (n_sequences + 1,)."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Return item names."""


@dataclass(frozen=True)
class Sequences:
    """Ragged item answers in the form that the estimators use; itself a `Trajectories`.

    Attributes
    ----------
    items : NDArray[np.int8], shape (n_occasions, n_items)
        Answers as scored; -1 is missing.
    starts : NDArray[np.int64], shape (n_sequences + 1,)
        First occasion of each sequence, and the number of occasions.
    columns : tuple of str
        Item names.
    rows : NDArray[np.int64], shape (n_occasions,)
        Which row of the input each occasion came from.
    """

    items: NDArray[np.int8]
    starts: NDArray[np.int64]
    columns: tuple[str, ...]
    rows: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Return the number of occasions of each sequence, shape (n_sequences,)."""
        return np.diff(self.starts)

    @property
    def sequence(self) -> NDArray[np.int64]:
        """Return the number of the sequence of each occasion, shape (n_occasions,)."""
        return np.repeat(np.arange(self.starts.size - 1), self.lengths)

    @property
    def position(self) -> NDArray[np.int64]:
        """Return the place of each occasion in its sequence, from 0, shape (n_occasions,)."""
        return np.arange(self.items.shape[0]) - np.repeat(self.starts[:-1], self.lengths)


def sequences(
    source: "Trajectories | pd.DataFrame | NDArray[np.generic]",
    *,
    by: str | Sequence[str] = ("pseudonym", "referral"),
    order: str | None = "occasion",
    items: Sequence[str] | None = None,
) -> Sequences:
    """Which ragged sequences does this input hold.

    Parameters
    ----------
    source : Trajectories, DataFrame or 2-D array
        Item trajectories; or a table with one row an occasion; or an array with one row a person and one column an
        item (one occasion each).
    by : str or sequence of str, default ("pseudonym", "referral")
        Columns of a table that name its sequences; those that exist are used, at least one must.
    order : str or None, default "occasion"
        Column of a table that orders occasions; None keeps the order of the rows.
    items : sequence of str, optional
        Item columns of a table; by default all columns besides ``by``, ``order`` and ``day``.

    Returns
    -------
    Sequences
        Answers in order of sequence and occasion, with the row each came from: of this very input, so that sequences
        put in again count their own rows.

    Raises
    ------
    ConfigError
        If the input is of no accepted kind.
    """
    if isinstance(source, Sequences):
        own = np.arange(source.items.shape[0])  # what is computed from sequences comes in their own order
        return source if np.array_equal(source.rows, own) else replace(source, rows=own)
    if isinstance(source, pd.DataFrame):
        return _from_table(source, (by,) if isinstance(by, str) else tuple(by), order, items)
    if isinstance(source, Trajectories):
        return _from_trajectories(source)
    if isinstance(source, np.ndarray) and source.ndim == MATRIX:
        answers = _answers(source, tuple(f"item_{number + 1}" for number in range(source.shape[1])))
        rows = np.arange(source.shape[0])
        names = tuple(f"item_{number + 1}" for number in range(source.shape[1]))
        return Sequences(answers, np.arange(source.shape[0] + 1), names, rows)
    raise ConfigError(
        f"trajectories, a DataFrame or a 2-D array of one occasion each is needed, got {type(source).__name__}"
    )


def _from_trajectories(source: Trajectories) -> Sequences:
    starts = np.asarray(source.starts, dtype=np.int64)
    items = _answers(np.asarray(source.items), tuple(source.columns))
    if starts.size < MATRIX or starts[0] != 0 or starts[-1] != items.shape[0] or (np.diff(starts) < 1).any():
        raise DataError("starts: must rise from 0 to the number of occasions, and no sequence may be empty")
    found = Sequences(items, starts, tuple(source.columns), np.arange(items.shape[0]))
    occasion = getattr(source, "occasion", None)
    if occasion is not None and np.shape(occasion) == (items.shape[0],):
        _refuse_duplicates(found.sequence, np.asarray(occasion))
    return found


def _from_table(table: pd.DataFrame, by: tuple[str, ...], order: str | None, items: Sequence[str] | None) -> Sequences:
    keys = [column for column in by if column in table.columns]
    if not keys:
        raise ConfigError(
            f"by: none of {by} is a column of the table; name the columns that tell sequences apart, as in "
            'sequences(table, by="patient", order="session", items=[...])'
        )
    if order is not None and order not in table.columns:
        raise ConfigError(f"order: {order!r} is not a column of the table; None keeps the order of its rows")
    left_out = {*keys, order, *by, *NOT_ITEMS}
    columns = [c for c in table.columns if c not in left_out] if items is None else list(items)
    lost = [column for column in columns if column not in table.columns]
    if lost or not columns:
        raise ConfigError(f"items: {lost or 'no column'} not found in the table; name its item columns")
    if len(table) == 0:
        raise DataError("the table holds no occasion")
    blank = int(table[keys].isna().any(axis=1).sum())
    if blank:
        raise DataError(f"{', '.join(keys)}: {blank} of {len(table)} rows name no sequence (rule key_given)")
    sequence = table.groupby(keys, sort=True).ngroup().to_numpy().astype(np.int64)
    moment = np.arange(len(table)) if order is None else _moments(table[order], order)
    rows = np.lexsort((moment, sequence)).astype(np.int64)
    _refuse_duplicates(sequence[rows], moment[rows])
    starts = np.concatenate(([0], np.cumsum(np.bincount(sequence)))).astype(np.int64)
    return Sequences(_numbers(table[columns])[rows], starts, tuple(map(str, columns)), rows)


def _moments(column: pd.Series, name: str) -> NDArray[np.generic]:
    if column.isna().any():
        raise DataError(f"{name}: {int(column.isna().sum())} of {len(column)} occasions have no place in time")
    moments: NDArray[np.generic] = column.to_numpy()
    return moments


def _refuse_duplicates(sequence: NDArray[np.int64], moment: NDArray[np.generic]) -> None:
    same = (sequence[1:] == sequence[:-1]) & (moment[1:] == moment[:-1])
    if same.any():
        raise DataError(
            f"{int(same.sum())} occasions stand twice in their sequence (rule one_row_an_occasion); keep one of each"
        )


def _numbers(table: pd.DataFrame) -> NDArray[np.int8]:
    columns = [str(column) for column in table.columns]
    try:
        answers = table.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise DataError(f"items {', '.join(columns)}: answers must be numbers or missing (rule item_numeric)") from None
    return _answers(answers, tuple(columns))


def _answers(values: NDArray[np.generic], columns: tuple[str, ...]) -> NDArray[np.int8]:
    # bytes with -1 for missing, or an error that names the column that holds what cannot be an answer
    if values.ndim != MATRIX or values.shape[1] != len(columns) or not len(columns):
        raise DataError("items: a table with one row an occasion and one column an item is needed")
    if values.dtype.kind not in "iufb":
        raise DataError("items: answers must be numbers or missing (rule item_numeric)")
    if values.dtype == np.int8 and values.min(initial=0) >= MISSING and values.max(initial=0) <= LARGEST_CODE:
        return np.ascontiguousarray(values)  # already in the form looked for; a million patients need no copies
    numbers = values.astype(np.float64)
    missing = np.isnan(numbers) | (numbers == MISSING)
    numbers = np.where(missing, MISSING, numbers)
    wrong = ~missing & ((numbers < 0) | (numbers > LARGEST_CODE) | (numbers != np.floor(numbers)))
    if wrong.any():
        column = int(wrong.any(axis=0).argmax())
        raise DataError(
            f"{columns[column]}: {int(wrong[:, column].sum())} of {wrong.shape[0]} answers are not whole numbers "
            f"from 0 to {LARGEST_CODE} (rule item_code); first at row {int(wrong[:, column].argmax())}"
        )
    return numbers.astype(np.int8)
