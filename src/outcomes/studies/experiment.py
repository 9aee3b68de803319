"""What a person asks for: one TOML file a study, checked whole before anything runs.

Unknown keys are errors and all faults are reported at once. Numbers that were published do not stand here: an
experiment names an instrument, a rule edition or a policy, and ``outcomes.reference`` holds the numbers.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from outcomes.errors import ConfigError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StudySettings(_Section):
    """Which study this is: its name (also the report folder and the MLflow experiment), its question, its seed."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,60}$")
    question: str = Field(min_length=10)
    seed: int = Field(ge=0, le=2**31 - 1)


class SimulateSettings(_Section):
    """An invented service in place of a feed: how large, which seed, which item process, with dirt or without."""

    patients: int = Field(ge=20, le=2_000_000)
    seed: int = Field(ge=0, le=2**31 - 1)
    item_process: Literal["latent_states", "continuous_severity"] = "latent_states"
    dirty: bool = False


class SourceSettings(_Section):
    """Where the data come from, under which rule they may be read, and how their columns are called there.

    ``files`` names the file (or files) of each table relative to the folder given on the command line or in ``path``;
    ``columns`` maps canonical names to the feed's own, table by table; ``missing_codes`` lists answers that mean
    *missing*.
    """

    format: Literal["tidy_wide", "tidy_long"] = "tidy_wide"
    kind: Literal["identified", "anonymised", "invented"]
    reason: str = Field(min_length=5)
    path: str | None = None
    files: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    missing_codes: tuple[str, ...] = ()
    encoding: str = "utf-8"
    delimiter: str = ","
    extract_date: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    simulate: SimulateSettings | None = None

    @model_validator(mode="after")
    def _invented_only_if_simulated(self) -> "SourceSettings":
        if self.simulate is not None and self.kind != "invented":
            raise ValueError(f"a source with [source.simulate] is kind = 'invented', got {self.kind!r}")
        return self


class MeasureSettings(_Section):
    """Which outcome rules, how missing items are treated, and which instruments are scored."""

    edition: str = "nhs_talking_therapies_v2_1"
    missing_items: Literal["strict", "prorate"] = "strict"
    instruments: tuple[str, ...] = ("phq9", "gad7")


class SubtypeSettings(_Section):
    """Which items the latent states are looked for in, how many states are compared, and how hard to look."""

    instruments: tuple[str, ...] = ("phq9", "gad7")
    states: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    chosen: int | None = None
    chosen_reason: str | None = None
    starts: int = Field(default=50, ge=1, le=1000)
    emissions: Literal["nominal", "ordinal"] = "nominal"

    @model_validator(mode="after")
    def _override_has_a_reason(self) -> "SubtypeSettings":
        if self.chosen is not None and not self.chosen_reason:
            raise ValueError("chosen overrides the choice by BIC and needs chosen_reason, which the report prints")
        return self


class TargetSettings(_Section):
    """What is predicted; ``remission`` needs an instrument, the most symptoms allowed, and from which session on."""

    kind: Literal[
        "reliable_recovery", "recovery", "reliable_improvement", "reliable_deterioration", "dropped_out", "remission"
    ]
    instrument: str | None = None
    at_most: int | None = Field(default=None, ge=0)
    from_occasion: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _remission_is_complete(self) -> "TargetSettings":
        parts = (self.instrument, self.at_most, self.from_occasion)
        if self.kind == "remission" and any(part is None for part in parts):
            raise ValueError("kind = 'remission' needs instrument, at_most and from_occasion")
        if self.kind != "remission" and any(part is not None for part in parts):
            raise ValueError(
                f"instrument, at_most and from_occasion belong to kind = 'remission', not to {self.kind!r}"
            )
        return self


class PrognosisSettings(_Section):
    """Which ending is predicted, after which sessions, with how many folds and resamples."""

    target: TargetSettings
    landmarks: tuple[int, ...] = (0, 1, 2, 3, 4)
    folds: int = Field(default=5, ge=2, le=20)
    resamples: int = Field(default=500, ge=100, le=10_000)
    sensitive: tuple[str, ...] = ()
    use_states: bool = True
    threshold: float = Field(default=0.5, gt=0, lt=1)


class FairnessSettings(_Section):
    """By which groups the outcomes and the models are broken down, and which gap is tolerated (declared beforehand)."""

    by: tuple[str, ...]
    tolerance_points: float = Field(default=5.0, gt=0, le=50)


class FlagSettings(_Section):
    """Whether a caseload page is made, and how many weeks of silence are worth a word."""

    silent_weeks: int = Field(default=4, ge=1, le=52)


class PublicationSettings(_Section):
    """Under which disclosure policy tables and figures leave, and by which column Table 1 is split."""

    policy: str = "midpoint6"
    table_one_by: str | None = None


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
