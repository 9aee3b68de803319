"""What does a CSV file say, strictly? Every cell as text, ragged records set apart, nothing shifted.

A file whose quotation marks say nothing goes through pyarrow's parser, which is then trivially right; any other through
the standard library's strict reader. Both give the same result on the same content (a test holds them together).
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from outcomes.sources.opening import as_utf8, read_bytes
from outcomes.sources.quoting import longest_line, without_bare_quotes
from outcomes.sources.raw import CELL_TOO_LONG, MEBIBYTE, Dialect, Limits, RawTable, refused

CHUNK_CELLS: Final = 1_000_000
FIELD_LIMIT: Final = "field larger than field limit"
WRONG_NUMBER_OF_CELLS: Final = "wrong_number_of_cells"
BAD_QUOTES: Final = "bad_quotes"

Parsed = tuple[pa.Table, list[tuple[int, str]]]


def _records(content: bytes) -> int:
    # Lines below the header, the best count there is for a file that cannot be split into records.
    text = content.rstrip(b"\r\n")
    return max(text.count(b"\n"), text.count(b"\r")) if text else 0


def _header(content: bytes, dialect: Dialect) -> list[str] | None:
    first = io.StringIO(content[: 4 * MEBIBYTE].decode("utf-8", errors="ignore"), newline="")
    try:
        return next(csv.reader(first, delimiter=dialect.delimiter, strict=True), None)
    except csv.Error:
        return None


def _header_fault(header: list[str] | None, wanted: Mapping[str, str], limits: Limits) -> str:
    if not header:
        return "no_header"
    if len(header) > limits.max_columns:
        return "too_many_columns"
    declared = set(wanted.values())
    if any(header.count(name) > 1 for name in declared):
        return "column_twice"
    return "" if declared & set(header) else "no_declared_column"


def _plain(content: bytes, header: list[str], places: Sequence[int], dialect: Dialect, *, long: bool) -> Parsed:
    # What a file without quotation marks says, and the records set apart; all columns where some cell may be too long.
    bad: list[tuple[int, str]] = []

    def set_apart(row: pyarrow.csv.InvalidRow) -> str:
        bad.append((row.number, WRONG_NUMBER_OF_CELLS))
        return "skip"

    names = [str(place) for place in range(len(header))]
    kept = names if long else [str(place) for place in places]
    if not _records(content):
        return pa.table({name: pa.array([], pa.string()) for name in kept}), bad
    table = pyarrow.csv.read_csv(
        pa.BufferReader(content),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False, block_size=64 * MEBIBYTE, column_names=names, skip_rows=1
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=dialect.delimiter, quote_char=False, ignore_empty_lines=False, invalid_row_handler=set_apart
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, include_columns=kept
        ),
    )
    return table, bad


class UnclosedQuoteError(csv.Error):
    """A record that cannot be used spans several lines: a quotation mark was not closed and has swallowed others."""


def _split(
    content: bytes, width: int, delimiter: str, limits: Limits, bad: list[tuple[int, str]]
) -> Iterator[list[str]]:
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    next(reader)
    number, longest = 1, limits.max_cell_characters
    while True:
        number, line = number + 1, reader.line_num
        record: list[str] | None = None
        try:
            record, rule = next(reader), WRONG_NUMBER_OF_CELLS
        except StopIteration:
            return
        except csv.Error as error:
            rule = CELL_TOO_LONG if str(error).startswith(FIELD_LIMIT) else BAD_QUOTES
        if record is not None and (len(record) == width or not record):
            if sum(map(len, record)) <= longest or max(map(len, record)) <= longest:
                yield record or [""] * width
            else:
                bad.append((number, CELL_TOO_LONG))
            continue
        if reader.line_num - line > 1:
            raise UnclosedQuoteError
        bad.append((number, rule))


def _quoted(content: bytes, header: list[str], places: Sequence[int], dialect: Dialect, limits: Limits) -> Parsed:
    # What a file with quotation marks says, record by record, and the records set apart.
    bad = list[tuple[int, str]]()
    schema = pa.schema([(str(place), pa.string()) for place in places])
    cells = itemgetter(*places) if len(places) > 1 else lambda record: (record[places[0]],)
    batches, waiting = [], list[Sequence[str]]()
    most = max(CHUNK_CELLS // len(places), 1)

    def flush() -> None:
        columns = zip(*waiting, strict=True) if waiting else [()] * len(places)
        batches.append(pa.record_batch([pa.array(column, type=pa.string()) for column in columns], schema=schema))
        waiting.clear()

    for record in _split(content, len(header), dialect.delimiter, limits, bad):
        waiting.append(cells(record))
        if len(waiting) == most:
            flush()
    flush()
    return pa.Table.from_batches(batches), bad


def _numbers(rows: int, bad: list[tuple[int, str]]) -> np.ndarray:
    everyone = np.arange(2, rows + len(bad) + 2, dtype=np.int64)
    return np.setdiff1d(everyone, np.array([number for number, _ in bad], dtype=np.int64), assume_unique=True)


def _long_cells(table: pa.Table, limits: Limits) -> np.ndarray:
    longest = np.zeros(table.num_rows, dtype=bool)
    for column in table.columns:
        longest |= pc.greater(pc.binary_length(column), limits.max_cell_characters).to_numpy()
    return longest


def read(
    path: Path, wanted: Mapping[str, str], *, dialect: Dialect | None = None, limits: Limits | None = None
) -> RawTable:
    r"""Read the wanted columns of a CSV file as text.

    The first record names the columns; names are matched exactly. A record with more or fewer cells than the header, or
    with broken quotation marks, is set apart by its number and the rest is read. Cells come as they are written:
    "00123", "NA" and "" stay what they are.

    Parameters
    ----------
    path : Path
        A `.csv` or `.csv.gz` file.
    wanted : mapping of str to str
        Name in the feed table to name in the file; other columns of the file are counted and left behind.
    dialect : Dialect, optional
        Encoding and delimiter; UTF-8 and comma unless said.
    limits : Limits, optional
        Size caps.

    Returns
    -------
    RawTable
        Cells as text, or the rule that refuses the file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "feed.csv"
    ...     _ = path.write_text("id,score,note\n00123,7,x\nNA,8\n")
    ...     raw = read(path, {"patient_id": "id", "phq9_1": "score"})
    >>> raw.cells.to_pylist(), raw.unreadable, raw.undeclared
    ([{'patient_id': '00123', 'phq9_1': '7'}], ((3, 'wrong_number_of_cells'),), 1)
    """
    dialect, limits = dialect or Dialect(), limits or Limits()
    packed, rule = read_bytes(path, limits)
    content, rule = (b"", rule) if rule else as_utf8(packed, dialect.encoding)
    if rule:
        return refused(rule, _records(packed))
    content = content.rstrip(b"\r\n")
    header = _header(content, dialect)
    rule = _header_fault(header, wanted, limits)
    if rule or header is None:
        return refused(rule or "no_header", _records(content))
    return _parse(content, header, wanted, dialect, limits)


def _parse(content: bytes, header: list[str], wanted: Mapping[str, str], dialect: Dialect, limits: Limits) -> RawTable:
    present = {name: header.index(column) for name, column in wanted.items() if column in header}
    places = sorted(set(present.values()))
    bare = without_bare_quotes(content, dialect.delimiter)
    long = longest_line(content) > limits.max_cell_characters
    try:
        if bare is None:
            table, bad = _quoted(content, header, places, dialect, limits)
        else:
            table, bad = _plain(bare, header, places, dialect, long=long)
    except UnclosedQuoteError:
        return refused("unclosed_quote", _records(content))
    except (csv.Error, pa.ArrowInvalid):
        return refused("unreadable", _records(content))
    numbers = _numbers(table.num_rows, bad)
    if long:
        lost = _long_cells(table, limits)
        bad += [(int(number), CELL_TOO_LONG) for number in numbers[lost]]
        table, numbers = table.filter(pa.array(~lost)), numbers[~lost]
    return RawTable(
        cells=pa.table({name: table.column(str(place)) for name, place in present.items()}),
        numbers=numbers,
        unreadable=tuple(sorted(bad)),
        undeclared=len(header) - len(places),
        absent=tuple(name for name in wanted if name not in present),
    )
