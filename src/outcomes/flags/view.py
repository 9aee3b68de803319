"""What does a reader see of each person? Judgements and scores become words and drawings, one record a person."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from outcomes.flags.changes import changes_since
from outcomes.flags.chart import Band, Points, chart
from outcomes.flags.naming import NOBODY, day_zeros, labels
from outcomes.flags.rules import STATUSES
from outcomes.flags.safety import ABOVE_ZERO
from outcomes.flags.safety_view import safety_sentences
from outcomes.flags.standing import course_of
from outcomes.flags.words import STATUS_WORDS, count, listed, score, when
from outcomes.reference.instruments import instrument

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import date

    from markupsafe import Markup

    from outcomes.flags.report import CaseloadReport


SCORE_RULES: Final = frozenset({"deterioration", "not_on_track", "model"})


@dataclass(frozen=True)
class Person:
    """One open referral as the page shows it; everything is text that still has to be escaped, but for the drawings."""

    label: str
    status: str
    status_words: str
    when_words: str
    news: str
    reasons: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    brief: tuple[str, ...]
    safety: tuple[str, ...]
    prompt: bool
    by_score: bool
    moved: str
    charts: tuple[Markup, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Group:
    """One therapist's caseload: people by status, and how many there are of each."""

    name: str
    team: str
    people: Mapping[str, tuple[Person, ...]]
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many open referrals the group has."""
        return sum(self.counts.values())


def groups(report: CaseloadReport, previous: pd.DataFrame | None = None) -> tuple[Group, ...]:
    """Arrange the judged caseload by therapist, and by what needs attention within each.

    Parameters
    ----------
    report
        From `report.caseload_report`.
    previous
        The last report's twin, or None.

    Returns
    -------
    tuple of Group
        In order of therapist; empty when nobody could be judged.
    """
    if report.judged is None:
        return ()
    people = _people(report, previous)
    team = report.judged["team"] if "team" in report.judged.columns else pd.Series("", index=report.judged.index)
    names = report.judged["therapist"].astype("string").fillna(NOBODY).astype(str)
    rows: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for name, of_team, person in zip(names, team.astype("string").fillna("").astype(str), people, strict=True):
        rows[of_team, name].append(person)
    return tuple(
        Group(
            name=name,
            team=of_team,
            people={status: tuple(p for p in mine if p.status == status) for status in STATUSES},
            counts={status: sum(p.status == status for p in mine) for status in STATUSES},
        )
        for (of_team, name), mine in sorted(rows.items())
    )


def _people(report: CaseloadReport, previous: pd.DataFrame | None) -> list[Person]:
    judged = report.judged if report.judged is not None else pd.DataFrame()
    names, zeros = labels(report.caseload), day_zeros(report.caseload)
    news = changes_since(judged, previous).set_index("referral")["news"]
    series = _by_referral(report.series, report.settings.instruments)
    moved = _moved_words(report.moved)
    safety = safety_sentences(report.safety, zeros)
    courses = _Courses(report.course)
    prompted = set(report.safety.loc[report.safety["state"].eq(ABOVE_ZERO), "referral"])
    people = []
    for row in judged.to_dict("records"):
        referral = row["referral"]
        mine = series.get(referral, {})
        people.append(
            Person(
                label=names[referral],
                status=row["status"],
                status_words=STATUS_WORDS[row["status"]],
                when_words=_when_words(row, zeros.get(referral)),
                news=news[referral],
                reasons=tuple(_lead(reason) for reason in row["reasons"]),
                limits=row["limits"],
                brief=tuple(_brief(key, rows) for key, rows in mine.items()),
                safety=safety.get(referral, ()),
                prompt=referral in prompted,
                by_score=bool(SCORE_RULES & set(row["rules"])),
                moved=moved.get(referral, ""),
                charts=tuple(_chart(key, rows, courses) for key, rows in mine.items()),
                rows=_score_rows(mine, zeros.get(referral)),
            )
        )
    return people


@dataclass(frozen=True)
class Forms:
    """One person's forms of one measure, in order."""

    occasions: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    days: list[float] = field(default_factory=list)

    @property
    def known(self) -> list[float]:
        """The scores that there are."""
        return [value for value in self.scores if not math.isnan(value)]


