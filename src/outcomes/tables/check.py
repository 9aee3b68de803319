"""Is a frame what its declaration says? Every fault is reported together, counted and located, never shown."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from outcomes.errors import DataError
from outcomes.tables.column import UNKNOWN_CODE, Column, Table


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that some rows of one column break.

    Parameters
    ----------
    column, rule : str
        Which column breaks which rule.
    rows : int
        How many rows do.
    first : int
        Position of the first of them, from 0; -1 where the column as a whole is meant.
    """

    column: str
    rule: str
    rows: int
    first: int = -1

    def sentence(self, table: str, size: int) -> str:
        """Say what is to be told about it.

        Parameters
        ----------
        table : str
            Name of the table.
        size : int
            Rows of the table.

        Returns
        -------
        str
            Column, rule, count and place; no cell.
        """
        if self.first < 0:
            return f"{table}.{self.column}: {self.rule}"
        counted = f"{self.rows:,} of {size:,} rows break the rule {self.rule}"
        return f"{table}.{self.column}: {counted}; first at row {self.first}"


def _fault(column: str, rule: str, broken: pd.Series) -> Iterator[Fault]:
    rows = int(broken.sum())
    if rows:
        yield Fault(column, rule, rows, int(broken.to_numpy().argmax()))


def _right_type(cells: pd.Series, column: Column) -> bool:
    match column.type:
        case "integer":
            return pd.api.types.is_integer_dtype(cells.dtype)
        case "number":
            return pd.api.types.is_float_dtype(cells.dtype)
        case "flag":
            return pd.api.types.is_bool_dtype(cells.dtype)
        case _:
            return pd.api.types.is_string_dtype(cells.dtype)


def _illegal(cells: pd.Series, column: Column) -> pd.Series:
    # Cells that are neither blank nor a legal code.
    if column.pattern and not column.codes:
        return cells.notna() & ~cells.str.fullmatch(column.pattern, na=False).astype(bool) & cells.ne(UNKNOWN_CODE)
    allowed = {*column.codes, UNKNOWN_CODE}
    distinct = cells.dropna().unique()
    wrong = [text for text in distinct if not set(str(text).split(";") if column.several else [str(text)]) <= allowed]
    return cells.isin(wrong) if wrong else pd.Series(data=False, index=cells.index)


def _cell_faults(cells: pd.Series, column: Column) -> Iterator[Fault]:
    if column.required:
        yield from _fault(column.name, "never_blank", cells.isna())
    present = cells.notna()
    if column.integers:
        yield from _fault(column.name, "allowed_values", present & ~cells.isin(list(column.integers)))
    if column.minimum is not None:
        yield from _fault(column.name, "minimum", (present & (cells < column.minimum)).fillna(value=False).astype(bool))
    if column.maximum is not None:
        yield from _fault(column.name, "maximum", (present & (cells > column.maximum)).fillna(value=False).astype(bool))
    if column.codes or column.pattern:
        yield from _fault(column.name, "allowed_codes", _illegal(cells, column))


def faults(frame: pd.DataFrame, table: Table) -> tuple[Fault, ...]:
    """Find every rule of its declaration that a frame breaks.

    Columns of the table that the frame does not have are no fault unless they are part of the key; columns that are not
    declared are.

    Parameters
    ----------
    frame : DataFrame
        A library table.
    table : Table
        Its declaration.

    Returns
    -------
    tuple of Fault
        All of them; empty where the frame is right.
    """
    found = [
        Fault("(columns)", f"{extra} undeclared", extra)
        for extra in [len(set(frame.columns) - set(table.names))]
        if extra
    ]
    for column in table.columns:
        if column.name not in frame:
            found += [Fault(column.name, "missing key column", 0)] if column.name in table.key else []
        elif not _right_type(frame[column.name], column):
            found.append(Fault(column.name, f"must be {column.type}", len(frame)))
        else:
            found += _cell_faults(frame[column.name], column)
    if set(table.key) <= set(frame.columns):
        found += _fault(" + ".join(table.key), "unique_key", frame.duplicated(list(table.key)))
    return tuple(found)


def check(frame: pd.DataFrame, table: Table) -> None:
    """Stop where a frame is not what its declaration says.

    Parameters
    ----------
    frame : DataFrame
        A library table.
    table : Table
        Its declaration.

    Raises
    ------
    DataError
        With every fault: column, rule and count, never a value.
    """
    found = faults(frame, table)
    if found:
        raise DataError("; ".join(fault.sentence(table.name, len(frame)) for fault in found))
