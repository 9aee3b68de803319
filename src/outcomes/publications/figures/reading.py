"""How does a figure read a released table? Columns as words or numbers, and a matrix from a long table."""

import numpy as np
from numpy.typing import NDArray

from outcomes.disclosure.seal import Released
from outcomes.errors import DisclosureError
from outcomes.publications.wording import column_of, require_released

Floats = NDArray[np.float64]


def require_curve(released: Released) -> Released:
    """Make sure that somebody has looked at the people behind each point of a curve.

    Parameters
    ----------
    released : Released
        The table, one row a point.

    Returns
    -------
    Released
        The table itself.

    Raises
    ------
    DisclosureError
        If the table is not released, or was released without a word on its vertices.
    """
    if not require_released(released).vertices:
        raise DisclosureError(
            f"table {released.title!r} was released as a table, not as a curve: declare its vertices in "
            "disclosure.gate.release, so that each point stands for enough people"
        )
    return released


def words(released: Released, name: str) -> list[str]:
    """Read a label column.

    Parameters
    ----------
    released : Released
        The table.
    name : str
        Column.

    Returns
    -------
    list of str
        One a row.

    Raises
    ------
    DisclosureError
        If there is no such column.
    """
    return [str(value) for value in released.table[column_of(released, name).name]]


def numbers(released: Released, name: str) -> Floats:
    """Read a column of printed numbers.

    Parameters
    ----------
    released : Released
        The table.
    name : str
        Column.

    Returns
    -------
    ndarray of float, shape (n_rows,)
        NaN where hidden or not applicable.

    Raises
    ------
    DisclosureError
        If there is no such column.
    """
    return released.table[column_of(released, name).name].to_numpy(dtype=float, na_value=np.nan)


def distinct(values: list[str]) -> list[str]:
    """List each value once, in order of appearance.

    Parameters
    ----------
    values : list of str
        Words.

    Returns
    -------
    list of str
        Without repeats.
    """
    return list(dict.fromkeys(values))


def rows_of(names: list[str]) -> dict[str, NDArray[np.int64]]:
    """Say which rows belong to each name, such as the points of each line of a figure.

    Parameters
    ----------
    names : list of str
        One a row.

    Returns
    -------
    dict
        Name to row numbers, ascending; names in order of appearance.
    """
    return {name: np.array([row for row, of in enumerate(names) if of == name]) for name in distinct(names)}


def matrix(released: Released, row: str, column: str, value: str) -> tuple[list[str], list[str], Floats]:
    """Turn a long table into a matrix, rows and columns in order of appearance.

    Parameters
    ----------
    released : Released
        One row a cell.
    row, column, value : str
        Its label columns and its number.

    Returns
    -------
    rows, columns : list of str
        Names.
    values : ndarray of float, shape (n_rows, n_columns)
        NaN where hidden or absent.

    Raises
    ------
    DisclosureError
        If there is no such column.
    """
    down, across, cells = words(released, row), words(released, column), numbers(released, value)
    rows, columns = distinct(down), distinct(across)
    values = np.full((len(rows), len(columns)), np.nan)
    for named_row, named_column, number in zip(down, across, cells, strict=True):
        values[rows.index(named_row), columns.index(named_column)] = number
    return rows, columns, values
