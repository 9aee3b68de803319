"""What does an attacker know? Every printed cell as bounds on a whole number, every tie between cells as an equation.

The unknowns are true counts. A printed count says in which band its true count lies; a rate from true counts, a total,
a numerator, a copy in another table each say more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from outcomes.disclosure.links import Sum
from outcomes.disclosure.sameness import Cell, counts_of, same_cells
from outcomes.disclosure.seal import Column, Released
from outcomes.reference.policies import DisclosurePolicy, disclosure_policy

WITHHELD = "withheld"  # printed where the attack on ourselves could tell a count
MANY = 20  # totals from here on are the same people wherever they are of the same size
FREE = float("inf")
_EVERYBODY = {"everyone", "all", "total", "overall", "everybody"}

Terms = dict[int, float]


@dataclass(frozen=True)
class Target:
    """A number of people that must not be told exactly.

    Parameters
    ----------
    terms : dict of int to float
        Unknowns and their coefficients.
    withhold : tuple of Cell
        Cells to take out if it can be told.
    none_counts : bool
        Whether zero is a finding too: none of a group, or all of it.
    """

    terms: Terms
    withhold: tuple[Cell, ...]
    none_counts: bool


@dataclass
class System:
    """Unknown whole numbers, their bounds, and what ties them together.

    Parameters
    ----------
    lower, upper : list of float
        Bounds of each unknown.
    rows : list of (dict, float, float)
        Coefficients, and the bounds of their sum.
    targets : list of Target
        What an attacker wants to know.
    binary : set of int
        Helping unknowns that are 0 or 1.
    cells : dict of int to list of Cell
        Printed cells of each unknown.
    """

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: list[tuple[Terms, float, float]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    binary: set[int] = field(default_factory=set)
    cells: dict[int, list[Cell]] = field(default_factory=dict)

    def unknown(self, low: float, high: float) -> int:
        """Add an unknown.

        Parameters
        ----------
        low, high : float
            Its bounds.

        Returns
        -------
        int
            Its number.
        """
        self.lower.append(low)
        self.upper.append(high)
        return len(self.lower) - 1


def band(printed: float, policy: DisclosurePolicy) -> tuple[float, float]:
    """Say which true counts are printed as this one.

    Parameters
    ----------
    printed : float
        A printed count that is no numerator.
    policy : DisclosurePolicy
        The rule it was printed under.

    Returns
    -------
    tuple of float
        Smallest and largest.

    Examples
    --------
    >>> band(9, disclosure_policy("midpoint6")), band(15, disclosure_policy("redact7_round5"))
    ((7.0, 12.0), (13, 17))
    """
    if printed == 0:
        return 0.0, 0.0
    if policy.rounding == "midpoint":
        return printed - policy.base / 2 + 1, printed + policy.base / 2
    if policy.rounding == "nearest":
        half = (policy.base - 1) // 2 if policy.base % 2 else policy.base / 2
        return max(printed - half, policy.threshold), printed + (policy.base - 1) // 2
    return printed, printed


def system_of(tables: Mapping[str, Released]) -> System:
    """Write down all that a reader of these tables knows.

    Parameters
    ----------
    tables : mapping of str to Released
        Every table of this release, and those released before about the same people.

    Returns
    -------
    System
        Unknowns, ties, targets.
    """
    return _Builder(tables).built()


class _Builder:
    def __init__(self, tables: Mapping[str, Released]) -> None:
        self._tables = tables
        self._system = System()
        self._of: dict[Cell, int] = {}
        self._cells = self._system.cells
        self._same = same_cells(tables)

    def built(self) -> System:
        for name, released in self._tables.items():
            for column in counts_of(released):
                self._add_counts(name, released, column)
        self._aim_at_counts()
        for name, released in self._tables.items():
            for column in released.columns:
                if column.kind == "rate":
                    self._tie_rate(name, released, column)
            self._tie_nested(name, released)
            self._tie_chains(name, released)
        self._tie_sums()
        return self._system

    def _add_counts(self, name: str, released: Released, column: Column) -> None:
        rule = disclosure_policy(released.policy)
        for row, value in enumerate(released.table[column.name].tolist()):
            reason = released.reasons.get((row, column.name))
            if np.isnan(value) and reason is None:
                continue
            cell = (name, row, column.name)
            low, high = self._bounds(float(value), reason, rule, _wholes(released, row, column.name))
            key = self._same.get(cell, cell)
            if key not in self._of:
                self._of[key] = self._system.unknown(low, high)
            place = self._of[cell] = self._of[key]
            self._system.lower[place] = max(self._system.lower[place], low)
            self._system.upper[place] = min(self._system.upper[place], high)
            self._cells.setdefault(place, []).append(cell)

    @staticmethod
    def _bounds(value: float, reason: str | None, rule: DisclosurePolicy, wholes: list[float]) -> tuple[float, float]:
        if reason is not None:
            starred = reason == rule.symbol and rule.threshold > 0 and not wholes
            return (0.0 if rule.suppress_zero else 1.0, rule.threshold - 1.0) if starred else (0.0, FREE)
        if not wholes or rule.rounding != "midpoint":
            return band(value, rule)
        all_but_few = any(
            value >= whole - rule.base / 2 for whole in wholes
        )  # perhaps: of a whole that is a part itself
        if value <= rule.base / 2:
            return 0.0, FREE if all_but_few else float(rule.base)
        if all_but_few:
            return rule.base + 1.0, FREE
        return band(value, rule) if value % rule.base == rule.base / 2 else (0.0, FREE)

    def _tie_rate(self, name: str, released: Released, column: Column) -> None:
        rule = disclosure_policy(released.policy)
        events, n = column.of
        for row, percentage in enumerate(released.table[column.name].tolist()):
            part, whole = self._of.get((name, row, events)), self._of.get((name, row, n))
            if part is None or whole is None or part == whole:
                continue
            printed = float(released.table[events].iloc[row])
            self._system.rows.append(({whole: 1.0, part: -1.0}, *self._others(released, row, column, printed, rule)))
            if sum(of.kind == "rate" and of.of[0] == events for of in released.columns) == 1:
                self._starred_numerator(part, whole, released.reasons.get((row, events)), rule)
            if rule.rates_from == "true" and not np.isnan(percentage):
                scale = 2 * 10**rule.rate_decimals
                low, high = scale * percentage - 1, scale * percentage + 1
                self._system.rows.append(({part: scale * 100.0, whole: -low}, 0.0, FREE))
                self._system.rows.append(({part: scale * 100.0, whole: -high}, -FREE, -1.0))
            known = self._system.lower[whole] >= 1
            cells = tuple(self._cells[part])
            self._system.targets.append(Target({whole: 1.0, part: -1.0}, cells, known))
            self._system.targets.append(Target({part: 1.0}, cells, known))

    @staticmethod
    def _others(
        released: Released, row: int, column: Column, printed: float, rule: DisclosurePolicy
    ) -> tuple[float, float]:
        # how many of the denominator may be without the event
        half, wholes = rule.base / 2, _wholes(released, row, column.of[0])
        whole = float(released.table[column.of[1]].iloc[row])
        if rule.rounding != "midpoint" or len(wholes) != 1 or np.isnan(printed) or not half < printed < whole:
            return 0.0, FREE
        if printed == whole - half:
            return (0.0, float(rule.base)) if printed % rule.base == 0 else (0.0, FREE)
        return rule.base + 1.0, FREE

    def _starred_numerator(self, part: int, whole: int, reason: str | None, rule: DisclosurePolicy) -> None:
        # few with the event, or few without it
        if reason != rule.symbol or self._system.upper[whole] == FREE:
            return
        few = max(rule.minimum_events, rule.threshold, 1) - 1
        most = self._system.upper[whole]
        either = self._system.unknown(0.0, 1.0)
        self._system.binary.add(either)
        self._system.rows.append(({part: 1.0, either: -most}, -FREE, few))
        self._system.rows.append(({whole: 1.0, part: -1.0, either: most}, -FREE, few + most))

    def _tie_nested(self, name: str, released: Released) -> None:
        """Whoever is counted in a group is counted under everyone."""
        labels = [column.name for column in released.columns if column.kind == "label"]
        for column in counts_of(released):
            for row, whole_row in _under_everyone(released, labels):
                part, whole = self._of.get((name, row, column.name)), self._of.get((name, whole_row, column.name))
                if part is None or whole is None or part == whole:
                    continue
                self._system.rows.append(({whole: 1.0, part: -1.0}, 0.0, FREE))
                difference = Target({whole: 1.0, part: -1.0}, tuple(self._cells[part]), none_counts=False)
                self._system.targets.append(difference)

    def _tie_chains(self, name: str, released: Released) -> None:
        # whoever reached a step had reached the one before; those who were lost between are a count too
        for chain in released.links.chains:
            steps = [self._of.get((name, row, column)) for row, column in chain]
            for before, after in pairwise(steps):
                if before is None or after is None or before == after:
                    continue
                self._system.rows.append(({before: 1.0, after: -1.0}, 0.0, FREE))
                lost = Target({before: 1.0, after: -1.0}, tuple(self._cells[after]), none_counts=False)
                self._system.targets.append(lost)

    def _tie_sums(self) -> None:
        wholes: dict[str, int] = {}
        for name, found in self._sums():
            parts = [self._of.get((name, row, column)) for row, column in found.parts]
            if any(part is None for part in parts):
                continue
            terms: Terms = {}
            for part in parts:
                terms[part] = terms.get(part, 0.0) + 1.0  # type: ignore[index,arg-type]
            whole = None if found.whole is None else self._of.get((name, *found.whole))
            smallest = sum(self._system.lower[part] * often for part, often in terms.items())
            if found.mark and smallest >= MANY:
                if whole is not None and found.mark in wholes and wholes[found.mark] != whole:
                    self._system.rows.append(({whole: 1.0, wholes[found.mark]: -1.0}, 0.0, 0.0))
                whole = wholes.setdefault(found.mark, self._system.unknown(0.0, FREE) if whole is None else whole)
            if whole is not None and whole not in terms:
                self._system.rows.append((terms | {whole: -1.0}, 0.0, 0.0))

    def _sums(self) -> Iterator[tuple[str, Sum]]:
        every = [(name, found) for name, released in self._tables.items() for found in released.links.sums]
        yield from (pair for pair in every if pair[1].whole is not None)  # printed wholes first: they have bounds
        yield from (pair for pair in every if pair[1].whole is None)

    def _aim_at_counts(self) -> None:
        for place, cells in self._cells.items():
            self._system.targets.append(Target({place: 1.0}, tuple(cells), none_counts=False))


def _under_everyone(released: Released, labels: list[str]) -> Iterator[tuple[int, int]]:
    words = [tuple(str(value) for value in released.table[name]) for name in labels]
    rows = range(len(released.table))
    for varying in range(len(labels)):
        rest = {row: tuple(column[row] for place, column in enumerate(words) if place != varying) for row in rows}
        everyone = {rest[row]: row for row in rows if words[varying][row].lower() in _EVERYBODY}
        yield from ((row, everyone[rest[row]]) for row in rows if everyone.get(rest[row], row) != row)


def _wholes(released: Released, row: int, numerator: str) -> list[float]:
    # printed denominators of the rates that a count is the numerator of; one that is withheld could be any
    found = []
    for name in (of.of[1] for of in released.columns if of.kind == "rate" and of.of[0] == numerator):
        value = float(released.table[name].iloc[row])
        if not np.isnan(value):
            found.append(value)
        elif (row, name) in released.reasons:
            found.append(-FREE)
    return found
