"""Which printed cells are one and the same number? Copies within a table, between tables, and in earlier releases."""

from collections.abc import Iterable, Iterator, Mapping

from outcomes.disclosure.links import Links
from outcomes.disclosure.seal import Column, Released

BEFORE = " / "  # stands between the entry of an earlier release and the name of its table

Cell = tuple[str, int, str]  # table, row, column


def counts_of(released: Released) -> Iterator[Column]:
    """Go through the count columns of a table.

    Parameters
    ----------
    released : Released
        A table.

    Yields
    ------
    Column
        Each column that counts people.
    """
    yield from (column for column in released.columns if column.kind == "count")


def same_cells(tables: Mapping[str, Released]) -> dict[Cell, Cell]:
    """Find cells that hold the same number of the same people, within a table and between tables.

    Cells of one release are the same where labels, column, printed and true count agree; cells of an earlier release of
    the same snapshot belong to the row with the same labels in the table of the same name.

    Parameters
    ----------
    tables : mapping of str to Released
        Tables by name; names of earlier ones begin with their entry and `BEFORE`.

    Returns
    -------
    dict of Cell to Cell
        Each cell that is a copy, and the cell it is a copy of.
    """
    first: dict[tuple[object, ...], Cell] = {}
    found: dict[Cell, Cell] = {}
    now = {name: released for name, released in tables.items() if BEFORE not in name}
    for name, released in tables.items():
        if name not in now:
            found |= _same_as_before(name, released, now)
    for name, released in now.items():
        for (row, column), (of_row, of_column) in released.links.copies:
            found[name, row, column] = (name, of_row, of_column)
        labels = [column.name for column in released.columns if column.kind == "label"]
        for count in counts_of(released):
            for row in range(len(released.table)):
                key = _identity(released, labels, count.name, row)
                there = first.setdefault(key, (name, row, count.name))
                if there != (name, row, count.name) and (name, row, count.name) not in found:
                    found[name, row, count.name] = there
    return {cell: _root(cell, found) for cell in found}


def _same_as_before(name: str, released: Released, now: Mapping[str, Released]) -> dict[Cell, Cell]:
    table = name.rpartition(BEFORE)[2]
    current = now.get(table)
    if current is None:
        return {}
    places = {words: row for row, words in enumerate(_row_words(current))}
    return {
        (name, row, column.name): (table, places[words], column.name)
        for row, words in enumerate(_row_words(released))
        for column in counts_of(released)
        if words in places and column.name in current.table
    }


def _row_words(released: Released) -> list[tuple[str, ...]]:
    labels = [column.name for column in released.columns if column.kind == "label"]
    return list(zip(*(released.table[name].astype(str) for name in labels), strict=True))


def _identity(released: Released, labels: Iterable[str], column: str, row: int) -> tuple[object, ...]:
    named = tuple(sorted(str(released.table[name].iloc[row]) for name in labels))
    marks = _marks(released.links, column)
    printed = released.table[column].iloc[row]
    size = marks[row] if marks else f"printed {printed}"
    return named, column, size, released.policy, _is_numerator(released, column)


def _marks(links: Links, column: str) -> tuple[str, ...]:
    return links.marks.get(column, ())


def _is_numerator(released: Released, column: str) -> bool:
    return any(of.kind == "rate" and of.of[0] == column for of in released.columns)


def _root(cell: Cell, found: Mapping[Cell, Cell]) -> Cell:
    seen = {cell}
    while cell in found and found[cell] not in seen:
        cell = found[cell]
        seen.add(cell)
    return cell
