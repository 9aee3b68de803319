"""Can the probabilities be believed, and would acting on them help? Calibration, decision curves, what a model uses."""

import numpy as np
from matplotlib.figure import Figure

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
from outcomes.publications.figures.reading import numbers, require_curve, rows_of, words
from outcomes.publications.wording import cell, column_of, require_released

_PER_CENT = 100


@in_house_style
def calibration_curve(
    released: Released, *, predicted: str = "predicted_pct", observed: str = "observed_pct", by: str | None = None
) -> Figure:
    """Draw what happened against what was predicted.

    Parameters
    ----------
    released : Released
        One row a bin of people with similar predictions.
    predicted, observed : str
        Columns with the mean prediction and the observed rate, both in per cent.
    by : str, optional
        Label column that tells models or groups apart.

    Returns
    -------
    Figure
        Points with their intervals beside the line of perfect agreement.

    Raises
    ------
    DisclosureError
        If the table is not released, lacks a column, or was released without its vertices.
    """
    require_curve(released)
    across, along = numbers(released, predicted), numbers(released, observed)
    lines = words(released, by) if by else [""] * len(across)
    bounds = column_of(released, observed)
    figure, (axes,) = canvas(4.1, width_in=4.8)
    axes.plot([0, _PER_CENT], [0, _PER_CENT], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    axes.annotate(
        "dashed: as predicted",
        (0.98, 0.02),  # the corner that holds no point unless nobody of those told much got there
        xycoords="axes fraction",
        ha="right",
        va="bottom",
        color=MUTED,
        fontsize=points(8),
    )
    for line, (name, rows) in enumerate(rows_of(lines).items()):
        colour = PALETTE[line % len(PALETTE)]
        axes.plot(
            across[rows], along[rows], linestyle=DASHES[line % len(DASHES)], markersize=5, label=name, color=colour,
            marker=MARKERS[line % len(MARKERS)],
        )  # fmt: skip
        if bounds.low and bounds.high:
            low, high = numbers(released, bounds.low)[rows], numbers(released, bounds.high)[rows]
            axes.vlines(across[rows], low, high, color=colour, linewidth=1.1)
    guide(axes, "both")
    axes.set(xlim=(0, _PER_CENT), ylim=(0, _PER_CENT), xlabel="Predicted, %", ylabel="Observed, %", aspect="equal")
    if by:
        axes.legend(loc="upper left")
    return figure


@in_house_style
def decision_curve(
    released: Released, *, threshold: str = "threshold_pct", net_benefit: str = "net_benefit", by: str = "strategy"
) -> Figure:
    """Draw the net benefit of acting on each model, over the thresholds at which one would act.

    Parameters
    ----------
    released : Released
        One row a strategy and threshold, strategies "flag everyone" and "flag nobody" included.
    threshold : str
        Label column: the probability at which one would act, in whole per cent.
    net_benefit : str
        Column with true positives minus weighted false positives, a person.
    by : str
        Label column with the strategy.

    Returns
    -------
    Figure
        One line a strategy; the axis ends a little below zero, where nothing is worth doing.

    Raises
    ------
    DisclosureError
        If the table is not released, lacks a column, or was released without its vertices.
    """
    require_curve(released)
    across, along, names = (
        released.table[threshold].astype(float).to_numpy(),
        numbers(released, net_benefit),
        words(released, by),
    )
    figure, (axes,) = canvas(3.4)
    for line, (name, rows) in enumerate(rows_of(names).items()):
        axes.plot(
            across[rows], along[rows], label=name, color=PALETTE[line % len(PALETTE)],
            linestyle=DASHES[line % len(DASHES)],
        )  # fmt: skip
    top = float(np.nanmax(along, initial=0.05))
    axes.set(ylim=(-0.15 * top, 1.08 * top), xlabel="Threshold probability, %", ylabel="Net benefit")
    axes.axhline(0, color=MUTED, linewidth=0.8)
    guide(axes, "y")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@in_house_style
def bars(
    released: Released, *, label: str = "feature", value: str = "mean_abs_shap", x_label: str = "", at_most: int = 15
) -> Figure:
    """Draw one number a row, longest first, such as how much each feature moves a prediction.

    Parameters
    ----------
    released : Released
        One row a bar.
    label, value : str
        Columns with the name and the number.
    x_label : str
        What the number is.
    at_most : int
        Bars drawn; the rest is in the table.

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
    names, sizes = words(released, label), numbers(released, value)
    order = [row for row in np.argsort(-np.nan_to_num(sizes, nan=-np.inf), kind="stable") if not np.isnan(sizes[row])]
    order = order[:at_most]
    figure, (axes,) = canvas(0.7 + 0.3 * max(len(order), 1))
    axes.barh(range(len(order)), sizes[order], height=0.62, color=BLUE)
    for place, row in enumerate(order):
        axes.annotate(
            cell(released, int(row), value), (max(sizes[row], 0), place), (5, 0), textcoords="offset points",
            va="center", color=INK, fontsize=points(8.5),
        )  # fmt: skip
    axes.set_yticks(range(len(order)), [names[row] for row in order])
    axes.invert_yaxis()
    axes.set_xlabel(x_label)
    axes.margins(x=0.12)
    guide(axes, "x")
    return figure
