"""How is a released table set in LaTeX? booktabs on the page that bears it: upright or across, over pages if long."""

from collections.abc import Sequence
from typing import Final

from outcomes.disclosure.seal import Released
from outcomes.publications.fitting import Fitted, Paper, fitted, spans
from outcomes.publications.grids import Arrangement, Word, plain
from outcomes.publications.wording import require_released

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "−": r"$-$",
    "–": "--",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "→": r"$\rightarrow$",
    "…": r"\dots{}",
}
# The text of the class article on A4, the narrowest that is common: 345 points, 598 if the paper lies across; six are
# kept back, as the widths of letters are rounded. Small
# sizes of Computer Modern are wide for their height: 8 points are as wide as 8.5, and 7 as 8, of the letters at 10.
_USUAL, _SMALL, _SMALLEST = 10.0, 8.5, 8.0
PAPERS: Final = (
    Paper(_USUAL, 6, 339),
    Paper(_SMALL, 4, 339, lines=2),
    Paper(_SMALLEST, 3, 339, lines=2),
    Paper(_SMALL, 4, 592, across=True, lines=3),
    Paper(_SMALLEST, 3, 592, across=True, lines=9),
)
_SIZES: Final = {_USUAL: "", _SMALL: r"\footnotesize", _SMALLEST: r"\scriptsize"}
_ONE_PAGE: Final = {_USUAL: 36, _SMALL: 46, _SMALLEST: 54}  # lines of a body that leave room for caption and notes
_SIDES: Final = {"left": "l", "right": "r", "centre": "c"}


def as_latex(released: Released, *, arrange: Arrangement = plain) -> str:
    """Write a released table for a journal.

    Parameters
    ----------
    released : Released
        The table.
    arrange : callable
        How its cells are laid out.

    Returns
    -------
    str
        A `table` environment with booktabs rules, caption above, notes below; a `longtable` where it is longer than a
        page, across where it is wider, in parts where it is wider still. Its first line names the packages.

    Raises
    ------
    DisclosureError
        If the table is not released.
    """
    return _written(fitted(arrange(require_released(released)), PAPERS))


def _written(parts: Sequence[Fitted]) -> str:
    needs = ["booktabs"]
    needs += ["array"] if any(any(part.wrapped) for part in parts) else []
    needs += ["longtable"] if any(_long(part) for part in parts) else []
    needs += ["pdflscape"] if any(part.paper.across for part in parts) else []
    written = [_over_pages(part) if _long(part) else _floating(part) for part in parts]
    return "\n".join([rf"% \usepackage{{{','.join(needs)}}}", *written]) + "\n"


def latex_text(text: str) -> str:
    r"""Make any text safe between LaTeX commands.

    Parameters
    ----------
    text : str
        Plain words.

    Returns
    -------
    str
        With every special character written out.

    Examples
    --------
    >>> latex_text("100 % of A_B")
    '100 \\% of A\\_B'
    """
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def _long(part: Fitted) -> bool:
    return part.paper.across or part.lines > _ONE_PAGE[part.paper.points]


def _floating(part: Fitted) -> str:
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering" + _type(part),
            rf"\caption{{{latex_text(part.grid.title)}}}",
            r"\par\smallskip",
            rf"\begin{{tabular}}{{{_columns(part)}}}",
            r"\toprule",
            _head(part),
            r"\midrule",
            _body(part),
            r"\bottomrule",
            r"\end{tabular}",
            r"\par\smallskip\begin{minipage}{\linewidth}\footnotesize\raggedright",
            *(rf"{latex_text(note)}\par" for note in part.grid.notes),
            r"\end{minipage}",
            r"\end{table}",
        ]
    )


def _over_pages(part: Fitted) -> str:
    head = [r"\toprule", _head(part), r"\midrule"]
    lines = [
        r"\begingroup" + _type(part),
        r"\setlength{\LTcapwidth}{\linewidth}",
        rf"\begin{{longtable}}{{{_columns(part)}}}",
        rf"\caption{{{latex_text(part.grid.title)}}}\\",
        *head,
        r"\endfirsthead",
        *head,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        _body(part),
        r"\end{longtable}",
        r"\noindent\begin{minipage}{\linewidth}\footnotesize\raggedright",
        *(rf"{latex_text(note)}\par" for note in part.grid.notes),
        r"\end{minipage}\par",
        r"\endgroup",
    ]
    return "\n".join([r"\begin{landscape}", *lines, r"\end{landscape}"] if part.paper.across else lines)


def _type(part: Fitted) -> str:
    size, usual = _SIZES[part.paper.points], PAPERS[0].gap
    gap = "" if part.paper.gap == usual else rf"\setlength{{\tabcolsep}}{{{part.paper.gap:g}pt}}"
    return f"\n{size}{gap}" if size or gap else ""


def _columns(part: Fitted) -> str:
    return "".join(
        rf">{{\raggedright\arraybackslash}}p{{{width:.1f}pt}}" if wraps else _SIDES[side]
        for side, width, wraps in zip(part.grid.align, part.widths, part.wrapped, strict=True)
    )


def _head(part: Fitted) -> str:
    return " & ".join(_heading(lines, side) for lines, side in zip(part.heads, part.grid.align, strict=True)) + r" \\"


def _heading(lines: tuple[str, ...], side: str) -> str:
    if len(lines) == 1:
        return latex_text(lines[0])
    stacked = r"\\".join(latex_text(line) for line in lines)
    return rf"\begin{{tabular}}[b]{{@{{}}{_SIDES[side]}@{{}}}}{stacked}\end{{tabular}}"


def _body(part: Fitted) -> str:
    rows = []
    for row in part.grid.rows:
        if spans(row):
            rows.append(rf"\multicolumn{{{len(row)}}}{{l}}{{\textbf{{{latex_text(row[0].text)}}}}} \\")
        else:
            rows.append(" & ".join(_cell(word, wraps) for word, wraps in zip(row, part.wrapped, strict=True)) + r" \\")
    return "\n".join(rows)


def _cell(word: Word, wraps: bool) -> str:  # noqa: FBT001  read from two columns side by side
    text = latex_text(word.text)
    if word.heads:
        return rf"\textbf{{{text}}}" if text else ""
    text = rf"\textit{{{text}}}" if word.hidden and text else text
    if not word.indent:
        return text
    return rf"\leftskip=1em {text}" if wraps else rf"\quad {text}"
