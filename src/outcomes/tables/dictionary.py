"""What does every column mean? The data dictionary in Markdown, made from the declarations."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from outcomes.reference.instruments import instruments
from outcomes.tables.canonical import library_tables
from outcomes.tables.column import TYPE_WORDS, UNKNOWN_CODE, Column, Table
from outcomes.tables.feed import feed_tables

MOST_CODES: Final = 24
INTRODUCTION: Final = f"""# Data dictionary

Made from the declarations in `outcomes.tables`; do not edit by hand: `outcomes.tables.dictionary.data_dictionary()`
returns this text, and a test holds the two together.

A blank cell is missing, never zero. Identifiers are text to the letter: `00123` is not `123`, and `NA` is an
identifier like any other. A code that is on no list enters the library as `{UNKNOWN_CODE}`, so that free text typed
into a code field never does. Columns marked *vault* are kept apart from the library. Columns that are not listed
here never enter at all.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _rule(column: Column) -> str:
    if len(column.codes) > MOST_CODES:
        return f"one of {len(column.codes)} codes, see `outcomes.reference`"
    return _cell(column.rule)


def _lines(columns: Iterable[Column]) -> Iterator[str]:
    yield "| column | type | unit | meaning | rule | kept in |"
    yield "|---|---|---|---|---|---|"
    for column in columns:
        kept = "vault" if column.identifying else "library"
        told = (f"`{column.name}`", TYPE_WORDS[column.type], column.unit, _cell(column.meaning), _rule(column), kept)
        yield f"| {' | '.join(told)} |"


def _table(table: Table) -> Iterator[str]:
    items = {column for one in instruments().values() for column in (*one.item_columns, one.total_column)}
    yield f"### {table.name}\n\n{table.question}\n\nKey: {', '.join(f'`{name}`' for name in table.key)}\n"
    yield from _lines(column for column in table.columns if column.name not in items)
    if any(column.name in items for column in table.columns):
        yield "\nand the columns of the instruments below."
    yield ""


def _instrument_lines() -> Iterator[str]:
    yield "## Item columns\n"
    yield "| instrument | items | answer codes | total column | range of the total |"
    yield "|---|---|---|---|---|"
    for one in instruments().values():
        spans = []
        for answers, group in groupby(one.items, key=lambda item: (item.codes, item.not_applicable)):
            members = list(group)
            span = f"{members[0].number}-{members[-1].number}" if len(members) > 1 else str(members[0].number)
            codes = " ".join(map(str, answers[0])) + (
                f" (does not apply: {' '.join(map(str, answers[1]))})" if answers[1] else ""
            )
            spans.append((span, codes))
        everyone = len(spans) == 1
        words = spans[0][1] if everyone else "; ".join(f"{span}: {codes}" for span, codes in spans)
        columns = f"`{one.item_columns[0]}` to `{one.item_columns[-1]}`"
        yield f"| {_cell(one.name)} | {columns} | {words} | `{one.total_column}` | {one.minimum} to {one.maximum} |"
    yield ""


def data_dictionary() -> str:
    """Say what every column of the feed and the library means.

    Returns
    -------
    str
        Markdown.
    """
    lines = [INTRODUCTION, "## What a provider may send\n"]
    for table in feed_tables().values():
        lines += _table(table)
    lines.append("## What the library holds\n")
    for table in library_tables().values():
        lines += _table(table)
    lines += _instrument_lines()
    return "\n".join(lines).rstrip() + "\n"
