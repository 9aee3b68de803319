"""How a study gets at its data: a feed is taken in, and research reads a snapshot under pseudonyms."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from outcomes.errors import AccessError, ConfigError, DataError, OutcomesError
from outcomes.library.erase import naming_key
from outcomes.library.intake import FeedRefused, IntakeReport, Source, folder_source, ingest
from outcomes.library.optout import register_allowlist
from outcomes.library.roles import has_key
from outcomes.library.state import open_stores
from outcomes.library.store import taken_in
from outcomes.library.tombstones import Pseudonymiser, buried
from outcomes.library.verify import verify
from outcomes.library.view import ResearchView, research_view
from outcomes.studies.auditing import PURPOSES, note_access, purpose_of, read_receipt
from outcomes.studies.experiment import Experiment, SourceSettings, read_experiment
from outcomes.studies.feed import write_invented_feed
from outcomes.studies.progress import Progress, silent
from outcomes.studies.workspace import Workspace

MOST_FAULTS = 20
SHEET: Final = "quarantine.csv"


@dataclass(frozen=True)
class Request:
    """What was asked on the command line: an experiment file, and where things lie.

    Parameters
    ----------
    experiment
        The experiment file.
    workspace, reports
        Folders for what is kept and for what is read.
    source
        Folder or file of the feed; wins over the experiment's own path.
    allowlist
        Answer of the national data opt-out; identified sources need one.
    keys
        Folder of keys of a role (`outcomes keys create`), outside library and vault; identified sources need one.
    fewer_rows
        The word that a whole submission with fewer than half of the rows of the one before is not cut off.
    """

    experiment: Path
    workspace: Path
    reports: Path
    source: Path | None = None
    allowlist: Path | None = None
    keys: Path | None = None
    fewer_rows: bool = False

    def read(self) -> tuple[Experiment, Workspace]:
        """Read the experiment file and say where its study lies.

        Returns
        -------
        tuple of Experiment and Workspace
            The checked settings and the folders.

        Raises
        ------
        ConfigError
            If the experiment file is wrong.
        """
        experiment = read_experiment(self.experiment)
        # An invented service has no secret: its keys are the ones that everybody can make.
        keys = None if experiment.source.kind == "invented" else self.keys
        return experiment, Workspace(self.workspace, self.reports, experiment.study.name, keys)


@dataclass(frozen=True)
class Opened:
    """A study's settings, its folders, what research may read, and what intake said (if it ran)."""

    experiment: Experiment
    workspace: Workspace
    view: ResearchView
    intake: IntakeReport | None


def open_study(request: Request, *, fresh: bool, progress: Progress = silent, command: str = "run") -> Opened:
    """Take the feed in and read the research view.

    Parameters
    ----------
    request
        What was asked.
    fresh
        Whether to take the feed in even where the library holds a snapshot already; the same feed gives the same
        snapshot.
    progress
        Told how far the work is.
    command
        What the audit log calls it.

    Returns
    -------
    Opened
        The snapshot as research may read it.

    Raises
    ------
    ConfigError
        If the experiment file or the source's declaration is wrong.
    DataError
        If the feed is refused.
    AccessError
        If a key or the opt-out list is missing, or a folder cannot be used.
    """
    experiment, workspace, report = arrive(request, fresh=fresh, progress=progress)
    purpose = purpose_of(experiment)
    if request.allowlist is not None:
        allowed = register_allowlist(
            request.allowlist,
            library=workspace.library,
            vault=workspace.vault,
            keys=workspace.keys,
            naming=_naming(experiment, workspace),
        )
        note_access(workspace, "optout", PURPOSES["optout"], counts={"allowed": allowed}, anchor=True)
    step = "Reading the research view"
    progress(step, 0, 1)
    try:
        view = research_view(workspace.library, keys=workspace.keys, project=experiment.study.project)
    except AccessError:
        note_access(workspace, command, purpose, result="refused")
        raise
    note_access(workspace, command, purpose, snapshot=view.snapshot, counts=_rows(view.tables))
    progress(step, 1, 1)
    return Opened(experiment, workspace, view, report)


def arrive(
    request: Request, *, fresh: bool, progress: Progress = silent
) -> tuple[Experiment, Workspace, IntakeReport | None]:
    """Take the feed in where it has to be, for whatever purpose it is read afterwards.

    Parameters
    ----------
    request
        What was asked.
    fresh
        Whether to take the feed in even where the library holds a snapshot already and no other source is named.
    progress
        Told how far the work is.

    Returns
    -------
    tuple of Experiment, Workspace and IntakeReport or None
        Settings, folders, and what happened to every row if the feed was read.

    Raises
    ------
    ConfigError
        If the experiment file or the source's declaration is wrong.
    DataError
        If the feed is refused; the library is unchanged.
    AccessError
        If a key is missing or a folder cannot be used.
    """
    experiment, workspace = request.read()
    there = request.source is None and taken_in(workspace.library)
    named = experiment.source.path is not None or experiment.source.simulate is not None
    if there and not (fresh and named and has_key(workspace.keys, "pseudonym")):
        return experiment, workspace, None
    return experiment, workspace, take_in(request, experiment, workspace, progress=progress)


