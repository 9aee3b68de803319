"""What does each state look like, and where do people go from it? Heat maps with the numbers in their cells."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from outcomes.disclosure.seal import Released
from outcomes.publications.drawing import INK, MUTED, SHADES, canvas, in_house_style, points
from outcomes.publications.figures.reading import Floats, matrix
from outcomes.publications.wording import column_of, number, require_released

_ROW_IN = 0.34
_DARKEST = "#000000"  # white or this reaches a contrast of 4.5 on any shade; the house ink falls to 3.9 in the middle

LONGEST_LEVEL_LABEL = 6  # letters that fit above one column; longer names are turned


@in_house_style
def profile_heat_map(
    released: Released,
    *,
    row: str = "item",
    column: str = "state",
    value: str = "mean",
    scale: tuple[float, float] | None = None,
    row_label: str = "",
    column_label: str = "State",
) -> Figure:
    """Draw what each state (class, subtype) answers, item by item.

    Parameters
    ----------
    released : Released
        One row a combination of item and state, in the order wanted.
    row, column, value : str
        Columns with item, state, and the number to show.
    scale : tuple of two float, optional
        Values of white and of the darkest blue; otherwise 0 and the largest value.
    row_label, column_label : str
        Titles of the axes.

    Returns
    -------
    Figure
        Shaded cells with their numbers, readable in black and white.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    rows, columns, values = matrix(released, row, column, value)
    figure, (axes,) = canvas(0.9 + _ROW_IN * len(rows), width_in=min(6.9, 2.6 + 0.62 * len(columns)))
    _shade(axes, values, scale or (0.0, float(np.nanmax(values, initial=1e-9))), column_of(released, value).decimals)
    axes.set_xticks(range(len(columns)), columns)
    if max(map(len, columns), default=0) > LONGEST_LEVEL_LABEL:
        axes.tick_params(axis="x", labelrotation=35)
        for label in axes.get_xticklabels():
            label.set(ha="left", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel(column_label)
    axes.xaxis.set_label_position("top")
    axes.set_ylabel(row_label)
    return figure


@in_house_style
def transition_matrix(
    released: Released,
    *,
    start: str = "from_state",
    end: str = "to_state",
    value: str = "probability",
    step: str = "next occasion",
) -> Figure:
    """Draw where people are at the next occasion, given where they are now.

    Parameters
    ----------
    released : Released
        One row a pair of states.
    start, end, value : str
        Columns with the state now, the state next, and the probability or percentage.
    step : str
        What "next" means.

    Returns
    -------
    Figure
        Shaded cells with their numbers; staying is framed.

    Raises
    ------
    DisclosureError
        If the table is not released or lacks a column.
    """
    require_released(released)
    rows, columns, values = matrix(released, start, end, value)
    figure, (axes,) = canvas(1.1 + 0.42 * len(rows), width_in=min(6.9, 1.8 + 0.68 * len(columns)))
    top = 1.0 if np.nanmax(values, initial=0.0) <= 1 else 100.0
    _shade(axes, values, (0.0, top), column_of(released, value).decimals)
    for place, name in enumerate(rows):
        if name in columns:
            frame = Rectangle((columns.index(name) - 0.5, place - 0.5), 1, 1, fill=False, edgecolor=INK, linewidth=1.4)
            axes.add_patch(frame)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel(f"State at the {step}")
    axes.xaxis.set_label_position("top")
    axes.set_ylabel("State now")
    return figure


def _readable_on(background: tuple[float, float, float, float]) -> str:
    # Relative luminance and contrast as in WCAG 2, without its linear piece for near-black, which SHADES never reaches.
    red, green, blue = (((part + 0.055) / 1.055) ** 2.4 for part in background[:3])
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else _DARKEST


def _shade(axes: Axes, values: Floats, scale: tuple[float, float], decimals: int) -> None:
    low, high = scale
    span = (high - low) or 1.0
    axes.pcolormesh(
        np.arange(values.shape[1] + 1) - 0.5,
        np.arange(values.shape[0] + 1) - 0.5,
        np.ma.masked_invalid((values - low) / span),
        cmap=SHADES, vmin=0, vmax=1, edgecolors="white", linewidth=1.5,
    )  # fmt: skip
    for down, across in np.ndindex(values.shape):
        shade = (values[down, across] - low) / span
        hidden = np.isnan(shade)
        ink = MUTED if hidden else _readable_on(SHADES(float(shade)))
        axes.text(
            across, down, "few" if hidden else number(float(values[down, across]), decimals), ha="center", va="center",
            fontsize=points(7.5 if hidden else 8.5), color=ink,
        )  # fmt: skip
    axes.invert_yaxis()
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
