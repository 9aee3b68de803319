"""The caseload page: the care view goes in, a folder that only its owner can read comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from outcomes.cohort.episodes import episodes
from outcomes.errors import AccessError, ConfigError, DataError, OutcomesError
from outcomes.flags.foretold import WHY_RULES_ONLY, Foretold
from outcomes.flags.naming import named
from outcomes.flags.report import CareTables, CaseloadReport, Facts, caseload_report
from outcomes.flags.roster import last_known_day, left_lately, roster
from outcomes.flags.sealed import read_readers
from outcomes.flags.settings import FlagSettings as Limits
from outcomes.flags.settings import Link, ModelPermission
from outcomes.flags.twin import read_twin
from outcomes.flags.use import Use, read_record, use_of
from outcomes.flags.writer import LAST, Receipt, Writing, file_name, write_report
from outcomes.library.care import CareView, care_view
from outcomes.library.relink import identities
from outcomes.measures.scoring import totals
from outcomes.prognosis.course import expected_course
from outcomes.reference.rules import RuleEdition, edition_of
from outcomes.studies.auditing import PURPOSES, note_access
from outcomes.studies.experiment import Experiment, FlagSettings
from outcomes.studies.foretelling import foretelling
from outcomes.studies.kept_model import kept_model
from outcomes.studies.materials import Materials, prepare
from outcomes.studies.opening import Request, arrive, day_of, open_study
from outcomes.studies.progress import Progress, silent
from outcomes.studies.sections.flags import ModelSettings
from outcomes.studies.workspace import Workspace, staged

STEP = "Judging the caseload"
DRAWING = "Writing the caseload pages"


@dataclass(frozen=True)
class Asked:
    """What is asked of one caseload report.

    Parameters
    ----------
    as_of
        The page's date; the last day of the feed if absent.
    team
        Only the referrals of this team, or of this service where the feed knows no teams.
    dry_run
        Judge and count, and write nothing.
    paper
        Also PDF.
    per_person
        Also one file a person.
    readers
        TOML file of public age keys; then every file is encrypted to its reader.
    processes
        How many pages are drawn at a time.
    """

    as_of: date | None = None
    team: str | None = None
    dry_run: bool = False
    paper: bool = False
    per_person: bool = False
    readers: Path | None = None
    processes: int = 1


@dataclass(frozen=True)
class CaseloadDone:
    """What a caseload report holds, in sentences without an identifier, and whether it had to do without its model."""

    lines: tuple[str, ...]
    rules_only: bool
    receipt: Receipt | None = None


@dataclass(frozen=True)
class Judged:
    """A caseload judged by pseudonym, and the care view that it came from."""

    report: CaseloadReport
    view: CareView
    edition: RuleEdition


def write_caseload(
    request: Request,
    *,
    asked: Asked | None = None,
    as_of: str | None = None,
    foretold: Foretold | None = None,
    progress: Progress = silent,
) -> CaseloadDone:
    """Write the caseload pages of a study and say where they are.

    Parameters
    ----------
    request
        Experiment file and folders.
    asked
        What is asked of the report.
    as_of
        The page's date, YYYY-MM-DD, as it comes from the command line; wins over `asked`.
    foretold
        What a model says, or None.
    progress
        Told how far the work is.

    Returns
    -------
    CaseloadDone
        Where the pages are, and the three counts that add up to the caseload.

    Raises
    ------
    ConfigError
        If the date is not one, the experiment is wrong, nobody is in the team, or a reader has no key.
    DataError
        If the feed is refused or not dated.
    AccessError
        If the vault is missing or a folder cannot be written.
    """
    asked = asked or Asked()
    day = day_of(as_of, "--as-of")
    asked = asked if day is None else replace(asked, as_of=day)
    readers = None if asked.readers is None else read_readers(asked.readers)
    experiment, workspace, _ = arrive(request, fresh=False, progress=progress)
    settings = _settings(experiment)
    course, history = None, ""
    try:
        opened = open_study(replace(request, source=None), fresh=False, progress=progress, command="flags")
        course = learn_course(prepare(opened, progress=progress))
    except (AccessError, DataError) as barred:
        # Direct care does not hang on research permissions: the rule that needs them is out of use; the page says so.
        history = f"The expected course is not in use: {barred}"
    judged = judge(experiment, workspace, course, asked=asked, foretold=foretold, progress=progress)
    if asked.dry_run:
        lines = (*_counted(judged.report), "Dry run: nothing was written.")
        return CaseloadDone((*lines, history) if history else lines, judged.report.fell_back)
    report = relinked(judged, workspace)
    use, unread = _use(report, judged, settings)
    folder = workspace.report / ("care" if asked.team is None else f"care-{file_name(asked.team)}")
    writing = Writing(
        per_person=asked.per_person,
        paper=asked.paper,
        readers=readers,
        processes=asked.processes,
        use=use,
        progress=lambda done, total: progress(DRAWING, done, total),
    )
    previous = _previous(folder)
    with staged(folder, private=True) as fresh:
        receipt = write_report(fresh, report, previous=previous, writing=writing)
        noted(workspace, report, receipt, command="flags")
    lines = (*describe(report, folder, sealed=readers is not None), unread, history)
    return CaseloadDone(tuple(line for line in lines if line), report.fell_back, receipt)


def noted(workspace: Workspace, report: CaseloadReport, receipt: Receipt, *, command: str) -> None:
    """Add the audit line of a caseload report: who, what for, from what, how many, and one hash over all files.

    Parameters
    ----------
    workspace
        Where the audit log lies.
    report
        What was written.
    receipt
        Its files and counts.
    command
        By which command.

    Raises
    ------
    AccessError
        If the log cannot be written: then the report is not put in its place either.
    DataError
        If somebody changed the log.
    """
    note_access(
        workspace,
        command,
        f"{PURPOSES['flags']}: caseload report, files {receipt.digest}",
        snapshot=report.facts.snapshot,
        counts={**receipt.counts, "files": len(receipt.files)},
    )


def _previous(folder: Path) -> pd.DataFrame | None:
    known = [folder / name for name in (LAST, "caseload.json") if (folder / name).is_file()]
    return read_twin(known[0]) if known else None


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
    foretold: Foretold | None = None,
    progress: Progress = silent,
) -> CaseloadReport:
    """Judge the care view's caseload as of a date, and put the local names onto it last.

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
    foretold
        What a model says, or None.
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
    asked = Asked(as_of=as_of)
    judged = judge(experiment, workspace, course, asked=asked, foretold=foretold, progress=progress)
    return relinked(judged, workspace)


