"""Word tables: the cells of the grid, accessible, and the same bytes whatever the day."""

import io
import zipfile

import pandas as pd
import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from released_bundle import drafts

from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError
from outcomes.publications.fitting import text_width
from outcomes.publications.grids import under_headings
from outcomes.publications.tables import grid_of
from outcomes.publications.word import as_docx


@pytest.fixture(scope="module")
def document():
    return Document(io.BytesIO(as_docx(drafts()["groups"])))


def test_its_cells_are_those_of_the_grid(document):
    grid = grid_of(drafts()["groups"])
    (table,) = document.tables
    assert [cell.text for cell in table.rows[0].cells] == list(grid.header)
    assert [[cell.text for cell in row.cells] for row in table.rows[1:]] == [
        [word.text for word in row] for row in grid.rows
    ]


def test_title_and_notes_stand_around_it(document):
    said = [paragraph.text for paragraph in document.paragraphs]
    assert said[0] == "Recovery & more, by_group"
    assert said[1:] == list(grid_of(drafts()["groups"]).notes)


def test_its_head_is_a_head_for_a_screen_reader(document):
    assert "w:tblHeader" in document.tables[0].rows[0]._tr.xml
    assert "w:tblHeader" not in document.tables[0].rows[1]._tr.xml


def test_it_says_nothing_of_day_or_maker(document):
    told = document.core_properties
    assert (told.author, told.last_modified_by, told.comments) == ("", "", "")
    assert told.created.year == told.modified.year == 2000
    with zipfile.ZipFile(io.BytesIO(as_docx(drafts()["groups"]))) as held:
        assert {entry.date_time for entry in held.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "docProps/thumbnail.jpeg" not in held.namelist()
        assert b"thumbnail" not in held.read("_rels/.rels")


def test_the_same_table_gives_the_same_bytes():
    assert as_docx(drafts()["flow"]) == as_docx(drafts()["flow"])


def test_only_released_tables_are_written():
    with pytest.raises(DisclosureError, match="only released tables"):
        as_docx(drafts()["flow"].table)


@pytest.mark.parametrize(("columns", "across"), [(3, False), (12, True)])
def test_the_paper_is_a4_and_lies_across_under_a_wide_table(columns, across):
    names = [f"n_{number}" for number in range(columns)]
    frame = pd.DataFrame({"group": ["a"], **{name: [1_234_567] for name in names}})
    made = as_docx(release(frame, labels=["group"], counts=names, title="Wide"))
    (section,) = Document(io.BytesIO(made)).sections
    sides = (round(section.page_width.mm), round(section.page_height.mm))
    assert sides == ((297, 210) if across else (210, 297))
    assert (section.orientation == WD_ORIENT.LANDSCAPE) == across


def test_columns_are_as_wide_as_their_words_and_no_wider_than_the_page():
    frame = pd.DataFrame({"group": ["Asian or Asian British", "Mixed"], "n": [400, 300]})
    made = Document(io.BytesIO(as_docx(release(frame, labels=["group"], counts=["n"], title="Widths"))))
    (table,) = made.tables
    words, number = (column.width.pt for column in table.columns)
    assert words > number
    assert words > text_width("Asian or Asian British", 9)
    assert words + number <= 504
    assert [cell.width.pt for cell in table.rows[1].cells] == [words, number]
    assert made.styles["Normal"].font.name == "Times New Roman"


def test_the_heading_of_a_block_is_one_cell_over_the_row():
    frame = pd.DataFrame({"breakdown": ["Gender", "Gender"], "group": ["Female", "Male"], "n": [400, 300]})
    released = release(frame, labels=["breakdown", "group"], counts=["n"], title="Blocks")
    made = Document(io.BytesIO(as_docx(released, arrange=lambda table: under_headings(table, by="breakdown"))))
    head, first = made.tables[0].rows[1:3]
    assert "w:gridSpan" in head._tr.xml
    assert "w:gridSpan" not in first._tr.xml
    assert head.cells[0].text == "Gender"


def test_a_table_that_no_page_bears_comes_in_parts():
    names = [f"n_{number}" for number in range(40)]
    frame = pd.DataFrame({"group": ["a"], **{name: [1_234_567] for name in names}})
    made = Document(io.BytesIO(as_docx(release(frame, labels=["group"], counts=names, title="Wide"))))
    assert len(made.tables) > 1
    heads = [cell.text for table in made.tables for cell in table.rows[0].cells[1:]]
    assert len(heads) == 40
