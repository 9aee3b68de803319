"""How many states, how stable, and how do people move between them: curves, bars, a diagram and a flow.

All are told apart by shape, line, hatch or number as well as by shade, and read from paper printed in black.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator

from outcomes.disclosure.seal import Released
from outcomes.publications.drawing import (
    DASHES,
    INK,
    MARKERS,
    MUTED,
    PALETTE,
    RULE,
    SHADES,
    canvas,
    guide,
    in_house_style,
)
from outcomes.publications.figures.reading import Floats, distinct, matrix, numbers, rows_of, words
from outcomes.publications.wording import require_released

FAINTEST_MOVE = 0.05  # probabilities below this are not drawn as arrows; the matrix prints them all
_BAR = 0.42  # half width of a column of the flow is a quarter of this
_SMALL_SHARE = 0.035  # of a column's height, below which a number does not fit in
_NODE = 0.06  # radius of the largest state in the diagram, in parts of its height


@in_house_style
def selection_curves(
    released: Released, *, x: str = "states", y: str = "above_best", by: str = "criterion", chosen: str = ""
) -> Figure:
    """Draw how far each number of states is from the best one, criterion by criterion.

    Parameters
    ----------
    released : Released
        One row a number of states and criterion.
    x, y, by : str
        Columns with the number of states, the distance above the criterion's smallest value, and its name.
    chosen : str
        The number of states that was chosen; marked by a line.

    Returns
    -------
    Figure
        One line a criterion, on a scale that shows small and large distances alike; 0 is the best.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    names, along, across = words(released, by), words(released, x), numbers(released, y)
    place = {name: number for number, name in enumerate(distinct(along))}
    figure, (axes,) = canvas(3.2)
    for line, (name, rows) in enumerate(rows_of(names).items()):
        axes.plot(
            [place[along[row]] for row in rows], across[rows], label=name, color=PALETTE[line % len(PALETTE)],
            linestyle=DASHES[line % len(DASHES)], marker=MARKERS[line % len(MARKERS)], markersize=5,
        )  # fmt: skip
    axes.set_yscale("symlog", linthresh=10)
    axes.set_ylim(bottom=-1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda level, _: f"{level:,.0f}"))
    axes.set_xticks(range(len(place)), list(place))
    if chosen in place:
        axes.axvline(place[chosen], color=INK, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0)
        axes.annotate(
            "chosen", (place[chosen], 1), (4, -4), xycoords=("data", "axes fraction"), textcoords="offset points",
            va="top", color=MUTED, fontsize=8.5,
        )  # fmt: skip
    guide(axes, "y")
    axes.set_xlabel("Number of states")
    axes.set_ylabel("Above the smallest value")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, borderaxespad=0, handlelength=3)
    return figure


