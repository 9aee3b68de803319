"""How does every figure look, and how does it become the same bytes each time? One style at a time, no dates."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, Literal, ParamSpec, overload

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from outcomes.errors import ConfigError

Arguments = ParamSpec("Arguments")

INK: Final = "#1b2733"
MUTED: Final = "#5a6773"
RULE: Final = "#d5dce2"
BLUE: Final = "#0072b2"
VERMILION: Final = "#d55e00"
PALETTES: Final = {
    # Okabe and Ito's colour-blind-safe set without its yellow (too pale for lines on white), strongest contrasts first.
    "okabe_ito": (BLUE, VERMILION, "#009e73", "#cc79a7", "#e69f00", "#56b4e9", INK, "#8a96a1"),
    "tol_bright": ("#4477aa", "#ee6677", "#228833", "#aa3377", "#ccbb44", "#66ccee", INK, "#8a96a1"),
    "greys": ("#000000", "#6e6e6e", "#9a9a9a", "#3d3d3d", "#838383", "#b0b0b0", "#555555", "#222222"),
}
DASHES: Final = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (6, 2, 1.2, 2)), (0, (3, 1.5)), (0, (8, 3)), "-", (0, (1, 2.5)))
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
# One hue from paper to deep blue: its lightness falls evenly, so it survives a black-and-white printer.
SHADES: Final = LinearSegmentedColormap.from_list("shades", ["#ffffff", "#d3e3f0", "#8fb9d9", "#3f83b5", "#134a75"])
WIDTH_IN: Final = 6.9
PNG_DPI: Final = 300
MM_PER_INCH: Final = 25.4
NARROWEST_MM: Final = 110  # below this the figures of this house are too dense to read
WIDEST_MM: Final = 230
SMALLEST_PT: Final = 6.0
_FONT_PT: Final = 9.0


@dataclass(frozen=True)
class Style:
    """What a journal asks of figures.

    Parameters
    ----------
    width_mm : float
        Width of a full figure.
    font_pt : float
        Size of its letters.
    palette : str
        "okabe_ito", "tol_bright" (both safe for colour-blind readers) or "greys".
    dpi : int
        Dots per inch of a PNG.

    Raises
    ------
    ConfigError
        If a value is out of range.
    """

    width_mm: float = round(WIDTH_IN * MM_PER_INCH, 2)
    font_pt: float = _FONT_PT
    palette: str = "okabe_ito"
    dpi: int = PNG_DPI

    def __post_init__(self) -> None:
        if not NARROWEST_MM <= self.width_mm <= WIDEST_MM:
            raise ConfigError(f"width of figures must be {NARROWEST_MM} to {WIDEST_MM} mm, got {self.width_mm:g}")
        if not SMALLEST_PT <= self.font_pt <= 2 * _FONT_PT:
            raise ConfigError(f"letters of figures must have {SMALLEST_PT:g} to 18 points, got {self.font_pt:g}")
        if self.palette not in PALETTES:
            raise ConfigError(f"palette must be one of {', '.join(PALETTES)}, got {self.palette!r}")
        if self.dpi < PNG_DPI:
            raise ConfigError(f"a journal needs at least {PNG_DPI} dots per inch, got {self.dpi}")


_NOW: ContextVar[Style] = ContextVar("style", default=Style())  # noqa: B039  a style cannot be changed


class _Palette(Sequence[str]):
    """Colours of lines in the style that is in force."""

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        return PALETTES[_NOW.get().palette][place]

    def __len__(self) -> int:
        return len(PALETTES[_NOW.get().palette])


PALETTE: Final = _Palette()


@contextmanager
def drawn_as(style: Style) -> Iterator[None]:
    """Draw figures in a journal's style.

    Parameters
    ----------
    style : Style
        In force inside the block.

    Yields
    ------
    None
        Figures drawn inside have its width, letters and colours.
    """
    before = _NOW.set(style)
    try:
        yield
    finally:
        _NOW.reset(before)


def points(size: float) -> float:
    """Scale a size of letters from the house's style to the one in force.

    Parameters
    ----------
    size : float
        Points where letters have 9.

    Returns
    -------
    float
        Points in the style in force.
    """
    return size * _NOW.get().font_pt / _FONT_PT


_STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 9,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "text.color": INK,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
    "figure.facecolor": "white",
    "text.parse_math": False,  # a dollar sign in a label is a dollar sign
    "svg.fonttype": "path",
    "svg.hashsalt": "outcomes",
    "pdf.fonttype": 42,
    "pdf.compression": 6,
}


_SIZES: Final = {
    "font.size",
    "axes.titlesize",
    "axes.labelsize",
    "xtick.labelsize",
    "ytick.labelsize",
    "legend.fontsize",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house's style whatever the user's matplotlib settings say, and restore them afterwards.

    Yields
    ------
    None
        Settings hold inside the block.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        sized = {name: points(value) if name in _SIZES else value for name, value in _STYLE.items()}
        mpl.rcParams.update(sized)
        yield


def in_house_style(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Make a drawing function draw in the house's style.

    Parameters
    ----------
    draw : callable
        Returns a figure.

    Returns
    -------
    callable
        The same function, independent of the user's matplotlib settings.
    """

    @wraps(draw)
    def styled(*args: Arguments.args, **options: Arguments.kwargs) -> Figure:
        with house_style():
            figure = draw(*args, **options)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # laid out once: the order of saving as PNG, PDF, SVG changes no byte
            return figure

    return styled


