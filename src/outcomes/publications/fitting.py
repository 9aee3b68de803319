"""How does a table fit on paper? Widths of words, lines of headings, which columns wrap, upright or across."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from outcomes.publications.grids import Grid, Word

# Widths in points of letters set in 10 points: Computer Modern Roman, which is wider than Times.
_WIDTHS = {
    2.8: "il.,:;'’‘|!",
    3.3: " fjt()[]-",
    3.9: "rsI",
    4.5: "cez",
    5.0: "ago0123456789–/",
    5.6: "bdhknpquvxyJS",
    6.5: "LFEPZ",
    7.3: "ABCDGHKNOQRTUVXYw+−=<>≥≤&",
    8.5: "mM%",
    10.3: "W…—",
}
_WIDTH_OF = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_OTHER = 7.3
_SET_IN = 10  # points
_BOLD = 1.15
_INDENT = 10.0
_NARROWEST = 70.0  # points at 10, to which a column of words may be wrapped


@dataclass(frozen=True)
class Paper:
    """One way to set a table.

    Parameters
    ----------
    points : float
        Size of the type.
    gap : float
        Points on either side of each column.
    width : float
        Points between the margins.
    across : bool
        Whether the paper lies across.
    lines : int
        How many lines a cell may take before the next paper is tried; 1 wraps nothing.
    bold_heads : bool
        Whether headings are set bold.
    """

    points: float
    gap: float
    width: float
    across: bool = False
    lines: int = 1
    bold_heads: bool = False


@dataclass(frozen=True)
class Fitted:
    """A grid as it is set.

    Parameters
    ----------
    grid : Grid
        What is printed.
    paper : Paper
        How.
    widths : tuple of float
        Points of each column, without the gaps.
    wrapped : tuple of bool
        Whether the words of a column break into lines.
    heads : tuple of tuple of str
        Lines of each heading.
    lines : int
        Lines of the body.
    """

    grid: Grid
    paper: Paper
    widths: tuple[float, ...]
    wrapped: tuple[bool, ...]
    heads: tuple[tuple[str, ...], ...]
    lines: int

    @property
    def total(self) -> float:
        """Points from edge to edge."""
        return sum(self.widths) + 2 * self.paper.gap * len(self.widths)


def text_width(text: str, points: float = _SET_IN, *, bold: bool = False) -> float:
    """Say how wide words are in print.

    Parameters
    ----------
    text : str
        The words.
    points : float
        Size of the type.
    bold : bool
        Whether it is set bold.

    Returns
    -------
    float
        Points; rather too many than too few.

    Examples
    --------
    >>> text_width("1,234") > text_width("1234") > 0
    True
    """
    wide = sum(_WIDTH_OF.get(letter, _OTHER) for letter in text)
    return wide * points / _SET_IN * (_BOLD if bold else 1)


def lines_of(text: str, width: float, points: float = _SET_IN, *, bold: bool = False) -> tuple[str, ...]:
    """Break words into lines.

    Parameters
    ----------
    text : str
        The words.
    width : float
        Points that a line may take; a single longer word stays whole.
    points : float
        Size of the type.
    bold : bool
        Whether it is set bold.

    Returns
    -------
    tuple of str
        At least one line.
    """
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and text_width(longer, points, bold=bold) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return tuple(lines)


def fitted(grid: Grid, papers: Sequence[Paper]) -> tuple[Fitted, ...]:
    """Set a grid on the first paper that bears it.

    Parameters
    ----------
    grid : Grid
        What is printed.
    papers : sequence of Paper
        From the one that is liked most to the last resort.

    Returns
    -------
    tuple of Fitted
        One; more where even the last paper is too narrow for all columns: parts with the first column in each.
    """
    for paper in papers:
        found = _set(grid, paper)
        if found is not None:
            return (found,)
    few = 3
    if len(grid.header) < few:
        return (_as_it_is(grid, papers[-1]),)
    return tuple(part for half in _halves(grid) for part in fitted(half, papers))


def spans(row: Sequence[Word]) -> bool:
    """Say whether the first cell of a row heads those below and has the row for itself.

    Parameters
    ----------
    row : sequence of Word
        One row of a grid.

    Returns
    -------
    bool
        Whether it can be as wide as the table.
    """
    return row[0].heads and not any(word.text for word in row[1:])


def _set(grid: Grid, paper: Paper) -> Fitted | None:
    natural = _as_it_is(grid, paper)
    spare = natural.total - paper.width
    if spare <= 0:
        return natural
    scale = paper.points / _SET_IN
    widths, wrapped = list(natural.widths), [False] * len(natural.widths)
    floors = [
        max(_longest_word(grid, place, paper), min(width, _NARROWEST * scale), width / paper.lines)
        if grid.align[place] == "left" and paper.lines > 1
        else width
        for place, width in enumerate(widths)
    ]
    while spare > 0:
        place = max(range(len(widths)), key=lambda one: (widths[one] > floors[one], widths[one]))
        if widths[place] <= floors[place]:
            return None
        # the widest gives way until it is no wider than the next one that could
        others = [widths[one] for one in range(len(widths)) if one != place and widths[one] > floors[one]]
        step = min(spare, widths[place] - floors[place], max(widths[place] - max(others, default=0.0), 4.0))
        widths[place], wrapped[place], spare = widths[place] - step, True, spare - step
    heads = _heads(grid, widths, paper)
    return replace(
        natural,
        widths=tuple(widths),
        wrapped=tuple(wrapped),
        heads=heads,
        lines=sum(_lines(row, widths, wrapped, paper.points) for row in grid.rows),
    )


def _as_it_is(grid: Grid, paper: Paper) -> Fitted:
    body = [0.0] * len(grid.header)
    for row in grid.rows:
        for place, word in enumerate(row[:1] if spans(row) else row):
            if not spans(row):
                body[place] = max(body[place], _width(word, paper.points))
    longest = [max(_head_width(word, paper) for word in head.split(" ")) for head in grid.header]
    heads = _heads(grid, [max(pair) for pair in zip(body, longest, strict=True)], paper)
    widths = tuple(
        max(wide, *(_head_width(line, paper) for line in head)) for wide, head in zip(body, heads, strict=True)
    )
    return Fitted(grid, paper, widths, (False,) * len(widths), heads, len(grid.rows))


def _heads(grid: Grid, widths: Sequence[float], paper: Paper) -> tuple[tuple[str, ...], ...]:
    return tuple(
        lines_of(head, width + 0.01, paper.points, bold=paper.bold_heads)
        for head, width in zip(grid.header, widths, strict=True)
    )


def _head_width(text: str, paper: Paper) -> float:
    return text_width(text, paper.points, bold=paper.bold_heads)


def _width(word: Word, points: float) -> float:
    return text_width(word.text, points, bold=word.heads) + (_INDENT * points / _SET_IN if word.indent else 0)


def _longest_word(grid: Grid, place: int, paper: Paper) -> float:
    cells = [row[place] for row in grid.rows if not spans(row)]
    words = [replace(cell, text=word) for cell in cells for word in cell.text.split(" ")]
    widths = [_width(word, paper.points) for word in words]
    widths += [_head_width(word, paper) for word in grid.header[place].split()]
    return max(widths, default=0.0)


def _lines(row: Sequence[Word], widths: Sequence[float], wrapped: Sequence[bool], points: float) -> int:
    if spans(row):
        return 1
    return max(
        len(lines_of(word.text, width - (_INDENT if word.indent else 0), points, bold=word.heads)) if breaks else 1
        for word, width, breaks in zip(row, widths, wrapped, strict=True)
    )


def _halves(grid: Grid) -> Iterator[Grid]:
    middle = 1 + (len(grid.header) - 1 + 1) // 2
    ends = pairwise((1, middle, len(grid.header)))
    for number, (start, end) in enumerate(ends, start=1):
        yield replace(
            grid,
            title=f"{grid.title} (part {number})",
            header=(grid.header[0], *grid.header[start:end]),
            align=(grid.align[0], *grid.align[start:end]),
            rows=tuple((row[0], *row[start:end]) for row in grid.rows),
        )