def judge(
    experiment: Experiment,
    workspace: Workspace,
    course: pd.DataFrame | None,
    *,
    asked: Asked,
    foretold: Foretold | None = None,
    progress: Progress = silent,
) -> Judged:
    """Judge the care view's caseload by pseudonym.

    Parameters
    ----------
    experiment
        Measures and flag settings.
    workspace
        Library and vault.
    course
        Expected course, or None.
    asked
        Date and team.
    foretold
        What a model says, or None.
    progress
        Told how far the work is.

    Returns
    -------
    Judged
        The report without a local name, and the care view.

    Raises
    ------
    ConfigError
        If the experiment has no [flags] section, the date is later than the feed, or nobody is in the team.
    """
    settings = _settings(experiment)
    progress(STEP, 0, 1)
    view = care_view(workspace.library, workspace.vault, keys=workspace.keys)
    counts = {"people": len(view.tables["patients"])}
    note_access(workspace, "flags", PURPOSES["flags"], snapshot=view.snapshot, counts=counts)
    edition = edition_of(experiment.measures.edition)
    day = asked.as_of or last_known_day(view.tables["referrals"])
    caseload = _of_team(roster(view.tables, as_of=day, edition=edition), asked.team)
    left = left_lately(view.tables, as_of=day, days=settings.safety_window_days)
    model = _shown(settings.model, caseload, day)
    if foretold is None and model is not None:
        foretold = _allowed(experiment, workspace, model.sha256, view.tables, day)
    if foretold is not None and model is not None:
        quiet = caseload.loc[caseload["service"].isin(model.silent_services), "referral"]
        foretold = foretold.without(quiet)
    occasions = view.tables["occasions"]
    occasions = occasions[occasions["referral"].isin(caseload["referral"])].reset_index(drop=True)
    report = caseload_report(
        CareTables(
            caseload,
            occasions,
            totals=_scored(experiment, occasions),
            course=course,
            quarantined=view.safety,
            foretold=foretold,
            left=left if asked.team is None else left[left["service"].eq(asked.team)].reset_index(drop=True),
        ),
        settings=_limits(experiment, settings, model),
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
    return Judged(report, view, edition)


def _shown(model: ModelSettings | None, caseload: pd.DataFrame, day: date) -> ModelSettings | None:
    # not before its day, and nowhere where everybody's pages are silent
    if model is None or day < model.shown_from or caseload["service"].isin(model.silent_services).all():
        return None
    return model


def _allowed(
    experiment: Experiment, workspace: Workspace, sha256: str, tables: Mapping[str, pd.DataFrame], day: date
) -> Foretold | None:
    # ask the model that the service has allowed; whatever keeps it from answering leaves the page to its rules
    try:
        kept = kept_model(workspace, sha256)
        return None if kept is None else foretelling(kept, sha256, tables, experiment, as_of=day)
    except (AccessError, ConfigError):  # somebody who taught it was erased; or it learnt from invented people
        return None


def relinked(judged: Judged, workspace: Workspace) -> CaseloadReport:
    """Put the local names onto a judged report: the last step, through the library's relink.

    Parameters
    ----------
    judged
        From `judge`.
    workspace
        Library and vault.

    Returns
    -------
    CaseloadReport
        The same report under the names that its readers know. People who were erased from research and are still being
        treated are named from the care view, because the relink no longer knows them.
    """
    people, _ = identities(workspace.library, workspace.vault, keys=workspace.keys)
    columns = ["pseudonym", "patient_id"]
    everybody = pd.concat([people[columns], judged.view.tables["patients"][columns]], ignore_index=True)
    return named(judged.report, everybody)


def _of_team(caseload: pd.DataFrame, team: str | None) -> pd.DataFrame:
    if team is None:
        return caseload
    column = "team" if "team" in caseload.columns else "service"
    mine = caseload[caseload[column].eq(team).fillna(value=False)].reset_index(drop=True)
    if mine.empty:
        known = ", ".join(sorted(caseload[column].dropna().astype(str).unique())[:10]) or "none"
        raise ConfigError(f"--team {team!r}: nobody on the caseload has this {column}; there are: {known}")
    return mine


def _limits(experiment: Experiment, settings: FlagSettings, model: ModelSettings | None) -> Limits:
    told = settings.model_dump(exclude={"guidance", "model", "watch_by", "handled"})
    return Limits(
        instruments=experiment.measures.instruments,
        guidance=tuple(Link(link.text, link.address) for link in settings.guidance),
        model=None if model is None else ModelPermission(**model.model_dump(exclude={"shown_from", "silent_services"})),
        **told,
    )


def _use(report: CaseloadReport, judged: Judged, settings: FlagSettings) -> tuple[Use | None, str]:
    # How the flags are used is watched beside the pages: it never stops them.
    try:
        people = episodes(judged.view.tables, edition=judged.edition)
        record = None if settings.handled is None else read_record(settings.handled)
        return use_of(report, people=people, by=settings.watch_by, record=record), ""
    except OutcomesError as fault:
        return None, f"How the flags are used is not shown: {fault}"


def _scored(experiment: Experiment, occasions: pd.DataFrame) -> pd.DataFrame | None:
    settings = experiment.measures
    try:
        return totals(occasions, settings.instruments, missing=settings.missing_items)
    except OutcomesError:
        return None  # the page says that nobody could be judged, and still carries every safety answer


def describe(report: CaseloadReport, folder: Path, *, sealed: bool = False) -> tuple[str, ...]:
    """Say in sentences what a caseload report holds, without any identifier.

    Parameters
    ----------
    report
        As `judge_caseload` returns it.
    folder
        Where it was written.
    sealed
        Whether the files are encrypted.

    Returns
    -------
    tuple of str
        The file to open, the counts, what failed.
    """
    name = "caseload.html.age" if sealed else "caseload.html"
    return (f"Caseload page (inside care, owner only): {folder / name}", *_counted(report))


def _counted(report: CaseloadReport) -> tuple[str, ...]:
    counts = report.counts
    if report.failure:
        lines = [f"The rules could not be run ({report.failure}); safety answers are on the page all the same."]
    else:
        lines = [
            f"{counts['open']:,} open = {counts['flag']:,} flag + {counts['no_flag']:,} no flag + "
            f"{counts['cannot_score']:,} cannot score; {counts['safety_prompts']:,} safety prompts, "
            f"{counts['duty_list']:,} on the duty list."
        ]
    if report.fell_back:
        lines.append(f"Rules only. {WHY_RULES_ONLY[report.model_use]}")
    return tuple(lines)


def _settings(experiment: Experiment) -> FlagSettings:
    if experiment.flags is None:
        raise ConfigError("the experiment has no [flags] section; add one, it may be empty")
    return experiment.flags
