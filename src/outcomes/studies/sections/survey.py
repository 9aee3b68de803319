"""That the people of a study were drawn by a survey's design."""

from pydantic import Field

from outcomes.studies.sections.section import Section


class SurveySettings(Section):
    """That people were drawn with unequal chances: weighted figures stand beside the raw ones, design allowed for."""

    resamples: int = Field(default=100, ge=2, le=5000)
    """Bootstrap samples of sampling units behind the errors of the weighted shares of classes."""
