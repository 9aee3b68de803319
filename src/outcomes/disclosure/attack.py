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

NODES = 1_000  # of the search for one question; one that stays open counts as answered, to be safe
SECONDS = 600.0  # the last resort: by the clock, so that answers would depend on what else the machine does
_LARGEST = 1e7
_LOOKS = 40  # at the most, in directions of chance
_ROUGH = 0.5  # an answer that shows second values need not be the best one
_WORTHWHILE = (
    0.9  # a look that leaves more than this share of them unsettled was the last: single questions are cheaper
)
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
        Whether the solver gave up, so that it is only supposed to be told.
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

    def floor(self, cost: Floats) -> float:
        # what no whole numbers within the bounds can go below
        return float(np.where(cost > 0, cost * self.bounds.lb, cost * self.bounds.ub).sum())

    def solve(self, cost: Floats, *, gap: float = 0.0) -> tuple[Floats | None, bool]:
        # whole numbers that fit (None where it gave up before), and whether they are the best but for the gap
        answer = milp(
            cost,
            integrality=np.ones(cost.size, dtype=np.int64),
            bounds=self.bounds,
            constraints=() if self.ties is None else self.ties,
            options={"node_limit": NODES, "time_limit": SECONDS, "mip_rel_gap": gap},
        )
        if answer.status == _INFEASIBLE:
            raise DisclosureError(
                "no true counts fit the printed tables together: two of them contradict each other; release them from "
                "one snapshot"
            )
        return None if answer.x is None else np.round(answer.x), answer.status == 0


class _Seen:
    """The smallest and the largest value of each target that some whole numbers have shown."""

    def __init__(self, component: _Component, targets: Sequence[Target]) -> None:
        self.component = component
        self.costs = np.array([component.cost(target) for target in targets])
        self.low, self.high = np.full(len(targets), FREE), np.full(len(targets), -FREE)

    @property
    def still(self) -> NDArray[np.int64]:
        # targets that have shown one value, or none
        return np.flatnonzero(~(self.low < self.high))

    def look(self, cost: Floats, *, gap: float = 0.0) -> bool:
        # ask for the least of something; whether the answer is final
        solution, final = self.component.solve(cost, gap=gap)
        if solution is not None:
            seen = self.costs @ solution
            np.minimum(self.low, seen, out=self.low)
            np.maximum(self.high, seen, out=self.high)
        return final

    def look_around(self) -> None:
        # move many at once, in directions of chance, as long as that shows second values
        generator = np.random.default_rng(0)
        for _ in range(_LOOKS):
            before = self.still
            if not before.size:
                return
            pull = generator.uniform(0.5, 1.5, before.size) * generator.choice([-1.0, 1.0], before.size)
            direction = pull @ self.costs[before]
            for side in (1.0, -1.0):
                self.look(side * direction, gap=_ROUGH)
            if self.still.size > _WORTHWHILE * before.size:
                return

    def stuck(self) -> set[int]:
        # those at their floor that cannot rise, all in one question, asked again without those that did
        at_floor = [one for one in self.still if self.component.floor(self.costs[one]) == self.low[one]]
        while at_floor:
            final = self.look(-self.costs[at_floor].sum(axis=0))
            left = [one for one in at_floor if not self.low[one] < self.high[one]]
            if len(left) == len(at_floor):
                return set(left) if final else set()
            at_floor = left
        return set()


def _told(component: _Component, targets: Sequence[Target], small: int) -> Iterator[tuple[int, int, bool]]:
    # place of the target, what is told, whether that is only supposed
    seen = _Seen(component, targets)
    seen.look_around()
    certain = seen.stuck()
    for number in seen.still.tolist():
        target, cost = targets[number], seen.costs[number]
        closed = number in certain or all(
            seen.low[number] < seen.high[number] or seen.look(side * cost) for side in (1.0, -1.0)
        )
        if seen.low[number] < seen.high[number]:
            continue
        value = int(seen.low[number]) if np.isfinite(seen.low[number]) else 0
        counts = value < small and (value >= 1 or target.none_counts)
        if not closed or counts:
            yield number, value, not closed
