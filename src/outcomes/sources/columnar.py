"""What does a Parquet file say, as text? Types that would already have changed an identifier are refused."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from outcomes.sources.raw import Limits, RawTable, refused


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    # Cells as a careful person would type them, or None where the type has no honest text.
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_timestamp(kind):
        column = pc.strftime(column, format="%Y-%m-%d %H:%M:%S").cast(pa.string())
    elif (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_date32(kind)
    ):
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


def _fault(metadata: pq.FileMetaData, names: list[str], wanted: Mapping[str, str], limits: Limits) -> str:
    size = sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups))
    if size > limits.max_bytes or metadata.num_rows > limits.max_bytes:
        return "file_too_large"
    if len(names) > limits.max_columns:
        return "too_many_columns"
    if len(names) != len(set(names)):
        return "column_twice"
    return "" if set(wanted.values()) & set(names) else "no_declared_column"


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
        Size caps, checked on the footer before a column is read.

    Returns
    -------
    RawTable
        Cells as text, or the rule that refuses the file. The first row has number 2, as in a CSV file with a header.
    """
    limits = limits or Limits()
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            rows = file.metadata.num_rows
            rule = _fault(file.metadata, names, wanted, limits)
            if rule:
                return refused(rule, rows)
            present = {name: column for name, column in wanted.items() if column in names}
            table = file.read(columns=sorted(set(present.values())), use_threads=False)
    except (pa.ArrowException, OSError):
        return refused("unreadable", 0)
    texts = {name: _as_text(table.column(column)) for name, column in present.items()}
    if any(text is None for text in texts.values()):
        return refused("column_type", rows)
    return RawTable(
        cells=pa.table(texts),
        numbers=np.arange(2, rows + 2, dtype=np.int64),
        undeclared=len(names) - len(set(present.values())),
        absent=tuple(name for name in wanted if name not in present),
    )
