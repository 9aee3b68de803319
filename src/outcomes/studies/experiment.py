"""What a person asks for: one TOML file a study, checked whole before anything runs.

Unknown keys are errors and all faults are reported at once. Numbers that were published do not stand here: an
experiment names an instrument, a rule edition or a policy, and ``outcomes.reference`` holds the numbers.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from outcomes.errors import ConfigError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class StudySettings(_Section):
    """Which study this is."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,60}$")
    """Names the report folder and the MLflow experiment."""
    title: str = Field(min_length=3)
    """Stands above the report."""
    question: str = Field(min_length=10)
    """The question in words; the report begins with it."""
    seed: int = Field(ge=0, le=2**31 - 1)
    """Every random choice of the study follows from it."""


class SimulateSettings(_Section):
    """An invented service in place of a feed."""

    patients: int = Field(ge=20, le=2_000_000)
    """How many people."""
    seed: int = Field(ge=0, le=2**31 - 1)
    """Same seed, same bytes."""
    item_process: Literal["states", "severity"] = "states"
    """Hidden states, or one continuous severity without subtypes."""
    dirty: bool = False
    """Whether to add the dirt of real feeds."""


class SourceSettings(_Section):
    """Where the data come from, under which rule they may be read, and how their columns are called there."""

    format: Literal["tidy_wide", "tidy_long"] = "tidy_wide"
    """A row a sitting, or a row an answer."""
    kind: Literal["identified", "anonymised", "invented"]
    """Identified data need a key and, for research, an opt-out allowlist."""
    reason: str = Field(min_length=5)
    """Licence, approval or legal basis; printed in the report."""
    path: str | None = None
    """Folder of the files; `--source` wins over it."""
    files: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """File name (or names) of each table: responses, patients, referrals, contacts."""
    columns: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """Table by table: canonical column name = the feed's own name."""
    constants: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """Table by table: canonical column name = one text for all rows."""
    missing_codes: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """A column, an instrument, or `answers` (all items) = codes that mean missing."""
    versions: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """Table by table: file columns that order resubmissions; the newest row is kept."""
    encoding: str = "utf-8"
    """How text files are written; nothing is guessed."""
    delimiter: str = ","
    """Likewise."""
    date_format: str = "%Y-%m-%d"
    """Likewise."""
    extract_date: date | None = None
    """Until when open referrals are known; the latest date of the feed if absent."""
    seed: int | None = Field(default=None, ge=0)
    """Seed of an invented feed that was written beforehand."""
    simulate: SimulateSettings | None = None
    """Invent a service instead of reading files (kind = "invented")."""

    @model_validator(mode="after")
    def _invented_only_if_simulated(self) -> "SourceSettings":
        if self.simulate is not None and self.kind != "invented":
            raise ValueError(f"a source with [source.simulate] is kind = 'invented', got {self.kind!r}")
        return self


class MeasureSettings(_Section):
    """Which outcome rules, how missing items are treated, and which instruments are scored."""

    edition: str = "nhs_talking_therapies_v2_1"
    """A dated rule edition of `outcomes.reference`."""
    missing_items: Literal["strict", "prorate"] = "strict"
    """Any missing item = no score, or the mean of the others where the instrument's rule allows it."""
    instruments: tuple[str, ...] = ("phq9", "gad7")
    """Keys of instruments to score."""


class SubtypeSettings(_Section):
    """Which items the latent states are looked for in, how many states are compared, and how hard to look."""

    instruments: tuple[str, ...] = ("phq9", "gad7")
    """Whose items."""
    states: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    """Numbers of states that are compared; BIC (persons) chooses."""
    chosen: int | None = None
    """Overrides the choice; needs `chosen_reason`."""
    chosen_reason: str | None = None
    """Why; the report prints it."""
    starts: int = Field(default=50, ge=1, le=1000)
    """Random starts for each number of states."""
    emissions: Literal["nominal", "ordinal"] = "nominal"
    """Free response probabilities, or adjacent-category ordinal ones."""

    @model_validator(mode="after")
    def _override_has_a_reason(self) -> "SubtypeSettings":
        if self.chosen is not None and not self.chosen_reason:
            raise ValueError("chosen overrides the choice by BIC and needs chosen_reason, which the report prints")
        return self


