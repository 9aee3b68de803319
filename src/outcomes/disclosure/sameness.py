"""Which printed cells are one and the same number? Copies within a table, between tables, and in earlier releases."""

from collections.abc import Iterator, Mapping

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

    Cells of one release are the same where column and true count agree and the labels of one are among those of the
    other (a figure of one breakdown, beside the table of all). Cells of an earlier release of the same snapshot belong
    to the row with the same labels in the table of the same name.

    Parameters
    ----------
    tables : mapping of str to Released
        Tables by name; names of earlier ones begin with their entry and `BEFORE`.

    Returns
    -------
    dict of Cell to Cell
        Each cell that is a copy, and the cell it is a copy of.
    """
    known: dict[tuple[str, str], list[tuple[frozenset[str], Cell]]] = {}
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
                cell, words = (name, row, count.name), frozenset(str(released.table[of].iloc[row]) for of in labels)
                alike = known.setdefault((count.name, _size(released, count.name, row)), [])
                there = next((of for others, of in alike if words <= others or others <= words), None)
                if there is None:
                    alike.append((words, cell))
                else:
                    found.setdefault(cell, there)
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


def _size(released: Released, column: str, row: int) -> str:
    marks = released.links.marks.get(column, ())
    return (marks[row] if marks else "") or f"{released.title}: printed {released.table[column].iloc[row]}"


def _root(cell: Cell, found: Mapping[Cell, Cell]) -> Cell:
    seen = {cell}
    while cell in found and found[cell] not in seen:
        cell = found[cell]
        seen.add(cell)
    return cell