def _rows(tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    return {name: len(frame) for name, frame in tables.items()}


def ingest_feed(request: Request, *, progress: Progress = silent) -> str:
    """Take a feed in and say what happened to every row.

    Parameters
    ----------
    request
        What was asked.
    progress
        Told how far the work is.

    Returns
    -------
    str
        The intake report, without any value of the feed.

    Raises
    ------
    ConfigError
        If the experiment file or the source's declaration is wrong.
    DataError
        If the feed is refused; the library is unchanged.
    AccessError
        If a key is missing or a folder cannot be used.
    """
    experiment, workspace = request.read()
    report = take_in(request, experiment, workspace, progress=progress)
    sheet = workspace.intake.with_name(SHEET)
    told = f"\nRow by row, for the data manager: {sheet}\n" if len(report.quarantine) else ""
    return report.text() + told


def take_in(
    request: Request, experiment: Experiment, workspace: Workspace, *, progress: Progress = silent
) -> IntakeReport:
    """Take the study's feed into its library, inventing it first where the experiment says so.

    Parameters
    ----------
    request
        What was asked.
    experiment
        The settings.
    workspace
        The folders.
    progress
        Told how far the work is.

    Returns
    -------
    IntakeReport
        What happened to every row.

    Raises
    ------
    ConfigError
        If the source's declaration is wrong.
    DataError
        If the feed is refused; the library is unchanged.
    AccessError
        If a key is missing or a folder cannot be used.
    OutcomesError
        Whatever of these intake raised, after it was noted.
    """
    settings = experiment.source
    if settings.simulate is not None and request.source is None:
        invent = settings.simulate
        write_invented_feed(
            workspace.feed,
            patients=invent.patients,
            seed=invent.seed,
            item_process=invent.item_process,
            dirty=invent.dirty,
            progress=progress,
        )
        source = folder_source(workspace.feed, kind="invented", reason=settings.reason, seed=invent.seed)
    else:
        source = _declared(settings, request)
    step = "Checking the feed"
    progress(step, 0, 1)
    try:
        report = ingest(source, library=workspace.library, vault=workspace.vault, keys=workspace.keys)
    except OutcomesError as error:
        if isinstance(error, FeedRefused):
            _write_report(workspace, error.report)
        note_access(workspace, "ingest", PURPOSES["ingest"], result="refused")
        raise
    counts = {name: int(report.tally[name].sum()) for name in ("read", "accepted", "duplicate", "quarantined")}
    note_access(workspace, "ingest", PURPOSES["ingest"], snapshot=report.snapshot, counts=counts, anchor=True)
    _write_report(workspace, report)
    progress(step, 1, 1)
    return report


def _write_report(workspace: Workspace, report: IntakeReport) -> None:
    # Of a refused feed too: it is what a data manager needs most. No cell of the feed is in it.
    workspace.intake.parent.mkdir(parents=True, exist_ok=True)
    workspace.intake.write_text(report.text(), encoding="utf-8")
    workspace.intake.with_name(SHEET).write_text(report.quarantine_sheet(), encoding="utf-8")


def register_optout(
    request: Request,
    *,
    objections: Path | None = None,
    by_patient_id: bool = False,
    dated: date | None = None,
) -> str:
    """Register whom research may read, and say how many they are.

    Parameters
    ----------
    request
        What was asked; its allowlist is the answer of the national data opt-out.
    objections
        Local identifiers of people who object, one a line; replaces those registered before.
    by_patient_id
        Whether the list holds local identifiers instead of NHS numbers.
    dated
        Day of the list; read from the file's name (DDMMYY) if absent.

    Returns
    -------
    str
        A count, no identifier.

    Raises
    ------
    ConfigError
        If no list was given or the experiment is wrong.
    AccessError
        If a list cannot be read, is empty or has no date, or there is no library.
    DataError
        If a line holds more than one identifier.
    """
    experiment, workspace = request.read()
    if request.allowlist is None:
        raise ConfigError("no list: give the answer of the opt-out check with --allowlist")
    if not taken_in(workspace.library):
        raise AccessError("there is no library yet to match the list with; take a feed in first (outcomes ingest)")
    allowed = register_allowlist(
        request.allowlist,
        library=workspace.library,
        vault=workspace.vault,
        dated=dated,
        identifier="patient_id" if by_patient_id else "nhs_number",
        objections=objections,
        keys=workspace.keys,
        naming=_naming(experiment, workspace),
    )
    note_access(workspace, "optout", PURPOSES["optout"], counts={"allowed": allowed}, anchor=True)
    return (
        f"Research may read {allowed:,} people of this library from now on; everybody else is left out of every read."
    )


def _naming(experiment: Experiment, workspace: Workspace) -> Pseudonymiser | None:
    # With it a list is cleared of people who were erased; without any of them the key is not needed.
    stores = open_stores(workspace.library, workspace.vault, workspace.keys)
    if not buried(workspace.library, stores.vault).marks:
        return None
    return naming_key(stores, workspace.keys, seed=seed_of(experiment, workspace))


def seed_of(experiment: Experiment, workspace: Workspace) -> int | None:
    """Say with which seed an invented service was made: its people are named by it.

    Parameters
    ----------
    experiment
        The settings.
    workspace
        The folders.

    Returns
    -------
    int or None
        None where the source is not invented.

    Raises
    ------
    ConfigError
        If the experiment does not tell.
    """
    settings = experiment.source
    if settings.simulate is not None:
        return settings.simulate.seed
    if settings.kind == "invented" and settings.seed is None:
        raise ConfigError(f"{workspace.study}: an invented service is known by its seed; give seed in [source]")
    return settings.seed


def day_of(text: str | None, option: str) -> date | None:
    """Read a date from the command line.

    Parameters
    ----------
    text
        YYYY-MM-DD, or None.
    option
        The option's name, for the message.

    Returns
    -------
    date or None
        None where nothing was given.

    Raises
    ------
    ConfigError
        If it is not a date.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} must be a date as YYYY-MM-DD, got {text!r}") from None


def verify_library(request: Request, *, receipts: Sequence[Path] = ()) -> str:
    """Check every byte of library, vault and audit log, as far as the keys reach.

    Parameters
    ----------
    request
        What was asked.
    receipts
        Receipts that lie beside reports and releases.

    Returns
    -------
    str
        What was checked, and what could not be for want of a key.

    Raises
    ------
    AccessError
        If there is no library, or no key opens anything.
    DataError
        If something is not as it was written.
    ConfigError
        If the experiment file is wrong, or a receipt is none.
    """
    _, workspace = request.read()
    stood = [read_receipt(place) for place in receipts]
    found = verify(workspace.library, workspace.vault, workspace.audit, keys=workspace.keys, receipts=stood)
    if found.faults:
        listed = "\n".join(f"  {fault}" for fault in found.faults[:MOST_FAULTS])
        raise DataError(f"{len(found.faults):,} things are not as they were written:\n{listed}")
    note_access(workspace, "verify", PURPOSES["verify"], counts={"checked": len(found.checked)})
    return found.text()


def _declared(settings: SourceSettings, request: Request) -> Source:
    place = request.source or (Path(settings.path) if settings.path else None)
    if place is None:
        raise ConfigError("no feed: give its folder with --source, or as path in [source] of the experiment file")
    if not place.exists():
        raise ConfigError(f"the feed's folder {place.name!r} is not there; give an existing folder with --source")
    folder = place if place.is_dir() else place.parent
    seed = _seed(settings, folder)
    if settings.files:
        files = {table: tuple(folder / name for name in _names(names)) for table, names in settings.files.items()}
    else:
        files = dict(folder_source(folder, kind=settings.kind, reason=settings.reason, seed=seed).files)
    return Source(
        format=settings.format,
        kind=settings.kind,
        files=files,
        reason=settings.reason,
        columns=settings.columns,
        constants=settings.constants,
        missing_codes=settings.missing_codes,
        versions=settings.versions,
        encoding=settings.encoding,
        delimiter=settings.delimiter,
        date_format=settings.date_format,
        extract_date=settings.extract_date,
        seed=seed,
        submission=settings.submission,
        fewer_rows_are_right=request.fewer_rows,
    )


def _names(files: str | tuple[str, ...]) -> tuple[str, ...]:
    return (files,) if isinstance(files, str) else files


def _seed(settings: SourceSettings, folder: Path) -> int | None:
    if settings.kind != "invented" or settings.seed is not None:
        return settings.seed
    return _noted_seed(folder)


def _noted_seed(folder: Path) -> int:
    note = folder / "feed.toml"
    content = tomllib.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    seed = content.get("seed")
    if not isinstance(seed, int):
        raise ConfigError("an invented feed needs its seed: give seed in [source], or keep the feed.toml beside it")
    return seed
