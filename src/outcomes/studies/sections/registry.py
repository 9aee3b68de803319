"""When a model may be used, and what only people can say about it."""

from pydantic import Field

from outcomes.studies.sections.section import Section


class RegistrySettings(Section):
    """The tolerances that hold a model back, and the lines of its card that no run can fill."""

    slope_tolerance: float = Field(default=0.2, gt=0, lt=1)
    """How far a calibration slope may be from 1 at any landmark; the service's own choice, no published threshold."""
    intended_use: str = ""
    """What the model is for, in a sentence."""
    intended_users: str = ""
    """Who may read its probabilities."""
    not_for: str = ""
    """What it must not be used for, beside the limits that every card names."""
    owner: str = ""
    """The role (not the person) that answers for it."""
    review_by: str = ""
    """When it is to be looked at again."""
    despite: str = ""
    """Why a model is registered although its privacy gate is red."""
