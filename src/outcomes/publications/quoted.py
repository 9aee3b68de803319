"""Which numbers may a text quote? Every released rate, gap and statistic as a phrase, under a name to cite."""

import csv
import io
import re
from collections.abc import Iterator, Mapping

from outcomes.disclosure.seal import Column, Released
from outcomes.publications.wording import NOT_APPLICABLE, cell, interval, require_released

_UNITS = {"rate": " %", "gap": " percentage points"}


def quoted_numbers(tables: Mapping[str, Released]) -> str:
    """List each number of the released tables as a text would quote it.

    Parameters
    ----------
    tables : mapping of str to Released
        By the name of their files.

    Returns
    -------
    str
        CSV with the columns name, table, row, column, phrase; a number that is not shown is not in it.

    Raises
    ------
    DisclosureError
        If a table is not released.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", "table", "row", "column", "phrase"])
    for table, released in tables.items():
        writer.writerows(_phrases(table, require_released(released)))
    return out.getvalue()


def _phrases(table: str, released: Released) -> Iterator[tuple[str, str, str, str, str]]:
    labels = [column.name for column in released.columns if column.kind == "label"]
    for row in range(len(released.table)):
        where = ", ".join(words for name in labels if (words := cell(released, row, name)))
        for column in released.columns:
            if column.kind in {"label", "bound"} or (row, column.name) in released.reasons:
                continue
            said = cell(released, row, column.name)
            if said != NOT_APPLICABLE:
                yield _name(table, where, column.name), table, where, column.name, _phrase(released, row, column, said)


def _phrase(released: Released, row: int, column: Column, said: str) -> str:
    of = ""
    if column.kind == "rate":
        of = f"{cell(released, row, column.of[0])} of {cell(released, row, column.of[1])}"
    around = interval(released, row, column.name)
    beside = "; ".join(words for words in (of, "" if around == NOT_APPLICABLE else f"95 % CI {around}") if words)
    return said + _UNITS.get(column.kind, "") + (f" ({beside})" if beside else "")


def _name(table: str, where: str, column: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", f"{table} {where} {column}".lower()).strip("_")
