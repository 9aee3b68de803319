"""What does a Parquet file say, as text? Types that would already have changed an identifier are refused."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from outcomes.sources.raw import CELL_TOO_LONG, Limits, RawTable, refused

ROWS_AT_ONCE: Final = 65_536
BYTES_OF_A_CELL: Final = 4


class UnusableError(Exception):
    """The whole file breaks a rule, which shows only while its columns are read."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    # Cells as a careful person would type them, or None where the type has no honest text.
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_timestamp(kind):
        column = pc.strftime(column, format="%Y-%m-%d %H:%M:%S").cast(pa.string())
    elif _is_text(kind) or pa.types.is_integer(kind) or pa.types.is_date32(kind):
        column = column.cast(pa.string())
    elif pa.types.is_floating(kind):
        column = pa.chunked_array(
            [
                pa.array(
                    [None if cell is None or np.isnan(cell) else repr(cell) for cell in column.to_pylist()], pa.string()
                )
            ]
        )
    elif pa.types.is_null(kind):
        column = column.cast(pa.string())
    else:
        return None
    return pc.fill_null(column, "")


def _fault(path: Path, footer: pq.ParquetFile, wanted: Mapping[str, str], limits: Limits) -> str:
    metadata, names = footer.metadata, footer.schema_arrow.names
    size = sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups))
    cells = metadata.num_rows * sum(name in set(wanted.values()) for name in names)
    if size > limits.max_bytes or cells * BYTES_OF_A_CELL > limits.max_bytes:
        return "file_too_large"
    if _grows_too_much(size, path.stat().st_size, limits):
        return "compression_ratio"
    if len(names) > limits.max_columns:
        return "too_many_columns"
    if len(names) != len(set(names)):
        return "column_twice"
    return "" if set(wanted.values()) & set(names) else "no_declared_column"


def _grows_too_much(bytes_now: int, bytes_packed: int, limits: Limits) -> bool:
    return bytes_now > limits.ratio_from_bytes and bytes_now > bytes_packed * limits.max_ratio


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _text_bytes(column: pa.Array, limits: Limits) -> tuple[int, pa.Array | None]:
    # Bytes of a text column once every cell stands on its own, and which cells are too long; found before it is so.
    if not pa.types.is_dictionary(column.type) or not _is_text(column.type.value_type):
        return column.nbytes, None
    lengths = pc.binary_length(column.dictionary)
    each = pc.fill_null(lengths.take(column.indices), 0)
    long = pc.greater(each, limits.max_cell_characters)
    return pc.sum(pc.if_else(long, 0, each)).as_py() or 0, long


def _pieces(
    file: pq.ParquetFile, columns: list[str], size: int, limits: Limits
) -> Iterator[tuple[pa.Table, np.ndarray]]:
    # The columns piece by piece: rows as text where a cell is not too long, and which rows those are.
    total = 0
    for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=columns, use_threads=False):
        kept = np.ones(batch.num_rows, dtype=bool)
        for column in batch.columns:
            told, long = _text_bytes(column, limits)
            total += told
            if long is not None:
                kept &= ~long.to_numpy(zero_copy_only=False)
        if total > limits.max_bytes:
            raise UnusableError("file_too_large")
        if _grows_too_much(total, size, limits):
            raise UnusableError("compression_ratio")
        rows = pa.Table.from_batches([batch])
        texts = {
            name: _as_text(rows.column(name) if kept.all() else rows.column(name).filter(kept)) for name in columns
        }
        if any(text is None for text in texts.values()):
            raise UnusableError("column_type")
        yield pa.table(texts), kept


def read(path: Path, wanted: Mapping[str, str], *, limits: Limits | None = None) -> RawTable:
    """Read the wanted columns of a Parquet file as text.

    Strings, integers, dates, timestamps (without a zone) and floating-point numbers become text; a missing cell becomes
    a blank. A floating-point identifier ("123.0") fails later, at the check of identifiers: the file has already lost
    what it was.

    Parameters
    ----------
    path : Path
        A `.parquet` file.
    wanted : mapping of str to str
        Name in the feed table to name in the file; other columns are counted and left behind unread.
    limits : Limits, optional
        Size caps, checked on the footer before a column is read, and again while its cells become text.

    Returns
    -------
    RawTable
        Cells as text, or the rule that refuses the file. The first row has number 2, as in a CSV file with a header.
    """
    limits = limits or Limits()
    try:
        with pq.ParquetFile(path) as footer:
            schema, rows = footer.schema_arrow, footer.metadata.num_rows
            rule = _fault(path, footer, wanted, limits)
        if rule:
            return refused(rule, rows)
        present = {name: column for name, column in wanted.items() if column in schema.names}
        columns = sorted(set(present.values()))
        texts = [name for name in columns if _is_text(schema.field(name).type)]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            pieces = list(_pieces(file, columns, path.stat().st_size, limits))
    except UnusableError as error:
        return refused(error.rule, rows)
    except (pa.ArrowException, OSError):
        return refused("unreadable", 0)
    empty = pa.table({name: pa.array([], pa.string()) for name in columns})
    table = pa.concat_tables([piece for piece, _ in pieces] or [empty])
    kept = np.concatenate([kept for _, kept in pieces] or [np.zeros(0, dtype=bool)])
    numbers = np.arange(2, rows + 2, dtype=np.int64)
    return RawTable(
        cells=pa.table({name: table.column(column) for name, column in present.items()}),
        numbers=numbers[kept],
        unreadable=tuple((int(number), CELL_TOO_LONG) for number in numbers[~kept]),
        undeclared=len(schema.names) - len(columns),
        absent=tuple(name for name in wanted if name not in present),
    )
