"""The walk of one study, from feed to doors."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from outcomes.errors import AccessError, DataError
from outcomes.flags.roster import last_known_day
from outcomes.flags.writer import write_report as write_caseload_report
from outcomes.library.care import care_view
from outcomes.library.intake import IntakeReport
from outcomes.publications.writer import write_report
from outcomes.studies.auditing import keep_receipt
from outcomes.studies.caseload import describe, judge_caseload, known_course, noted
from outcomes.studies.chapters.change import change_chapter
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.chapters.gap import gap_chapter
from outcomes.studies.chapters.groups import HEADING as GROUPS
from outcomes.studies.chapters.groups import groups_chapter
from outcomes.studies.chapters.pathways import HEADING as PATHWAYS
from outcomes.studies.chapters.pathways import pathways_chapter
from outcomes.studies.chapters.people import people_chapter
from outcomes.studies.chapters.states import HEADING as STATES
from outcomes.studies.chapters.states import states_chapter
from outcomes.studies.experiment import FairnessSettings
from outcomes.studies.forecast import Forecast, forecast
from outcomes.studies.kept_model import keep_model
from outcomes.studies.materials import Materials, prepare
from outcomes.studies.opening import Request, open_study
from outcomes.studies.progress import Progress, silent
from outcomes.studies.recording import note_product, record, record_resamples, recorded
from outcomes.studies.registering import judge_models, register_models
from outcomes.studies.reporting import study_methods, study_report
from outcomes.studies.states import find_states
from outcomes.studies.workspace import Workspace, staged
from outcomes.tracking.record import write_record
from outcomes.tracking.run import Run

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class StudyRecord:
    """What a study made, and where."""

    question: str
    snapshot: str
    intake: IntakeReport | None
    intake_sheet: Path
    made: tuple[tuple[str, Path], ...]
    caseload: tuple[str, ...]
    tracking: Path | None

    def lines(self) -> tuple[str, ...]:
        """Say what was made, for whom, and how to open it.

        Returns
        -------
        tuple of str
            Sentences for the terminal.
        """
        lines = ["", self.question, f"Snapshot {self.snapshot}"]
        if self.intake is not None:
            told = self.intake.tally[["read", "accepted", "duplicate", "quarantined", "refused"]].sum()
            lines.append(
                f"{told['read']:,} rows read = {told['accepted']:,} accepted + {told['duplicate']:,} duplicate + "
                f"{told['quarantined']:,} quarantined + {told['refused']:,} refused; which and why: {self.intake_sheet}"
            )
        lines += ["", "What it made:"]
        lines += [f"  {what:<34} {place}" for what, place in self.made]
        lines += [f"  {line}" for line in self.caseload]
        if self.tracking is not None:
            lines += ["", "To compare runs in MLflow:  make ui   (or: .venv/bin/outcomes ui)"]
        return tuple(lines)


def run_study(
    request: Request, *, progress: Progress = silent, processes: int = 1, tracking: bool = True
) -> StudyRecord:
    """Walk a study from the feed to the doors.

    The report folder appears whole or not at all; what an earlier run that was stopped left behind is cleaned first.

    Parameters
    ----------
    request
        Experiment file and folders.
    progress
        Told how far the work is.
    processes
        How many fits at a time; the results do not depend on it.
    tracking
        Whether to record an MLflow run.

    Returns
    -------
    StudyRecord
        What was made, and where.

    Raises
    ------
    ConfigError
        If the experiment is wrong.
    DataError
        If the feed is refused, or does not bear a step that was asked for.
    AccessError
        If research may not read the feed, or a folder cannot be written.
    DisclosureError
        If something that may not leave was about to.
    """
    opened = open_study(request, fresh=True, progress=progress)
    materials = prepare(opened, progress=progress)
    experiment, workspace = opened.experiment, opened.workspace
    store = workspace.mlflow if tracking else None
    with threadpool_limits(1), recorded(materials, store) as run:
        chapters, found = study_chapters(materials, progress, processes)
        policy = experiment.publications.policy
        report = study_report(materials, chapters, policy=policy)
        methods = study_methods(materials, chapters, policy=policy)
        step = "Writing the report"
        progress(step, 0, 2)
        note_product(materials, what="report", place=f"reports/{workspace.study}", released=True)
        with staged(workspace.report) as folder:
            write_report(report, folder, methods=methods)
            metrics = {name: value for chapter in chapters for name, value in chapter.metrics.items()}
            write_record(
                folder,
                configuration=experiment.model_dump(mode="json", exclude_none=True),
                metrics=metrics,
                snapshot=opened.view.snapshot,
            )
            caseload = _caseload(materials, workspace, folder, progress)
            _care_stays(workspace.report, folder)
        keep_receipt(workspace, workspace.report, snapshot=opened.view.snapshot)
        progress(step, 1, 2)
        kept = _keep(materials, found)
        runs = record(run, chapters, report, workspace.report, found)
        registered = _register(run, materials, chapters, found, runs)
        progress(step, 2, 2)
    return StudyRecord(
        experiment.study.question,
        opened.view.snapshot,
        opened.intake,
        workspace.intake,
        _made(workspace.report),
        (*caseload, *kept, *registered),
        store,
    )


def study_chapters(
    materials: Materials, progress: Progress, processes: int
) -> tuple[tuple[Chapter, ...], Forecast | None]:
    """Take every step that the experiment asks for.

    Parameters
    ----------
    materials
        Settings and research view.
    progress
        Told how far the work is.
    processes
        How many fits at a time; the results do not depend on it.

    Returns
    -------
    tuple of Chapter, and Forecast or None
        In the order of the report; a step that the data do not bear is a chapter that says why.
    """
    experiment = materials.opened.experiment
    policy, seed = experiment.publications.policy, experiment.study.seed
    chapters = [
        people_chapter(materials, policy=policy, by=experiment.publications.table_one_by),
        change_chapter(materials, policy=policy),
    ]
    states, found, threshold = None, None, DEFAULT_THRESHOLD
    if experiment.subtypes is not None:
        try:
            states = find_states(materials, experiment.subtypes, seed=seed, processes=processes, progress=progress)
            chapters.append(states_chapter(materials, states, policy=policy))
        except DataError as lacking:
            chapters.append(gap_chapter(STATES, lacking))
    if experiment.prognosis is not None:
        settings = experiment.prognosis
        threshold = settings.threshold
        try:
            found = forecast(materials, settings, states, seed=seed, processes=processes, progress=progress)
            chapters.append(pathways_chapter(found, settings, policy=policy))
        except DataError as lacking:
            chapters.append(gap_chapter(PATHWAYS, lacking))
    if experiment.fairness is not None:
        step = "Comparing groups"
        progress(step, 0, 1)
        chapters.append(_groups(materials, found, experiment.fairness, policy, threshold))
        progress(step, 1, 1)
    return tuple(chapters), found


def _groups(
    materials: Materials, found: Forecast | None, settings: FairnessSettings, policy: str, threshold: float
) -> Chapter:
    seed = materials.opened.experiment.study.seed
    try:
        return groups_chapter(materials, found, settings, policy=policy, seed=seed, threshold=threshold)
    except DataError as lacking:
        return gap_chapter(GROUPS, lacking)


def _register(
    run: Run, materials: Materials, chapters: tuple[Chapter, ...], found: Forecast | None, runs: Mapping[int, str]
) -> tuple[str, ...]:
    experiment, workspace = materials.opened.experiment, materials.opened.workspace
    if found is None or experiment.prognosis is None or not found.models:
        return ()
    snapshot = materials.opened.view.snapshot
    record_resamples(run, found, snapshot=snapshot, resamples=experiment.prognosis.resamples)
    if experiment.registry is None:
        return ()
    judged = judge_models(materials, found, chapters, experiment.registry)
    run.text("model_card.md", judged.card.markdown())
    return register_models(materials, found, judged, runs, workspace.mlflow) if run.run_id else ()


def _care_stays(report: Path, folder: Path) -> None:
    """Carry over the caseload pages that this run does not write: a study must not take a page from a supervisor."""
    for pages in report.glob("care*"):
        if not (folder / pages.name).exists():
            shutil.copytree(pages, folder / pages.name)


def _keep(materials: Materials, found: Forecast | None) -> tuple[str, ...]:
    opened = materials.opened
    if found is None or found.joint is None or opened.experiment.flags is None:
        return ()
    try:
        care = care_view(opened.workspace.library, opened.workspace.vault, keys=opened.workspace.keys)
        made_on = last_known_day(care.tables["referrals"])
    except (AccessError, DataError):  # without the vault's key no day is known: the model counts as too old
        made_on = None
    digest = keep_model(
        materials,
        found.joint,
        made_on=made_on,
        seed=opened.experiment.study.seed,
        by=opened.experiment.flags.watch_by,
    )
    return (
        (f"The model of the ways to end is kept; a service that allows it records sha256 {digest}",) if digest else ()
    )


def _caseload(materials: Materials, workspace: Workspace, folder: Path, progress: Progress) -> tuple[str, ...]:
    experiment = materials.opened.experiment
    if experiment.flags is None:
        return ()
    try:
        report = judge_caseload(experiment, workspace, known_course(materials), progress=progress)
    except (AccessError, DataError) as lacking:  # an analyst holds no key of the vault: no page, but the study
        return (f"No caseload page: {lacking}",)
    receipt = write_caseload_report(folder / "care", report)
    noted(workspace, report, receipt, command="run")
    return describe(report, workspace.report / "care")


def _made(folder: Path) -> tuple[tuple[str, Path], ...]:
    known = (
        ("The study, as a page", "report.html"),
        ("Tables (CSV, Markdown, LaTeX)", "tables"),
        ("Figures (SVG, PDF, PNG)", "figures"),
        ("Methods paragraph", "methods.md"),
        ("Metrics and settings", "metrics.json"),
    )
    return tuple((what, folder / name) for what, name in known if (folder / name).exists())
