"""What is a column, and what is a table? The records from which checks, intake and documentation are made."""

from dataclasses import dataclass
from typing import Final, Literal

from outcomes.errors import ConfigError

ColumnType = Literal["id", "code", "word", "date", "integer", "number", "flag"]

UNKNOWN_CODE: Final = "?"
"""Stands in the library for a code that is on no list, so that free text typed into a code field never enters."""

TYPE_WORDS: Final[dict[str, str]] = {
    "id": "identifier (text)",
    "code": "code (text)",
    "word": "short text",
    "date": "date",
    "integer": "whole number",
    "number": "number",
    "flag": "true/false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of one table.

    Parameters
    ----------
    name : str
        Its name.
    type : str
        "id" (text, kept to the letter), "code" (from a list or a pattern), "word" (short plain text), "date",
        "integer", "number" or "flag".
    meaning : str
        What it says, in one sentence.
    unit : str
        Unit or scale where there is one.
    codes : tuple of str
        Codes that are allowed; empty where any is, or where `pattern` says which.
    pattern : str
        Regular expression for codes that are too many to list.
    cleaning : tuple of str
        Names of the rules of `outcomes.reference.code_cleaning` by which a code may be mended.
    several : bool
        A cell may hold several codes, separated by semicolons.
    minimum, maximum : float or None
        Range of numbers, both ends included.
    integers : tuple of int
        Whole numbers that are allowed where they are not a range.
    required : bool
        A blank cell is a fault.
    expected : bool
        A file without the column is refused.
    identifying : bool
        Stays in the vault; never enters the library.
    """

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""
    codes: tuple[str, ...] = ()
    pattern: str = ""
    cleaning: tuple[str, ...] = ()
    several: bool = False
    minimum: float | None = None
    maximum: float | None = None
    integers: tuple[int, ...] = ()
    required: bool = False
    expected: bool = False
    identifying: bool = False

    @property
    def rule(self) -> str:
        """What a cell must obey, in words for the data dictionary."""
        parts = ["never blank"] if self.required else []
        if self.codes:
            parts.append("one of " + " ".join(self.codes))
        elif self.pattern:
            parts.append(f"matches `{self.pattern}`")
        if self.integers:
            parts.append("one of " + " ".join(map(str, self.integers)))
        if self.minimum is not None and self.maximum is not None:
            parts.append(f"{self.minimum:g} to {self.maximum:g}")
        elif self.minimum is not None:
            parts.append(f"{self.minimum:g} or more")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Parameters
    ----------
    name : str
        Its name.
    question : str
        What one row is, and what the table answers.
    columns : tuple of Column
        In order.
    key : tuple of str
        Columns that name a row; in the library no two rows share a key.
    """

    name: str
    question: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Find the column of this name.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Column
            The declaration.

        Raises
        ------
        ConfigError
            If the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise ConfigError(f"table {self.name} has no column {name!r}; it may have {', '.join(self.names)}")
