"""May all this leave together? Attack ourselves, withhold, compare with earlier releases, register, seal for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from outcomes.disclosure.links import Links
from outcomes.disclosure.register import Entry, entry_of
from outcomes.disclosure.sameness import BEFORE
from outcomes.disclosure.seal import Released, sealed
from outcomes.disclosure.system import band
from outcomes.disclosure.withholding import Attacked, attack_and_withhold
from outcomes.errors import DisclosureError
from outcomes.reference.policies import disclosure_policy


@dataclass(frozen=True)
class Passage:
    """A release that may leave.

    Parameters
    ----------
    tables : dict of str to Released
        Sealed under the release key, each with the register entry.
    entry : Entry
        What the register says about it.
    register : tuple of Entry
        The register with this entry; unchanged where the release was made before.
    attacked : Attacked
        What was withheld, and why.
    related : tuple of (Entry, str)
        Earlier releases of the study, and how they relate.
    """

    tables: Mapping[str, Released]
    entry: Entry
    register: tuple[Entry, ...]
    attacked: Attacked
    related: tuple[tuple[Entry, str], ...]


def let_out(
    tables: Mapping[str, Released],
    *,
    study: str,
    snapshot: str,
    register: Sequence[Entry] = (),
    key: bytes,
) -> Passage:
    """Let tables leave together, or refuse.

    Earlier releases from the same snapshot are about the same people: the attack takes them in. An earlier release from
    another snapshot is about other people, or about nearly the same: a table of the same name must then be identical to
    the earlier one, or be about at least as many more (or fewer) people as a statistic needs; anything else would let a
    reader take one person's row as the difference, and is refused.

    Parameters
    ----------
    tables : mapping of str to Released
        Drafts by name.
    study : str
        Releases of one study relate to each other.
    snapshot : str
        State of the library.
    register : sequence of Entry
        Earlier releases, oldest first.
    key : bytes
        Release key.

    Returns
    -------
    Passage
        Sealed tables, register and account.

    Raises
    ------
    DisclosureError
        If a draft's seal is broken, policies differ, a table is too near to an earlier one, or the attack cannot be
        stopped by withholding.

    Examples
    --------
    >>> import pandas as pd
    >>> from outcomes.disclosure.gate import release
    >>> draft = release(pd.DataFrame({"group": ["a", "b"], "n": [40, 70]}), labels=["group"], counts=["n"], title="Who")
    >>> passage = let_out({"who": draft}, study="trial", snapshot="s1", key=b"not a secret")
    >>> passage.tables["who"].entry == passage.entry.key
    True
    """
    policy = _one_policy(tables)
    mine = [entry for entry in register if entry.study == study]
    same = [entry for entry in mine if entry.snapshot == snapshot]
    for known in range(len(same) + 1):
        before = {f"{entry.key}{BEFORE}{name}": table for entry in same[:known] for name, table in entry.tables.items()}
        attacked = attack_and_withhold(tables, before=before)
        entry = entry_of(study, snapshot, policy, attacked.tables, key=key)
        if known < len(same) and entry.key == same[known].key:
            upto = list(register).index(same[known])
            earlier = [one for one in mine if list(register).index(one) < upto]
            return _passage(attacked, entry, tuple(register), _relations(entry, earlier), key)
    relations = _relations(entry, mine)
    return _passage(attacked, entry, (*register, entry), relations, key)


def _passage(
    attacked: Attacked,
    entry: Entry,
    register: tuple[Entry, ...],
    related: tuple[tuple[Entry, str], ...],
    key: bytes,
) -> Passage:
    final = {
        name: sealed(replace(table, entry=entry.key, links=Links()), key=key) for name, table in attacked.tables.items()
    }
    return Passage(final, entry, register, attacked, related)


def _one_policy(tables: Mapping[str, Released]) -> str:
    if not tables:
        raise DisclosureError("nothing to release; name at least one table")
    policies = sorted({table.verify().policy for table in tables.values()})
    if len(policies) > 1:
        raise DisclosureError(
            f"tables of one release need one policy, got {', '.join(policies)}; two roundings of one count tell more "
            "than either"
        )
    return policies[0]


def _relations(entry: Entry, earlier: Sequence[Entry]) -> tuple[tuple[Entry, str], ...]:
    return tuple((before, _relation(entry, before)) for before in earlier)


def _relation(entry: Entry, before: Entry) -> str:
    shared = [name for name in entry.tables if name in before.tables]
    changed = [name for name in shared if not _identical(entry.tables[name], before.tables[name])]
    if entry.snapshot == before.snapshot:
        return f"same people: attacked together; {len(shared) - len(changed)} of {len(shared)} shared tables identical"
    near = [name for name in changed if _near(entry.tables[name], before.tables[name])]
    if near:
        raise DisclosureError(
            f"{len(near)} of {len(shared)} tables differ from those of release {before.key}, and the people behind "
            f"them may differ by fewer than {_enough(entry.policy)}: the difference would tell about persons (first: "
            f"{near[0]!r}). Publish the earlier release unchanged, or wait until more people have been added; if these "
            "are other people altogether, release them under another study name"
        )
    return f"other people, or many more: {len(shared) - len(changed)} of {len(shared)} shared tables identical"


def _identical(one: Released, other: Released) -> bool:
    if [c.name for c in one.columns] != [c.name for c in other.columns] or len(one.table) != len(other.table):
        return False
    same = all(
        one.table[c.name].astype(str).tolist() == other.table[c.name].astype(str).tolist()
        if c.kind == "label"
        else np.array_equal(one.table[c.name].to_numpy(float), other.table[c.name].to_numpy(float), equal_nan=True)
        for c in one.columns
    )
    return same and one.hidden == other.hidden and (one.policy, one.notes) == (other.policy, other.notes)


def _near(one: Released, other: Released) -> bool:
    (low, high), (other_low, other_high) = _people(one), _people(other)
    return max(0.0, low - other_high, other_low - high) < _enough(one.policy)


def _people(released: Released) -> tuple[float, float]:
    rule = disclosure_policy(released.policy)
    counts = [float(value) for c in released.columns if c.kind == "count" for value in released.table[c.name].dropna()]
    return band(max(counts), rule) if counts else (0.0, float(rule.threshold))


def _enough(policy: str) -> int:
    return disclosure_policy(policy).minimum_n_for_statistics
