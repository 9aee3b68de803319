"""How have the scores gone? One small drawing per measure: score, expected course, cut-off, real-change line, blanks.

Plain SVG that reads the same in black and white; every mark has a shape of its own, and the whole has words for those
who do not see it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from outcomes.flags.words import count, score, short_name
from outcomes.reference.instruments import instrument

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 320, 132
LEFT, RIGHT, TOP, BOTTOM = 24, 50, 16, 18
FEWEST_PLACES: Final = 6


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
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

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
    parts = [
        _axes(frame, record.decimals),
        _band(frame, band),
        _line(frame, None if record.caseness is None else float(record.caseness.value), "cut", "cut-off"),
        _real_change(frame, key, points),
        _scores(frame, points, record.decimals),
    ]
    words = in_words(key, points, band)
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, words, Markup("").join(parts)
    )


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
        Every score in order, the expected range at the last form, and the cut-off.
    """
    record = instrument(key)
    said = [score(value, record.decimals).replace("none", "blank") for value in points.scores]
    words = [f"{short_name(key)} over {count(len(said), 'form')}: {', '.join(said) or 'none'}."]
    if band is not None and points.occasions:
        at = [i for i, occasion in enumerate(band.occasions) if occasion == points.occasions[-1]]
        if at:
            low, high = math.ceil(band.lower[at[0]]), math.floor(band.upper[at[0]])
            words.append(f"Expected at the last form: {low} to {high}.")
    if record.caseness is not None:
        words.append(f"Cut-off: {record.caseness.words()}.")
    return " ".join(words)


def _frame(points: Points, low: float, high: float) -> _Frame:
    first = min(points.occasions, default=1)
    last = max(points.occasions, default=1)
    return _Frame(first, max(last, first + FEWEST_PLACES - 1), low, high)


def _text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}" class="{}">{}</text>').format(x, y, anchor, kind, words)


def _axes(frame: _Frame, decimals: int) -> Markup:
    bottom = frame.y(frame.low)
    lines = Markup('<path class="axis" d="M{} {}V{}H{}"/>').format(LEFT, TOP, bottom, WIDTH - RIGHT)
    marks = [_text(LEFT - 4, frame.y(v) + 4, score(v, decimals), anchor="end") for v in (frame.low, frame.high)]
    forms = [
        _text(frame.x(o), HEIGHT - 4, str(int(o)), anchor="middle") for o in (frame.first, frame.last) if o == int(o)
    ]
    return Markup("").join(
        [lines, *marks, *forms, _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, "form", anchor="middle")]
    )


def _band(frame: _Frame, band: Band | None) -> Markup:
    if band is None:
        return Markup("")
    rows = [
        row
        for row in zip(band.occasions, band.lower, band.upper, band.expected, strict=True)
        if frame.first <= row[0] <= frame.last
    ]
    if not rows:
        return Markup("")
    over = [f"{frame.x(o)} {frame.y(high)}" for o, _, high, _ in rows]
    under = [f"{frame.x(o)} {frame.y(low)}" for o, low, _, _ in reversed(rows)]
    middle = [f"{frame.x(o)} {frame.y(mid)}" for o, _, _, mid in rows]
    return Markup('<path class="band" d="M{}Z"/><path class="upper" d="M{}"/><path class="middle" d="M{}"/>').format(
        "L".join(over + under), "L".join(over), "L".join(middle)
    )


def _line(frame: _Frame, value: float | None, kind: str, words: str) -> Markup:
    if value is None or not frame.low <= value <= frame.high:
        return Markup("")
    y = frame.y(value)
    line = Markup('<path class="{}" d="M{} {}H{}"/>').format(kind, LEFT, y, WIDTH - RIGHT)
    return line + _text(WIDTH - RIGHT + 4, y + 4, words)


def _real_change(frame: _Frame, key: str, points: Points) -> Markup:
    limit = instrument(key).reliable_change
    known = [value for value in points.scores if not math.isnan(value)]
    if limit is None or not known:
        return Markup("")
    return _line(frame, known[0] + float(limit.value), "rise", "real rise")


def _scores(frame: _Frame, points: Points, decimals: int) -> Markup:
    pairs = list(zip(points.occasions, points.scores, strict=True))
    known = [(frame.x(o), frame.y(v), v) for o, v in pairs if not math.isnan(v)]
    blank = [frame.x(o) for o, v in pairs if math.isnan(v)]
    base = frame.y(frame.low)
    parts = [Markup('<path class="blank" d="M{} {}l6 6m0 -6l-6 6"/>').format(x - 3, base - 10) for x in blank]
    if known:
        path = "L".join(f"{x} {y}" for x, y, _ in known)
        dots = "".join(f"M{x} {y}h0" for x, y, _ in known)
        parts.append(Markup('<path class="score" d="M{}"/><path class="dots" d="{}"/>').format(path, dots))
        ends = known[:1] if len(known) == 1 else [known[0], known[-1]]
        parts += [_text(x, y - 6, score(v, decimals), anchor="middle", kind="value") for x, y, v in ends]
    return Markup("").join(parts)
