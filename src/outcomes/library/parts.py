"""How does a table become bytes and come back? Content hashes, columnar parts, and which part a person is in."""

import hashlib
import io
from collections.abc import Collection, Iterator, Mapping
from typing import Final
from zlib import crc32

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

ROWS_PER_PART: Final = 20_000
BUCKETS: Final = 16
PEOPLE: Final = ("patient_id", "pseudonym")
NAME_BYTES: Final = 16
KEYED_NAME: Final = f"^[0-9a-f]{{{2 * NAME_BYTES}}}$"
FEW: Final = 512
DELTAS: Final = {"integer": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "other": "PLAIN"}


def content(frame: pd.DataFrame) -> str:
    """Name the content of a table by its hash: names, types and cells count; not labels, time or library versions.

    Parameters
    ----------
    frame : DataFrame
        The table, in the order of its key.

    Returns
    -------
    str
        64 hexadecimal digits of SHA-256.
    """
    digest = hashlib.sha256(f"{len(frame)}\n".encode())
    for column in frame.columns:
        array = _array(frame[column])
        digest.update(f"{column} {array.type}\n".encode())
        for piece in _bytes(array):
            digest.update(piece)
    return digest.hexdigest()


def _array(column: pd.Series) -> pa.Array:
    array = pa.Array.from_pandas(column)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) or pa.types.is_null(array.type) else array


def _bytes(array: pa.Array) -> Iterator[bytes]:
    yield np.packbits(pc.is_valid(array).to_numpy(zero_copy_only=False)).tobytes()
    if pa.types.is_string(array.type):
        filled = pc.fill_null(array, "")
        yield pc.binary_length(filled).to_numpy().astype("<i4").tobytes()
        _, offsets, letters = filled.buffers()
        first, last = np.frombuffer(offsets, "<i4", len(filled) + 1, 4 * filled.offset)[[0, -1]] if offsets else (0, 0)
        yield letters[first:last].to_pybytes() if letters is not None else b""
    else:
        values = pc.fill_null(array, False if pa.types.is_boolean(array.type) else 0).to_numpy(zero_copy_only=False)
        yield values.astype("<f8" if pa.types.is_floating(array.type) else "<i8").tobytes()


def to_bytes(frame: pd.DataFrame | pa.Table) -> bytes:
    """Write a table as Parquet, each column in the encoding that keeps it small.

    Keyed names (32 hexadecimal digits) are written as the 16 bytes that they are. A column of few different values is
    written as a dictionary, whole numbers and texts of many as differences from the one before.

    Parameters
    ----------
    frame : DataFrame or pyarrow.Table
        The table.

    Returns
    -------
    bytes
        Without statistics, so that no cell stands outside the compressed pages.
    """
    whole = frame if isinstance(frame, pa.Table) else as_arrow(frame)
    table = pa.table({name: _packed(whole.column(name)) for name in whole.column_names})
    few = [name for name in table.column_names if pc.count_distinct(table.column(name)).as_py() <= FEW]
    many = {name: _delta(table.column(name).type) for name in table.column_names if name not in few}
    sink = io.BytesIO()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        use_dictionary=few,
        column_encoding=many or None,
        write_statistics=False,
        store_schema=False,
    )
    return sink.getvalue()


def as_arrow(frame: pd.DataFrame) -> pa.Table:
    """Turn a table into columns of text and numbers.

    Parameters
    ----------
    frame : DataFrame
        The table.

    Returns
    -------
    pyarrow.Table
        The same cells.
    """
    return pa.table({str(name): _array(frame[name]) for name in frame.columns})


def _delta(kind: pa.DataType) -> str:
    return DELTAS["integer" if pa.types.is_integer(kind) else "text" if pa.types.is_string(kind) else "other"]


def _packed(column: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    # Keyed names as bytes; every other column as it is.
    if not pa.types.is_string(column.type) or column.null_count == len(column):
        return column
    if not pc.all(pc.match_substring_regex(column, KEYED_NAME)).as_py():
        return column
    array = column.combine_chunks()
    said = pc.is_valid(array).to_numpy(zero_copy_only=False)
    names = np.zeros((len(array), NAME_BYTES), dtype=np.uint8)
    digits = "".join(array.drop_null().to_pylist())
    names[said] = np.frombuffer(bytes.fromhex(digits), dtype=np.uint8).reshape(-1, NAME_BYTES)
    mask = pa.py_buffer(np.packbits(said, bitorder="little"))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(NAME_BYTES), len(array), [mask, pa.py_buffer(names)])


