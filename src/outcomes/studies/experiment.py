"""What a person asks for: one TOML file a study, checked whole before anything runs.

Unknown keys are errors and all faults are reported at once. Numbers that were published do not stand here: an
experiment names an instrument, a rule edition or a policy, and ``outcomes.reference`` holds the numbers.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from outcomes.errors import ConfigError
from outcomes.studies.sections.fairness import FairnessSettings
from outcomes.studies.sections.flags import FlagSettings
from outcomes.studies.sections.measures import MeasureSettings
from outcomes.studies.sections.prognosis import PrognosisSettings, TargetSettings
from outcomes.studies.sections.publications import PublicationSettings
from outcomes.studies.sections.registry import RegistrySettings
from outcomes.studies.sections.section import Section
from outcomes.studies.sections.source import SimulateSettings, SourceSettings
from outcomes.studies.sections.study import StudySettings
from outcomes.studies.sections.subtypes import SubtypeSettings
from outcomes.studies.sections.survey import SurveySettings

__all__ = [
    "Experiment",
    "FairnessSettings",
    "FlagSettings",
    "MeasureSettings",
    "PrognosisSettings",
    "PublicationSettings",
    "RegistrySettings",
    "SimulateSettings",
    "SourceSettings",
    "StudySettings",
    "SubtypeSettings",
    "SurveySettings",
    "TargetSettings",
    "parse_experiment",
    "read_experiment",
]


class Experiment(Section):
    """A whole experiment file; sections that are absent are steps that the study does not take."""

    study: StudySettings
    source: SourceSettings
    measures: MeasureSettings = MeasureSettings()
    survey: SurveySettings | None = None
    subtypes: SubtypeSettings | None = None
    prognosis: PrognosisSettings | None = None
    registry: RegistrySettings | None = None
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
        raise ConfigError(f"{name}: {len(faults)} fault{'s' * (len(faults) > 1)}\n" + "\n".join(faults)) from None


def _fault(item: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "the file"
    if item["type"] == "extra_forbidden":
        return f"  {where}: unknown key; see docs/experiments.md for the keys there are"
    if item["type"] == "missing" and len(item["loc"]) == 1:
        return f"  [{where}] is missing; every experiment file has this section"
    got = "" if item["type"] == "missing" else f", got {item['input']!r}"[:120]
    return f"  {where}: {item['msg'].removeprefix('Value error, ')}{got}"
