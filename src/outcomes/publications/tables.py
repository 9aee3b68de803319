"""How is a released table written for a spreadsheet or a text? CSV and Markdown; see `latex` and `word`."""

import csv
import io

import pandas as pd

from outcomes.disclosure.seal import Released
from outcomes.publications.grids import Arrangement, Grid, Word, plain
from outcomes.publications.wording import require_released

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(released: Released) -> str:
    """Write a released table for a machine: printed values in plain figures, the reason where a cell is hidden.

    Parameters
    ----------
    released : Released
        The table.

    Returns
    -------
    str
        Comma-separated, one header line, line feed as line end; not applicable is empty. A label that a spreadsheet
        would run as a formula is quoted with an apostrophe.

    Raises
    ------
    DisclosureError
        If the table is not released.
    """
    require_released(released)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in released.columns])
    for row in range(len(released.table)):
        writer.writerow([_machine(released, row, index) for index in range(len(released.columns))])
    return out.getvalue()


def as_markdown(released: Released, *, arrange: Arrangement = plain) -> str:
    """Write a released table for a text.

    Parameters
    ----------
    released : Released
        The table.
    arrange : callable
        How its cells are laid out.

    Returns
    -------
    str
        A GitHub-flavoured table with its title above and its notes below.

    Raises
    ------
    DisclosureError
        If the table is not released.
    """
    grid = arrange(require_released(released))
    mark = {"left": ":---", "right": "---:", "centre": ":---:"}
    lines = [f"**{_pipe(grid.title)}**", "", _markdown_row(list(grid.header))]
    lines.append(_markdown_row([mark[align] for align in grid.align]))
    lines += [_markdown_row([_markdown_word(word) for word in row]) for row in grid.rows]
    return "\n".join([*lines, "", *(f"{_pipe(note)}  " for note in grid.notes)]) + "\n"


def _machine(released: Released, row: int, index: int) -> str:
    column = released.columns[index]
    value = released.table[column.name].iloc[row]
    if column.kind == "label":
        text = "" if pd.isna(value) else str(value)
        return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
    reason = released.reasons.get((row, column.name))
    if reason:
        return reason
    return "" if pd.isna(value) else f"{value:.{column.decimals}f}"


def _pipe(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", r"\|").replace("*", r"\*").replace("<", "&lt;").replace("\n", " ")


def _markdown_row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_word(word: Word) -> str:
    text = _pipe(word.text)
    if word.heads:
        return f"**{text}**" if text else ""
    return f"&emsp;{text}" if word.indent else text


def grid_of(released: Released, arrange: Arrangement = plain) -> Grid:
    """Lay a released table out in words, for a page template.

    Parameters
    ----------
    released : Released
        The table.
    arrange : callable
        How its cells are laid out.

    Returns
    -------
    Grid
        Cells in words.

    Raises
    ------
    DisclosureError
        If the table is not released.
    """
    return arrange(require_released(released))
