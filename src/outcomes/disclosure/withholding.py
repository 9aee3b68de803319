"""What is taken out, so that nobody can be worked out? Attack, withhold, and attack again until nothing is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from outcomes.disclosure.attack import Memory, Pinned, attack
from outcomes.disclosure.sameness import Cell
from outcomes.disclosure.seal import Hidden, Released, sealed
from outcomes.disclosure.system import WITHHELD
from outcomes.errors import DisclosureError


@dataclass(frozen=True)
class Attacked:
    """What is left after the attack, and what it cost.

    Parameters
    ----------
    tables : dict of str to Released
        Tables that tell nobody apart.
    withheld : tuple of (str, int, str)
        Cells taken out: table, row, column.
    rounds : int
        How often we attacked.
    told : int
        Numbers of people that the first attack told.
    undecided : int
        How many of those only because the solver gave up.
    """

    tables: Mapping[str, Released]
    withheld: tuple[Cell, ...]
    rounds: int
    told: int
    undecided: int


def attack_and_withhold(tables: Mapping[str, Released], *, before: Mapping[str, Released] | None = None) -> Attacked:
    """Withhold what an attacker could tell, until he can tell nothing.

    Parameters
    ----------
    tables : mapping of str to Released
        What is to be released, by name.
    before : mapping of str to Released, optional
        What was released before about the same people; it cannot be taken back.

    Returns
    -------
    Attacked
        Tables and the account of what was withheld.

    Raises
    ------
    DisclosureError
        If tables contradict each other, or something is told by what was released before whatever is withheld now.
    """
    earlier = dict(before or {})
    kept = dict(tables)
    withheld: list[Cell] = []
    rounds, told, undecided = 0, 0, 0
    memory: Memory = {}  # a round asks again only where something was withheld
    already = len(attack(earlier, memory=memory)) if earlier else 0
    while True:
        found = attack({**earlier, **kept}, memory=memory)
        if rounds == 0:
            told, undecided = len(found), sum(one.open for one in found)
        rounds += 1
        fresh = {cell for one in found for cell in _to_withhold(one, set(withheld), kept)}
        if not fresh:
            if len(found) > already:
                raise DisclosureError(
                    f"{len(found)} small counts can be told from these tables and those released before, whatever is "
                    "withheld now; release fewer tables, or coarser groups"
                )
            return Attacked(kept, tuple(withheld), rounds, told, undecided)
        withheld += sorted(fresh)
        kept = {name: withhold(released, _of(fresh, name)) for name, released in kept.items()}


def withhold(released: Released, cells: Iterable[tuple[int, str]], *, reason: str = WITHHELD) -> Released:
    """Take cells out of a table, with everything that is computed from them.

    Parameters
    ----------
    released : Released
        A table that passed the gate.
    cells : iterable of (int, str)
        Row and column of counts.
    reason : str
        What is printed in their place.

    Returns
    -------
    Released
        A new draft; the same one where there is nothing to take out.

    Raises
    ------
    DisclosureError
        If the seal is broken.

    Examples
    --------
    >>> import pandas as pd
    >>> from outcomes.disclosure.gate import release
    >>> table = pd.DataFrame({"group": ["a"], "events": [30], "n": [60]})
    >>> out = release(table, labels=["group"], counts=["events", "n"], rates={"pct": ("events", "n")}, title="t")
    >>> [(cell.column, cell.reason) for cell in withhold(out, [(0, "events")]).hidden]
    [('events', 'withheld'), ('pct', 'withheld')]
    """
    released.verify()
    gone = set(cells)
    if not gone:
        return released
    shown = released.table.copy()
    reasons = dict(released.reasons)
    for column in released.columns:
        rows = {row for row, name in gone if name == column.name or name in column.of}
        for row in sorted(rows):
            known = not np.isnan(float(shown.loc[row, column.name])) or (row, column.name) in reasons  # type: ignore[arg-type]
            shown.loc[row, column.name] = np.nan
            if known and column.kind != "bound":
                reasons[row, column.name] = reason
    hidden = tuple(Hidden(row, name, why) for (row, name), why in reasons.items())
    return sealed(replace(released, table=shown, hidden=hidden))


def _to_withhold(found: Pinned, gone: set[Cell], kept: Mapping[str, Released]) -> set[Cell]:
    # the cells that are told, or, where they are withheld already, the smallest that still tells them
    for cells in (found.cells, *found.around):
        fresh = {cell for cell in cells if cell[0] in kept} - gone
        if fresh:
            return fresh
    return set()


def _of(cells: Iterable[Cell], table: str) -> list[tuple[int, str]]:
    return sorted((row, column) for name, row, column in cells if name == table)
