"""Where are people lost, and how do scores go? The funnel, and mean courses by class, state or group."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from outcomes.disclosure.seal import Released
from outcomes.publications.drawing import (
    BLUE,
    DASHES,
    INK,
    MARKERS,
    MUTED,
    PALETTE,
    canvas,
    guide,
    in_house_style,
    points,
)
from outcomes.publications.figures.reading import numbers, rows_of, words
from outcomes.publications.wording import cell, column_of, require_released

_BAR_IN = 0.42
_INSIDE = 0.8


@in_house_style
def funnel(released: Released, *, stage: str = "stage", count: str = "n", share: str | None = None) -> Figure:
    """Draw how many people reach each stage.

    Parameters
    ----------
    released : Released
        One row a stage, in order.
    stage, count : str
        Columns with the name of the stage and the number who reach it.
    share : str, optional
        Column with a percentage to print beside the number.

    Returns
    -------
    Figure
        Horizontal bars with their numbers.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    stages, n = words(released, stage), numbers(released, count)
    figure, (axes,) = canvas(0.55 + _BAR_IN * len(stages))
    place = np.arange(len(stages))
    axes.barh(place, np.nan_to_num(n), height=0.66, color=BLUE)
    longest = float(np.nanmax(n, initial=1.0)) or 1.0
    for row, width in enumerate(n):
        said = cell(released, row, count)
        if share is not None and not np.isnan(numbers(released, share)[row]):
            said += f"  ({cell(released, row, share)} %)"
        inside = width > _INSIDE * longest
        where, align, colour = (width, "right", "white") if inside else (np.nan_to_num(width), "left", INK)
        offset = -6 if inside else 6
        axes.annotate(said, (where, row), (offset, 0), textcoords="offset points", ha=align, va="center", color=colour)
    axes.set_yticks(place, stages)
    axes.invert_yaxis()
    axes.set_xlim(0, longest * 1.02)
    axes.xaxis.set_visible(False)
    axes.spines[["bottom", "left"]].set_visible(False)
    axes.tick_params(length=0)
    return figure


@in_house_style
def trajectories(
    released: Released,
    *,
    x: str = "session",
    y: str = "mean",
    by: str = "class",
    x_label: str = "Session",
    y_label: str = "Mean score",
) -> Figure:
    """Draw mean courses, one line a class, state or group, with bands where the table has bounds.

    Parameters
    ----------
    released : Released
        One row a point of a line, in order.
    x : str
        Label column with the session or week, whole numbers.
    y : str
        Column with the mean.
    by : str
        Label column that tells the lines apart.
    x_label, y_label : str
        Titles of the axes.

    Returns
    -------
    Figure
        Lines told apart by colour, dash, marker and a name at their end; hidden points leave a gap.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    across, along, names = released.table[x].astype(float).to_numpy(), numbers(released, y), words(released, by)
    bounds = column_of(released, y)
    figure, (axes,) = canvas(3.7)
    ends: list[tuple[float, float, str, str]] = []
    for line, (name, rows) in enumerate(rows_of(names).items()):
        colour = PALETTE[line % len(PALETTE)]
        axes.plot(
            across[rows], along[rows], color=colour, linestyle=DASHES[line % len(DASHES)],
            marker=MARKERS[line % len(MARKERS)], markersize=4,
        )  # fmt: skip
        if bounds.low and bounds.high:
            low, high = numbers(released, bounds.low)[rows], numbers(released, bounds.high)[rows]
            axes.fill_between(across[rows], low, high, color=colour, alpha=0.13, linewidth=0)
        shown = rows[~np.isnan(along[rows])]
        if shown.size:
            ends.append((float(along[shown[-1]]), float(across[shown[-1]]), name, colour))
    guide(axes, "y")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    _name_lines(axes, ends)
    return figure


def _name_lines(axes: Axes, ends: list[tuple[float, float, str, str]]) -> None:
    # Names stand at the right edge, pushed up until none covers another, then down from the top until all are inside.
    low, high = axes.get_ylim()
    apart = (high - low) / 17
    right = axes.get_xlim()[1]
    ordered = sorted(ends)
    places: list[float] = []
    for y, *_ in ordered:
        places.append(max([y, *(place + apart for place in places[-1:])]))
    for back in range(len(places) - 1, -1, -1):
        places[back] = min([places[back], high, *(place - apart for place in places[back + 1 : back + 2])])
    for place, (_, _, name, colour) in zip(places, ordered, strict=True):
        axes.annotate(
            name, (right, place), (6, 0), textcoords="offset points", va="center", color=colour, fontweight="bold",
            annotation_clip=False, fontsize=points(8.5),
        )  # fmt: skip
    if not ends:
        axes.text(0.5, 0.5, "too few people for any point", transform=axes.transAxes, ha="center", color=MUTED)
