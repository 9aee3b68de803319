"""By which groups results are broken down."""

from pydantic import Field

from outcomes.studies.sections.section import Section


class FairnessSettings(Section):
    """By which groups the outcomes and the models are broken down, and which gap is tolerated."""

    by: tuple[str, ...]
    """Keys of groupings."""
    tolerance_points: float = Field(default=5.0, gt=0, le=50)
    """Largest gap, in percentage points, that counts as within tolerance; declared before looking."""
