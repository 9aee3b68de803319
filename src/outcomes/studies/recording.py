"""A finished study becomes one tracked run: settings, snapshot, metrics, released tables, figures, models, no row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from outcomes.publications.page import Report
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.forecast import Forecast
from outcomes.studies.materials import Materials
from outcomes.tracking.opening import Subject, tracker
from outcomes.tracking.run import Run

STEPPED = "prognosis/"
KEPT = ("auroc", "brier", "scaled_brier", "calibration_in_the_large", "calibration_slope", "ici", "net_benefit_at_0.50")
CURVES = ("auroc", "calibration_slope", "scaled_brier")


@contextmanager
def recorded(materials: Materials, store: Path | None) -> Iterator[Run]:
    """Open the tracked run of a study, or its null twin.

    Parameters
    ----------
    materials
        Settings and research view.
    store
        Folder of the MLflow store; None for no tracking.

    Yields
    ------
    Run
        Where the study says what it found.
    """
    experiment, view = materials.opened.experiment, materials.opened.view
    subject = Subject(
        study=experiment.study.name,
        question=experiment.study.question,
        snapshot=view.snapshot,
        source_kind=view.kind,
        edition=materials.edition.key,
        policy=experiment.publications.policy,
        configuration=experiment.model_dump(mode="json", exclude_none=True),
    )
    with tracker(subject, store=store) as run:
        counts = {name: len(frame) for name, frame in view.tables.items()}
        run.dataset(experiment.study.name, view.snapshot, kind=view.kind, counts=counts)
        yield run


def record(run: Run, chapters: Sequence[Chapter], report: Report, folder: Path, found: Forecast | None) -> None:
    """Say to the run what the study found.

    Parameters
    ----------
    run
        The open run.
    chapters
        Whose metrics are recorded.
    report
        Whose released tables are kept.
    folder
        The finished report; its figures and methods text are kept.
    found
        The prognosis step: its metrics are curves over the landmarks, its models are kept, and every landmark is a
        child run.
    """
    for chapter in chapters:
        run.metrics({name: value for name, value in chapter.metrics.items() if not name.startswith(STEPPED)})
    for table in report.tables():
        run.table(table.name, table.released)
    for figure in sorted((folder / "figures").glob("*.svg")):
        run.figure(figure.name, figure.read_bytes())
    run.text("methods.md", (folder / "methods.md").read_text(encoding="utf-8"))
    if found is not None:
        _landmarks(run, found)


def _landmarks(run: Run, found: Forecast) -> None:
    metrics = found.validation.metrics
    for landmark, packed in sorted(found.models.items()):
        rows = metrics[metrics["landmark"].eq(landmark) & metrics["model"].ne("prevalence")]
        run.metrics(_named(rows[rows["metric"].isin(CURVES)], "value"), step=landmark)
        with run.child(f"landmark {landmark}", tags={"landmark": landmark}) as child:
            told = rows[rows["metric"].isin(KEPT)]
            child.metrics(_named(told, "value"))
            child.metrics({f"{name}_low": value for name, value in _named(told, "low").items()})
            child.metrics({f"{name}_high": value for name, value in _named(told, "high").items()})
            child.model(f"landmark_{landmark}.json", packed.content)


def _named(rows: pd.DataFrame, column: str) -> dict[str, float]:
    told = rows[rows[column].notna()].to_dict("records")
    return {
        f"{STEPPED}{row['model']}/{row['validation'].replace(' ', '_')}/{row['metric'].replace('.', '_')}": row[column]
        for row in told
    }