def _unpacked(column: pa.ChunkedArray) -> pa.ChunkedArray:
    # The digits of keyed names that were written as bytes.
    if not pa.types.is_fixed_size_binary(column.type):
        return column
    array = column.combine_chunks()
    said = pc.is_valid(array).to_numpy(zero_copy_only=False)
    digits = b"".join(array.drop_null().to_pylist()).hex().encode()
    ends = np.r_[0, np.cumsum(said, dtype=np.int32) * (2 * NAME_BYTES)].astype(np.int32)
    mask = pa.py_buffer(np.packbits(said, bitorder="little"))
    text = pa.StringArray.from_buffers(len(array), pa.py_buffer(ends), pa.py_buffer(digits), mask)
    return pa.chunked_array([text])


def to_arrow(plain: bytes) -> pa.Table:
    """Read a table that `to_bytes` wrote.

    Parameters
    ----------
    plain : bytes
        Parquet.

    Returns
    -------
    pyarrow.Table
        The table.
    """
    table = pq.read_table(pa.BufferReader(plain), use_threads=False)
    return pa.table({name: _unpacked(table.column(name)) for name in table.column_names})


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Put a table back into the types of the declarations: str, Int8, Int32, float64.

    Parameters
    ----------
    table : pyarrow.Table
        As `to_arrow` reads it.

    Returns
    -------
    DataFrame
        The table.
    """
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_integer(column.type):
            valid = pc.is_valid(column).to_numpy(zero_copy_only=False)
            values = pc.fill_null(column, 0).to_numpy()
            columns[name] = pd.Series(pd.arrays.IntegerArray(values.copy(), ~valid))
        elif pa.types.is_string(column.type):
            text = pd.StringDtype(na_value=np.nan)
            # An empty column has no chunk, and pandas cannot merge on an array without one.
            filled = column if column.num_chunks else pa.array([], pa.string())
            columns[name] = filled.to_pandas(types_mapper={pa.string(): text}.get)
        else:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns)


def person_column(frame: pd.DataFrame) -> str:
    """Say by which column a table is parted.

    Parameters
    ----------
    frame : DataFrame
        A table of library or vault.

    Returns
    -------
    str
        "patient_id", "pseudonym", or "" where a row is no person's.
    """
    return next((name for name in PEOPLE if name in frame), "")


def buckets(people: pd.Series) -> NDArray[np.int64]:
    """Say in which part each person's rows are: by the first digit of a pseudonym, by a checksum of anything else.

    Parameters
    ----------
    people : Series of str
        Pseudonyms (named so) or other identifiers.

    Returns
    -------
    ndarray of int64
        0 to 15; pseudonyms that are in order stay so.
    """
    texts = _array(people).cast(pa.large_string())
    named = people.name == "pseudonym"
    encoded = (pc.utf8_slice_codeunits(texts, 0, 1) if named else texts).dictionary_encode()
    words = encoded.dictionary.to_pylist()
    if named:
        places = ["0123456789abcdef".find(word) % BUCKETS for word in words]
    else:
        places = [crc32(word.encode()) % BUCKETS for word in words]
    codes = pc.fill_null(encoded.indices, len(words)).to_numpy(zero_copy_only=False)
    return np.asarray(np.array([*places, 0], dtype=np.int64)[codes], dtype=np.int64)


def pieces(frame: pd.DataFrame, *, parted: bool) -> Iterator[tuple[int, pd.DataFrame]]:
    """Part a table so that rewriting one person rewrites one part.

    Parameters
    ----------
    frame : DataFrame
        A table.
    parted : bool
        Whether it is large enough, or belongs to one that is (`lending.parted`).

    Yields
    ------
    tuple of int and DataFrame
        Bucket and its rows in their order; bucket -1 and the whole table where it is not parted.
    """
    column = person_column(frame)
    if not parted or not column:
        yield -1, frame
        return
    place = buckets(frame[column])
    for bucket in range(BUCKETS):
        yield bucket, frame[place == bucket]


def touched(column: str, people: Collection[str]) -> frozenset[int]:
    """Say which parts may hold some people.

    Parameters
    ----------
    column : str
        The column by which the table is parted.
    people : collection of str
        Their names in that column.

    Returns
    -------
    frozenset of int
        Buckets; -1, a table of one part, among them.
    """
    return frozenset({-1, *buckets(pd.Series(sorted(people), name=column, dtype="object")).tolist()})


def leave_out(frame: pd.DataFrame, people: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """Take some people's rows out of a table.

    Parameters
    ----------
    frame : DataFrame
        A table.
    people : mapping of str to collection of str
        Column to the names of those who leave.

    Returns
    -------
    DataFrame
        The rows of everybody else, in their order.
    """
    for column in people:
        if column in frame:
            frame = frame[~frame[column].isin(list(people[column]))]
    return frame
