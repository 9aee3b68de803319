"""What happened to every row of a feed? Counts that add up, and where the faults are, never a cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from outcomes.errors import DataError
from outcomes.library.meanings import MEANINGS, to_do

TALLY: Final = ("accepted", "duplicate", "quarantined", "refused")
SHORT_HASH: Final = 12
MOST_LINES: Final = 40
SHEET: Final = ("sha256", "file", "table", "row", "rule", "column", "count", "meaning", "to_do")
ANONYMITY_WORDS: Final = (
    "How many people share what somebody might know of a person (for the steward; not for release).",
    "People who share all that is named are one class; who is alone in a class can be picked out.",
)


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """What happened to every row of a feed.

    Parameters
    ----------
    snapshot : str
        Content hash of the library after the intake; empty where the feed was refused.
    changed : bool
        Whether the library says something else than before.
    tally : DataFrame
        One row a table and file: table, file (its name), sha256, read, accepted, duplicate, quarantined, refused,
        undeclared_columns.
    quarantine : DataFrame
        One row a fault: table, file, row (record number; the header is 1), rule, column.
    notes : DataFrame
        table, column, rule, count: what was mended, or accepted but worth knowing, and rows of earlier files that
        changed their state.
    anonymity : DataFrame
        How many people share what somebody might know of a person, as `anonymity.anonymity_table` counts them.
    """

    snapshot: str
    changed: bool
    tally: pd.DataFrame
    quarantine: pd.DataFrame
    notes: pd.DataFrame = field(default_factory=pd.DataFrame)
    anonymity: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def adds_up(self) -> bool:
        """Whether rows read = accepted + duplicate + quarantined + refused, file by file."""
        return bool(self.tally["read"].eq(self.tally[list(TALLY)].sum(axis=1)).all())

    def summary(self) -> pd.DataFrame:
        """Say which faults there are, how often, and where first.

        Returns
        -------
        DataFrame
            table, file, rule, column, count, first_row; sorted.
        """
        if self.quarantine.empty:
            return pd.DataFrame({name: [] for name in ("table", "file", "rule", "column", "count", "first_row")})
        grouped = self.quarantine.groupby(["table", "file", "rule", "column"], sort=True)["row"]
        return grouped.agg(count="count", first_row="min").reset_index()

    def quarantine_sheet(self) -> str:
        r"""Write the list that a data manager works through: which record of which file, and what to do about it.

        Returns
        -------
        str
            CSV with sha256 (of the file), file, table, row (record number; the header is 1; 0 is the whole file), rule,
            column, count (rows of the file with that fault), meaning, to_do. No cell of the feed.

        Examples
        --------
        >>> empty = pd.DataFrame(columns=["table", "file", "row", "rule", "column"], dtype="str")
        >>> IntakeReport("", changed=False, tally=tally_frame([]), quarantine=empty).quarantine_sheet()
        'sha256,file,table,row,rule,column,count,meaning,to_do\n'
        """
        files = self.tally[["table", "file", "sha256"]].drop_duplicates(["table", "file"])
        sheet = self.quarantine.merge(files, on=["table", "file"], how="left")
        place = ["table", "file", "rule", "column"]
        sheet["count"] = sheet.groupby(place)["row"].transform("count")
        sheet = sheet.assign(meaning=sheet["rule"].map(MEANINGS), to_do=sheet["rule"].map(to_do))
        ordered = sheet.sort_values([*place[:2], "row", "rule", "column"])
        return str(ordered[list(SHEET)].to_csv(index=False, lineterminator="\n"))

    def text(self) -> str:
        """Write what a data manager needs to read.

        Returns
        -------
        str
            Plain text, no cell of the feed in it.
        """
        head = f"Library snapshot {self.snapshot}" if self.snapshot else "Refused; the library is unchanged"
        lines = [head + ("" if self.changed or not self.snapshot else " (unchanged: nothing new)"), ""]
        tally = self.tally.assign(sha256=self.tally["sha256"].str[:SHORT_HASH])
        lines += _grid(tally.rename(columns={"undeclared_columns": "columns left out"}))
        summary = self.summary()
        if len(summary):
            lines += ["", "Quarantined rows (record numbers count the header as 1):"]
            lines += _grid(summary.assign(meaning=summary["rule"].map(MEANINGS).fillna("")))
        if len(self.notes):
            lines += ["", "Mended, or accepted but worth knowing:"]
            lines += _grid(self.notes.assign(meaning=self.notes["rule"].map(MEANINGS).fillna("")))
        if len(self.anonymity):
            lines += ["", *ANONYMITY_WORDS]
            lines += _grid(self.anonymity.rename(columns=lambda name: name.replace("_", " ")))
        return "\n".join(lines) + "\n"


class FeedRefused(DataError):  # noqa: N818  named like the errors it belongs to
    """A feed is refused whole and the library is unchanged; `report` says why, file by file."""

    def __init__(self, message: str, report: IntakeReport) -> None:
        super().__init__(message)
        self.report = report


def _word(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int | np.integer) else str(cell)


def _grid(frame: pd.DataFrame) -> list[str]:
    shown = frame.head(MOST_LINES)
    columns = [[str(name), *(_word(cell) for cell in shown[name])] for name in shown]
    widths = [max(map(len, column)) for column in columns]
    right = [pd.api.types.is_numeric_dtype(shown[name]) for name in shown]
    rows = zip(*columns, strict=True)
    lines = [
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]
    return (
        lines
        if len(frame) <= MOST_LINES
        else [*lines, f"... and {len(frame) - MOST_LINES:,} more lines in the report's table"]
    )


def tally_frame(lines: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Lay out a tally.

    Parameters
    ----------
    lines : sequence of mapping
        One a table and file.

    Returns
    -------
    DataFrame
        With the columns of `IntakeReport.tally`.
    """
    columns = ["table", "file", "sha256", "read", *TALLY, "undeclared_columns"]
    return pd.DataFrame(lines, columns=columns)
