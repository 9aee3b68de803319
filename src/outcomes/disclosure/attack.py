"""Could somebody work out a person from these tables? We try first, by integer programming on all that is printed."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from outcomes.disclosure.sameness import Cell
from outcomes.disclosure.seal import Released
from outcomes.disclosure.system import FREE, System, Target, system_of
from outcomes.errors import DisclosureError
from outcomes.reference.policies import disclosure_policy

SECONDS = 20.0  # for one question to the solver; a question that stays open counts as answered, to be safe
_LARGEST = 1e7
_LOOKS = 3
_INFEASIBLE = 2
_SMALL_COUNTS = "redact7_round5"

Floats = NDArray[np.float64]
Memory = dict[bytes, tuple[tuple[int, int, bool], ...]]


@dataclass(frozen=True)
class Pinned:
    """A number of people that the printed tables tell exactly.

    Parameters
    ----------
    cells : tuple of (str, int, str)
        Table, row and column of the cells to withhold.
    value : int
        What an attacker finds; for tests, never for print.
    around : tuple of tuple of Cell
        Cells that tell it, smallest first: what to withhold where the cells themselves are withheld already.
    open : bool
        Whether the solver ran out of time, so that it is only supposed to be told.
    """

    cells: tuple[Cell, ...]
    value: int
    around: tuple[tuple[Cell, ...], ...] = ()
    open: bool = False


def attack(tables: Mapping[str, Released], *, memory: Memory | None = None) -> tuple[Pinned, ...]:
    """Find every small count that these tables tell exactly.

    The unknowns are the true counts; the printed bands, totals, numerators, copies and rates from true counts bind
    them. A count of 1 to 7, the few who are missing from a total, and none or all of a group are told where the
    smallest and the largest whole number that fit everything are the same.

    Parameters
    ----------
    tables : mapping of str to Released
        Tables by name: those to release, and those released before about the same people.
    memory : dict, optional
        Answers about parts of the system that were asked before, which are not asked again; added to.

    Returns
    -------
    tuple of Pinned
        Empty where nothing is told.

    Raises
    ------
    DisclosureError
        If no true counts fit what is printed: the tables contradict each other.

    References
    ----------
    Fischetti M, Salazar JJ (2001). Solving the cell suppression problem on tabular data with linear constraints.
    Management Science 47(7):1008-1027.
    """
    system = system_of(tables)
    small = disclosure_policy(_SMALL_COUNTS).threshold
    found: dict[tuple[Cell, ...], Pinned] = {}
    for unknowns, targets in _components(system, small):
        component = _Component(system, unknowns)
        kept = {} if memory is None else memory
        key = component.digest(targets)
        if key not in kept:
            kept[key] = tuple(_told(component, targets, small))
        for place, value, is_open in kept[key]:
            target = targets[place]
            found.setdefault(target.withhold, Pinned(target.withhold, value, _around(system, target), is_open))
    return tuple(found[cells] for cells in sorted(found))


def _around(system: System, target: Target) -> tuple[tuple[Cell, ...], ...]:
    near = {place for terms, _, _ in system.rows if terms.keys() & target.terms.keys() for place in terms}
    ordered = sorted((system.upper[place], system.cells[place]) for place in near if place in system.cells)
    return tuple(tuple(cells) for _, cells in ordered)


def _components(system: System, small: int) -> Iterator[tuple[list[int], list[Target]]]:
    size = len(system.lower)
    if not size:
        return
    links = [(place, row) for row, (terms, _, _) in enumerate(system.rows) for place in terms]
    ends = [next(iter(system.rows[row][0])) for _, row in links]
    graph = csr_array((np.ones(len(links)), ([place for place, _ in links], ends)), shape=(size, size))
    label = connected_components(graph, directed=False)[1]
    targets: dict[int, list[Target]] = {}
    for target in system.targets:
        if _could_be_small(system, target, small):
            targets.setdefault(int(label[next(iter(target.terms))]), []).append(target)
    for which, aims in targets.items():
        yield np.flatnonzero(label == which).tolist(), aims


def _could_be_small(system: System, target: Target, small: int) -> bool:
    low = sum(
        often * (system.lower[place] if often > 0 else system.upper[place]) for place, often in target.terms.items()
    )
    return low < small


class _Component:
    """A part of the system that nothing ties to the rest, ready for the solver."""

    def __init__(self, system: System, unknowns: Sequence[int]) -> None:
        place = {unknown: number for number, unknown in enumerate(unknowns)}
        self.place = place
        self.bounds = Bounds(
            np.array([system.lower[unknown] for unknown in unknowns]),
            np.array([min(system.upper[unknown], _LARGEST) for unknown in unknowns]),
        )
        rows = [row for row in system.rows if next(iter(row[0])) in place]
        entries = [(number, place[of], value) for number, row in enumerate(rows) for of, value in row[0].items()]
        shape = (len(rows), len(unknowns))
        data = np.array([value for _, _, value in entries], dtype=float)
        matrix = csr_array((data, ([e[0] for e in entries], [e[1] for e in entries])), shape=shape)
        low, high = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
        self.sides = (matrix.data, matrix.indices, matrix.indptr, low, high)
        self.ties = LinearConstraint(matrix, low, high) if rows else None

    def cost(self, target: Target) -> Floats:
        cost = np.zeros(len(self.place))
        for of, value in target.terms.items():
            cost[self.place[of]] = value
        return cost

    def digest(self, targets: Sequence[Target]) -> bytes:
        # the same digest: the same question, whatever else is released
        told = hashlib.sha256()
        for part in (self.bounds.lb, self.bounds.ub, *map(self.cost, targets), *self.sides):
            told.update(np.ascontiguousarray(part, dtype=float).tobytes() + b"|")
        told.update(repr([target.none_counts for target in targets]).encode())
        return told.digest()

    def solve(self, cost: Floats) -> Floats | None:
        # None where the solver ran out of time
        answer = milp(
            cost,
            integrality=np.ones(cost.size, dtype=np.int64),
            bounds=self.bounds,
            constraints=() if self.ties is None else self.ties,
            options={"time_limit": SECONDS, "mip_rel_gap": 0.0},
        )
        if answer.status == _INFEASIBLE:
            raise DisclosureError(
                "no true counts fit the printed tables together: two of them contradict each other; release them from "
                "one snapshot"
            )
        return None if answer.status != 0 else np.round(answer.x)


def _told(component: _Component, targets: Sequence[Target], small: int) -> Iterator[tuple[int, int, bool]]:
    # place of the target, what is told, whether that is only supposed
    costs = np.array([component.cost(target) for target in targets])
    low, high = np.full(len(targets), FREE), np.full(len(targets), -FREE)
    generator = np.random.default_rng(0)

    def look(cost: Floats) -> Floats | None:
        solution = component.solve(cost)
        if solution is not None:
            seen = costs @ solution
            np.minimum(low, seen, out=low)
            np.maximum(high, seen, out=high)
        return solution

    for _ in range(_LOOKS):  # most counts show two values in a few looks, and need no question of their own
        direction = generator.uniform(0.5, 1.5, len(targets)) @ costs
        look(direction)
        look(-direction)
    for number, target in enumerate(targets):
        sides = (1.0, -1.0)
        closed = all(low[number] < high[number] or look(side * costs[number]) is not None for side in sides)
        if low[number] < high[number]:
            continue
        value = int(low[number]) if np.isfinite(low[number]) else 0
        counts = value < small and (value >= 1 or target.none_counts)
        if not closed or counts:
            yield number, value, not closed
