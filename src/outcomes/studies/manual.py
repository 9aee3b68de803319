"""Which keys may an experiment file have? The manual's page, made from the settings themselves."""

import json
from collections.abc import Iterator
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from outcomes.studies import experiment
from outcomes.studies.sections.flags import GuidanceSettings, ModelSettings

_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("study", experiment.StudySettings),
    ("source", experiment.SourceSettings),
    ("source.simulate", experiment.SimulateSettings),
    ("measures", experiment.MeasureSettings),
    ("survey", experiment.SurveySettings),
    ("subtypes", experiment.SubtypeSettings),
    ("prognosis", experiment.PrognosisSettings),
    ("prognosis.target", experiment.TargetSettings),
    ("registry", experiment.RegistrySettings),
    ("fairness", experiment.FairnessSettings),
    ("flags", experiment.FlagSettings),
    ("flags.guidance", GuidanceSettings),
    ("flags.model", ModelSettings),
    ("publications", experiment.PublicationSettings),
)

BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_HEAD = """# Experiment files

An experiment is one TOML file: the question, the source, and the steps that the study takes. A section that is absent
is a step that is not taken (`study` and `source` must be there). Unknown keys are errors, and every fault is reported
at once.
The files under [`experiments/`](../experiments) are examples. This page is made from the settings themselves.
"""


def experiment_manual() -> str:
    """Write the manual's page of experiment files.

    Returns
    -------
    str
        Markdown: a table for each section, with key, default and meaning.

    Examples
    --------
    >>> experiment_manual().splitlines()[0]
    '# Experiment files'
    """
    return _HEAD + "".join(_section(name, model) for name, model in _SECTIONS)


def _section(name: str, model: type[BaseModel]) -> str:
    rows = "\n".join(_rows(model))
    return f"\n## [{name}]\n\n{model.__doc__}\n\n| key | default | meaning |\n|---|---|---|\n{rows}\n"


def _rows(model: type[BaseModel]) -> Iterator[str]:
    for key, field in model.model_fields.items():
        yield f"| `{key}` | {_default(field)} | {' '.join([str(field.description), *_allowed(field)])} |"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "empty"
    if field.is_required():
        return "required"
    return "absent" if field.default is None else f"`{_as_toml(field.default)}`"


def _as_toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_as_toml(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)  # words, numbers, true and false are written alike in TOML


def _allowed(field: FieldInfo) -> Iterator[str]:
    # which values a key may have, where its type or its bounds say so
    if get_origin(field.annotation) is Literal:
        yield f"One of {', '.join(f'`{_as_toml(one)}`' for one in get_args(field.annotation))}."
    limits = [
        f"{word} {getattr(one, name):,}"
        for one in field.metadata
        for name, word in BOUNDS.items()
        if getattr(one, name, None) is not None
    ]
    if limits:
        yield f"{', '.join(limits).capitalize()}."
