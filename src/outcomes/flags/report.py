"""Put together what one caseload report needs; safety answers come first and survive whatever else fails."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from outcomes import __version__
from outcomes.errors import ConfigError, OutcomesError
from outcomes.flags.foretold import IN_USE, OFF, Foretold, flagging, model_use
from outcomes.flags.moved import latest_answers, moved_items
from outcomes.flags.rules import judge
from outcomes.flags.safety import duty_list, safety_answers
from outcomes.flags.settings import KINDS, FlagSettings
from outcomes.flags.standing import judged_instruments, score_series

if TYPE_CHECKING:
    from datetime import date

SERIES_OF_NOBODY = pd.DataFrame(columns=["referral", "instrument", "occasion", "day", "score", "answered"])
MOVED_OF_NOBODY = pd.DataFrame(columns=["referral", "instrument", "word", "first", "last"])
LATEST_OF_NOBODY = pd.DataFrame(columns=["referral", "instrument", "answer", "words"])
LEFT_NOBODY = pd.DataFrame(columns=["referral", "pseudonym", "therapist", "stage", "day"])


@dataclass(frozen=True)
class Facts:
    """Where the numbers on a page come from.

    Attributes
    ----------
    service
        Name of the service or team, as its own staff call it.
    kind
        Kind of the source: "identified", "anonymised" or "invented".
    snapshot
        Hash of the library's state.
    edition
        Key of the edition of the outcome rules.
    as_of
        The report's date; None where the feed has no dates.
    statement
        What the source's registration says about itself (licence, reason, seed).
    version
        Version of this software.
    """

    service: str
    kind: str
    snapshot: str
    edition: str
    as_of: date | None = None
    statement: str = ""
    version: str = __version__

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}")


@dataclass(frozen=True)
class CareTables:
    """The care view as the flags room reads it; the columns are those of `rules.judge`.

    Attributes
    ----------
    caseload
        One row per open referral.
    occasions
        Forms with item answers.
    totals
        Scores per form, or None when they could not be made.
    course
        Expected course, or None when it is not in use.
    probabilities
        Model probabilities, or None.
    quarantined
        Safety answers in rows that intake set aside (`CareView.safety`), or None.
    foretold
        All that a model says, or None; its probabilities go before `probabilities`.
    left
        Who has moved or died of late, and is not on the caseload: referral, pseudonym, therapist, stage, day; or None.
    """

    caseload: pd.DataFrame
    occasions: pd.DataFrame
    totals: pd.DataFrame | None = None
    course: pd.DataFrame | None = None
    probabilities: pd.DataFrame | None = None
    quarantined: pd.DataFrame | None = None
    foretold: Foretold | None = None
    left: pd.DataFrame | None = None


@dataclass(frozen=True)
class CaseloadReport:
    """All that a page, a CSV or a JSON twin is drawn from.

    Attributes
    ----------
    caseload
        The roster as it came in.
    safety, duty
        From `safety.safety_answers` and `safety.duty_list`.
    judged
        From `rules.judge`, or None when the rules could not be run; then `failure` says so.
    series
        Scores form by form, for the charts.
    moved
        Questions that changed most, from `moved.moved_items`.
    latest
        What the last form says, from `moved.latest_answers`.
    left
        Who has moved or died of late.
    foretold
        What the model says, where it may be said.
    model_use
        "off", "in use", or why the page falls back to rules only (`foretold.model_use`).
    course, settings, facts
        As given.
    failure
        Why nobody was judged; empty otherwise.
    """

    caseload: pd.DataFrame
    safety: pd.DataFrame
    duty: pd.DataFrame
    settings: FlagSettings
    facts: Facts
    judged: pd.DataFrame | None = None
    series: pd.DataFrame = field(default_factory=SERIES_OF_NOBODY.copy)
    moved: pd.DataFrame = field(default_factory=MOVED_OF_NOBODY.copy)
    latest: pd.DataFrame = field(default_factory=LATEST_OF_NOBODY.copy)
    left: pd.DataFrame = field(default_factory=LEFT_NOBODY.copy)
    foretold: Foretold | None = None
    model_use: str = OFF
    course: pd.DataFrame | None = None
    failure: str = ""

    @property
    def fell_back(self) -> bool:
        """Whether a model is switched on and the page had to do without it."""
        return self.model_use not in {OFF, IN_USE}

    @property
    def counts(self) -> dict[str, int]:
        """How many open referrals there are, and how many in each state; holds no identifier."""
        above = self.safety.loc[self.safety["state"].eq("above zero"), "referral"].nunique()
        counts = {"open": len(self.caseload), "safety_prompts": int(above), "duty_list": len(self.duty)}
        if self.judged is None:
            return {**counts, "not_judged": len(self.caseload)}
        states = self.judged["status"].value_counts()
        return {**counts, **{name.replace(" ", "_"): int(states.get(name, 0)) for name in _STATES}}


_STATES = ("flag", "no flag", "cannot score")


def caseload_report(tables: CareTables, *, settings: FlagSettings, facts: Facts) -> CaseloadReport:
    """Judge a caseload and find its safety answers, so that a failure of the one never hides the other.

    Safety answers are read first, from the forms alone. If the rules then fail, for whatever reason, the report has no
    judgement, says so, and still carries every safety answer.

    Parameters
    ----------
    tables
        The care view.
    settings
        The service's declaration.
    facts
        Where the numbers come from.

    Returns
    -------
    CaseloadReport
        What pages and twins are drawn from; `failure` is not empty when the rules could not be run.
    """
    report = CaseloadReport(
        caseload=tables.caseload,
        safety=safety_answers(tables.caseload, tables.occasions, settings=settings),
        duty=duty_list(tables.quarantined),
        settings=settings,
        facts=facts,
        course=tables.course,
        left=LEFT_NOBODY.copy() if tables.left is None else tables.left,
        model_use=_use(settings, tables, facts),
    )
    try:
        return _judged(report, tables)
    except OutcomesError as fault:
        return _with_failure(report, str(fault))
    except Exception as fault:  # noqa: BLE001  a defect in a rule or a model must not take the safety answers with it
        return _with_failure(report, f"the rules stopped with {type(fault).__name__}")


def _use(settings: FlagSettings, tables: CareTables, facts: Facts) -> str:
    if tables.foretold is None and tables.probabilities is not None and settings.model is not None:
        return IN_USE  # bare probabilities; `rules.judge` checks that they may be used
    return model_use(settings, tables.foretold, kind=facts.kind, as_of=facts.as_of)


def _judged(report: CaseloadReport, tables: CareTables) -> CaseloadReport:
    if tables.totals is None:
        raise ConfigError("no scores were given")
    settings = report.settings
    foretold = tables.foretold if report.model_use == IN_USE else None
    bare = None if tables.foretold is not None else tables.probabilities
    judged = judge(
        tables.caseload,
        tables.totals,
        tables.occasions,
        tables.course,
        settings=settings,
        kind=report.facts.kind,
        probabilities=bare if foretold is None else flagging(foretold, settings, report.facts.kind),
    )
    instruments = judged_instruments(tables.totals, settings)
    series = score_series(tables.caseload, tables.totals, tables.occasions, instruments)
    return replace(
        report,
        judged=judged,
        series=series,
        moved=moved_items(series, tables.occasions),
        latest=latest_answers(series, tables.occasions),
        foretold=foretold,
    )


def _with_failure(report: CaseloadReport, failure: str) -> CaseloadReport:
    return replace(report, failure=failure)
