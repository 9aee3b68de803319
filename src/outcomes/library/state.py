"""What did library and vault hold before, and what do they hold now? Both are committed by one replaced file.

The library's HEAD names the snapshot, the vault's state and a counter. The vault keeps a copy of the last HEAD (its
anchor), written before and settled after the library's own, so that a library put back to an older state is noticed.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from outcomes.errors import AccessError
from outcomes.library import ledger
from outcomes.library.anchor import moving
from outcomes.library.inputs import Input
from outcomes.library.ledger import PREFIX, SAFETY, SAFETY_HELD
from outcomes.library.names import Names
from outcomes.library.relations import Settled
from outcomes.library.resolve import ACCEPTED, DUPLICATE_STATES
from outcomes.library.roles import check_apart
from outcomes.library.sealing import library_key, vault_key
from outcomes.library.source import Source
from outcomes.library.store import HEAD, Store
from outcomes.library.typed import FAULTY, ROW, TEXT

RESPONSES: Final = "responses"
NOTHING: Final[Mapping[str, Any]] = {"current": "", "vault": "", "history": [], "counter": 0}


@dataclass(frozen=True, slots=True)
class Stores:
    """The two folders.

    Parameters
    ----------
    library, vault : Store
        Pseudonyms here, identifiers there.
    """

    library: Store
    vault: Store


def open_stores(library: Path, vault: Path, keys: Path | None) -> Stores:
    """Open library and vault with the keys of one folder.

    Parameters
    ----------
    library, vault : Path
        The two folders.
    keys : Path or None
        Folder of keys; None for a source that has no secret.

    Returns
    -------
    Stores
        Both, not locked.

    Raises
    ------
    AccessError
        If a key is missing, lies inside one of the two, or the keys are of two regions.
    """
    check_apart(keys, (library, vault))
    one, other = library_key(keys), vault_key(keys)
    if one.region != other.region:
        raise AccessError(f"the keys are of two regions ({one.region}, {other.region}); their libraries do not mix")
    return Stores(Store(library, key=one), Store(vault, key=other, private=True))


@dataclass(frozen=True, slots=True)
class State:
    """What library and vault hold.

    Parameters
    ----------
    head : mapping
        Current snapshot, its vault state, and the history of both.
    ledger : mapping of str to DataFrame
        The vault's tables.
    extract_day : int or None
        Day up to which anything is known, since 1970-01-01.
    """

    head: Mapping[str, Any]
    ledger: Mapping[str, pd.DataFrame]
    extract_day: int | None

    def local_ids(self) -> frozenset[str]:
        """Say whose rows the vault holds.

        Returns
        -------
        frozenset of str
            Local identifiers.
        """
        named = [frame["patient_id"] for frame in self.ledger.values() if "patient_id" in frame]
        return frozenset(one for column in named for one in column.dropna().unique())


def state_before(source: Source, fingerprint: str, stores: Stores) -> State:
    """Read what library and vault hold, if they may take in this source.

    Parameters
    ----------
    source : Source
        The feed.
    fingerprint : str
        Name of its key.
    stores : Stores
        The two folders.

    Returns
    -------
    State
        Empty where nothing was ever taken in.

    Raises
    ------
    AccessError
        If the library holds another kind of source, was made with another key, or the vault is not its own.
    """
    head = stores.library.head()
    if head is None:
        anchor = (stores.vault.head() or {}).get("settled")
        if anchor is None:
            return State(NOTHING, {}, None)
        # The library is lost and its vault is not: it is made again from the vault's rows.
        head = {**NOTHING, "vault": anchor["vault"], "counter": anchor["counter"]}
        told = stores.vault.manifest(head["vault"])
        _check_source(source, fingerprint, told)
        return State(head, stores.vault.tables(head["vault"]), told["extract_day"])
    _check_source(source, fingerprint, stores.library.manifest(head["current"]))
    head = anchored(stores.library.root, stores.vault)  # it names the vault's states, whatever key they are under now
    told = stores.vault.manifest(head["vault"])
    return State(head, stores.vault.tables(head["vault"]), told["extract_day"])


def _check_source(source: Source, fingerprint: str, facts: Mapping[str, Any]) -> None:
    if facts["kind"] != source.kind:
        raise AccessError(
            f"the library holds a source that is {facts['kind']}; one that is {source.kind} needs a library of its own"
        )
    if facts["key"] != fingerprint:
        raise AccessError("the library was made with another key (or seed, or reason): use that, or another library")


def anchored(library: Path, vault: Store) -> dict[str, Any]:
    """Find the library's HEAD as the vault has kept it, without the library's key.

    Parameters
    ----------
    library : Path
        The library's folder.
    vault : Store
        The vault.

    Returns
    -------
    dict
        `current`, `vault`, `counter`, `history`.

    Raises
    ------
    AccessError
        If there is no library, the vault is another's, or the library was put back to an older state.
    """
    place = library / HEAD
    if not place.is_file():
        raise AccessError(f"{library.name}: no library there, or nothing was taken in yet")
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    anchor = vault.head() or {}
    kept = [head for head in (anchor.get("settled"), anchor.get("pending")) if head is not None]
    for head in kept:
        if head["digest"] == digest:
            return dict(head)
    if not kept:
        raise AccessError(
            "this vault does not belong to this library: it does not hold the state that the library names"
        )
    raise AccessError(
        "this vault does not belong to this library, or the library was put back to an older state: the vault has "
        f"kept another HEAD (counter {kept[-1]['counter']}); see `outcomes verify`, and the runbook on restoring"
    )


def publish(
    stores: Stores,
    before: Mapping[str, Any],
    *,
    snapshot: str,
    vault: str,
    forget: bool = False,
    together: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Make manifests that are already written the current state of library and vault, in one step.

    Parameters
    ----------
    stores : Stores
        The two folders, locked.
    before : mapping
        The HEAD until now.
    snapshot, vault : str
        Names of the two manifests.
    forget : bool
        Whether the history before it is dropped and what belongs to it removed (erasure, purge, rotation).
    together : callable
        What is put in its place right after the library's HEAD, before anybody may read both.

    Returns
    -------
    dict
        The new HEAD.
    """
    history = [] if forget else list(before["history"])
    head = {
        "current": snapshot,
        "vault": vault,
        "counter": int(before.get("counter", 0)) + 1,
        "history": [*history, {"snapshot": snapshot, "vault": vault}],
    }
    kept = {**head, "digest": stores.library.head_digest(head)}
    settled = (stores.vault.head() or {}).get("settled")
    stores.vault.commit({"settled": settled, "pending": kept})
    with moving(stores.library.root):
        stores.library.commit(head)
        together()
    stores.vault.commit({"settled": kept, "pending": None})
    if forget:
        sweep(stores, head)
    return head


