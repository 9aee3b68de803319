"""Put reports on the disk: for their reader only, whole or not at all, with a receipt that names nobody."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from outcomes.errors import AccessError
from outcomes.flags.naming import labels
from outcomes.flags.page import caseload_page, duty_page, for_readers, patient_page, reader_pages, use_page
from outcomes.flags.paper import pdf
from outcomes.flags.sealed import ENDING, SUPERVISOR, sealed
from outcomes.flags.twin import csv_twin, json_twin, last_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from outcomes.flags.report import CaseloadReport
    from outcomes.flags.use import Use

OWNER_ONLY: Final = 0o600
UNFINISHED: Final = ".unfinished-"
NO_THERAPIST_FILE: Final = "none"
LAST: Final = "last.json"
AT_ONCE: Final = 2000  # referrals arranged at a time, so that memory does not grow with the service


def _silent(done: int, total: int) -> None:
    """Say nothing about progress."""


@dataclass(frozen=True)
class Writing:
    """How a report is written.

    Attributes
    ----------
    per_therapist
        Also `therapist-<code>.html`, each with exactly that caseload.
    per_person
        Also `person-<hash of the referral's pseudonym>.html`, each with exactly one sheet.
    paper
        Also each page as PDF.
    readers
        Public age keys by reader (`sealed.read_readers`); then every file is encrypted, and none lies in the clear
        but `last.json`, which holds pseudonyms and statuses.
    processes
        How many pages are drawn at a time; the bytes do not depend on it.
    use
        How the flags fall; then also `use.html`.
    progress
        Told how many files of how many are written.
    """

    per_therapist: bool = True
    per_person: bool = False
    paper: bool = False
    readers: Mapping[str, str] | None = None
    processes: int = 1
    use: Use | None = None
    progress: Callable[[int, int], None] = _silent


@dataclass(frozen=True)
class Receipt:
    """What was written, for the audit line: names, hashes and counts, and no identifier of anybody.

    Attributes
    ----------
    files
        File name to SHA-256.
    counts
        From `CaseloadReport.counts`.
    """

    files: Mapping[str, str]
    counts: Mapping[str, int]
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        listed = json.dumps(dict(sorted(self.files.items())))
        object.__setattr__(self, "digest", hashlib.sha256(listed.encode()).hexdigest())


def write_page(path: Path, content: str | bytes) -> str:
    """Write one file whole or not at all, readable and writable by its owner only.

    Parameters
    ----------
    path
        Where it goes; the folder must be there.
    content
        The whole content.

    Returns
    -------
    str
        SHA-256 of what was written.

    Raises
    ------
    AccessError
        If the folder is missing or may not be written to; nothing is left behind.
    """
    told = content.encode("utf-8") if isinstance(content, str) else content
    try:
        handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)  # 0600 from its first moment
    except OSError as fault:
        raise AccessError(f"{path.name} can't be written: {fault.strerror}; check the folder and its rights") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(told)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(OWNER_ONLY)
        Path(name).replace(path)
    except OSError as fault:
        raise AccessError(f"{path.name} can't be written: {fault.strerror}; check the folder and its space") from None
    finally:
        Path(name).unlink(missing_ok=True)
    return hashlib.sha256(told).hexdigest()


def write_report(
    folder: Path, report: CaseloadReport, *, previous: pd.DataFrame | None = None, writing: Writing | None = None
) -> Receipt:
    """Write a caseload report: the whole page, one page per therapist, the duty list, and the machine-readable twins.

    Parameters
    ----------
    folder
        Where the files go; made (for its owner only) when it is not there.
    report
        From `report.caseload_report`.
    previous
        The last report's twin (`twin.read_twin`), or None.
    writing
        What else is written, for whom it is encrypted, and how fast.

    Returns
    -------
    Receipt
        Hashes and counts for the audit line.

    Raises
    ------
    AccessError
        If a file can't be written.
    ConfigError
        If files are encrypted and a reader has no key, or PDF is asked for without its extra.
    """
    writing = writing or Writing()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.glob(f"{UNFINISHED}*"):  # of a run that was killed
            left.unlink()
    except OSError as fault:
        raise AccessError(f"folder {folder.name} can't be made: {fault.strerror}") from None
    report = replace(report, caseload=report.caseload.assign(label=list(labels(report.caseload).values())))
    files: dict[str, str] = {}
    batches = _batches(report) if writing.per_therapist else []
    total = sum(len(names) for names in batches) + 1
    for name, text in _of_the_service(report, previous, writing.use):
        files |= _put(folder, name, text, SUPERVISOR, writing)
    writing.progress(1, total)
    done = 1
    for made, people in _drawn(folder, report, batches, previous, writing):
        files |= made
        done += people
        writing.progress(done, total)
    files[LAST] = write_page(folder / LAST, last_report(report))  # last of all: it stands for a whole report
    return Receipt(files=dict(sorted(files.items())), counts=report.counts)


def _of_the_service(
    report: CaseloadReport, previous: pd.DataFrame | None, use: Use | None
) -> Iterator[tuple[str, str]]:
    yield "caseload.html", caseload_page(report, previous=previous)
    yield "caseload.json", json_twin(report)
    yield "caseload.csv", csv_twin(report)
    if len(report.duty):
        yield "duty.html", duty_page(report)
    if use is not None:
        yield "use.html", use_page(report, use)


def _batches(report: CaseloadReport) -> list[list[str]]:
    # Therapists in order, gathered so that each batch has about AT_ONCE referrals; "" has no therapist.
    sizes = report.caseload["therapist"].astype("string").fillna("").value_counts().sort_index()
    batches: list[list[str]] = []
    held = AT_ONCE
    for therapist, size in sizes.items():
        if held + size > AT_ONCE:
            batches.append([])
            held = 0
        batches[-1].append(str(therapist))
        held += size
    return batches


def _drawn(
    folder: Path,
    report: CaseloadReport,
    batches: list[list[str]],
    previous: pd.DataFrame | None,
    writing: Writing,
) -> Iterator[tuple[dict[str, str], int]]:
    quiet = replace(writing, progress=_silent)
    if writing.processes == 1 or len(batches) == 1:
        for names in batches:
            yield _batch(folder, for_readers(report, names), names, previous, quiet), len(names)
        return
    with ProcessPoolExecutor(writing.processes) as pool:
        jobs = [
            (pool.submit(_batch, folder, for_readers(report, names), names, previous, quiet), len(names))
            for names in batches
        ]
        for job, size in jobs:
            yield job.result(), size


def _batch(
    folder: Path, report: CaseloadReport, therapists: list[str], previous: pd.DataFrame | None, writing: Writing
) -> dict[str, str]:
    files: dict[str, str] = {}
    for therapist, page in reader_pages(report, therapists, previous):
        reader = therapist or SUPERVISOR
        name = file_name(therapist) if therapist else NO_THERAPIST_FILE
        files |= _put(folder, f"therapist-{name}.html", page, reader, writing)
    if writing.per_person:
        readers = report.caseload["therapist"].astype("string").fillna(SUPERVISOR)
        for referral, reader in zip(report.caseload["referral"].astype(str), readers, strict=True):
            name = f"person-{hashlib.sha256(referral.encode()).hexdigest()[:16]}.html"
            files |= _put(folder, name, patient_page(report, referral), str(reader), writing)
    return files


def _put(folder: Path, name: str, text: str, reader: str, writing: Writing) -> dict[str, str]:
    # Write a page, and its PDF where asked for, in the clear or encrypted to its reader.
    contents = {name: text.encode("utf-8")}
    if writing.paper and name.endswith(".html"):
        contents[f"{name.removesuffix('.html')}.pdf"] = pdf(text)
    if writing.readers is not None:
        contents = {f"{n}{ENDING}": sealed(content, reader, writing.readers) for n, content in contents.items()}
    return {n: write_page(folder / n, content) for n, content in contents.items()}


def file_name(therapist: str) -> str:
    """Make a file name of a therapist's code that no code can turn into a path.

    Parameters
    ----------
    therapist
        Any text.

    Returns
    -------
    str
        The code itself where it is short and plain, else the first sixteen letters of its SHA-256.

    Examples
    --------
    >>> file_name("T01"), len(file_name("../../etc"))
    ('T01', 16)
    """
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", therapist) and therapist != NO_THERAPIST_FILE
    return therapist if plain else hashlib.sha256(therapist.encode()).hexdigest()[:16]
