"""The data dictionary in the manual is the one that the declarations make."""

from pathlib import Path

from outcomes.tables.canonical import library_tables
from outcomes.tables.dictionary import data_dictionary
from outcomes.tables.feed import feed_tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data_dictionary.md"


def test_the_page_equals_the_declarations():
    assert PAGE.read_text(encoding="utf-8") == data_dictionary()


def test_every_table_and_every_plain_column_is_there():
    text = data_dictionary()
    for table in (*feed_tables().values(), *library_tables().values()):
        assert f"### {table.name}\n" in text
    for column in (*feed_tables()["patients"].columns, *library_tables()["referrals"].columns):
        assert f"| `{column.name}` |" in text


def test_tables_of_the_page_have_no_broken_rows():
    for line in data_dictionary().splitlines():
        if line.startswith("|"):
            assert line.endswith("|")
            assert line.replace("\\|", "").count("|") in {6, 7}