def canvas(
    height_in: float,
    *,
    width_in: float = WIDTH_IN,
    columns: int = 1,
    rows: int = 1,
    width_ratios: tuple[float, ...] | None = None,
) -> tuple[Figure, list[Axes]]:
    """Begin a figure without pyplot.

    Parameters
    ----------
    height_in, width_in : float
        Size in inches in the house's style; the style in force scales the width by its own, the height by its letters.
    columns, rows : int
        Panels side by side and below each other.
    width_ratios : tuple of float, optional
        Relative widths of the columns.

    Returns
    -------
    figure : Figure
        With a constrained layout and an Agg canvas.
    panels : list of Axes
        Row by row.
    """
    wide = width_in / WIDTH_IN * _NOW.get().width_mm / MM_PER_INCH
    figure = Figure(figsize=(wide, points(height_in)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False, width_ratios=width_ratios)
    return figure, list(panels.ravel())


def guide(axes: Axes, direction: Literal["x", "y", "both"]) -> None:
    """Draw thin lines to read values along, and take the ticks away on the other side.

    Parameters
    ----------
    axes : Axes
        Panel.
    direction : {"x", "y", "both"}
        Axis whose values are read.
    """
    axes.grid(visible=True, axis=direction)
    axes.tick_params(length=0)
    if direction != "both":
        axes.spines["left"].set_visible(False)


def svg(figure: Figure) -> bytes:
    """Write a figure as SVG, letters as outlines, so that it looks the same everywhere.

    Parameters
    ----------
    figure : Figure
        The figure.

    Returns
    -------
    bytes
        The same for the same figure: no date, fixed identifiers.
    """
    return _saved(figure, "svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})


def pdf(figure: Figure) -> bytes:
    """Write a figure as vector PDF with embedded fonts.

    Parameters
    ----------
    figure : Figure
        The figure.

    Returns
    -------
    bytes
        The same for the same figure: no dates.
    """
    return _saved(figure, "pdf", metadata={"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None})


def png(figure: Figure, *, dpi: int | None = None) -> bytes:
    """Write a figure as PNG.

    Parameters
    ----------
    figure : Figure
        The figure.
    dpi : int, optional
        Dots per inch; those of the style in force if absent.

    Returns
    -------
    bytes
        The same for the same figure: no date, no version.
    """
    return _saved(figure, "png", dpi=dpi or _NOW.get().dpi, metadata={"Software": None})


def _saved(figure: Figure, kind: str, **options: Any) -> bytes:  # noqa: ANN401  handed through to matplotlib
    out = io.BytesIO()
    with house_style():
        figure.savefig(out, format=kind, **options)
    return out.getvalue()
