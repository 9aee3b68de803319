"""How have the scores gone? One small drawing per measure: score, expected course, cut-off, real-change line, blanks.

Plain SVG that reads the same in black and white; every mark has a shape of its own, and the whole has words for those
who do not see it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from outcomes.flags.words import count, score
from outcomes.reference.instruments import instrument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcomes.reference.instruments import Instrument

WIDTH, HEIGHT = 320, 132
LEFT, RIGHT, TOP, BOTTOM = 24, 58, 16, 18
INDENT = 12  # between the axis and the first form, so that its score does not cover the scale
FEWEST_PLACES: Final = 6
LINE_OF_TEXT: Final = 11.0
# Looks are attributes, not the page's style sheet: paper (PDF) reads a drawing without the sheet around it.
LOOKS: Final = {
    "axis": 'stroke="#7b8791"',
    "band": 'fill="#dfe4e8" stroke="none"',
    "upper": 'stroke="#8b969f"',
    "middle": 'stroke="#8b969f" stroke-dasharray="6 2"',
    "cut": 'stroke="#000" stroke-dasharray="5 4"',
    "rise": 'stroke="#000" stroke-dasharray="1 3" stroke-linecap="round" stroke-width="1.5"',
    "score": 'stroke="#000" stroke-width="2" stroke-linejoin="round"',
    "dots": 'stroke="#000" stroke-width="6.5" stroke-linecap="round"',
    "blank": 'stroke="#000" stroke-width="1.4"',
}
FONT: Final = 'font-family="system-ui,Segoe UI,Roboto,Liberation Sans,Arial,sans-serif" font-size="10.5"'


@dataclass(frozen=True)
class Points:
    """The scores of one person on one measure: form numbers, scores (missing = NaN), in order."""

    occasions: Sequence[float]
    scores: Sequence[float]


@dataclass(frozen=True)
class Band:
    """The expected course of people who began at a similar score: form numbers, lower and upper limit, middle."""

    occasions: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]
    expected: Sequence[float]


@dataclass(frozen=True)
class _Frame:
    """Where a form and a score lie on the paper."""

    first: float
    last: float
    low: float
    high: float

    def x(self, occasion: float) -> float:
        share = (occasion - self.first) / (self.last - self.first)
        return round(LEFT + INDENT + share * (WIDTH - LEFT - INDENT - RIGHT), 1)

    def y(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def chart(key: str, points: Points, band: Band | None = None) -> Markup:
    """Draw the scores of one person on one measure.

    Parameters
    ----------
    key
        The measure.
    points
        The person's forms in order.
    band
        The expected course of people who began at a similar score, or None.

    Returns
    -------
    markupsafe.Markup
        One `<svg>` element with a name in words; holds numbers and the name of the measure only.
    """
    record = instrument(key)
    frame = _frame(points, float(record.minimum), float(record.maximum))
    parts = (
        _axes(frame, record.decimals),
        _band(frame, band),
        _limits(frame, record, points),
        _scores(frame, points, record),
    )
    # Everything inside is numbers and this module's own words; the name in words is escaped all the same.
    words = escape(in_words(key, points, band))
    drawing = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{words}" {FONT} fill="none">{"".join(parts)}</svg>'
    )
    return Markup(drawing)  # noqa: S704  see above


def in_words(key: str, points: Points, band: Band | None) -> str:
    """Say what the drawing shows.

    Parameters
    ----------
    key
        The measure.
    points
        The person's forms in order.
    band
        The expected course, or None.

    Returns
    -------
    str
        Every score in order, the expected range at the last score, and the cut-off.
    """
    record = instrument(key)
    said = [score(value, record.decimals).replace("none", "blank") for value in points.scores]
    words = [f"{record.short_name} over {count(len(said), 'form')}: {', '.join(said) or 'none'}."]
    last = [o for o, value in zip(points.occasions, points.scores, strict=True) if not math.isnan(value)][-1:]
    if band is not None and last:
        at = [i for i, occasion in enumerate(band.occasions) if occasion == last[0]]
        if at:
            low, high = math.ceil(band.lower[at[0]]), math.floor(band.upper[at[0]])
            words.append(f"Expected at the last score: {low} to {high}.")
    if record.caseness is not None:
        words.append(f"Cut-off: {record.caseness.words()}.")
    if record.reliable_change is not None:
        words.append(f"Real change: {record.reliable_change.words()}.")
    return " ".join(words)


def _frame(points: Points, low: float, high: float) -> _Frame:
    first = min(points.occasions, default=1)
    last = max(points.occasions, default=1)
    return _Frame(first, max(last, first + FEWEST_PLACES - 1), low, high)


def _text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> str:
    look = 'class="value" font-size="12" font-weight="700" fill="#000"' if kind == "value" else 'fill="#3c4852"'
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {look}>{words}</text>'


def _path(kind: str, path: str) -> str:
    return f'<path class="{kind}" {LOOKS[kind]} d="{path}"/>'


def _axes(frame: _Frame, decimals: int) -> str:
    bottom, right = frame.y(frame.low), WIDTH - RIGHT
    ends = (frame.low, frame.high)
    return "".join(
        [
            _path("axis", f"M{LEFT} {TOP}V{bottom}H{right}"),
            *(_text(LEFT - 4, frame.y(value) + 4, score(value, decimals), anchor="end") for value in ends),
            *(_text(frame.x(o), HEIGHT - 4, score(o), anchor="middle") for o in (frame.first, frame.last)),
            _text((LEFT + right) / 2, HEIGHT - 4, "form", anchor="middle"),
        ]
    )


def _band(frame: _Frame, band: Band | None) -> str:
    if band is None:
        return ""
    every = zip(band.occasions, band.lower, band.upper, band.expected, strict=True)
    rows = [(frame.x(row[0]), *map(frame.y, row[1:])) for row in every if frame.first <= row[0] <= frame.last]
    if not rows:
        return ""
    over = [f"{x} {high}" for x, _, high, _ in rows]
    under = [f"{x} {low}" for x, low, _, _ in reversed(rows)]
    middle = [f"{x} {mid}" for x, _, _, mid in rows]
    shapes = {"band": "L".join(over + under) + "Z", "upper": "L".join(over), "middle": "L".join(middle)}
    return "".join(_path(kind, f"M{path}") for kind, path in shapes.items())


def _limits(frame: _Frame, record: Instrument, points: Points) -> str:
    # The cut-off, and the lines of a real rise and fall about the first score; their words never cover each other.
    known = [value for value in points.scores if not math.isnan(value)]
    lines = []
    if record.caseness is not None:
        lines.append(("cut", float(record.caseness.value), "cut-off"))
    if record.reliable_change is not None and known:
        lines.append(("rise", known[0] + float(record.reliable_change.value), "real rise"))
        lines.append(("rise", known[0] - float(record.reliable_change.value), "real fall"))
    inside = sorted((line for line in lines if frame.low <= line[1] <= frame.high), key=lambda line: line[1])
    drawn, floor = [], math.inf
    for kind, value, words in inside:
        y = frame.y(value)
        at = min(y + 4, floor - LINE_OF_TEXT)
        floor = at
        drawn.append(_path(kind, f"M{LEFT} {y}H{WIDTH - RIGHT}"))
        drawn.append(_text(WIDTH - RIGHT + 11, round(at, 1), words))
    return "".join(drawn)


def _scores(frame: _Frame, points: Points, record: Instrument) -> str:
    pairs = list(zip(points.occasions, points.scores, strict=True))
    known = [(frame.x(o), frame.y(v), v) for o, v in pairs if not math.isnan(v)]
    base = frame.y(frame.low) - 10
    parts = [_path("blank", f"M{round(frame.x(o) - 3, 1)} {base}l6 6m0 -6l-6 6") for o, v in pairs if math.isnan(v)]
    if known:
        path = "L".join(f"{x} {y}" for x, y, _ in known)
        dots = "".join(f"M{x} {y}h0" for x, y, _ in known)
        parts.append(_path("score", f"M{path}") + _path("dots", dots))
        ends = known if len(known) == 1 else (known[0], known[-1])
        parts += [
            _text(x, round(max(y - 6, LINE_OF_TEXT), 1), score(v, record.decimals), anchor="middle", kind="value")
            for x, y, v in ends
        ]
    return "".join(parts)
