"""How is a caseload arranged? By therapist, and by what needs attention within each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outcomes.flags.naming import NOBODY
from outcomes.flags.rules import STATUSES
from outcomes.flags.sheet import Person, people

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from outcomes.flags.report import CaseloadReport


@dataclass(frozen=True)
class Group:
    """One therapist's caseload: everybody in order of need, and how many there are of each status."""

    name: str
    team: str
    people: tuple[Person, ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many open referrals the group has."""
        return sum(self.counts.values())

    @property
    def prompts(self) -> int:
        """How many of them have answered a safety question above zero."""
        return sum(person.prompt for person in self.people)


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
        )
        for (team, name), mine in sorted(rows.items())
    )
