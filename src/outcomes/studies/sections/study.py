"""Which study this is."""

from pydantic import Field

from outcomes.studies.sections.section import Section


class StudySettings(Section):
    """Which study this is."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,60}$")
    """Names the report folder and the MLflow experiment."""
    title: str = Field(min_length=3)
    """Stands above the report."""
    question: str = Field(min_length=10)
    """The question in words; the report begins with it."""
    seed: int = Field(ge=0, le=2**31 - 1)
    """Every random choice of the study follows from it."""
    project: str | None = Field(default=None, min_length=1)
    """Entry of the projects register; an identified source is read for a registered project only."""
