"""What are the typed rows of one file, and which of them break a rule? Text in, a frame and faults out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from outcomes.tables.cells import Cells, Reading, read_cells
from outcomes.tables.column import Column, Table

ROW: Final = "_row"
VERSION: Final = "_version"
FAULTY: Final = "_faulty"
META: Final = (ROW, VERSION, FAULTY)
VERSION_DIGITS: Final = 20
VERSION_BREAK: Final = "\x1f"
TEXT: Final = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True, slots=True)
class TypedRows:
    """The readable records of one file.

    Parameters
    ----------
    frame : DataFrame
        Typed columns and `_row` (record number), `_version` (sortable text), `_faulty` (bool).
    faults : DataFrame
        `row`, `rule`, `column` of every broken rule.
    notes : mapping of (str, str) to int
        Column and rule of mending to number of cells.
    """

    frame: pd.DataFrame
    faults: pd.DataFrame
    notes: Mapping[tuple[str, str], int] = field(default_factory=dict)


def series(values: pa.Array, column: Column) -> pd.Series:
    """Put a typed column into memory.

    Parameters
    ----------
    values : pyarrow.Array
        As `read_cells` returns them.
    column : Column
        Its declaration.

    Returns
    -------
    Series
        str, Int32 (dates as days since 1970-01-01), Int8 (answers), or float64.
    """
    if column.type in {"date", "integer"}:
        mask = values.is_null().to_numpy(zero_copy_only=False)
        small = column.type == "integer" and bool(column.integers)
        numbers = values.fill_null(0).to_numpy().astype(np.int8 if small else np.int32)
        return pd.Series(pd.arrays.IntegerArray(numbers, mask))
    if column.type == "number":
        return pd.Series(values.to_numpy(zero_copy_only=False))
    return pd.Series(values, dtype=TEXT)


def _constant(text: str, rows: int) -> pa.ChunkedArray:
    return pa.chunked_array([pa.repeat(pa.scalar(text, pa.string()), rows)])


def version_keys(columns: Sequence[pa.ChunkedArray], rows: int) -> pd.Series:
    """Make texts that sort as versions do: numbers compare as numbers, everything else as text.

    Parameters
    ----------
    columns : sequence of pyarrow.ChunkedArray
        The declared version columns as text, most important first.
    rows : int
        Number of rows.

    Returns
    -------
    Series of str
        Sorts as the versions do.
    """
    joined = pd.Series("", index=range(rows), dtype=TEXT)
    for column in columns:
        encoded = column.combine_chunks().dictionary_encode()
        words = [text.strip() for text in encoded.dictionary.to_pylist()]
        padded = pa.array([word.zfill(VERSION_DIGITS) if word.isdigit() else word for word in words], pa.string())
        joined = joined + pd.Series(padded.take(encoded.indices), dtype=TEXT) + VERSION_BREAK
    return joined


def _fault_frame(cells: Cells, name: str, numbers: NDArray[np.int64]) -> pd.DataFrame | None:
    broken = cells.faults != ""
    if not broken.any():
        return None
    return pd.DataFrame({"row": numbers[broken], "rule": pd.Series(cells.faults[broken], dtype=TEXT), "column": name})


def read_rows(
    cells: pa.Table,
    numbers: NDArray[np.int64],
    table: Table,
    reading: Reading,
    *,
    constants: Mapping[str, str],
    versions: Sequence[str],
) -> TypedRows:
    """Read the typed rows of one file.

    Parameters
    ----------
    cells : pyarrow.Table
        Text columns under canonical names, and the version columns.
    numbers : ndarray of int64
        Record numbers.
    table : Table
        Declaration of the feed table.
    reading : Reading
        Missing codes, date format, last possible date.
    constants : mapping of str to str
        Columns with one text for all rows.
    versions : sequence of str
        Names, in `cells`, of the columns that order versions.

    Returns
    -------
    TypedRows
        All rows, the faulty ones marked.
    """
    rows = cells.num_rows
    columns: dict[str, pd.Series] = {}
    found, notes = [], {}
    for column in table.columns:
        if column.name not in constants and column.name not in cells.column_names:
            continue
        texts = _constant(constants[column.name], rows) if column.name in constants else cells.column(column.name)
        typed = read_cells(column, texts, reading)
        columns[column.name] = series(typed.values, column)
        found.append(_fault_frame(typed, column.name, numbers))
        notes.update({(column.name, rule): count for rule, count in typed.notes.items()})
    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows))
    faults = _stack(found)
    frame[ROW] = numbers
    frame[VERSION] = version_keys([cells.column(name) for name in versions], rows)
    frame[FAULTY] = np.isin(numbers, faults["row"].to_numpy())
    return TypedRows(frame, faults, notes)


def _stack(found: Sequence[pd.DataFrame | None]) -> pd.DataFrame:
    frames = [frame for frame in found if frame is not None]
    if not frames:
        return pd.DataFrame(
            {"row": np.zeros(0, dtype=np.int64), "rule": pd.Series([], dtype=TEXT), "column": pd.Series([], dtype=TEXT)}
        )
    return pd.concat(frames, ignore_index=True)