def sweep(stores: Stores, head: Mapping[str, Any]) -> None:
    """Remove manifests and parts that no committed state names.

    Parameters
    ----------
    stores : Stores
        The two folders, locked.
    head : mapping
        The current HEAD.
    """
    stores.library.sweep({entry["snapshot"] for entry in head["history"]})
    stores.vault.sweep({entry["vault"] for entry in head["history"]} | {head["vault"]})


def safety_tables(
    inputs: Sequence[Input], pools: Mapping[str, pd.DataFrame], settled: Settled, before: State
) -> dict[str, pd.DataFrame]:
    """Find the safety answers of rows that were not accepted.

    Parameters
    ----------
    inputs : sequence of Input
        Every file of the feed.
    pools : mapping of str to DataFrame
        Readable rows by table.
    settled : Settled
        What became of them.
    before : State
        What was kept before.

    Returns
    -------
    dict of str to DataFrame
        `safety`: of rows with a fault of their own, kept for good; `safety_held`: of rows that wait for their
        referral or contradict each other, made anew each time.
    """
    kept = [before.ledger[SAFETY]] if SAFETY in before.ledger else []
    for one in [one for one in inputs if one.table == RESPONSES]:
        rows = one.frame[one.frame[FAULTY]]
        first = one.faults.drop_duplicates("row").set_index("row")["rule"]
        wrong = {str(column): part["row"] for column, part in one.faults.groupby("column")}
        strange = {name: rows[ROW].isin(wrong[name]).to_numpy() for name in wrong if name in rows}
        kept.append(ledger.safety_answers(rows, rows[ROW].map(first).astype(TEXT), strange))
    states = settled.states[RESPONSES]
    waiting = ~states.isin([ACCEPTED, *DUPLICATE_STATES]).to_numpy()
    held = ledger.safety_answers(pools[RESPONSES][waiting], states[waiting])
    told = [frame for frame in kept if len(frame)] or [held.head(0)]
    return {SAFETY: pd.concat(told, ignore_index=True).drop_duplicates(ignore_index=True), SAFETY_HELD: held}


def vault_tables(pools: Mapping[str, pd.DataFrame], settled: Settled, names: Names) -> dict[str, pd.DataFrame]:
    """Gather what the vault keeps: the ledger, and who is who.

    Parameters
    ----------
    pools : mapping of str to DataFrame
        Readable rows by table.
    settled : Settled
        What became of them.
    names : Names
        Pseudonyms and day zero.

    Returns
    -------
    dict of str to DataFrame
        `ledger_` tables, `people`, `referral_names`, each in the order of its local identifiers and days.
    """
    kept = {PREFIX + table: ledger.to_keep(rows, settled.states[table]) for table, rows in pools.items()}
    return {
        **kept,
        "people": ledger.in_order(names.people),
        "referral_names": ledger.in_order(names.referrals.rename(columns={"_episode": "episode_id"})),
    }


def commit(
    stores: Stores,
    before: State,
    *,
    tables: Mapping[str, pd.DataFrame],
    facts: Mapping[str, Any],
    vault: Mapping[str, pd.DataFrame],
    extract_day: int | None,
    forget: bool = False,
) -> str:
    """Make new tables the current ones, in one step for library and vault.

    Parameters
    ----------
    stores : Stores
        The two folders, locked.
    before : State
        What they hold.
    tables : mapping of str to DataFrame
        The library's tables.
    facts : mapping
        What the library's manifest says: kind, reason, fingerprint of the key.
    vault : mapping of str to DataFrame
        The vault's tables.
    extract_day : int or None
        Day up to which anything is known.
    forget : bool
        Whether the history before it is dropped and what belongs to it removed.

    Returns
    -------
    str
        The snapshot.
    """
    snapshot = stores.library.name(tables, facts["kind"])
    state = stores.vault.name(vault, f"vault of {snapshot}")
    if (snapshot, state) == (before.head["current"], before.head["vault"]):
        return snapshot
    stores.vault.put(vault, state, {"extract_day": extract_day, "kind": facts["kind"], "key": facts["key"]})
    stores.library.put(tables, snapshot, facts)
    publish(stores, before.head, snapshot=snapshot, vault=state, forget=forget or not before.head["history"])
    return snapshot
