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
from outcomes.publications.fitting import Fitted, Paper, fitted, spans
from outcomes.publications.grids import Align, Arrangement, Word, plain
from outcomes.publications.wording import require_released

_NO_DAY: Final = datetime(2000, 1, 1)  # noqa: DTZ001  python-docx writes naive times; a file must not hold the day it was made
_ZIP_DAY: Final = (1980, 1, 1, 0, 0, 0)
_ALIGN: Final = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "centre": WD_ALIGN_PARAGRAPH.CENTER,
}
_FONT: Final = "Times New Roman"  # on every computer, or one of its width
_GAP: Final = 4.0  # points on either side of a column
PAPERS: Final = (  # A4 with margins of 16 mm, upright and across
    Paper(9, _GAP, 504, lines=2, bold_heads=True),
    Paper(8, _GAP, 504, lines=2, bold_heads=True),
    Paper(8, _GAP, 751, across=True, lines=3, bold_heads=True),
    Paper(7, _GAP, 751, across=True, lines=9, bold_heads=True),
)
_INDENT: Final = 9
_TWENTIETHS: Final = 20  # of a point, in which Word measures


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
    parts = fitted(arrange(require_released(released)), PAPERS)
    document = Document()
    _say_nothing_of_the_maker(document, released.title)
    paper = parts[0].paper
    _set_paper(document, across=paper.across)
    _set_type(document, paper.points)
    for part in parts:
        document.add_paragraph().add_run(part.grid.title).bold = True
        _add_table(document, part)
    for place, note in enumerate(parts[0].grid.notes):
        document.add_paragraph(note).paragraph_format.space_before = Pt(0 if place else paper.points)
    out = io.BytesIO()
    document.save(out)
    return _without_times(out.getvalue())


def _add_table(document: Any, part: Fitted) -> None:  # noqa: ANN401  python-docx has no public type
    grid = part.grid
    table = document.add_table(rows=0, cols=len(grid.header))
    table.autofit = False
    _set_gaps(table, part.paper.gap)
    widths = _widths(part)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    _add_row(table, [Word(head, heads=True) for head in grid.header], grid.align, widths, head=True)
    for row in grid.rows:
        _add_row(table, list(row), grid.align, widths)
    _rule(table.rows[0], ("top", "bottom"))
    _rule(table.rows[-1], ("bottom",))


def _widths(part: Fitted) -> list[Pt]:
    # the columns as they need it; what is left of the page goes to the words
    spare = max(0.0, part.paper.width - part.total) / 2
    words = [place for place, side in enumerate(part.grid.align) if side == "left"] or [0]
    more = {place: min(spare / len(words), 60.0) for place in words}
    return [Pt(round(width + 2 * part.paper.gap + more.get(place, 0.0))) for place, width in enumerate(part.widths)]


def _set_gaps(table: Any, gap: float) -> None:  # noqa: ANN401
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        one = OxmlElement(f"w:{side}")
        one.set(qn("w:w"), str(round(gap * _TWENTIETHS)))
        one.set(qn("w:type"), "dxa")
        margins.append(one)
    table._tbl.tblPr.append(margins)  # noqa: SLF001  python-docx has no public way to set it


def _set_type(document: Any, points: float) -> None:  # noqa: ANN401
    style = document.styles["Normal"]
    style.font.size, style.font.name = Pt(points), _FONT
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for which in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{which}"), _FONT)


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


def _add_row(
    table: Any,  # noqa: ANN401
    words: list[Word],
    align: tuple[Align, ...],
    widths: list[Pt],
    *,
    head: bool = False,
) -> None:
    row = table.add_row()
    for cell, width in zip(row.cells, widths, strict=True):
        cell.width = width
    if spans(words):
        row.cells[0].merge(row.cells[-1])
        words, align = words[:1], align[:1]
    for cell, word, side in zip(row.cells, words, align, strict=False):
        paragraph = cell.paragraphs[0]
        paragraph.alignment = _ALIGN[side]
        paragraph.paragraph_format.space_after = Pt(0)
        if word.indent:
            paragraph.paragraph_format.left_indent = Pt(_INDENT)
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
