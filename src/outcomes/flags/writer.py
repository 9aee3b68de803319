"""Put reports on the disk: readable by their owner only, whole or not at all, with a twin for a clinical system."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from outcomes.errors import AccessError, DataError
from outcomes.flags.naming import NOBODY, labels
from outcomes.flags.page import caseload_page, duty_page, for_reader
from outcomes.flags.safety_view import safety_sentences
from outcomes.flags.words import NO_FLAG, NO_NOTICE, NOT_AN_ALERT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outcomes.flags.report import CaseloadReport

OWNER_ONLY: Final = 0o600
UNFINISHED: Final = ".unfinished-"
FORMULA: Final = re.compile(r"^[=+\-@\t\r]")
TWIN_COLUMNS: Final = ("person", "referral", "therapist", "status", "stage", "rules", "reasons", "limits", "safety")


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


def write_page(path: Path, text: str) -> str:
    """Write one file whole or not at all, readable and writable by its owner only.

    Parameters
    ----------
    path
        Where it goes; the folder must be there.
    text
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
    content = text.encode("utf-8")
    try:
        handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)  # 0600 from its first moment
    except OSError as fault:
        raise AccessError(f"{path.name} can't be written: {fault.strerror}; check the folder and its rights") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(OWNER_ONLY)
        Path(name).replace(path)
    except OSError as fault:
        raise AccessError(f"{path.name} can't be written: {fault.strerror}; check the folder and its space") from None
    finally:
        Path(name).unlink(missing_ok=True)
    return hashlib.sha256(content).hexdigest()


def write_report(
    folder: Path, report: CaseloadReport, *, previous: pd.DataFrame | None = None, per_therapist: bool = True
) -> Receipt:
    """Write a caseload report: the whole page, one page per therapist, the duty list, and the machine-readable twins.

    Parameters
    ----------
    folder
        Where the files go; made (for its owner only) when it is not there.
    report
        From `report.caseload_report`.
    previous
        The last report's twin (`read_twin`), or None.
    per_therapist
        Also write `therapist-<name>.html`, each with exactly that caseload.

    Returns
    -------
    Receipt
        Hashes and counts for the audit line.

    Raises
    ------
    AccessError
        If a file can't be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.glob(f"{UNFINISHED}*"):  # of a run that was killed
            left.unlink()
    except OSError as fault:
        raise AccessError(f"folder {folder.name} can't be made: {fault.strerror}") from None
    files = {"caseload.html": write_page(folder / "caseload.html", caseload_page(report, previous=previous))}
    files["caseload.json"] = write_page(folder / "caseload.json", json_twin(report))
    files["caseload.csv"] = write_page(folder / "caseload.csv", csv_twin(report))
    if len(report.duty):
        files["duty.html"] = write_page(folder / "duty.html", duty_page(report))
    if per_therapist:
        for therapist in sorted(report.caseload["therapist"].dropna().astype(str).unique()):
            name = f"therapist-{file_name(therapist)}.html"
            page = caseload_page(for_reader(report, therapist), previous=_of(previous, therapist), reader=therapist)
            files[name] = write_page(folder / name, page)
    return Receipt(files=files, counts=report.counts)


def _of(previous: pd.DataFrame | None, therapist: str) -> pd.DataFrame | None:
    if previous is None or "therapist" not in previous.columns:
        return previous
    return previous.loc[previous["therapist"].eq(therapist)]


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
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", therapist)
    return therapist if plain else hashlib.sha256(therapist.encode()).hexdigest()[:16]


def twin(report: CaseloadReport) -> list[dict[str, Any]]:
    """Say for a machine what the page says for a person, one record an open referral.

    Parameters
    ----------
    report
        From `report.caseload_report`.

    Returns
    -------
    list of dict
        person, referral, therapist, status ("not judged" when the rules could not be run), stage, rules, reasons,
        limits, safety; in the page's order.
    """
    names = labels(report.caseload)
    safety = safety_sentences(report.safety, {})
    table = report.judged if report.judged is not None else report.caseload
    records = []
    for row in table.to_dict("records"):
        told: dict[str, Any] = {"person": names[row["referral"]], "referral": str(row["referral"])}
        told["therapist"] = NOBODY if pd.isna(row["therapist"]) else str(row["therapist"])
        told["status"] = row.get("status", "not judged")
        told["stage"] = row.get("stage", "")
        told |= {name: list(row.get(name, ())) for name in ("rules", "reasons", "limits")}
        told["safety"] = list(safety.get(row["referral"], ()))
        records.append(told)
    return records


def json_twin(report: CaseloadReport) -> str:
    """Write the report for a clinical system.

    Parameters
    ----------
    report
        From `report.caseload_report`.

    Returns
    -------
    str
        One JSON object: what the report is and is not, where it comes from, counts, one record an open referral, and
        the duty list. The same report gives the same bytes.
    """
    facts = report.facts
    whole = {
        "notice": [NOT_AN_ALERT, NO_NOTICE, f"No flag: {NO_FLAG}"],
        "service": facts.service,
        "kind": facts.kind,
        "as_of": None if facts.as_of is None else facts.as_of.isoformat(),
        "snapshot": facts.snapshot,
        "edition": facts.edition,
        "version": facts.version,
        "failure": report.failure,
        "counts": report.counts,
        "open_referrals": twin(report),
        "duty_list": [{str(name): str(value) for name, value in row.items()} for row in report.duty.to_dict("records")],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def csv_twin(report: CaseloadReport) -> str:
    """Write the report for a spreadsheet.

    Parameters
    ----------
    report
        From `report.caseload_report`.

    Returns
    -------
    str
        One line an open referral. A cell that a spreadsheet would run as a formula begins with an apostrophe; a
        machine that needs identifiers letter by letter reads the JSON twin.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(TWIN_COLUMNS)
    for record in twin(report):
        cells = (" ".join(v) if isinstance(v, list) else str(v) for v in (record[c] for c in TWIN_COLUMNS))
        writer.writerow([f"'{cell}" if FORMULA.match(cell) else cell for cell in cells])
    return lines.getvalue()


def read_twin(path: Path) -> pd.DataFrame:
    """Read a JSON twin back, as the last report of the next one.

    Parameters
    ----------
    path
        A `caseload.json`.

    Returns
    -------
    pandas.DataFrame
        referral, therapist and status, one row an open referral.

    Raises
    ------
    DataError
        If the file is not such a twin.
    """
    try:
        records = json.loads(path.read_text(encoding="utf-8"))["open_referrals"]
        return pd.DataFrame(
            [{name: record[name] for name in ("referral", "therapist", "status")} for record in records],
            columns=["referral", "therapist", "status"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path.name} is not the JSON twin of a caseload report") from None
