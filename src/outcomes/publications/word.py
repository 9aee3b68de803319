"""How does a released table get into a Word manuscript? As a docx whose bytes depend on nothing but the table."""

import io
import zipfile
from datetime import datetime
from typing import Any, Final

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from outcomes.disclosure.seal import Released
from outcomes.publications.grids import Align, Arrangement, Word, plain
from outcomes.publications.wording import require_released

_NO_DAY: Final = datetime(2000, 1, 1)  # noqa: DTZ001  python-docx writes naive times; a file must not hold the day it was made
_ZIP_DAY: Final = (1980, 1, 1, 0, 0, 0)
_ALIGN: Final = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "centre": WD_ALIGN_PARAGRAPH.CENTER,
}
_POINTS: Final = 9
_POINTS_WIDE: Final = 8
_MANY: Final = 8  # columns, from which on the paper lies across


def as_docx(released: Released, *, arrange: Arrangement = plain) -> bytes:
    """Write a released table as a Word document: title, a table with rules above, below and under its head, notes.

    Parameters
    ----------
    released : Released
        The table.
    arrange : callable
        How its cells are laid out.

    Returns
    -------
    bytes
        A docx; the same for the same table, whatever the day or machine.

    Raises
    ------
    DisclosureError
        If the table is not released.
    """
    grid = arrange(require_released(released))
    document = Document()
    _say_nothing_of_the_maker(document, grid.title)
    wide = len(grid.header) > _MANY
    _set_paper(document, across=wide)
    document.styles["Normal"].font.size = Pt(_POINTS_WIDE if wide else _POINTS)
    document.add_paragraph().add_run(grid.title).bold = True
    table = document.add_table(rows=0, cols=len(grid.header))
    _add_row(table, [Word(head, heads=True) for head in grid.header], grid.align, head=True)
    for row in grid.rows:
        _add_row(table, list(row), grid.align)
    _rule(table.rows[0], ("top", "bottom"))
    _rule(table.rows[-1], ("bottom",))
    for note in grid.notes:
        document.add_paragraph(note)
    out = io.BytesIO()
    document.save(out)
    return _without_times(out.getvalue())


def _set_paper(document: Any, *, across: bool) -> None:  # noqa: ANN401
    page = document.sections[0]
    page.page_width, page.page_height = (Mm(297), Mm(210)) if across else (Mm(210), Mm(297))
    page.orientation = WD_ORIENT.LANDSCAPE if across else WD_ORIENT.PORTRAIT
    page.left_margin = page.right_margin = Mm(16)


def _say_nothing_of_the_maker(document: Any, title: str) -> None:  # noqa: ANN401  python-docx has no public type
    told = document.core_properties
    told.author, told.last_modified_by, told.comments, told.title = "", "", "", title
    told.created = told.modified = _NO_DAY
    told.revision = 1


def _add_row(table: Any, words: list[Word], align: tuple[Align, ...], *, head: bool = False) -> None:  # noqa: ANN401
    row = table.add_row()
    for cell, word, side in zip(row.cells, words, align, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.alignment = _ALIGN[side]
        paragraph.paragraph_format.space_after = Pt(0)
        if word.indent:
            paragraph.paragraph_format.left_indent = Pt(_POINTS)
        run = paragraph.add_run(word.text)
        run.bold, run.italic = word.heads, word.hidden
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001  python-docx has no public way to set these two
    properties.append(OxmlElement("w:cantSplit"))
    if head:  # repeated on each page, and read out as the head by a screen reader
        properties.append(OxmlElement("w:tblHeader"))


def _rule(row: Any, sides: tuple[str, ...]) -> None:  # noqa: ANN401
    for cell in row.cells:
        borders = OxmlElement("w:tcBorders")
        for side in sides:
            line = OxmlElement(f"w:{side}")
            for name, value in (("val", "single"), ("sz", "8"), ("space", "0"), ("color", "000000")):
                line.set(qn(f"w:{name}"), value)
            borders.append(line)
        cell._tc.get_or_add_tcPr().append(borders)  # noqa: SLF001


def _without_times(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            if name == "docProps/thumbnail.jpeg":  # the template's picture, of no use
                continue
            entry = zipfile.ZipInfo(name, _ZIP_DAY)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            target.writestr(entry, _without_thumbnail(name, source.read(name)))
    return out.getvalue()


def _without_thumbnail(name: str, content: bytes) -> bytes:
    if name != "_rels/.rels":
        return content
    start = content.find(b"<Relationship ", max(0, content.find(b"thumbnail") - 400))
    while start != -1:
        end = content.find(b"/>", start) + 2
        if b"thumbnail" in content[start:end]:
            return content[:start] + content[end:]
        start = content.find(b"<Relationship ", end)
    return content
