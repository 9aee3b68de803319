"""How does a study read as one page? Records of sections go in, one self-contained HTML file comes out, as a string."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from matplotlib.figure import Figure

from outcomes.disclosure.seal import Released
from outcomes.errors import ConfigError
from outcomes.publications.drawing import WIDTH_IN, svg
from outcomes.publications.grids import Arrangement, plain
from outcomes.publications.tables import grid_of
from outcomes.publications.wording import NOT_APPLICABLE, cell, interval, require_released

CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_POINTS_PER_INCH = 72
_REM_PER_INCH = 46 / WIDTH_IN  # a figure of full width is as wide as the widest text


@dataclass(frozen=True)
class Table:
    """A released table on the page and in a file.

    Parameters
    ----------
    name : str
        Name of its files, such as "outcomes".
    released : Released
        The table.
    arrange : callable
        How its cells are laid out on the page, in Markdown and LaTeX.
    folded : bool
        Whether the page shows its title only until somebody opens it; on paper the title says where it is. Its files
        are those of any other table.
    """

    name: str
    released: Released
    arrange: Arrangement = plain
    folded: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure on the page and in files.

    Parameters
    ----------
    name : str
        Name of its files, such as "funnel".
    released : Released
        What it shows.
    draw : callable
        One of `outcomes.publications.figures`, or a partial of one.
    caption : str
        Sentence under it: what it shows, of whom, and how to read it.
    alt : str
        What a reader who does not see it must know.
    """

    name: str
    released: Released
    draw: Callable[[Released], Figure]
    caption: str
    alt: str

    def figure(self) -> Figure:
        """Draw the figure from the verified table.

        Returns
        -------
        Figure
            Not saved.

        Raises
        ------
        DisclosureError
            If the table is not released.
        ConfigError
            If there is no alternative text.
        """
        if not self.alt.strip():
            raise ConfigError(f"figure {self.name!r} needs an alternative text for readers who do not see it")
        return self.draw(require_released(self.released))


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it.

    Parameters
    ----------
    heading : str
        The question that the section answers.
    blocks : tuple of str, Table or Picture
        Paragraphs, tables and pictures in reading order.
    answer : str
        The answer in a sentence or two, for the top of the page; empty where none can be given in so few words.
    """

    heading: str
    blocks: tuple[str | Table | Picture, ...]
    answer: str = ""


@dataclass(frozen=True)
class KeyFigure:
    """One number at the top of the page: a cell of a released table.

    Parameters
    ----------
    label : str
        What it is.
    value : str
        The cell in words, as `wording.cell` writes it.
    detail : str
        Interval, n, or what to compare it with.
    """

    label: str
    value: str
    detail: str = ""


def key_figure(
    label: str, released: Released, cell_at: tuple[int, str], *, unit: str = "", detail: str = ""
) -> KeyFigure:
    """Take a number for the top of the page from a released table.

    Parameters
    ----------
    label : str
        What it is.
    released : Released
        Where it stands.
    cell_at : tuple of (int, str)
        Row, from 0, and column.
    unit : str
        Written after the number, such as " %"; left out where the cell is hidden.
    detail : str
        What to compare it with; the interval stands before it where there is one.

    Returns
    -------
    KeyFigure
        In words.

    Raises
    ------
    DisclosureError
        If the table is not released or has no such column.
    """
    row, column = cell_at
    value, around = cell(require_released(released), row, column), interval(released, row, column)
    shown = value if cell_at in released.reasons or value == NOT_APPLICABLE else value + unit
    said = [text for text in (around if around != NOT_APPLICABLE else "", detail) if text]
    return KeyFigure(label, shown, "; ".join(said))


@dataclass(frozen=True)
class Report:
    """A whole study for print.

    Parameters
    ----------
    title : str
        The study.
    question : str
        The question it answers, in one or two sentences.
    statement : str
        Whose data these are: invented, anonymised (licence), or from care records under an allowlist.
    facts : tuple of (str, str)
        Names and values printed at the top: snapshot, period, rule edition, disclosure policy.
    key_figures : tuple of KeyFigure
        Up to six.
    sections : tuple of Section
        In reading order.
    limits : tuple of str
        What the report must not be used for.
    """

    title: str
    question: str
    statement: str
    facts: tuple[tuple[str, str], ...] = ()
    key_figures: tuple[KeyFigure, ...] = ()
    sections: tuple[Section, ...] = ()
    limits: tuple[str, ...] = ()

    def tables(self) -> tuple[Table, ...]:
        """List the tables, in reading order.

        Returns
        -------
        tuple of Table
            Every table of every section.
        """
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Table))

    def pictures(self) -> tuple[Picture, ...]:
        """List the pictures, in reading order.

        Returns
        -------
        tuple of Picture
            Every picture of every section.
        """
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Picture))


def study_page(report: Report, images: Mapping[str, bytes] | None = None) -> str:
    """Write a study as one HTML page that needs nothing else: style and figures are inside, nothing runs.

    Parameters
    ----------
    report : Report
        What to print.
    images : mapping, optional
        SVG bytes by the name of the picture, where they have been drawn already.

    Returns
    -------
    str
        The page; all text escaped, a content security policy that forbids scripts and every request.

    Raises
    ------
    DisclosureError
        If any table or figure is not released.
    ConfigError
        If two tables or two pictures share a name.
    """
    _check_names([table.name for table in report.tables()], "tables")
    _check_names([picture.name for picture in report.pictures()], "pictures")
    drawn = images if images is not None else {picture.name: svg(picture.figure()) for picture in report.pictures()}
    sections = [
        (section.heading, section.answer, [_block(block, drawn) for block in section.blocks])
        for section in report.sections
    ]
    return _template().render(report=report, sections=sections, content_policy=CONTENT_POLICY)


def _block(block: str | Table | Picture, drawn: Mapping[str, bytes]) -> dict[str, object]:
    if isinstance(block, Table):
        grid = grid_of(block.released, block.arrange)
        return {"kind": "table", "grid": grid, "folded": block.folded, "name": block.name}
    if isinstance(block, Picture):
        require_released(block.released)
        source = "data:image/svg+xml;base64," + base64.b64encode(drawn[block.name]).decode("ascii")
        width = f"{_width_in(drawn[block.name]) * _REM_PER_INCH:.2f}rem"
        return {"kind": "picture", "source": source, "caption": block.caption, "alt": block.alt, "width": width}
    return {"kind": "words", "text": block}


def _width_in(image: bytes) -> float:
    found = re.search(rb'<svg[^>]*\swidth="([0-9.]+)pt"', image)
    return float(found.group(1)) / _POINTS_PER_INCH if found else WIDTH_IN


def _check_names(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{what} of one report need different names; used twice: {', '.join(twice)}")


@cache
def _template() -> Template:
    pages = Environment(
        loader=PackageLoader("outcomes.publications"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template("report.html")