class TargetSettings(_Section):
    """What is predicted."""

    kind: Literal[
        "reliable_recovery", "recovery", "reliable_improvement", "reliable_deterioration", "dropped_out", "remission"
    ]
    """Name of the outcome."""
    instrument: str | None = None
    """For remission: which total."""
    at_most: int | None = Field(default=None, ge=0)
    """For remission: the highest total that counts as remission."""
    from_occasion: int | None = Field(default=None, ge=0)
    """For remission: the last occasion must be this one or later."""

    @model_validator(mode="after")
    def _remission_is_complete(self) -> "TargetSettings":
        parts = (self.instrument, self.at_most, self.from_occasion)
        if self.kind == "remission" and any(part is None for part in parts):
            raise ValueError("kind = 'remission' needs instrument, at_most and from_occasion")
        if self.kind != "remission" and any(part is not None for part in parts):
            raise ValueError(f"instrument, at_most and from_occasion belong to 'remission', not to {self.kind!r}")
        return self


class PrognosisSettings(_Section):
    """Which ending is predicted, after which sessions, with how many folds and resamples."""

    target: TargetSettings
    """What is predicted."""
    landmarks: tuple[int, ...] = (0, 1, 2, 3, 4)
    """After which occasions; 0 is intake."""
    folds: int = Field(default=5, ge=2, le=20)
    """Folds of patients."""
    resamples: int = Field(default=500, ge=100, le=10_000)
    """Bootstrap resamples of patients for every interval."""
    clock: Literal["order", "number"] = "order"
    """Whether a landmark counts filled questionnaires, or is the feed's own session number."""
    use_states: bool = True
    """Whether filtered state probabilities are features, refitted inside every training fold."""
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """Probability of an unfavourable ending at which a patient would be flagged."""


class FairnessSettings(_Section):
    """By which groups the outcomes and the models are broken down, and which gap is tolerated."""

    by: tuple[str, ...]
    """Keys of groupings."""
    tolerance_points: float = Field(default=5.0, gt=0, le=50)
    """Largest gap, in percentage points, that counts as within tolerance; declared before looking."""


class FlagSettings(_Section):
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


class PublicationSettings(_Section):
    """Under which disclosure policy tables and figures leave, and by which column Table 1 is split."""

    policy: str = "midpoint6"
    """A disclosure policy of `outcomes.reference`."""
    table_one_by: str | None = None
    """A grouping."""


class Experiment(_Section):
    """A whole experiment file; sections that are absent are steps that the study does not take."""

    study: StudySettings
    source: SourceSettings
    measures: MeasureSettings = MeasureSettings()
    subtypes: SubtypeSettings | None = None
    prognosis: PrognosisSettings | None = None
    fairness: FairnessSettings | None = None
    flags: FlagSettings | None = None
    publications: PublicationSettings = PublicationSettings()


def read_experiment(path: Path) -> Experiment:
    """Read what an experiment file asks for, or say everything that is wrong with it.

    Parameters
    ----------
    path
        A TOML file, UTF-8.

    Returns
    -------
    Experiment
        The checked, immutable settings.

    Raises
    ------
    ConfigError
        If the file is absent, is not TOML, or has unknown keys or values that are not allowed; every fault is listed.

    Examples
    --------
    >>> read_experiment(Path("experiments/simulated_service.toml")).study.name  # doctest: +SKIP
    'simulated_service'
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"experiment file {path.name!r} cannot be read ({error.strerror}); give the path of a TOML file"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"experiment file {path.name!r} is not UTF-8 text; save it as UTF-8") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"experiment file {path.name!r} is not valid TOML: {error}") from None
    return parse_experiment(content, name=path.name)


def parse_experiment(content: Mapping[str, Any], *, name: str) -> Experiment:
    """Check the content of an experiment file.

    Parameters
    ----------
    content
        The parsed TOML.
    name
        What to call the file in a message.

    Returns
    -------
    Experiment
        The checked, immutable settings.

    Raises
    ------
    ConfigError
        If anything in it is not allowed; every fault is listed.
    """
    try:
        return Experiment.model_validate(dict(content))
    except ValidationError as error:
        faults = [_fault(item) for item in error.errors(include_url=False)]
        raise ConfigError(f"{name}: {len(faults)} fault(s)\n" + "\n".join(faults)) from None


def _fault(item: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "the file"
    if item["type"] == "extra_forbidden":
        return f"  {where}: unknown key; see docs/experiments.md for the keys there are"
    got = "" if item["type"] == "missing" else f", got {item['input']!r}"[:120]
    return f"  {where}: {item['msg'].removeprefix('Value error, ')}{got}"
