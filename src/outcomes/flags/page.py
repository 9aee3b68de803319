"""The page that a supervisor opens: one self-contained HTML file, no script, nothing fetched, everything escaped."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from outcomes.flags.changes import gone_since
from outcomes.flags.rules import STATUSES
from outcomes.flags.safety_view import safety_view
from outcomes.flags.view import groups
from outcomes.flags.words import STATUS_WORDS, count, score
from outcomes.reference.instruments import instrument

if TYPE_CHECKING:
    import pandas as pd

    from outcomes.flags.report import CaseloadReport

FOLDER: Final = Path(__file__).parent
POLICY: Final = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = count
    return environment


@cache
def _style() -> str:
    return (FOLDER / "caseload.css").read_text(encoding="utf-8")


def policy() -> str:
    """Say what the page allows a browser to do: apply its own style sheet, known by hash, and nothing else.

    Returns
    -------
    str
        A Content-Security-Policy.
    """
    digest = hashlib.sha256(_style().encode()).digest()
    return POLICY.format(base64.b64encode(digest).decode())


def for_reader(report: CaseloadReport, therapist: str) -> CaseloadReport:
    """Keep exactly one therapist's caseload, so that a file holds what its one reader may see.

    Parameters
    ----------
    report
        The whole service's report.
    therapist
        Whose caseload.

    Returns
    -------
    CaseloadReport
        The same report without anybody else's referrals, and without the duty list, which belongs to the service.
    """
    caseload = report.caseload.loc[report.caseload["therapist"].eq(therapist).fillna(value=False)]
    mine = set(caseload["referral"])
    parts = {
        name: table.loc[table["referral"].isin(mine)].reset_index(drop=True)
        for name in ("judged", "safety", "series", "moved")
        if (table := getattr(report, name)) is not None
    }
    return replace(report, caseload=caseload.reset_index(drop=True), duty=report.duty.iloc[:0], **parts)


def caseload_page(report: CaseloadReport, *, previous: pd.DataFrame | None = None, reader: str = "") -> str:
    """Draw the caseload report.

    Parameters
    ----------
    report
        From `report.caseload_report`, for a whole service or cut to one therapist with `for_reader`.
    previous
        referral and status of the last report, or None.
    reader
        For whom the page is written, printed at its head; empty for the whole service.

    Returns
    -------
    str
        A whole HTML document.
    """
    arranged = groups(report, previous)
    totals = {status: sum(group.counts[status] for group in arranged) for status in STATUSES}
    return (
        _environment()
        .get_template("caseload.html")
        .render(
            report=report,
            facts=report.facts,
            settings=report.settings,
            safety=safety_view(report),
            groups=arranged,
            totals=totals,
            n_open=len(report.caseload),
            n_duty=len(report.duty),
            statuses=STATUSES,
            status_words=STATUS_WORDS,
            reader=reader,
            compared=previous is not None,
            gone=0 if report.judged is None else gone_since(report.judged, previous),
            measures=[_explained(key) for key in report.settings.instruments if _has(report, key)],
            as_of=_as_of(report),
            css=_style(),
            policy=policy(),
        )
    )


def duty_page(report: CaseloadReport) -> str:
    """Draw the duty list: safety answers that may belong to somebody else, apart from every named caseload.

    Parameters
    ----------
    report
        From `report.caseload_report`.

    Returns
    -------
    str
        A whole HTML document.
    """
    template = _environment().get_template("duty.html")
    return template.render(
        rows=report.duty.to_dict("records"),
        facts=report.facts,
        settings=report.settings,
        as_of=_as_of(report),
        css=_style(),
        policy=policy(),
    )


def _has(report: CaseloadReport, key: str) -> bool:
    return bool(report.series["instrument"].eq(key).any())


def _explained(key: str) -> dict[str, str]:
    record = instrument(key)
    cut, change = record.caseness, record.reliable_change
    return {
        "name": record.short_name,
        "range": f"{score(float(record.minimum), record.decimals)} to {score(float(record.maximum), record.decimals)}",
        "cut": "none published" if cut is None else cut.words(),
        "change": "none published" if change is None else change.words(),
        "checked": "" if all(t is None or t.verified for t in (cut, change)) else "not confirmed by a source at hand",
    }


def _as_of(report: CaseloadReport) -> str:
    day = report.facts.as_of
    return "each person's last known day" if day is None else f"{day.day} {day.strftime('%B %Y')}"
