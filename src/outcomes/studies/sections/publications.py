"""Under which policy tables and figures leave, and what a journal asks of figures."""

from typing import Annotated, Literal

from pydantic import Field

from outcomes.studies.sections.section import Section


class PublicationSettings(Section):
    """Under which disclosure policy tables and figures leave, how Table 1 is split, how figures of a release look."""

    policy: str = "midpoint6"
    """A disclosure policy of `outcomes.reference`."""
    table_one_by: str | None = None
    """A grouping."""
    figure_width_mm: Annotated[float, Field(ge=110, le=230)] = 175.26
    """Width of a full figure in a release."""
    figure_font_pt: Annotated[float, Field(ge=6, le=18)] = 9.0
    """Size of the letters of figures in a release."""
    figure_palette: Literal["okabe_ito", "tol_bright", "greys"] = "okabe_ito"
    """Colours of lines in a release; the first two are safe for colour-blind readers."""
    figure_dpi: Annotated[int, Field(ge=300, le=1200)] = 300
    """Dots per inch of PNG in a release."""
    figure_svg: bool = False
    """Whether a release holds SVG too, whose marks are released points with their coordinates."""