@in_house_style
def stability_bars(
    released: Released,
    *,
    name: str = "state",
    value: str = "jaccard",
    judgement: str = "judgement",
    limits: tuple[float, ...] = (),
) -> Figure:
    """Draw how much of each state is found again among other patients.

    Parameters
    ----------
    released : Released
        One row a state.
    name, value, judgement : str
        Columns with the name of the state, its mean similarity (0 to 1) and what that means in words.
    limits : tuple of float
        Published limits in rising order, drawn as lines; states below the first are hatched.

    Returns
    -------
    Figure
        One bar a state, with its number and judgement beside it.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    names, said, values = words(released, name), words(released, judgement), numbers(released, value)
    figure, (axes, beside) = canvas(0.9 + 0.32 * len(names), columns=2, width_ratios=(2.2, 1.0))
    lowest = limits[0] if limits else 0.0
    for row, (level, word) in enumerate(zip(values, said, strict=True)):
        known = not np.isnan(level)
        doubtful = known and level < lowest
        axes.barh(
            row, level if known else 0.0, height=0.62, color="white" if doubtful else SHADES(0.55), edgecolor=INK,
            linewidth=0.8, hatch="////" if doubtful else None,
        )  # fmt: skip
        text = f"{level:.2f}  {word}" if known else "too few people to show"
        beside.text(0, row, text, va="center", fontsize=8.5)
    for limit in limits:
        axes.axvline(limit, color=MUTED, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.annotate(
            f"{limit:g}", (limit, 1), (0, 2), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="center", color=MUTED, fontsize=8,
        )  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    beside.set_ylim(axes.get_ylim())
    beside.axis("off")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("Share of the state that is found again (mean Jaccard similarity)")
    return figure


@in_house_style
def transition_diagram(
    released: Released,
    *,
    start: str = "from_state",
    end: str = "to_state",
    value: str = "probability",
    size: str = "people",
    group: str = "subtype",
) -> Figure:
    """Draw the states as circles, the mildest at the bottom, and the likelier moves between them as arrows.

    Parameters
    ----------
    released : Released
        One row a pair of states, the states in order of severity.
    start, end, value : str
        Columns with the state now, the state next, and the probability.
    size : str
        Column with the people behind the state now: area of its circle.
    group : str
        Column with the subtype of the state now; each has a column of the picture.

    Returns
    -------
    Figure
        Arrows of probability .05 and more, wider for likelier ones, with the number beside; in the circle the state
        and the probability of staying.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    states, _, moves = matrix(released, start, end, value)
    origin, people, kinds = words(released, start), numbers(released, size), words(released, group)
    first = [origin.index(state) for state in states]
    columns = distinct([kinds[row] for row in first])
    height = max(3.4, 0.62 * len(states) + 1.0)
    figure, (axes,) = canvas(height, width_in=min(6.9, 2.6 + 1.5 * len(columns)))
    wide = figure.get_figwidth() / height
    across = {name: wide * (0.5 + number) / len(columns) for number, name in enumerate(columns)}
    places = [
        (across[kinds[row]] + _shift(level), 0.06 + 0.86 * level / max(len(states) - 1, 1))
        for level, row in enumerate(first)
    ]
    _arrows(axes, places, moves, states)
    largest = np.nanmax(people[first], initial=1.0)
    for level, (state, (x, y)) in enumerate(zip(states, places, strict=True)):
        n = people[first[level]]
        radius = _NODE * (0.55 + 0.45 * np.sqrt((0.0 if np.isnan(n) else n) / largest))
        staying = moves[level, level]
        axes.add_patch(_circle(x, y, radius))
        axes.text(x, y + 0.008, state, ha="center", va="bottom", fontweight="bold", fontsize=9, zorder=4)
        said = "few" if np.isnan(staying) else f"{staying:.2f}"
        axes.text(x, y - 0.004, said, ha="center", va="top", fontsize=7.5, color=INK, zorder=4)
    for name, x in across.items():
        axes.text(x, 1.0, name, ha="center", va="bottom", color=MUTED, fontweight="bold")
    axes.set_xlim(0, wide)
    axes.set_ylim(-0.02, 1.03)
    axes.set_aspect("equal")
    axes.axis("off")
    return figure


def _shift(level: int) -> float:
    # neighbours of one column stand a little aside of each other, so that arrows past them are seen
    return 0.07 if level % 2 else -0.07


def _circle(x: float, y: float, radius: float) -> Circle:
    return Circle((x, y), radius, facecolor="white", edgecolor=INK, linewidth=1.4, zorder=3)


def _arrows(axes: Axes, places: list[tuple[float, float]], moves: Floats, states: list[str]) -> None:
    for a, b in np.ndindex(len(states), len(states)):
        chance = moves[a, b]
        if a == b or np.isnan(chance) or chance < FAINTEST_MOVE:
            continue
        arrow = FancyArrowPatch(
            places[a], places[b], connectionstyle="arc3,rad=0.22", arrowstyle="-|>", mutation_scale=9,
            shrinkA=19, shrinkB=19, linewidth=0.6 + 9 * chance, color=SHADES(0.9) if b < a else MUTED,
            linestyle="-" if b < a else (0, (3, 1.5)), zorder=2,
        )  # fmt: skip
        axes.add_patch(arrow)
        (xa, ya), (xb, yb) = places[a], places[b]
        middle = ((xa + xb) / 2 + 0.11 * (yb - ya), (ya + yb) / 2 - 0.11 * (xb - xa))
        axes.text(
            *middle, f"{chance:.2f}"[1:], fontsize=7.5, ha="center", va="center", zorder=5,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
        )  # fmt: skip


