"""The limits that a service sets for its caseload pages."""

from pydantic import Field

from outcomes.studies.sections.section import Section


class FlagSettings(Section):
    """Whether a caseload page is made, and the limits that the service sets for it; none is a published threshold."""

    weeks_without_contact: int = Field(default=4, ge=1, le=52)
    """Weeks without contact or questionnaire after which a patient is flagged."""
    blank_questionnaires: int = Field(default=2, ge=1, le=20)
    """After so many unscored forms in a row a patient cannot be scored."""
    course_minimum_people: int = Field(default=50, ge=10)
    """Fewest people behind a point of the expected course."""
    safety_window_days: int = Field(default=28, ge=1, le=365)
    """How far back safety answers are read."""
    same_day_procedure: str = "your service's same-day safety procedure"
    """The name of the service's own procedure."""
