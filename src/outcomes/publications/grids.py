"""Which cells stand where? An arrangement turns a released table into a grid of words that every writer can print."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from outcomes.disclosure.seal import Released
from outcomes.publications.wording import (
    NOT_APPLICABLE,
    breakdown_title,
    cell,
    footnotes,
    heading,
    interval,
    require_released,
)

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


def under_headings(
    released: Released,
    *,
    by: str,
    headings: Mapping[str, str] | None = None,
    leave_out: tuple[str, ...] = (),
    only: tuple[str, str] | None = None,
) -> Grid:
    """Arrange a table in blocks: each value of one label column heads the rows that carry it.

    Parameters
    ----------
    released : Released
        The table, rows of one block together.
    by : str
        Label column whose values become headings.
    headings : mapping, optional
        Column name to heading, where the name itself does not do.
    leave_out : tuple of str
        Columns not to print.
    only : tuple of (str, str), optional
        A label column and the one value whose rows are printed, without that column; its CSV file holds all rows.

    Returns
    -------
    Grid
        In words; the rows of a block are indented.
    """
    apart = () if only is None else (only[0],)
    grid = plain(released, headings=headings, leave_out=(by, *apart, *leave_out))
    rows: list[tuple[Word, ...]] = []
    last = None
    for row, words in enumerate(grid.rows):
        if only is not None and cell(released, row, only[0]) != only[1]:
            continue
        block = cell(released, row, by)
        if block != last:
            rows.append((Word(breakdown_title(block), heads=True), *(Word("") for _ in words[1:])))
            last = block
        rows.append((replace(words[0], indent=True), *words[1:]))
    return replace(grid, rows=tuple(rows))


def across(released: Released, *, row: str, column: str, value: str, heading_of_rows: str = "") -> Grid:
    """Arrange a long table as a cross table, with the interval under its estimate where there is one.

    Parameters
    ----------
    released : Released
        One row a combination.
    row, column, value : str
        Label columns that become rows and columns, and the number in the cells.
    heading_of_rows : str
        Heading of the first column.

    Returns
    -------
    Grid
        In words; a combination that is not in the table is a dash.
    """
    require_released(released)
    down = [cell(released, place, row) for place in range(len(released.table))]
    over = [cell(released, place, column) for place in range(len(released.table))]
    names, columns = list(dict.fromkeys(down)), list(dict.fromkeys(over))
    found = {key: place for place, key in enumerate(zip(down, over, strict=True))}
    rows = []
    for name in names:
        places = [found.get((name, of)) for of in columns]
        rows.append((Word(name), *(_word(released, place, value) for place in places)))
    return Grid(
        released.title, (heading_of_rows, *columns), _first_left(len(columns)), tuple(rows), tuple(footnotes(released))
    )


def table_one(
    released: Released,
    *,
    group: str = "group",
    characteristic: str = "characteristic",
    level: str = "level",
) -> Grid:
    """Arrange the characteristics of people by group as papers print them: n (%) and mean (SD).

    Parameters
    ----------
    released : Released
        As `fairness.characteristics` makes it: one row a group, characteristic and level, with columns `n`,
        `share_pct`, `mean` and `sd` (a continuous characteristic has an empty level).
    group, characteristic, level : str
        Label columns.

    Returns
    -------
    Grid
        Characteristics and their levels down, groups across.
    """
    require_released(released)
    places = range(len(released.table))
    keys = [tuple(cell(released, place, name) for name in (characteristic, level, group)) for place in places]
    groups = list(dict.fromkeys(key[2] for key in keys))
    found = {key: place for place, key in zip(places, keys, strict=True)}
    rows: list[tuple[Word, ...]] = []
    last = None
    for name, of in dict.fromkeys((key[0], key[1]) for key in keys):
        if of and name != last:
            rows.append((Word(f"{name}, n (%)", heads=True), *(Word("") for _ in groups)))
        last = name
        first = Word(of, indent=True) if of else Word(name, heads=True)
        rows.append((first, *(_characteristic(released, found.get((name, of, which)), of) for which in groups)))
    return Grid(released.title, ("", *groups), _first_left(len(groups)), tuple(rows), tuple(footnotes(released)))


def _first_left(others: int) -> tuple[Align, ...]:
    align: list[Align] = ["left"]
    return (*align, *["right"] * others)  # type: ignore[arg-type]


def _characteristic(released: Released, place: int | None, level: str) -> Word:
    if place is None:
        return Word(NOT_APPLICABLE)
    outer, inner = ("n", "share_pct") if level else ("mean", "sd")
    if not level and cell(released, place, outer) == NOT_APPLICABLE:
        outer, inner = "n", "share_pct"
    said, beside = cell(released, place, outer), cell(released, place, inner)
    if (place, outer) in released.reasons:
        return Word(said, hidden=True)
    return Word(said if beside == NOT_APPLICABLE else f"{said} ({beside})")


def _word(released: Released, place: int | None, value: str) -> Word:
    if place is None:
        return Word(NOT_APPLICABLE)
    around = interval(released, place, value)
    said = cell(released, place, value)
    return Word(said if around == NOT_APPLICABLE else f"{said} ({around})", (place, value) in released.reasons)
