"""The limits that a service sets for its caseload pages, and what it has recorded about a model."""

from datetime import date
from pathlib import Path

from pydantic import Field

from outcomes.studies.sections.section import Section


class GuidanceSettings(Section):
    """A link to the service's own guidance."""

    text: str
    """What the link says."""
    address: str
    """Where it leads; begins with https://."""


class ModelSettings(Section):
    """What must be on record before a model's probability may be shown or flag anybody."""

    version: str
    """Version of the model."""
    sha256: str
    """Hash of the model file that the service has checked."""
    trained_on: str
    """Kind of the source of its training data: identified, anonymised or invented."""
    outcome: str
    """What the probability that flags is of: recovery, reliable_recovery or reliable_improvement."""
    flag_below: float
    """A probability below this flags."""
    silent_validation: str
    """Where the local validation, run silently beside the rules, is recorded."""
    clinical_safety_officer: str
    """Name of the clinical safety officer."""
    dcb0129: str
    """Clinical safety case of the manufacturer."""
    dcb0160: str
    """Clinical safety case of the deploying organisation."""
    device_position: str
    """The service's recorded position under medical-device law."""
    shown_from: date
    """The day from which its flags are on pages; what happened later may be changed by them, and teaches no model."""
    silent_services: tuple[str, ...] = ()
    """Services whose pages never show them; what happens there goes on teaching."""
    days_valid: int = Field(default=365, ge=1)
    """Days after which the model is too old to be used."""


class FlagSettings(Section):
    """Whether a caseload page is made, and the limits that the service sets for it; none is a published threshold."""

    rules: tuple[str, ...] = ("deterioration", "not_on_track", "no_contact")
    """Rules that are on: deterioration, not_on_track, no_contact."""
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
    guidance: tuple[GuidanceSettings, ...] = ()
    """Links to the service's own guidance; nothing else is suggested."""
    alert_budget: int | None = Field(default=None, ge=1, le=100)
    """How many of 100 open referrals the service can look into at a time."""
    watch_by: tuple[str, ...] = ("gender", "age_band", "ethnic_group_5", "deprivation_quintile")
    """Groups by which the flag rate is watched."""
    handled: Path | None = None
    """The service's own record of what was done about flags: CSV with person, acknowledged, acted_on."""
    model: ModelSettings | None = None
    """What is recorded about a model; absent: rules only."""