class _Courses:
    """Expected courses by measure and first score, looked up once each."""

    def __init__(self, course: pd.DataFrame | None) -> None:
        self._course = course
        self._known: dict[tuple[str, float], Band | None] = {}

    def band(self, key: str, first: float) -> Band | None:
        # The course of people who began at this score.
        if (key, first) not in self._known:
            part = course_of(self._course, key, first)
            columns = ("occasion", "lower", "upper", "expected")
            found = None if part is None else Band(*(part[c].astype(float).tolist() for c in columns))
            self._known[key, first] = found
        return self._known[key, first]


def _lead(reason: str) -> tuple[str, str]:
    head, _, rest = reason.partition(". ")
    return f"{head}.", rest


def _by_referral(series: pd.DataFrame, keys: tuple[str, ...]) -> dict[Hashable, dict[str, Forms]]:
    # Per referral and measure with at least one answered form, measures in the declared order.
    found: dict[Hashable, dict[str, Forms]] = defaultdict(lambda: {key: Forms() for key in keys})
    columns = ("referral", "instrument", "occasion", "day", "score")
    asked = series.loc[series.groupby(["referral", "instrument"])["answered"].transform("any").astype(bool)]
    days = asked["day"].to_numpy(dtype=float, na_value=np.nan)
    for referral, key, occasion, day, value in zip(*(asked.assign(day=days)[c].tolist() for c in columns), strict=True):
        forms = found[referral][key]
        forms.occasions.append(float(occasion))
        forms.scores.append(value)
        forms.days.append(day)
    return {referral: {k: forms for k, forms in mine.items() if forms.occasions} for referral, mine in found.items()}


def _chart(key: str, forms: Forms, courses: _Courses) -> Markup:
    band = courses.band(key, forms.known[0]) if forms.known else None
    return chart(key, Points(forms.occasions, forms.scores), None if band is None else _placed(band, forms))


def _placed(band: Band, forms: Forms) -> Band:
    # The course counts scored forms from the first; on paper they stand where this person's scored forms stand.
    scored = [o for o, value in zip(forms.occasions, forms.scores, strict=True) if not math.isnan(value)]
    places = [scored[int(k)] if k < len(scored) else scored[-1] + k - len(scored) + 1 for k in band.occasions]
    return replace(band, occasions=places)


def _brief(key: str, forms: Forms) -> str:
    known = [score(value, instrument(key).decimals) for value in forms.known]
    name = instrument(key).short_name
    if not known:
        return f"{name}: no score"
    return f"{name}: {known[0]}" if len(known) == 1 else f"{name}: {known[0]} to {known[-1]}"


def _score_rows(mine: Mapping[str, Forms], day_zero: date | None) -> tuple[tuple[str, ...], ...]:
    # One row a form: its number, when, and each measure's score. Measures share their forms.
    days: dict[float, float] = {}
    for forms in mine.values():
        days |= dict(zip(forms.occasions, forms.days, strict=True))
    scores = {key: dict(zip(forms.occasions, forms.scores, strict=True)) for key, forms in mine.items()}
    table = [("Form", "When", *(instrument(key).short_name for key in mine))]
    for occasion in sorted(days):
        values = (score(scores[key].get(occasion, math.nan), instrument(key).decimals) for key in mine)
        table.append((score(occasion), when(days[occasion], day_zero), *values))
    return tuple(table)


def _when_words(row: Mapping[Hashable, Any], day_zero: date | None) -> str:
    parts = []
    if not pd.isna(row["weeks_in"]):
        parts.append(f"{count(int(row['weeks_in']), 'week')} since referral")
    parts.append(count(int(row["n_forms"]), "form"))
    if not pd.isna(row["last_form_day"]):
        parts.append(f"last form {when(row['last_form_day'], day_zero)}")
    return ", ".join(parts)


def _moved_words(moved: pd.DataFrame) -> dict[Hashable, str]:
    worse: dict[Hashable, list[str]] = defaultdict(list)
    better: dict[Hashable, list[str]] = defaultdict(list)
    for row in moved.to_dict("records"):
        (worse if row["last"] > row["first"] else better)[row["referral"]].append(row["word"])
    said = {}
    for referral in dict.fromkeys(moved["referral"]):
        ways = (("worse", worse.get(referral)), ("better", better.get(referral)))
        parts = [f"{listed(words)} {way}" for way, words in ways if words]
        said[referral] = f"Changed most since the first score: {'; '.join(parts)}."
    return said
