"""A finished study becomes one tracked run: settings, snapshot, metrics, released tables, figures, models, no row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from outcomes.publications.page import Report
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.forecast import Forecast
from outcomes.studies.materials import Materials
from outcomes.tracking.opening import Subject, tracker
from outcomes.tracking.run import Run


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
        run.parameters(subject.configuration)
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
        The prognosis step, whose models are kept and whose landmarks become child runs.
    """
    for chapter in chapters:
        run.metrics(chapter.metrics)
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
        run.model(f"landmark_{landmark}.json", packed.content)
        part = metrics[metrics["landmark"].eq(landmark) & metrics["model"].ne("prevalence")]
        for model, rows in part.groupby("model", sort=True):
            with run.child(f"{model}, landmark {landmark}", tags={"landmark": landmark, "model": model}) as child:
                for validation, held in rows.groupby("validation", sort=True):
                    prefix = f"prognosis/{str(validation).replace(' ', '_')}"
                    told = held.assign(metric=held["metric"].str.replace(".", "_")).set_index("metric")
                    child.metrics({f"{prefix}/{name}": float(value) for name, value in told["value"].items()})
                    child.metrics({f"{prefix}/{name}_low": float(v) for name, v in told["low"].dropna().items()})
                    child.metrics({f"{prefix}/{name}_high": float(v) for name, v in told["high"].dropna().items()})
