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
    frame = pd.DataFrame({"group": ["a"], **{name: [40] for name in names}})
    made = as_docx(release(frame, labels=["group"], counts=names, title="Wide"))
    (section,) = Document(io.BytesIO(made)).sections
    sides = (round(section.page_width.mm), round(section.page_height.mm))
    assert sides == ((297, 210) if across else (210, 297))
    assert (section.orientation == WD_ORIENT.LANDSCAPE) == across
