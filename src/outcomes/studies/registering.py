"""May a model of this study be used? Its gates, its card, and its place in the registry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from outcomes.errors import GateError
from outcomes.fairness.gaps import EXCEEDS, NO_REFERENCE, REFERENCE, WITHIN
from outcomes.prognosis.card import Card
from outcomes.prognosis.models import BoostedTrees
from outcomes.prognosis.privacy import LIMIT, smallest_leaf
from outcomes.prognosis.probast import pre_checks
from outcomes.prognosis.splits import BY_PATIENT
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.forecast import BOOSTED, Forecast
from outcomes.studies.materials import Materials
from outcomes.studies.sections.registry import RegistrySettings
from outcomes.tracking.gates import PRIVACY, Gate

VERDICTS = "model_gaps"  # the chapter on groups keeps its verdicts on the model under this name
SILENCE = "abstention_by_group"  # and those on whom the model leaves without a probability under this one
NO_GAP = (REFERENCE, NO_REFERENCE, "")  # rows that no gap is read from
SHOWN = ("auroc", "scaled_brier", "calibration_in_the_large", "calibration_slope", "ici")
PEOPLE = {
    "Intended use": "intended_use",
    "Intended users": "intended_users",
    "Not for": "not_for",
    "Owner": "owner",
    "Review by": "review_by",
}
LIMITS = (
    "It holds for people like those it was learnt from, until practice changes; look for drift in every later period.",
    "Probabilities are printed with an interval, never alone, and not for people outside the training data.",
    "After flags are in use, outcomes are affected by them: they are no error rates and must not retrain the model.",
)


@dataclass(frozen=True)
class Judged:
    """What was found about the models of a study: gates by landmark, and the card that all share."""

    gates: Mapping[int, tuple[Gate, ...]]
    card: Card


def judge_models(
    materials: Materials, found: Forecast, chapters: Sequence[Chapter], settings: RegistrySettings
) -> Judged:
    """Hold the models of a study against their gates, and write their card.

    Parameters
    ----------
    materials
        Settings and research view.
    found
        The prognosis step.
    chapters
        All chapters; the one on groups holds the verdicts.
    settings
        Tolerances, and what people say about the model.

    Returns
    -------
    Judged
        Calibration, fairness, privacy and completeness for each landmark; the card.
    """
    people = {title: str(getattr(settings, name)) for title, name in PEOPLE.items()}
    blanks = [title for title, text in people.items() if not text.strip()]
    complete = Gate(
        "completeness",
        not blanks,
        f"left blank on the card: {', '.join(blanks)}" if blanks else "every line of the card is filled",
    )
    gates = {
        landmark: (
            _calibration(found, landmark, settings.slope_tolerance),
            _fairness(chapters, landmark),
            _privacy(found, landmark),
            complete,
        )
        for landmark in sorted(found.models)
    }
    opened = materials.opened
    card = Card(
        title=opened.experiment.study.title,
        target=found.target.rule,
        data={
            "Snapshot": opened.view.snapshot,
            "Source": opened.view.kind,
            "Read because": opened.view.statement,
            "Outcome rules": materials.edition.name,
        },
        people=people,
        performance=_performance(found),
        privacy=_given_away(found),
        gates=[
            (f"{gate.name}, after session {landmark}", gate.colour, gate.sentence)
            for landmark, all_gates in gates.items()
            for gate in all_gates
        ],
        checks=pre_checks(_known(materials, found)),
        groups=_table(chapters, VERDICTS),
        limits=LIMITS,
    )
    return Judged(gates, card)


def register_models(
    materials: Materials, found: Forecast, judged: Judged, runs: Mapping[int, str], store: Path
) -> tuple[str, ...]:
    """Make each landmark's model a version and the challenger, if its privacy gate allows it.

    Parameters
    ----------
    materials
        Settings and research view.
    found
        The prognosis step.
    judged
        Gates and card.
    runs
        Landmark to the run that holds its model.
    store
        Folder of the MLflow store.

    Returns
    -------
    tuple of str
        Sentences for the terminal.
    """
    from outcomes.tracking.mlflow_store import MlflowStore  # noqa: PLC0415  three seconds that a run without MLflow does not pay
    from outcomes.tracking.registry import Registry  # noqa: PLC0415  likewise

    registry = Registry(MlflowStore(store))
    experiment, view = materials.opened.experiment, materials.opened.view
    settings = experiment.registry or RegistrySettings()
    lines: list[str] = []
    shut: set[str] = set()
    versions: list[str] = []
    for landmark, run_id in sorted(runs.items()):
        facts = {
            "question": f"{found.target.rule}, foretold after session {landmark}",
            "study": experiment.study.name,
            "landmark": landmark,
            "snapshot": view.snapshot,
            "source_kind": view.kind,
        }
        try:
            made = registry.register(
                model_name(experiment.study.name, landmark),
                run_id=run_id,
                file=model_file(landmark),
                gates=judged.gates[landmark],
                facts=facts,
                despite=settings.despite,
            )
        except GateError as refused:
            lines.append(str(refused))
            continue
        versions.append(f"{made.name} version {made.version}")
        shut |= {f"{gate.name} ({gate.colour})" for gate in made.gates if not gate.passed}
    if versions:
        state = f"gates that hold promotion back: {', '.join(sorted(shut))}" if shut else "every gate is green"
        lines.append(f"{len(versions)} models are challengers ({state}); see: .venv/bin/outcomes models list")
    return tuple(lines)


def model_name(study: str, landmark: int) -> str:
    """Name a model as the registry knows it.

    Parameters
    ----------
    study
        Name of the study.
    landmark
        After which session.

    Returns
    -------
    str
        Such as ``simulated_service.session_2``.
    """
    return f"{study}.session_{landmark}"


def model_file(landmark: int) -> str:
    """Name the file of a landmark's model.

    Parameters
    ----------
    landmark
        After which session.

    Returns
    -------
    str
        Such as ``landmark_2.json``.
    """
    return f"landmark_{landmark}.json"


def columns_of(found: Forecast, landmark: int) -> dict[str, str]:
    """Say which columns a model reads, for its signature.

    Parameters
    ----------
    found
        The prognosis step.
    landmark
        After which session.

    Returns
    -------
    dict
        Feature to ``double`` or ``string``.
    """
    levels = found.fitted[landmark].model.encoding_.levels
    return {name: "double" if known is None else "string" for name, known in levels.items()}


def _rows(found: Forecast, landmark: int | None = None) -> pd.DataFrame:
    metrics = found.validation.metrics
    kept = metrics[metrics["model"].eq(BOOSTED) & metrics["validation"].eq(BY_PATIENT)]
    return kept if landmark is None else kept[kept["landmark"].eq(landmark)]


def _calibration(found: Forecast, landmark: int, tolerance: float) -> Gate:
    rows = _rows(found, landmark).set_index("metric")
    slope = rows.loc["calibration_slope"] if "calibration_slope" in rows.index else None
    if slope is None or not np.isfinite([slope["value"], slope["low"], slope["high"]]).all():
        return Gate("calibration", None, "the slope could not be estimated")
    low, high = 1 - tolerance, 1 + tolerance
    told = (
        f"slope {slope['value']:.2f} ({slope['low']:.2f} to {slope['high']:.2f}), tolerated {low:.2f} to {high:.2f}, "
        f"{slope['n']:.0f} people"
    )
    inside = low <= slope["value"] <= high
    sure = slope["low"] <= 1 <= slope["high"] or (low <= slope["low"] and slope["high"] <= high)
    return Gate("calibration", bool(inside and sure), told)


def _fairness(chapters: Sequence[Chapter], landmark: int) -> Gate:
    # a gap in whom the model serves, or in whom it leaves without a probability
    said = {"gaps by group": VERDICTS, "in who gets no probability": SILENCE}
    tables = {words: _table(chapters, name) for words, name in said.items()}
    judged = {words: _verdicts(table, landmark) for words, table in tables.items() if table is not None}
    if tables["gaps by group"] is None or judged["gaps by group"] is None:
        return Gate("fairness", None, "the model was not looked at by group")
    known = {words: verdicts for words, verdicts in judged.items() if verdicts is not None}
    told = "; ".join(f"{words}: {_counted(verdicts)}" for words, verdicts in known.items())
    every = pd.concat(known.values())
    unsure = any(verdicts.empty for verdicts in known.values()) or every.ne(WITHIN).any()
    return Gate("fairness", False if every.eq(EXCEEDS).any() else None if unsure else True, told)


def _verdicts(table: pd.DataFrame, landmark: int) -> pd.Series | None:
    rows = table[table["landmark"].eq(landmark)] if len(table) else table
    return None if rows.empty else rows.loc[~rows["verdict"].isin(NO_GAP), "verdict"]


def _counted(verdicts: pd.Series) -> str:
    return (
        ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.value_counts().items())) or "none judged"
    )


def _table(chapters: Sequence[Chapter], name: str) -> pd.DataFrame | None:
    return next((chapter.internal[name] for chapter in chapters if name in chapter.internal), None)


def _privacy(found: Forecast, landmark: int) -> Gate:
    told = found.membership[landmark]
    sentence = f"membership AUC {told.auroc:.2f}, limit {LIMIT:.2f}, {told.n_members} members"
    return Gate(PRIVACY, bool(told.passed), sentence)


def _performance(found: Forecast) -> pd.DataFrame:
    rows = _rows(found)
    table = []
    for landmark, part in rows.groupby("landmark"):
        known = part.set_index("metric")
        first = part.iloc[0]
        line: dict[str, object] = {"after_session": landmark, "people": int(first["n"]), "with": int(first["n_events"])}
        for metric in SHOWN:
            value, low, high = (float(number) for number in known.loc[metric, ["value", "low", "high"]].to_numpy())
            line[metric] = f"{value:.3f}" + (f" ({low:.3f} to {high:.3f})" if np.isfinite(low) else "")
        table.append(line)
    return pd.DataFrame(table)


def _given_away(found: Forecast) -> pd.DataFrame:
    rows = []
    for landmark, told in sorted(found.membership.items()):
        one = found.fitted[landmark]
        leaf: object = ""
        if isinstance(one.model, BoostedTrees):
            leaf = smallest_leaf(one.model, one.table.frame, one.table.keys["pseudonym"])
        rows.append(
            {"after_session": landmark, "membership_auc": f"{told.auroc:.3f}", "limit": LIMIT, "smallest_leaf": leaf}
        )
    return pd.DataFrame(rows)


def _known(materials: Materials, found: Forecast) -> dict[str, str]:
    counts = found.validation.counts
    at_risk = f"{counts['at_risk'].iloc[0]:,} at the first landmark" if len(counts) else "nobody"
    rows = _rows(found)
    events = rows.groupby("landmark")["n_events"].first()
    enough = (
        f"Between {int(events.min())} and {int(events.max())} with the outcome at a landmark." if len(events) else ""
    )
    nothing = "Nothing was weighted or resampled for that."
    return {
        "1.1": f"One feed, read as {materials.opened.view.kind}; who began treatment and was open at a landmark.",
        "1.3": f"Everybody at risk at a landmark ({at_risk}); who is left out is counted.",
        "2.2": "One encoding for everybody, learnt on the training rows.",
        "2.4": "Every feature is declared with the moment it becomes known; a later one is an error.",
        "3.1": f"{materials.edition.name}: {found.target.rule}. Earlier totals are features, as they are in use.",
        "D4.1": enough,
        "D4.2": "Numbers are rounded to bands; categories with fewer than ten training rows are unknown.",
        "D4.3": "Missing numbers stay missing for the trees; open courses are left out, not weighted for.",
        "D4.4": nothing,
        "D4.5": "Shallow trees with heavy leaves, their number by early stopping on other training patients.",
        "E4.1": "Yes: figures are of patients whom the model had not seen; where dates are known, of later ones too.",
        "E4.2": enough,
        "E4.3": "Open courses and unknown outcomes are left out, and counted.",
        "E4.4": nothing,
        "E4.5": "Rows of a person share a fold; encoding, states and number of trees are learnt on training rows only.",
        "E4.6": "Every step of learning is repeated in each fold.",
        "E4.7": "AUROC, Brier, calibration in the large, slope, curve distances and net benefit, with intervals.",
    }
