"""The same report for a machine: a JSON and a CSV twin of the page, and what the next report compares itself with."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from outcomes.errors import DataError
from outcomes.flags.foretold import NOTHING_TOLD, told_people
from outcomes.flags.naming import NOBODY, labels
from outcomes.flags.safety_view import safety_sentences
from outcomes.flags.words import NO_FLAG, NO_NOTICE, NOT_AN_ALERT

if TYPE_CHECKING:
    from pathlib import Path

    from outcomes.flags.report import CaseloadReport

FORMULA: Final = re.compile(r"^[=+\-@\t\r]")
LAST_COLUMNS: Final = ("referral", "therapist", "status")
TWIN_COLUMNS: Final = (
    *("person", "referral", "therapist", "status", "stage", "rules", "reasons", "limits", "safety", "endings"),
)


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
        limits, safety, endings (in words); in the page's order.
    """
    names, told = labels(report.caseload), told_people(report.foretold)
    safety = safety_sentences(report.safety, {})
    table = report.judged if report.judged is not None else report.caseload
    records = []
    for row in table.to_dict("records"):
        said: dict[str, Any] = {"person": names[row["referral"]], "referral": str(row["referral"])}
        said["therapist"] = NOBODY if pd.isna(row["therapist"]) else str(row["therapist"])
        said["status"] = row.get("status", "not judged")
        said["stage"] = row.get("stage", "")
        said |= {name: list(row.get(name, ())) for name in ("rules", "reasons", "limits")}
        said["safety"] = list(safety.get(row["referral"], ()))
        said["endings"] = [
            f"{ending.what}: {ending.told}{f' ({ending.between})' if ending.between else ''}."
            for ending in told.get(row["referral"], NOTHING_TOLD).endings
        ]
        records.append(said)
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
    facts, model = report.facts, report.settings.model
    whole = {
        "notice": [NOT_AN_ALERT, NO_NOTICE, f"No flag: {NO_FLAG}"],
        "service": facts.service,
        "kind": facts.kind,
        "as_of": None if facts.as_of is None else facts.as_of.isoformat(),
        "snapshot": facts.snapshot,
        "edition": facts.edition,
        "version": facts.version,
        "model": None if model is None else {"use": report.model_use, "version": model.version, "sha256": model.sha256},
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


def last_report(report: CaseloadReport) -> str:
    """Keep what the next report needs to say what has changed: pseudonymous referral, therapist and status.

    Parameters
    ----------
    report
        From `report.caseload_report`.

    Returns
    -------
    str
        JSON without a name, an answer or a score.
    """
    table = report.caseload if report.judged is None else report.judged
    records = [
        {
            "referral": str(row["referral"]),
            "therapist": NOBODY if pd.isna(row["therapist"]) else str(row["therapist"]),
            "status": row.get("status", "not judged"),
        }
        for row in table.to_dict("records")
    ]
    day = report.facts.as_of
    return json.dumps({"as_of": None if day is None else day.isoformat(), "open_referrals": records}) + "\n"


def read_twin(path: Path) -> pd.DataFrame:
    """Read a JSON twin, or a `last.json`, back as the last report of the next one.

    Parameters
    ----------
    path
        A `caseload.json` or `last.json`.

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
            [{name: record[name] for name in LAST_COLUMNS} for record in records], columns=list(LAST_COLUMNS)
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path.name} is not the JSON twin of a caseload report") from None
