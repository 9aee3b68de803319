"""Who was counted, and where were the others lost? The flow diagram that STROBE and RECORD ask for."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from outcomes.disclosure.seal import Released
from outcomes.publications.drawing import INK, MUTED, canvas, in_house_style, points
from outcomes.publications.figures.reading import numbers, words
from outcomes.publications.wording import cell, number, require_released
from outcomes.reference.policies import DisclosurePolicy, disclosure_policy

_STEP = 1.0
_BOX = (0.02, 0.40)
_SIDE = (0.52, 0.46)
_HEIGHT = 0.52


@in_house_style
def flow_diagram(released: Released, *, step: str = "step", n: str = "n", reason: str = "reason") -> Figure:
    """Draw a box for each step with the people who reached it, and beside the arrow those who did not and why.

    Parameters
    ----------
    released : Released
        One row a step, from everybody down.
    step, n, reason : str
        Columns with the step, those who reached it, and why the others did not.

    Returns
    -------
    Figure
        Those lost are the difference of the printed numbers, so that nothing else is told.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    steps, reached, reasons = words(released, step), numbers(released, n), words(released, reason)
    figure, (axes,) = canvas(0.3 + 0.72 * len(steps))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(_HEIGHT / 2 + 0.08 + _STEP * (len(steps) - 1), -_HEIGHT / 2 - 0.08)
    for place, name in enumerate(steps):
        _box(axes, _BOX, place, f"{name[:1].upper()}{name[1:]}\nn = {cell(released, place, n)}")
        if place:
            said = _lost_in_words(reached[place - 1] - reached[place], disclosure_policy(released.policy))
            _lost(axes, place, f"{reasons[place][:1].upper()}{reasons[place][1:]}: {said}")
    return figure


def _box(axes: Axes, across: tuple[float, float], place: float, text: str, *, colour: str = INK) -> None:
    left, width = across
    axes.add_patch(Rectangle((left, place - _HEIGHT / 2), width, _HEIGHT, fill=False, edgecolor=colour, linewidth=0.9))
    axes.text(left + width / 2, place, text, ha="center", va="center", fontsize=points(8.5), color=INK)


def _lost_in_words(lost: float, rule: DisclosurePolicy) -> str:
    if np.isnan(lost):
        return "number not shown"
    if rule.rounding != "none" and lost <= rule.base:  # the two printed numbers say no more
        return f"fewer than {2 * rule.base}"
    return f"n = {number(lost, 0)}"


def _lost(axes: Axes, place: int, text: str) -> None:
    middle, between = _BOX[0] + _BOX[1] / 2, place - _STEP / 2
    down = {"arrowstyle": "-|>", "mutation_scale": 9, "color": MUTED, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    axes.add_patch(
        FancyArrowPatch((middle, place - _STEP + _HEIGHT / 2), (middle, place - _HEIGHT / 2), **down)  # type: ignore[arg-type]
    )
    axes.add_patch(FancyArrowPatch((middle, between), (_SIDE[0], between), **down))  # type: ignore[arg-type]
    axes.text(_SIDE[0] + 0.01, between, text, ha="left", va="center", fontsize=points(8), color=INK)