@in_house_style
def state_flow(
    released: Released,
    *,
    x: str = "occasion",
    start: str = "from_state",
    end: str = "to_state",
    n: str = "n",
    left: str = "left",
) -> Figure:
    """Draw how people flow between states from session to session, and who leaves.

    Parameters
    ----------
    released : Released
        One row an occasion, state at it, and state at the next one; states in order of severity.
    x, start, end, n : str
        Columns with the occasion, both states, and how many people.
    left : str
        The value of `end` for people without a next occasion.

    Returns
    -------
    Figure
        One column an occasion, the worst state on top, its number inside; bands lead to the next occasion, those who
        leave end at the foot. Column heights are people.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    occasions, froms, tos = words(released, x), words(released, start), words(released, end)
    counts = np.nan_to_num(numbers(released, n))
    states, along = distinct(froms), distinct(occasions)
    flows = np.zeros((len(along), len(states), len(states) + 1))
    for occasion, a, b, count in zip(occasions, froms, tos, counts, strict=True):
        flows[along.index(occasion), states.index(a), states.index(b) if b != left else len(states)] += count
    figure, (axes,) = canvas(3.9)
    heights = flows.sum(axis=2)
    top = max(float(heights.sum(axis=1).max()), 1.0)
    gap = 0.012 * top
    for place in range(len(along)):
        base = _stack(heights[place], gap)
        _column(axes, place, base, heights[place], (states, top))
        if place + 1 < len(along):
            _bands(axes, place, base, _stack(heights[place + 1], gap), flows[place])
    axes.set_xlim(-0.5, len(along) - 0.5)
    axes.set_xticks(range(len(along)), along)
    axes.set_xlabel("Questionnaire")
    axes.set_ylabel("People")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    guide(axes, "y")
    return figure


def _stack(heights: Floats, gap: float) -> Floats:
    return np.concatenate(([0.0], (heights + gap).cumsum()[:-1]))


def _shade(level: int, of: int) -> tuple[float, float, float, float]:
    return SHADES(0.12 + 0.8 * level / max(of - 1, 1))


def _column(axes: Axes, place: int, base: Floats, heights: Floats, named: tuple[list[str], float]) -> None:
    states, top = named
    for level, (foot, height) in enumerate(zip(base, heights, strict=True)):
        if height <= 0:
            continue
        shade = _shade(level, len(states))
        axes.bar(place, height, bottom=foot, width=_BAR / 2, color=shade, edgecolor=INK, linewidth=0.6, zorder=3)
        if height > _SMALL_SHARE * top:
            ink = "white" if level > len(states) * 0.55 else INK
            axes.text(
                place, foot + height / 2, states[level], ha="center", va="center", fontsize=7.5, color=ink, zorder=4
            )


def _bands(axes: Axes, place: int, base: Floats, ahead: Floats, flows: Floats) -> None:
    leaving, arriving = base.copy(), ahead.copy()
    n = len(base)
    for a in range(n):
        for b in range(n):
            height = flows[a, b]
            if height > 0:
                _band(axes, (place + _BAR / 4, leaving[a]), (place + 1 - _BAR / 4, arriving[b]), height, _shade(a, n))
            leaving[a] += height
            arriving[b] += height
        # who leaves: a short wedge that ends beside the column
        if flows[a, n] > 0:
            x, y = place + _BAR / 4, leaving[a]
            axes.fill([x, x, x + 0.16], [y, y + flows[a, n], y], color=RULE, edgecolor=MUTED, linewidth=0.4, zorder=2)


def _band(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], height: float,
    shade: tuple[float, float, float, float],
) -> None:  # fmt: skip
    (xa, ya), (xb, yb) = start, end
    middle = (xa + xb) / 2
    corners = [
        (xa, ya), (middle, ya), (middle, yb), (xb, yb),
        (xb, yb + height), (middle, yb + height), (middle, ya + height), (xa, ya + height), (xa, ya),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(
        PathPatch(Path(corners, codes), facecolor=shade, edgecolor=MUTED, linewidth=0.2, alpha=0.45, zorder=1)
    )
