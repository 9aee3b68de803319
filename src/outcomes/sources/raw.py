"""What came out of one file: cells as text, the record number of each row, and the records that could not be read."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

MEBIBYTE: Final = 1 << 20
CELL_TOO_LONG: Final = "cell_too_long"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file, a row and a cell may be before the file is refused.

    Parameters
    ----------
    max_bytes : int
        Bytes of one file after decompression; of a Parquet file also the bytes of its cells as text.
    max_ratio : int
        Times a compressed file may grow; text of questionnaires grows 5 to 50 times, a bomb a thousand times.
    ratio_from_bytes : int
        Decompressed bytes from which the ratio is watched.
    max_columns : int
        Columns of one file.
    max_cell_characters : int
        Bytes of one cell, declared or not.
    """

    max_bytes: int = 512 * MEBIBYTE
    max_ratio: int = 100
    ratio_from_bytes: int = 16 * MEBIBYTE
    max_columns: int = 4_000
    max_cell_characters: int = 65_536


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is written: declared, never guessed.

    Parameters
    ----------
    encoding : str
        "utf-8" (with or without a byte order mark), "cp1252" or "latin-1".
    delimiter : str
        One character: comma, semicolon, tab or bar.
    """

    encoding: str = "utf-8"
    delimiter: str = ","


@dataclass(frozen=True, slots=True)
class RawTable:
    """The records of one file.

    Parameters
    ----------
    cells : pyarrow.Table
        One string column per wanted column that the file has, named as the feed table names it.
    numbers : ndarray of int64
        Record number of each row of `cells`; the header is record 1.
    unreadable : tuple of (int, str)
        Record number and rule of each record that could not be split into cells.
    undeclared : int
        Columns of the file that nobody asked for; they are not in `cells`.
    absent : tuple of str
        Wanted columns that the file does not have.
    refused : str
        Why the whole file is refused; empty where it is not. Then `cells` is empty.
    records : int
        Records of the file below the header, for the tally of a refused file.
    """

    cells: pa.Table
    numbers: NDArray[np.int64]
    unreadable: tuple[tuple[int, str], ...] = ()
    undeclared: int = 0
    absent: tuple[str, ...] = ()
    refused: str = ""
    records: int = field(default=0)

    @property
    def rows(self) -> int:
        """Records that were read, readable or not."""
        return self.records if self.refused else len(self.numbers) + len(self.unreadable)


def refused(rule: str, records: int) -> RawTable:
    """Return what a reader says of a file that cannot be used at all.

    Parameters
    ----------
    rule : str
        Name of the rule that the file breaks.
    records : int
        Records it holds, as far as they could be counted.

    Returns
    -------
    RawTable
        A table without rows that carries the reason.
    """
    return RawTable(pa.table({}), np.zeros(0, dtype=np.int64), refused=rule, records=records)
