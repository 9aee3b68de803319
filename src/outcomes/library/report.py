"""What happened to every row of a feed? Counts that add up, and where the faults are, never a cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from outcomes.errors import DataError

TALLY: Final = ("accepted", "duplicate", "quarantined", "refused")
SHORT_HASH: Final = 12
MOST_LINES: Final = 40
MEANINGS: Final[Mapping[str, str]] = {
    "adds_nothing": "everything in the row was said before",
    "bad_quotes": "quotation marks that do not pair",
    "cell_too_long": "a cell longer than any declared column can be",
    "column_twice": "a declared column stands twice in the header",
    "column_type": "a Parquet column has a type that cannot be read as text",
    "compression_ratio": "the file grows more than compressed text does",
    "contact_after_discharge": "a contact later than the end of its referral",
    "contradicts_another_row": "two rows of one key say different things and no declared version says which is newer",
    "date_before_referral": "dated before the referral was received",
    "date_in_future": "dated after the extract or after today",
    "date_malformed": "not a date in the declared format",
    "date_too_early": "dated before 1900",
    "declared_missing": "a code declared to mean missing",
    "discharge_before_receipt": "closed before it was received",
    "drop_decimal_point_zero": "'.0' behind a whole number, removed",
    "drop_dots": "a dot inside a code, removed",
    "drop_leading_zeros": "a zero before a code, removed",
    "empty_sitting": "accepted although no question is answered",
    "encoding": "not text in the declared encoding",
    "episode_not_stated": "no episode stated, and the person has several referrals",
    "file_not_found": "no file there",
    "file_too_large": "larger than the cap",
    "fractional_total": "a total that is not a whole number, kept as recorded",
    "gzip_damaged": "a compressed file that ends early or is damaged",
    "id_control_character": "an identifier with a control character",
    "id_padding": "an identifier with blanks around it: neither merged nor split",
    "id_too_long": "an identifier longer than any can be",
    "missing_column": "a column that the table needs is not in the file",
    "no_answer_column": "no column of any known instrument",
    "no_declared_column": "none of the declared columns is in the file",
    "no_header": "no readable first line with column names",
    "no_referral": "no accepted referral of that person and episode",
    "no_usable_row": "every row is at fault",
    "no_date_or_occasion": "neither date nor day nor number of the occasion",
    "not_a_number": "not a number",
    "not_an_integer": "not a whole number",
    "nul_byte": "a NUL byte, so not a text file",
    "out_of_range": "outside the legal values",
    "required_blank": "blank where a value is needed",
    "restore_lost_zero": "a zero lost before a code, restored",
    "same_row": "the same row again",
    "strip_blanks": "blanks around a value, removed",
    "superseded": "a newer version of the row is there",
    "time_left_off": "a time of day behind a date, left off",
    "too_many_columns": "more columns than the cap",
    "total_disagrees_with_items": "the submitted total is not the sum of the items; the items count",
    "unclosed_quote": "a quotation mark that is not closed swallows other records",
    "unknown_code": "a code on no list, entered as '?'",
    "unknown_instrument": "a questionnaire that is not known",
    "unknown_item": "a question that the questionnaire does not have",
    "unreadable": "cannot be split into records",
    "upper_case": "a small letter in a code, made a capital",
    "version_column_missing": "a column that orders versions is not in the file",
    "word_malformed": "not a short plain word or code",
    "wrong_number_of_cells": "more or fewer cells than the header has columns",
}


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
        One row a table and file: table, file (its name), sha256 (first digits), read, accepted, duplicate, quarantined,
        refused, undeclared_columns.
    quarantine : DataFrame
        One row a fault: table, file, row (record number; the header is 1), rule, column.
    notes : DataFrame
        table, column, rule, count: what was mended, or accepted but worth knowing, and rows of earlier files that
        changed their state.
    """

    snapshot: str
    changed: bool
    tally: pd.DataFrame
    quarantine: pd.DataFrame
    notes: pd.DataFrame = field(default_factory=pd.DataFrame)

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

    def text(self) -> str:
        """Write what a data manager needs to read.

        Returns
        -------
        str
            Plain text, no cell of the feed in it.
        """
        head = f"Library snapshot {self.snapshot}" if self.snapshot else "Refused; the library is unchanged"
        lines = [head + ("" if self.changed or not self.snapshot else " (unchanged: nothing new)"), ""]
        lines += _grid(self.tally.rename(columns={"undeclared_columns": "columns left out"}))
        summary = self.summary()
        if len(summary):
            lines += ["", "Quarantined rows (record numbers count the header as 1):"]
            lines += _grid(summary.assign(meaning=summary["rule"].map(MEANINGS).fillna("")))
        if len(self.notes):
            lines += ["", "Mended, or accepted but worth knowing:"]
            lines += _grid(self.notes.assign(meaning=self.notes["rule"].map(MEANINGS).fillna("")))
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
