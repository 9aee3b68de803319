"""Which cells stand where? An arrangement turns a released table into a grid of words that every writer can print."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from outcomes.disclosure.seal import Released
from outcomes.publications.wording import cell, footnotes, heading, interval, require_released

Align = Literal["left", "right", "centre"]


@dataclass(frozen=True)
class Word:
    """One cell of a grid.

    Parameters
    ----------
    text : str
        What is printed.
    hidden : bool
        Whether the text is a reason and not a value.
    indent : bool
        Whether the cell stands under a group heading.
    heads : bool
        Whether the cell is the heading of the rows below.
    """

    text: str
    hidden: bool = False
    indent: bool = False
    heads: bool = False


@dataclass(frozen=True)
class Grid:
    """A table in words: what is printed, in which order, with what under it.

    Parameters
    ----------
    title : str
        Caption.
    header : tuple of str
        Heading of each column.
    align : tuple of {"left", "right", "centre"}
        Alignment of each column.
    rows : tuple of tuple of Word
        Body; the first cell of a row names it.
    notes : tuple of str
        Sentences under the table.
    """

    title: str
    header: tuple[str, ...]
    align: tuple[Align, ...]
    rows: tuple[tuple[Word, ...], ...]
    notes: tuple[str, ...]


Arrangement = Callable[[Released], Grid]


def plain(
    released: Released,
    *,
    headings: Mapping[str, str] | None = None,
    leave_out: tuple[str, ...] = (),
) -> Grid:
    """Arrange a table as it stands: one column each, an interval beside its estimate.

    Parameters
    ----------
    released : Released
        The table.
    headings : mapping, optional
        Column name to heading, where the name itself does not do.
    leave_out : tuple of str
        Columns not to print.

    Returns
    -------
    Grid
        In words.
    """
    require_released(released)
    names = headings or {}
    header: list[str] = []
    align: list[Align] = []
    body: list[list[Word]] = [[] for _ in range(len(released.table))]
    for column in released.columns:
        if column.kind == "bound" or column.name in leave_out:
            continue
        header.append(names.get(column.name, heading(column.name)))
        align.append("left" if column.kind == "label" else "right")
        for row, words in enumerate(body):
            words.append(Word(cell(released, row, column.name), (row, column.name) in released.reasons))
        if column.low is not None:
            header.append("95 % CI")
            align.append("right")
            for row, words in enumerate(body):
                words.append(Word(interval(released, row, column.name)))
    rows = tuple(tuple(words) for words in body)
    return Grid(released.title, tuple(header), tuple(align), rows, tuple(footnotes(released)))
