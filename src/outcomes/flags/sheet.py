"""What does a reader see of one person? Judgements, scores and a model's words become one record a person."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from outcomes.flags.changes import changes_since
from outcomes.flags.chart import Band, Points, chart
from outcomes.flags.foretold import NOTHING_TOLD, Told, told_people
from outcomes.flags.naming import day_zeros, labels
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

FEW_SCORES: Final = 3
OLD_FORM_WEEKS: Final = 4
DAYS_IN_WEEK: Final = 7


@dataclass(frozen=True)
class Person:
    """One open referral as the page shows it; everything is text that still has to be escaped, but for the drawings."""

    referral: str
    therapist: str
    team: str
    label: str
    status: str
    status_words: str
    when_words: str
    last_form: str
    news: str
    reasons: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    brief: tuple[str, ...]
    safety: tuple[str, ...]
    prompt: bool
    now: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    moved: str
    charts: tuple[Markup, ...]
    rows: tuple[tuple[str, ...], ...]
    told: Told
    doubts: tuple[str, ...]

    @property
    def leads(self) -> tuple[str, ...]:
        """The first words of each reason, said once."""
        return tuple(dict.fromkeys(lead for lead, _ in self.reasons))


def people(report: CaseloadReport, previous: pd.DataFrame | None = None) -> list[Person]:
    """Put together what is shown of each person, in the order of the judgement.

    Parameters
    ----------
    report
        From `report.caseload_report`.
    previous
        The last report's twin, or None.

    Returns
    -------
    list of Person
        One an open referral; empty when nobody could be judged.
    """
    if report.judged is None:
        return []
    names, zeros = labels(report.caseload), day_zeros(report.caseload)
    news = dict(changes_since(report.judged, previous).itertuples(index=False, name=None))
    series = _by_referral(report.series, report.settings.instruments)
    moved, now, told = _moved_words(report.moved), _now_words(report), told_people(report.foretold)
    safety = safety_sentences(report.safety, zeros)
    courses = _Courses(report.course, report.settings.course_minimum_people)
    prompted = set(report.safety.loc[report.safety["state"].eq(ABOVE_ZERO), "referral"])
    found = []
    for row in report.judged.to_dict("records"):
        referral = row["referral"]
        mine, zero, said = series.get(referral, {}), zeros.get(referral), told.get(referral, NOTHING_TOLD)
        last = row["last_form_day"]
        found.append(
            Person(
                referral=str(referral),
                therapist=_text(row["therapist"]),
                team=_text(row.get("team")),
                label=names[referral],
                status=row["status"],
                status_words=STATUS_WORDS[row["status"]],
                when_words=_when_words(row, zero),
                last_form="no form yet" if pd.isna(last) else when(last, zero),
                news=news[referral],
                reasons=tuple(_lead(reason) for reason in row["reasons"]),
                limits=row["limits"],
                brief=tuple(_brief(key, rows) for key, rows in mine.items()),
                safety=safety.get(referral, ()),
                prompt=referral in prompted,
                now=now.get(referral, ()),
                moved=moved.get(referral, ""),
                charts=tuple(_chart(key, rows, courses) for key, rows in mine.items()),
                rows=_score_rows(mine, zero),
                told=said,
                doubts=_doubts(row, mine, said),
            )
        )
    return found


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)  # type: ignore[call-overload]


def _doubts(row: Mapping[Hashable, Any], mine: Mapping[str, Forms], told: Told) -> tuple[str, ...]:
    # Why a reader should not lean on this sheet.
    doubts = []
    n_scores = max((len(forms.known) for forms in mine.values()), default=0)
    if 0 < n_scores < FEW_SCORES:
        doubts.append(
            f"There {'is' if n_scores == 1 else 'are'} only {count(n_scores, 'score')}. One more can turn it."
        )
    if not (pd.isna(row["as_of_day"]) or pd.isna(row["last_form_day"])):
        weeks = int((row["as_of_day"] - row["last_form_day"]) // DAYS_IN_WEEK)
        if weeks >= OLD_FORM_WEEKS:
            doubts.append(f"The last form is {count(weeks, 'week')} old.")
    return (*doubts, *told.cautions)


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
    """Expected courses by measure and first score, looked up once each; only points that enough people stand behind."""

    def __init__(self, course: pd.DataFrame | None, fewest: int) -> None:
        self._course = None if course is None else course.loc[course["n"].ge(fewest)]
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
    return f"{head.removesuffix('.')}.", rest


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


def _now_words(report: CaseloadReport) -> dict[Hashable, tuple[tuple[str, tuple[tuple[str, str], ...]], ...]]:
    # Per person and measure: the answers of the last form, each with the questions answered so.
    keys, latest = report.settings.instruments, report.latest
    found: dict[Hashable, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: {key: [] for key in keys})
    columns = ("referral", "instrument", "answer", "words")
    for referral, key, answer, words in zip(*(latest[c].tolist() for c in columns), strict=True):
        found[referral][key].append((answer[:1].upper() + answer[1:], words))
    return {
        referral: tuple((instrument(key).short_name, tuple(said)) for key, said in mine.items() if said)
        for referral, mine in found.items()
    }
