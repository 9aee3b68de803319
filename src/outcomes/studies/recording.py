"""A finished study becomes one tracked run: settings, snapshot, metrics, released tables, figures, models, no row."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from outcomes.library.lineage import What, note
from outcomes.library.sealing import library_key
from outcomes.library.store import Store
from outcomes.prognosis.folds import by_fold
from outcomes.prognosis.replicates import replicates
from outcomes.prognosis.splits import BY_PATIENT
from outcomes.publications.page import Report
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.forecast import Forecast
from outcomes.studies.materials import Materials
from outcomes.studies.registering import columns_of, model_file
from outcomes.tracking.opening import Subject, tracker
from outcomes.tracking.run import Run

STEPPED = "prognosis/"
SESSION = re.compile(r"/landmark_(\d+)$")  # such a metric is a curve over the landmarks, under the name before it
KEPT = ("auroc", "brier", "scaled_brier", "calibration_in_the_large", "calibration_slope", "ici", "net_benefit_at_0.50")
REPLICATES = "replicates.json"  # where `outcomes runs compare` looks for them
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
        if run.run_id:  # noted before anything is in it: an erasure then finds it even if the study is stopped
            note_product(materials, what="run", place=f"mlflow/{run.run_id}")
        counts = {name: len(frame) for name, frame in view.tables.items()}
        run.dataset(experiment.study.name, view.snapshot, kind=view.kind, counts=counts)
        yield run


def note_product(materials: Materials, *, what: What, place: str, released: bool = False) -> None:
    """Note what was made from the snapshot, so that an erasure finds it.

    Parameters
    ----------
    materials
        Settings and research view.
    what, place, released
        As `outcomes.library.lineage.note` takes them.
    """
    opened = materials.opened
    shelf = Store(opened.workspace.library, key=library_key(opened.workspace.keys))
    made_by = f"run {opened.experiment.study.name}"
    note(shelf, what=what, place=place, snapshot=opened.view.snapshot, made_by=made_by, released=released)


def record(
    run: Run, chapters: Sequence[Chapter], report: Report, folder: Path, found: Forecast | None
) -> dict[int, str]:
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
        child run with a run of its own for each fold.

    Returns
    -------
    dict
        Landmark to the child run that holds its model; empty without a prognosis step.
    """
    for chapter in chapters:
        for session, values in by_session(chapter.metrics).items():
            run.metrics(values, step=session)
    for table in report.tables():
        run.table(table.name, table.released)
    for figure in sorted((folder / "figures").glob("*.svg")):
        run.figure(figure.name, figure.read_bytes())
    run.text("methods.md", (folder / "methods.md").read_text(encoding="utf-8"))
    return {} if found is None else _landmarks(run, found)


def by_session(metrics: Mapping[str, float]) -> dict[int | None, dict[str, float]]:
    """Part the metrics of a chapter by the session after which they hold.

    Parameters
    ----------
    metrics
        Name to number; a name that ends in ``/landmark_2`` holds after session 2.

    Returns
    -------
    dict
        Session, or None, to the metrics under names that all sessions share. Without those of the prognosis step,
        which are recorded with its models.

    Examples
    --------
    >>> by_session({"outcomes/recovery": 0.5, "fairness/abstention_pct/landmark_2": 3.0})
    {None: {'outcomes/recovery': 0.5}, 2: {'fairness/abstention_pct': 3.0}}
    """
    found: dict[int | None, dict[str, float]] = {}
    for name, value in metrics.items():
        if not name.startswith(STEPPED):
            told = SESSION.search(name)
            session = None if told is None else int(told.group(1))
            found.setdefault(session, {})[SESSION.sub("", name)] = value
    return found


def record_resamples(run: Run, found: Forecast, *, snapshot: str, resamples: int) -> None:
    """Keep the resampled figures of every model, so that another run on the same people can be compared with this one.

    Parameters
    ----------
    run
        The open run.
    found
        The prognosis step.
    snapshot
        Digest of the data.
    resamples
        How many; they are the same for every run on these people, whatever its own seed.
    """
    told = found.validation.predictions
    held = told[told["validation"].eq(BY_PATIENT) & told["model"].ne("prevalence") & told["outcome"].notna()]
    drawn = {}
    for landmark, part in held.groupby("landmark", sort=True):
        one = replicates(part, snapshot=snapshot, n_resamples=resamples)
        figures = {
            f"{STEPPED}{model}/{BY_PATIENT.replace(' ', '_')}/{name}": values
            for model, all_figures in one.figures.items()
            for name, values in all_figures.items()
        }
        drawn[str(landmark)] = {"people": one.people, "n": one.n, "figures": figures}
    run.text(REPLICATES, json.dumps(drawn, sort_keys=True))


def _landmarks(run: Run, found: Forecast) -> dict[int, str]:
    runs: dict[int, str] = {}
    metrics, folds = found.validation.metrics, by_fold(found.validation.predictions)
    for landmark, packed in sorted(found.models.items()):
        rows = metrics[metrics["landmark"].eq(landmark) & metrics["model"].ne("prevalence")]
        run.metrics(_named(rows[rows["metric"].isin(CURVES)], "value"), step=landmark)
        with run.child(f"landmark {landmark}", tags={"landmark": landmark}) as child:
            told = rows[rows["metric"].isin(KEPT)]
            child.metrics(_named(told, "value"))
            child.metrics({f"{name}_low": value for name, value in _named(told, "low").items()})
            child.metrics({f"{name}_high": value for name, value in _named(told, "high").items()})
            child.model(model_file(landmark), packed.content, columns=columns_of(found, landmark))
            runs[landmark] = child.run_id
            _folds(child, folds[folds["landmark"].eq(landmark) & folds["model"].ne("prevalence")])
    return runs


def _folds(landmark_run: Run, rows: pd.DataFrame) -> None:
    # one run a fold inside the landmark's: the same names, so that folds stand side by side
    for (validation, fold), part in rows.groupby(["validation", "fold"], sort=True):
        tags = {"fold": fold, "validation": validation}
        with landmark_run.child(f"{validation}, fold {fold}", tags=tags) as child:
            child.metrics(_named(part, "value"))


def _named(rows: pd.DataFrame, column: str) -> dict[str, float]:
    told = rows[rows[column].notna()].to_dict("records")
    return {
        f"{STEPPED}{row['model']}/{row['validation'].replace(' ', '_')}/{row['metric'].replace('.', '_')}": row[column]
        for row in told
    }
