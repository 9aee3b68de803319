"""The public door of a study: its tables are attacked together, registered, sealed, and written as one folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from outcomes.cohort.flow import flow
from outcomes.disclosure.balance import standardised_differences
from outcomes.disclosure.door import Passage, let_out
from outcomes.disclosure.gate import Rate, Released, release
from outcomes.disclosure.register import Entry, read_register, register_text
from outcomes.errors import AccessError
from outcomes.library.lineage import note
from outcomes.library.roles import key_for
from outcomes.library.sealing import library_key
from outcomes.library.store import Store
from outcomes.publications.bundle import Bundle, bundle_files, check_bundle
from outcomes.publications.drawing import Style
from outcomes.publications.figures.flow import flow_diagram
from outcomes.publications.methods import Step
from outcomes.publications.page import Picture, Report, Table
from outcomes.publications.sheet import Context
from outcomes.publications.writer import read_files, write_files
from outcomes.studies.auditing import keep_receipt, note_access, purpose_of
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.materials import Materials, prepare
from outcomes.studies.opening import Request, open_study
from outcomes.studies.progress import Progress, silent
from outcomes.studies.reporting import study_report
from outcomes.studies.whole import study_chapters
from outcomes.studies.workspace import Workspace, staged

TABLE_ONE = "table_one"
FLOW = "flow"
STEP = "Attacking the release"
ATTACKED = Step(
    "Attack on the release",
    "Before the tables left, an integer-programming attacker [@fischetti_salazar_2001] tried to tell small counts from "
    "all of them and from earlier releases about the same people; what it could tell was withheld.",
)


@dataclass(frozen=True)
class ReleaseRecord:
    """What was released, and where it lies."""

    entry: str
    folder: Path
    register: Path
    tables: int
    pictures: int
    told: int
    withheld: int
    related: tuple[str, ...]
    repeated: bool

    def lines(self) -> tuple[str, ...]:
        """Say what was released.

        Returns
        -------
        tuple of str
            Sentences for the terminal; no count of people.
        """
        how = "made again, byte for byte as registered" if self.repeated else "registered"
        lines = [
            f"Release {self.entry} ({how}): {self.tables} tables, {self.pictures} figures",
            f"  {self.folder}",
            f"  for the output checker: {self.folder / 'checker_sheet.md'}",
            f"The attack could tell {self.told} small counts; {self.withheld} cells were withheld until it told none.",
        ]
        lines += [f"Related release: {one}" for one in self.related]
        return (*lines, f"Register of releases: {self.register}")


def release_study(
    request: Request, *, folder: Path | None = None, progress: Progress = silent, processes: int = 1
) -> ReleaseRecord:
    """Release a study's tables and figures as a folder for a journal and an output checker.

    Parameters
    ----------
    request
        Experiment file and folders.
    folder
        Where to write; a folder beside the study's report if absent. What stands there is replaced.
    progress
        Told how far the work is.
    processes
        How many fits at a time; the results do not depend on it.

    Returns
    -------
    ReleaseRecord
        The register entry, and what was withheld.

    Raises
    ------
    ConfigError
        If the experiment is wrong.
    DataError
        If the feed is refused, or does not bear a step.
    AccessError
        If the release key is missing, research may not read the feed, or a folder cannot be written.
    DisclosureError
        If the release is too near to an earlier one, contradicts itself, or the register was changed.
    """
    experiment, workspace = request.read()
    key = key_for(workspace.keys, "release").secret
    earlier = _read(_register(workspace), key)
    opened = open_study(request, fresh=False, progress=progress, command="release")
    materials = prepare(opened, progress=progress)
    with threadpool_limits(1):
        chapters, _ = study_chapters(materials, progress, processes)
    policy = experiment.publications.policy
    report = study_report(materials, chapters, policy=policy)
    tables, pictures = _blocks(report, materials, policy)
    progress(STEP, 0, 2)
    passage = let_out(
        _drafts(tables, pictures),
        study=experiment.study.name,
        snapshot=opened.view.snapshot,
        register=earlier,
        key=key,
    )
    progress(STEP, 1, 2)
    bundle = _bundle(materials, chapters, passage, _sealed(tables, pictures, passage, key), report)
    files = bundle_files(bundle, key=key)
    final = folder or workspace.reports / f"{workspace.study}_release"
    _note(workspace, final, materials, passage)
    book = _register(workspace)  # written first: a folder that is in no register could not be compared with later ones
    write_files({book.name: register_text(passage.register, key=key).encode()}, book.parent)
    with staged(final) as place:
        write_files(files, place)
    keep_receipt(workspace, final, snapshot=materials.opened.view.snapshot)
    progress(STEP, 2, 2)
    return ReleaseRecord(
        passage.entry.key,
        final,
        _register(workspace),
        len(bundle.tables),
        len(bundle.pictures),
        passage.attacked.told,
        len(passage.attacked.withheld),
        tuple(f"{entry.key}: {how}" for entry, how in passage.related),
        len(passage.register) == len(earlier),
    )


def check_release(request: Request, folder: Path) -> str:
    """Make sure that a folder is what was released.

    Parameters
    ----------
    request
        Experiment file and folders.
    folder
        The folder.

    Returns
    -------
    str
        A sentence with the register entry.

    Raises
    ------
    ConfigError
        If the experiment is wrong.
    AccessError
        If the release key or the folder is missing.
    DisclosureError
        If a file was changed, added or taken away, or the register does not know the release.
    """
    _, workspace = request.read()
    key = key_for(workspace.keys, "release").secret
    if not folder.is_dir():
        raise AccessError(f"{folder.name}: no such folder")
    held = read_files(folder)
    entry = check_bundle(held, key=key)
    known = entry in {one.key for one in _read(_register(workspace), key)}
    where = "the register knows it" if known else "this register does not know it"
    return f"Release {entry}: all {len(held)} files are as they were released; {where}."


def _register(workspace: Workspace) -> Path:
    return workspace.root / workspace.study / "releases" / "register.jsonl"


def _read(register: Path, key: bytes) -> tuple[Entry, ...]:
    held = read_files(register.parent).get(register.name, b"")
    return read_register(held.decode(), key=key)


def _blocks(report: Report, materials: Materials, policy: str) -> tuple[tuple[Table, ...], tuple[Picture, ...]]:
    told = flow(materials.episodes, materials.outcomes)
    everybody = np.full(len(told), float(told["referrals"].iloc[0]))
    everybody[0] = np.nan  # everybody is not a share of everybody
    table = told[["label", "reason", "referrals"]].assign(referred=everybody)
    shown = release(
        table.rename(columns={"label": "step", "referrals": "n"}).astype({"reason": "str"}),
        labels=["step", "reason"],
        counts=["n", "referred"],
        rates={"share_pct": Rate("n", "referred")},
        policy=policy,
        title="Flow of referrals through the study",
        notes=["Reason: why the others of the step before are not counted here."],
    )
    picture = Picture(
        FLOW,
        shown,
        flow_diagram,
        "Flow of referrals through the study (STROBE, RECORD). Those lost are differences of rounded numbers.",
        "Flow diagram: a box a step with the number of referrals, and beside each arrow those lost and why.",
    )
    return report.tables(), (picture, *report.pictures())


def _drafts(tables: Sequence[Table], pictures: Sequence[Picture]) -> dict[str, Released]:
    drafts: dict[str, Released] = {}
    blocks: tuple[Table | Picture, ...] = (*tables, *pictures)
    for block in blocks:
        if block.released.seal not in {draft.seal for draft in drafts.values()}:
            drafts[_apart(block.name, drafts)] = block.released
    return drafts


def _apart(name: str, taken: dict[str, Released]) -> str:
    return name if name not in taken else f"{name}_figure"


def _sealed(
    tables: Sequence[Table], pictures: Sequence[Picture], passage: Passage, key: bytes
) -> tuple[tuple[Table, ...], tuple[Picture, ...]]:
    drafts = _drafts(tables, pictures)
    final = {draft.seal: passage.tables[name] for name, draft in drafts.items()}
    kept = [replace(table, released=final[table.released.seal]) for table in tables]
    one = next((table.released for table in kept if table.name == TABLE_ONE), None)
    apart = None if one is None else standardised_differences(one, key=key)
    if apart is not None:
        kept.append(Table("standardised_differences", apart))
    return tuple(kept), tuple(replace(picture, released=final[picture.released.seal]) for picture in pictures)


def _bundle(
    materials: Materials,
    chapters: Sequence[Chapter],
    passage: Passage,
    blocks: tuple[tuple[Table, ...], tuple[Picture, ...]],
    report: Report,
) -> Bundle:
    opened = materials.opened
    study, asked = opened.experiment.study, opened.experiment.publications
    style = Style(asked.figure_width_mm, asked.figure_font_pt, asked.figure_palette, asked.figure_dpi)
    return Bundle(
        context=Context(study.name, study.title, study.question, opened.view.statement, opened.view.snapshot),
        passage=passage,
        tables=blocks[0],
        pictures=blocks[1],
        steps=(*(step for chapter in chapters for step in chapter.steps), ATTACKED),
        settings=_settings(materials),
        style=style,
        vector_points=asked.figure_svg,
        limits=report.limits,
    )


def _settings(materials: Materials) -> dict[str, str]:
    experiment = materials.opened.experiment
    return {
        "snapshot": materials.opened.view.snapshot,
        "outcome rules": materials.edition.key,
        "missing items": experiment.measures.missing_items,
        "seed": str(experiment.study.seed),
    }


def _note(workspace: Workspace, final: Path, materials: Materials, passage: Passage) -> None:
    opened = materials.opened
    if final.resolve().is_relative_to(workspace.reports.resolve()):
        place = f"reports/{final.resolve().relative_to(workspace.reports.resolve()).as_posix()}"
        shelf = Store(workspace.library, key=library_key(workspace.keys))
        note(shelf, what="release", place=place, snapshot=opened.view.snapshot, made_by="release", released=True)
    note_access(
        workspace,
        "release",
        purpose_of(opened.experiment),
        snapshot=opened.view.snapshot,
        counts={"tables": len(passage.tables), "withheld": len(passage.attacked.withheld)},
    )
