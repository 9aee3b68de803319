"""For whom does it work less well? Forest plots, the funnel by group, and figures beside published ones."""

from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from outcomes.disclosure.seal import Released
from outcomes.publications.drawing import (
    BLUE,
    DASHES,
    INK,
    MARKERS,
    MUTED,
    PALETTE,
    RULE,
    VERMILION,
    canvas,
    guide,
    in_house_style,
    points,
)
from outcomes.publications.figures.reading import matrix, numbers, require_curve, rows_of, words
from outcomes.publications.wording import breakdown_title, cell, column_of, interval, require_released

_ROW_IN = 0.27
_PANELS_A_ROW = 4
_WHOLE = 100
_TITLE_LETTERS = 24
_STAGE_LETTERS = 12


@in_house_style
def forest(
    released: Released,
    *,
    label: str = "group",
    value: str = "rate_pct",
    by: str | None = "breakdown",
    n: str = "n",
    reference: float | None = None,
    x_label: str = "%",
) -> Figure:
    """Draw an estimate with its interval for each group, the number of people and the figures beside it.

    Parameters
    ----------
    released : Released
        One row a group, breakdowns below each other.
    label, value, n : str
        Columns with the group, the estimate (with bounds) and the people behind it.
    by : str, optional
        Label column with the breakdown the group belongs to.
    reference : float, optional
        Where to draw a line to compare with, such as everyone's rate, or 0 for gaps.
    x_label : str
        What is drawn, with its unit.

    Returns
    -------
    Figure
        Rows too small to show are listed in words.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    places, headings = _rows_under_headings(words(released, by) if by else [""] * len(released.table))
    bottom = max([*places, 0]) + 1
    figure, (axes, beside) = canvas(0.75 + _ROW_IN * bottom, columns=2, width_ratios=(2.6, 1))
    _estimates(axes, released, places, value)
    if reference is not None:
        axes.axvline(reference, color=VERMILION, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    names = words(released, label)
    axes.set_yticks([*places, *headings], [*names, *headings.values()])
    for tick, is_heading in zip(axes.get_yticklabels(), [False] * len(names) + [True] * len(headings), strict=True):
        tick.set_fontweight("bold" if is_heading else "normal")
    axes.set_xlabel(x_label)
    guide(axes, "x")
    for panel in (axes, beside):
        panel.set_ylim(bottom - 0.4, -1.2)
    _side_columns(beside, released, places, value, n)
    return figure


def _estimates(axes: Axes, released: Released, places: list[int], value: str) -> None:
    bounds, values, rows = column_of(released, value), numbers(released, value), np.array(places)
    if bounds.low and bounds.high:
        low, high = numbers(released, bounds.low), numbers(released, bounds.high)
        axes.hlines(rows, low, high, color=BLUE, linewidth=1.5)
    axes.plot(values, rows, "s", color=BLUE, markersize=5)


def _rows_under_headings(breakdowns: list[str]) -> tuple[list[int], dict[int, str]]:
    # A heading takes a line of its own before the first row of its breakdown.
    places: list[int] = []
    headings: dict[int, str] = {}
    line, last = 0, None
    for breakdown in breakdowns:
        if breakdown and breakdown != last:
            line += 1 if places else 0
            headings[line] = breakdown_title(breakdown)
            line += 1
        places.append(line)
        line, last = line + 1, breakdown
    return places, headings


def _side_columns(axes: Axes, released: Released, places: list[int], value: str, n: str) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    for text, across, align in (
        ("n", 0.24, "right"),
        ("% (95 % CI)" if column_of(released, value).kind == "rate" else "estimate (95 % CI)", 0.34, "left"),
    ):
        axes.text(across, -0.9, text, ha=align, va="center", color=MUTED, fontsize=points(8))
    for row, place in enumerate(places):
        axes.text(0.24, place, cell(released, row, n), ha="right", va="center", fontsize=points(8))
        said, around = cell(released, row, value), interval(released, row, value)
        known = not np.isnan(numbers(released, value)[row])
        axes.text(
            0.34, place, f"{said} ({around})" if known else said, ha="left", va="center", fontsize=points(8),
            color=INK if known else MUTED, fontstyle="normal" if known else "italic",
        )  # fmt: skip


@in_house_style
def funnel_by_group(
    released: Released, *, group: str = "group", stage: str = "stage", share: str = "share_pct", x_label: str = ""
) -> Figure:
    """Draw which share of each group reaches each stage.

    Parameters
    ----------
    released : Released
        One row a group and stage, stages in order.
    group, stage, share : str
        Columns with the group, the stage, and the percentage of those referred who reach it.
    x_label : str
        Title of the axis of stages.

    Returns
    -------
    Figure
        One line a group.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    groups, stages, shares = matrix(released, group, stage, share)
    figure, (axes,) = canvas(3.8)
    for line, name in enumerate(groups):
        axes.plot(
            range(len(stages)), shares[line], label=name, color=PALETTE[line % len(PALETTE)],
            linestyle=DASHES[line % len(DASHES)], marker=MARKERS[line % len(MARKERS)], markersize=4.5,
        )  # fmt: skip
    axes.set_xticks(range(len(stages)), [fill(stage, _STAGE_LETTERS) for stage in stages])
    axes.set(ylim=(0, 104), ylabel="% of those referred", xlabel=x_label)
    guide(axes, "y")
    axes.legend(loc="lower left" if len(groups) <= len(PALETTE) // 2 else "best")
    return figure


@in_house_style
def published_beside(
    released: Released,
    *,
    label: str = "measure",
    ours: str = "simulated_pct",
    published: str = "published_pct",
    ours_name: str = "this service",
    published_name: str = "published, England",
) -> Figure:
    """Draw our figures beside published ones.

    Parameters
    ----------
    released : Released
        One row a figure.
    label, ours, published : str
        Columns with the name, our value and the published one, on one scale.
    ours_name, published_name : str
        Names for the legend.

    Returns
    -------
    Figure
        Two marks a row, joined.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    names, mine, theirs = words(released, label), numbers(released, ours), numbers(released, published)
    figure, (axes,) = canvas(0.95 + _ROW_IN * len(names))
    place = np.arange(len(names))
    axes.hlines(place, np.fmin(mine, theirs), np.fmax(mine, theirs), color=RULE, linewidth=3, zorder=1)
    axes.plot(
        theirs, place, "o", color="white", markeredgecolor=INK, markeredgewidth=1.4, markersize=7, label=published_name
    )
    axes.plot(mine, place, "o", color=VERMILION, markersize=4.5, label=ours_name)
    axes.set_yticks(place, names)
    axes.invert_yaxis()
    axes.set_xlabel("%")
    guide(axes, "x")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    return figure


@in_house_style
def calibration_multiples(
    released: Released, *, group: str = "group", predicted: str = "predicted_pct", observed: str = "observed_pct"
) -> Figure:
    """Draw what happened against what was predicted, a panel a group.

    Parameters
    ----------
    released : Released
        One row a group and point.
    group, predicted, observed : str
        Columns with the group, the mean prediction and the observed rate, both in per cent.

    Returns
    -------
    Figure
        Panels on one scale, points with their intervals beside the line of perfect agreement.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_curve(released)
    across, along, bounds = numbers(released, predicted), numbers(released, observed), column_of(released, observed)
    found = rows_of(words(released, group))
    columns = min(len(found), _PANELS_A_ROW)
    rows = -(-len(found) // columns)
    figure, panels = canvas(0.5 + 2.3 * rows, columns=columns, rows=rows)
    for panel, (name, own) in zip(panels, found.items(), strict=False):
        panel.plot([0, _WHOLE], [0, _WHOLE], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        panel.plot(across[own], along[own], color=BLUE, marker="o", markersize=4, linewidth=1)
        if bounds.low and bounds.high:
            low, high = numbers(released, bounds.low)[own], numbers(released, bounds.high)[own]
            panel.vlines(across[own], low, high, color=BLUE, linewidth=1.1)
        panel.set_title(fill(name, _TITLE_LETTERS), fontsize=points(8.5), color=INK)
        panel.set(xlim=(0, _WHOLE), ylim=(0, _WHOLE), aspect="equal")
        panel.set_xticks([0, 50, 100])
        panel.set_yticks([0, 50, 100])
        guide(panel, "both")
    for panel in panels[len(found) :]:
        panel.set_axis_off()
    figure.supxlabel("Predicted, %", fontsize=points(9), color=MUTED)
    figure.supylabel("Observed, %", fontsize=points(9), color=MUTED)
    return figure
