"""The caseload page: the care view goes in, a folder that only its owner can read comes out."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from outcomes.errors import AccessError, ConfigError, DataError, OutcomesError
from outcomes.flags.report import CareTables, CaseloadReport, Facts, caseload_report
from outcomes.flags.roster import last_known_day, roster
from outcomes.flags.settings import FlagSettings as Limits
from outcomes.flags.twin import read_twin
from outcomes.flags.writer import write_report
from outcomes.library.care import care_view
from outcomes.measures.scoring import totals
from outcomes.prognosis.course import expected_course
from outcomes.reference.rules import RuleEdition, edition_of
from outcomes.studies.auditing import PURPOSES, note_access
from outcomes.studies.experiment import Experiment, FlagSettings
from outcomes.studies.materials import Materials, prepare
from outcomes.studies.opening import Request, arrive, day_of, open_study
from outcomes.studies.progress import Progress, silent
from outcomes.studies.workspace import Workspace, staged

STEP = "Judging the caseload"


def write_caseload(request: Request, *, as_of: str | None = None, progress: Progress = silent) -> tuple[str, ...]:
    """Write the caseload pages of a study and say where they are.

    Parameters
    ----------
    request
        What was asked.
    as_of
        The page's date, YYYY-MM-DD; the last day of the feed if absent.
    progress
        Told how far the work is.

    Returns
    -------
    tuple of str
        Where the pages are, and the three counts that add up to the caseload.

    Raises
    ------
    ConfigError
        If the date is not one, or the experiment is wrong.
    DataError
        If the feed is refused or not dated.
    AccessError
        If the vault is missing.
    """
    day = day_of(as_of, "--as-of")
    experiment, workspace, _ = arrive(request, fresh=False, progress=progress)
    _settings(experiment)
    course, history = None, ""
    try:
        opened = open_study(replace(request, source=None), fresh=False, progress=progress, command="flags")
        course = learn_course(prepare(opened, progress=progress))
    except (AccessError, DataError) as barred:
        # Direct care does not hang on research permissions: the rule that needs them is out of use; the page says so.
        history = f"The expected course is not in use: {barred}"
    report = judge_caseload(experiment, workspace, course, as_of=day, progress=progress)
    folder = workspace.report / "care"
    last = folder / "caseload.json"
    previous = read_twin(last) if last.is_file() else None
    with staged(folder, private=True) as fresh:
        write_report(fresh, report, previous=previous)
    lines = describe(report, folder)
    return (*lines, history) if history else lines


def learn_course(materials: Materials) -> pd.DataFrame:
    """Learn the expected course of each scored measure from referrals that have ended.

    Parameters
    ----------
    materials
        Of the research view.

    Returns
    -------
    pandas.DataFrame
        Courses of all measures below each other, as the flags room reads them.
    """
    ended = materials.episodes.loc[~materials.episodes["open"].fillna(value=False), "referral"]
    past = materials.totals[materials.totals["referral"].isin(ended)]
    return pd.concat([expected_course(past, key) for key in materials.instruments], ignore_index=True)


def known_course(materials: Materials) -> pd.DataFrame | None:
    """Learn the expected course, or do without one where too few referrals have ended.

    Parameters
    ----------
    materials
        Of the research view.

    Returns
    -------
    pandas.DataFrame or None
        As `learn_course` returns it; None where the data do not bear one (the page then says that it is not in use).
    """
    try:
        return learn_course(materials)
    except DataError:
        return None


def judge_caseload(
    experiment: Experiment,
    workspace: Workspace,
    course: pd.DataFrame | None,
    *,
    as_of: date | None = None,
    progress: Progress = silent,
) -> CaseloadReport:
    """Judge the care view's caseload as of a date.

    Parameters
    ----------
    experiment
        Measures and flag settings.
    workspace
        Library and vault.
    course
        Expected course, or None.
    as_of
        The page's date; the last day of the feed if absent.
    progress
        Told how far the work is.

    Returns
    -------
    CaseloadReport
        Everybody on the caseload, each in exactly one of flag, no flag, cannot score; safety answers apart.

    Raises
    ------
    ConfigError
        If the experiment has no [flags] section or the date is later than the feed.
    """
    limits = _settings(experiment)
    progress(STEP, 0, 1)
    view = care_view(workspace.library, workspace.vault, keys=workspace.keys)
    note_access(workspace, "flags", PURPOSES["flags"], snapshot=view.snapshot, counts={"people": len(view.tables["patients"])})
    edition, day = _edition(experiment), as_of or last_known_day(view.tables["referrals"])
    caseload = roster(view.tables, as_of=day, edition=edition)
    occasions = view.tables["occasions"]
    occasions = occasions[occasions["referral"].isin(caseload["referral"])].reset_index(drop=True)
    scored = _scored(experiment, occasions)
    report = caseload_report(
        CareTables(caseload, occasions, totals=scored, course=course, quarantined=view.safety),
        settings=Limits(instruments=experiment.measures.instruments, **limits.model_dump()),
        facts=Facts(
            service=experiment.study.name.replace("_", " "),
            kind=experiment.source.kind,
            snapshot=view.snapshot,
            edition=edition.key,
            as_of=day,
            statement=experiment.source.reason,
        ),
    )
    progress(STEP, 1, 1)
    return report


def _scored(experiment: Experiment, occasions: pd.DataFrame) -> pd.DataFrame | None:
    settings = experiment.measures
    try:
        return totals(occasions, settings.instruments, missing=settings.missing_items)
    except OutcomesError:
        return None  # the page says that nobody could be judged, and still carries every safety answer


def describe(report: CaseloadReport, folder: Path) -> tuple[str, ...]:
    """Say in sentences what a caseload report holds, without any identifier.

    Parameters
    ----------
    report
        As `judge_caseload` returns it.
    folder
        Where it was written.

    Returns
    -------
    tuple of str
        The file to open, the counts, what failed.
    """
    counts = report.counts
    lines = [f"Caseload page (inside care, owner only): {folder / 'caseload.html'}"]
    if report.failure:
        lines.append(f"The rules could not be run ({report.failure}); safety answers are on the page all the same.")
    else:
        lines.append(
            f"{counts['open']:,} open = {counts['flag']:,} flag + {counts['no_flag']:,} no flag + "
            f"{counts['cannot_score']:,} cannot score; {counts['safety_prompts']:,} safety prompts, "
            f"{counts['duty_list']:,} on the duty list."
        )
    return tuple(lines)


def _settings(experiment: Experiment) -> FlagSettings:
    if experiment.flags is None:
        raise ConfigError("the experiment has no [flags] section; add one, it may be empty")
    return experiment.flags


def _edition(experiment: Experiment) -> RuleEdition:
    return edition_of(experiment.measures.edition)
