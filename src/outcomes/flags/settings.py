"""What does a service declare before anything is flagged? Limits that are local choices, not published facts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from outcomes.errors import ConfigError

RULES: Final = ("deterioration", "not_on_track", "no_contact")
OUTCOMES: Final = ("recovery", "reliable_recovery", "reliable_improvement")
KINDS: Final = ("identified", "anonymised", "invented")


@dataclass(frozen=True)
class ModelPermission:
    """May a model's probability flag anybody? Only with every line of this record filled in.

    Attributes
    ----------
    version, sha256
        Which model file; the hash is printed on the page.
    trained_on
        Kind of the source of its training data: "identified", "anonymised" or "invented".
    outcome
        What the probability is of: "recovery", "reliable_recovery" or "reliable_improvement".
    flag_below
        A probability below this flags; between 0 and 1, both excluded.
    silent_validation, clinical_safety_officer, dcb0129, dcb0160, device_position
        Where the local silent validation, the named safety officer, the two clinical safety cases and the position
        under medical-device law are recorded (a document name or number each).
    days_valid
        Days after which a model is too old to be used.
    """

    version: str
    sha256: str
    trained_on: str
    outcome: str
    flag_below: float
    silent_validation: str
    clinical_safety_officer: str
    dcb0129: str
    dcb0160: str
    device_position: str
    days_valid: int = 365

    def __post_init__(self) -> None:
        empty = [f.name for f in fields(self) if isinstance(getattr(self, f.name), str) and not getattr(self, f.name)]
        if empty:
            raise ConfigError(f"a model may flag only when these are recorded too: {', '.join(empty)}")
        if self.trained_on not in KINDS:
            raise ConfigError(f"trained_on must be one of {', '.join(KINDS)}, got {self.trained_on!r}")
        if self.outcome not in OUTCOMES:
            raise ConfigError(f"outcome must be one of {', '.join(OUTCOMES)}, got {self.outcome!r}")
        if not 0 < self.flag_below < 1:
            raise ConfigError(f"flag_below must lie between 0 and 1, got {self.flag_below}")
        if self.days_valid < 1:
            raise ConfigError(f"days_valid must be 1 or more, got {self.days_valid}")


@dataclass(frozen=True)
class Link:
    """Where does the service keep its own guidance? Text and address, printed as they are."""

    text: str
    address: str

    def __post_init__(self) -> None:
        if not self.text.strip() or not self.address.startswith("https://"):
            raise ConfigError("a guidance link needs a text and an address that begins with https://")


@dataclass(frozen=True)
class FlagSettings:
    """The rules that are on, and their local limits.

    None of these is a published clinical threshold: those live in `reference`. They are printed on every page.

    Attributes
    ----------
    rules
        Any of "deterioration" (reliable rise since the first score), "not_on_track" (above the expected course),
        "no_contact" (neither seen nor heard for a number of weeks).
    instruments
        Measures to judge, in the order in which they are shown; those without a column in the totals are left out.
    weeks_without_contact
        Whole weeks without an attended contact or a questionnaire after which "no_contact" flags.
    blank_questionnaires
        After so many unscored forms in a row a measure can't be called unchanged.
    course_minimum_people
        Fewer people than this behind a point of the expected course make it unusable.
    safety_window_days
        Safety answers are read over this many days, and always on the latest form that answers them.
    same_day_procedure
        The name of the service's own same-day safety procedure.
    guidance
        Links to the service's own guidance; nothing else is suggested.
    alert_budget
        How many of 100 open referrals the service can look into at a time; None sets no budget.
    model
        None (the default) leaves models out: rules only.
    """

    rules: tuple[str, ...] = RULES
    instruments: tuple[str, ...] = ("phq9", "gad7")
    weeks_without_contact: int = 4
    blank_questionnaires: int = 2
    course_minimum_people: int = 50
    safety_window_days: int = 28
    same_day_procedure: str = "your service's same-day safety procedure"
    guidance: tuple[Link, ...] = ()
    alert_budget: int | None = None
    model: ModelPermission | None = None

    def __post_init__(self) -> None:
        unknown = [rule for rule in self.rules if rule not in RULES]
        if unknown or not self.rules:
            raise ConfigError(f"rules must be some of {', '.join(RULES)}, got {', '.join(self.rules) or 'none'}")
        if not self.instruments:
            raise ConfigError("instruments must name at least one measure, got none")
        for name in ("weeks_without_contact", "blank_questionnaires", "course_minimum_people", "safety_window_days"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more, got {getattr(self, name)}")
        whole = 100
        if self.alert_budget is not None and not 1 <= self.alert_budget <= whole:
            raise ConfigError(f"alert_budget must lie between 1 and {whole}, got {self.alert_budget}")


def permit_model(settings: FlagSettings, kind: str) -> ModelPermission:
    """Return the permission under which a model may flag people of this kind of source.

    Parameters
    ----------
    settings
        The service's declaration.
    kind
        Kind of the source that the caseload comes from: "identified", "anonymised" or "invented".

    Returns
    -------
    ModelPermission
        The recorded permission.

    Raises
    ------
    ConfigError
        If nothing is recorded, the kind is unknown, or a model trained on invented people would judge real ones.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if settings.model is None:
        raise ConfigError(
            "probabilities were given but no model is switched on: fill in the settings' model record "
            "(silent validation, safety officer, DCB0129, DCB0160, device position) or leave the probabilities out"
        )
    if settings.model.trained_on == "invented" and kind != "invented":
        raise ConfigError("this model was trained on invented patients and can't be switched on for real ones")
    return settings.model
