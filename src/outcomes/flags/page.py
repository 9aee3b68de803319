"""The pages that people open: self-contained HTML files, no script, nothing fetched, everything escaped."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from outcomes.errors import DataError
from outcomes.flags.changes import gone_since
from outcomes.flags.foretold import WHY_RULES_ONLY
from outcomes.flags.naming import NOBODY, labels
from outcomes.flags.rules import STATUSES
from outcomes.flags.safety_view import safety_sentences, safety_view
from outcomes.flags.view import Group, counted, groups
from outcomes.flags.words import STATUS_WORDS, count, left_words, percent, score
from outcomes.reference.instruments import instrument

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from outcomes.flags.report import CaseloadReport
    from outcomes.flags.use import Use

FOLDER: Final = Path(__file__).parent
POLICY: Final = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"
SHEETS_UP_TO: Final = 300  # open referrals; above, the sheets are in the therapists' files only
LISTS_UP_TO: Final = 3000  # above, even the list of people would be too long to open


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


def for_readers(report: CaseloadReport, therapists: Sequence[str]) -> CaseloadReport:
    """Keep the caseloads of some therapists and nobody else's.

    Parameters
    ----------
    report
        The whole service's report.
    therapists
        Whose caseloads; an empty text stands for referrals without a therapist.

    Returns
    -------
    CaseloadReport
        The same report without anybody else's referrals, and without the duty list, which belongs to the service.
    """
    caseload = report.caseload.loc[_with(report.caseload, therapists)]
    mine = set(caseload["referral"])
    parts = {
        name: table.loc[table["referral"].isin(mine)].reset_index(drop=True)
        for name in ("judged", "safety", "series", "moved", "latest")
        if (table := getattr(report, name)) is not None
    }
    told = report.foretold
    if told is not None:
        frames = {name: getattr(told, name) for name in ("endings", "reasons", "states", "cautions")}
        parts["foretold"] = replace(told, **{n: f.loc[f["referral"].isin(mine)] for n, f in frames.items()})
    left = report.left.loc[_with(report.left, therapists)].reset_index(drop=True)
    return replace(report, caseload=caseload.reset_index(drop=True), duty=report.duty.iloc[:0], left=left, **parts)


def _with(table: pd.DataFrame, therapists: Sequence[str]) -> pd.Series:
    return table["therapist"].astype("string").fillna("").isin(list(therapists))


def for_reader(report: CaseloadReport, therapist: str) -> CaseloadReport:
    """Keep exactly one therapist's caseload, so that a file holds what its one reader may see.

    Parameters
    ----------
    report
        The whole service's report.
    therapist
        Whose caseload; an empty text stands for referrals without a therapist.

    Returns
    -------
    CaseloadReport
        The same report without anybody else's referrals, and without the duty list, which belongs to the service.
    """
    return for_readers(report, [therapist])


def caseload_page(
    report: CaseloadReport,
    *,
    previous: pd.DataFrame | None = None,
    reader: str = "",
    arranged: Sequence[Group] | None = None,
) -> str:
    """Draw the caseload report.

    Parameters
    ----------
    report
        From `report.caseload_report`, for a whole service or cut to one therapist with `for_reader`.
    previous
        referral and status of the last report, or None.
    reader
        For whom the page is written, printed at its head; empty for the whole service.
    arranged
        The same people already arranged by `view.groups`, where many pages are drawn of one report.

    Returns
    -------
    str
        A whole HTML document. Up to 300 open referrals it holds everybody's sheet, up to 3,000 a list of everybody,
        above that numbers only (each therapist's file holds everything); a reader's own page always holds everything.
    """
    lists = bool(reader) or len(report.caseload) <= LISTS_UP_TO or report.judged is None
    if arranged is None:
        arranged = groups(report, previous) if lists else counted(report, previous)
    totals = {status: sum(group.counts[status] for group in arranged) for status in STATUSES}
    return _render(
        "caseload.html",
        report,
        safety=safety_view(report),
        groups=arranged,
        totals=totals,
        n_open=len(report.caseload),
        n_duty=len(report.duty),
        n_prompted=sum(group.prompts for group in arranged),
        n_news=sum(group.news for group in arranged),
        statuses=STATUSES,
        status_words=STATUS_WORDS,
        reader=reader,
        lists=lists,
        sheets=bool(reader) or len(report.caseload) <= SHEETS_UP_TO,
        compared=previous is not None,
        gone=0 if report.judged is None else gone_since(report.judged, previous),
        left=_left(report),
    )


def reader_pages(
    report: CaseloadReport, therapists: Sequence[str], previous: pd.DataFrame | None = None
) -> Iterator[tuple[str, str]]:
    """Draw one page per therapist, each with exactly that caseload.

    Parameters
    ----------
    report
        Of a whole service, or of these therapists.
    therapists
        Whose pages; an empty text stands for referrals without a therapist.
    previous
        The last report's twin, or None.

    Yields
    ------
    tuple of str and str
        Therapist and HTML document.
    """
    ours = for_readers(report, therapists)
    by_name: dict[str, list[Group]] = {}
    for group in groups(ours, previous):
        by_name.setdefault(group.name, []).append(group)
    for therapist in therapists:
        name = therapist or NOBODY
        last = previous
        if last is not None and "therapist" in last.columns:
            last = last.loc[last["therapist"].astype("string").fillna(NOBODY).eq(name)]
        mine = for_reader(ours, therapist)
        yield therapist, caseload_page(mine, previous=last, reader=name, arranged=by_name.get(name, []))


def patient_page(report: CaseloadReport, referral: str) -> str:
    """Draw the sheet of one person as a page of its own, for the desk before the next session.

    Parameters
    ----------
    report
        From `report.caseload_report`.
    referral
        Whose.

    Returns
    -------
    str
        A whole HTML document that holds nobody else.

    Raises
    ------
    DataError
        If the referral is not on the caseload.
    """
    named = report.caseload.assign(label=report.caseload["referral"].map(labels(report.caseload)))
    rows = named.loc[named["referral"].astype(str).eq(referral)].reset_index(drop=True)
    if len(rows) != 1:
        raise DataError("the referral asked for is not on this caseload (rule on the caseload)")
    cut = for_reader(replace(report, caseload=rows), str(rows["therapist"].astype("string").fillna("").iloc[0]))
    arranged = groups(cut)
    return _render(
        "patient.html",
        cut,
        label=rows.at[0, "label"],
        therapist=arranged[0].name if arranged else rows.at[0, "therapist"],
        person=arranged[0].people[0] if arranged else None,
        safety_lines=next(iter(safety_sentences(cut.safety, {}).values()), ()),
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
    return _render("duty.html", report, rows=report.duty.to_dict("records"))


def use_page(report: CaseloadReport, use: Use) -> str:
    """Draw how the flags fall and what is done about them, for whoever leads the service.

    Parameters
    ----------
    report
        From `report.caseload_report`.
    use
        From `use.use_of`.

    Returns
    -------
    str
        A whole HTML document that names nobody; small groups are in it, so it stays inside care.
    """
    rates = [
        {
            "words": f"{row['characteristic']}: {row['group']}".replace("_", " "),
            "n": row["n"],
            "flagged": row["flagged"],
            "share": "too few" if row["share"] != row["share"] else percent(row["share"]),
            "between": "" if row["share"] != row["share"] else f"{percent(row['low'])} to {percent(row['high'])}",
        }
        for row in use.rates.to_dict("records")
    ]
    return _render(
        "use.html", report, use=use, rates=rates, budget=use.budget.to_dict("records"), n_open=len(report.caseload)
    )


def _render(template: str, report: CaseloadReport, **more: object) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            report=report,
            facts=report.facts,
            settings=report.settings,
            why_rules_only=WHY_RULES_ONLY.get(report.model_use, ""),
            measures=[_explained(key) for key in report.settings.instruments if _has(report, key)],
            as_of=_as_of(report),
            weeks=None if report.foretold is None else report.foretold.weeks,
            css=_style(),
            policy=policy(),
            **more,
        )
    )


def _left(report: CaseloadReport) -> list[tuple[str, str, str]]:
    # Label, therapist and words of who has moved or died of late.
    if report.left.empty:
        return []
    names = labels(report.left)
    return [
        (names[row["referral"]], str(row["therapist"]), left_words(row["stage"], row["day"], row.get("day_zero")))
        for row in report.left.to_dict("records")
    ]


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
