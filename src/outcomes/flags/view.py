"""How is a caseload arranged? By therapist, and by what needs attention within each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from outcomes.flags.changes import changes_since
from outcomes.flags.naming import NOBODY
from outcomes.flags.rules import STATUSES
from outcomes.flags.safety import ABOVE_ZERO
from outcomes.flags.sheet import Person, people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outcomes.flags.report import CaseloadReport


@dataclass(frozen=True)
class Group:
    """One therapist's caseload: everybody in order of need, how many of each status, safety prompts and news."""

    name: str
    team: str
    people: tuple[Person, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    prompts: int = 0
    news: int = 0

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
        In order of team and therapist; flag, then cannot score, then no flag. Empty when nobody could be judged.
    """
    rows: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for person in people(report, previous):
        rows[person.team, person.therapist or NOBODY].append(person)
    return tuple(
        Group(
            name=name,
            team=team,
            people=tuple(person for status in STATUSES for person in mine if person.status == status),
            counts={status: sum(person.status == status for person in mine) for status in STATUSES},
            prompts=sum(person.prompt for person in mine),
            news=sum(bool(person.news) for person in mine),
        )
        for (team, name), mine in sorted(rows.items())
    )


def counted(report: CaseloadReport, previous: pd.DataFrame | None = None) -> tuple[Group, ...]:
    """Count the judged caseload by therapist, without drawing anybody: for services too large for one page.

    Parameters
    ----------
    report
        From `report.caseload_report`.
    previous
        The last report's twin, or None.

    Returns
    -------
    tuple of Group
        As `groups`, with the same numbers and nobody in them.
    """
    if report.judged is None:
        return ()
    judged = report.judged
    blank = pd.Series("", index=judged.index)
    table = pd.DataFrame(
        {
            "team": (judged["team"] if "team" in judged.columns else blank).astype("string").fillna(""),
            "name": judged["therapist"].astype("string").fillna("").replace("", NOBODY),
            "prompts": judged["referral"].isin(report.safety.loc[report.safety["state"].eq(ABOVE_ZERO), "referral"]),
            "news": changes_since(judged, previous)["news"].ne("").to_numpy(),
        }
        | {status: judged["status"].eq(status) for status in STATUSES}
    )
    sums = table.groupby(["team", "name"], sort=True).sum().astype(int)
    return tuple(
        Group(name, team, (), {status: row[status] for status in STATUSES}, row["prompts"], row["news"])
        for (team, name), row in zip(sums.index, sums.to_dict("records"), strict=True)
    )
