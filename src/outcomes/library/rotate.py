"""How is a key changed? Everything is written anew under the new key, one HEAD is replaced, and the old files go.

Until the HEAD is replaced the old key opens everything; afterwards only the new one does. The keys of library, vault
and pseudonyms are changed one at a time, so that a stop in between leaves a state that one set of keys opens.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from outcomes.errors import AccessError
from outcomes.library.keyring import PseudonymKey
from outcomes.library.optout import refresh
from outcomes.library.roles import check_apart, find_key
from outcomes.library.sealing import SealingKey, library_key, vault_key
from outcomes.library.state import Stores, anchored, open_stores, publish
from outcomes.library.store import NOTE, Store
from outcomes.library.tombstones import buried
from outcomes.library.writers import locked

KINDS: Final = ("library", "vault", "pseudonym")
DOMAINS: Final[Mapping[str, str]] = {"pseudonym": "patient", "referral": "referral", "therapist": "therapist"}


def _notes(store: Store) -> dict[str, Mapping[str, Any]]:
    names = sorted(place.name.removesuffix(NOTE) for place in store.root.glob(f"*{NOTE}"))
    return {name: said for name in names if (said := store.note(name)) is not None}


def _anew(old: Store, new: Store, name: str, label: str) -> str:
    facts = {key: value for key, value in old.manifest(name).items() if key not in ("tables", "name", "layout")}
    tables = old.tables(name)
    called = new.name(tables, label)
    new.put(tables, called, facts)
    return called


def _other_key(old: SealingKey, new: SealingKey) -> None:
    if old == new:
        raise AccessError(f"the new {new.purpose}.key is the one in use: create other keys (outcomes keys create)")
    if old.region != new.region:
        raise AccessError(
            f"the new key is of region {new.region}, the old one of {old.region}: a library stays in its region"
        )


def rotate_library(library: Path, vault: Path, *, keys: Path, new: Path) -> int:
    """Seal the library under a new key; snapshots get new names, the history stays.

    Parameters
    ----------
    library, vault : Path
        The two folders.
    keys, new : Path
        Folder of the steward's keys, and the one that holds the new library key.

    Returns
    -------
    int
        How many snapshots were written anew.

    Raises
    ------
    AccessError
        If a key is missing, the new one is the one in use, or the regions differ.
    """
    check_apart(new, (library, vault))
    stores = open_stores(library, vault, keys)
    after = Stores(Store(library, key=library_key(new)), stores.vault)
    _other_key(stores.library.key, after.library.key)
    if after.library.sealed_here():  # stopped after the new HEAD: the rest is done by whoever locks it
        with locked(after):
            return len({entry["snapshot"] for entry in anchored(library, after.vault)["history"]})
    with locked(stores):
        head = {**anchored(library, stores.vault)}
        notes = _notes(stores.library)
        called = {
            name: _anew(stores.library, after.library, name, stores.library.manifest(name)["kind"])
            for name in dict.fromkeys(entry["snapshot"] for entry in head["history"])
        }
        history = [{**entry, "snapshot": called[entry["snapshot"]]} for entry in head["history"]]
        last = history.pop()
        _stage_notes(after.library, notes, called)
        publish(
            after,
            {**head, "history": history},
            snapshot=last["snapshot"],
            vault=last["vault"],
            together=after.library.adopt_notes,
        )
        after.library.sweep(set(called.values()))
    return len(called)


def _stage_notes(store: Store, notes: Mapping[str, Mapping[str, Any]], called: Mapping[str, str]) -> None:
    # What says a snapshot's name says the new one.
    for name, said in notes.items():
        told = dict(said)
        if told.get("snapshot") in called:
            told["snapshot"] = called[told["snapshot"]]
        store.stage_note(name, told)


def rotate_vault(library: Path, vault: Path, *, keys: Path, new: Path) -> int:
    """Seal the vault under a new key; the library is not touched.

    Parameters
    ----------
    library, vault : Path
        The two folders.
    keys, new : Path
        Folder of the steward's keys, and the one that holds the new vault key.

    Returns
    -------
    int
        How many states were written anew.

    Raises
    ------
    AccessError
        If a key is missing, the new one is the one in use, or the regions differ.
    """
    check_apart(new, (library, vault))
    stores = open_stores(library, vault, keys)
    after = Store(vault, key=vault_key(new), private=True)
    _other_key(stores.vault.key, after.key)
    if after.sealed_here():  # stopped after the new HEAD: the rest is done by whoever locks it
        with locked(Stores(stores.library, after)):
            head = anchored(library, after)
            return len({head["vault"], *(entry["vault"] for entry in head["history"])})
    with locked(stores):
        head = anchored(library, stores.vault)
        notes = _notes(stores.vault)
        states = {entry["vault"]: entry["snapshot"] for entry in head["history"]} | {head["vault"]: head["current"]}
        called = {name: _anew(stores.vault, after, name, f"vault of {snapshot}") for name, snapshot in states.items()}
        history = [{**entry, "vault": called[entry["vault"]]} for entry in head["history"]]
        settled = {**head, "vault": called[head["vault"]], "history": history}
        _stage_notes(after, notes, {})
        after.commit({"settled": settled, "pending": None})
        after.adopt_notes()
        after.sweep(set(called.values()))
    return len(called)


def rotate_pseudonyms(library: Path, vault: Path, *, keys: Path, new: Path) -> int:
    """Give everybody a new pseudonym; the history is dropped, or the old names would stay.

    Parameters
    ----------
    library, vault : Path
        The two folders.
    keys, new : Path
        Folder of the steward's keys, and the one that holds the new pseudonym key.

    Returns
    -------
    int
        How many people have a new pseudonym.

    Raises
    ------
    AccessError
        If a key is missing, not the library's or not a new one, or somebody was erased: their tombstones are made with
        the old key.
    """
    check_apart(new, (library, vault))
    old, key = (PseudonymKey(find_key(folder, "pseudonym").secret) for folder in (keys, new))
    stores = open_stores(library, vault, keys)
    with locked(stores):
        head = anchored(library, stores.vault)
        facts, told = stores.library.manifest(head["current"]), stores.vault.manifest(head["vault"])
        if facts["key"] == key.fingerprint != old.fingerprint:  # stopped after the new HEAD: the list is left
            refresh(stores)
            return len(stores.vault.tables(head["vault"], ("people",))["people"])
        if old == key:
            raise AccessError("the new pseudonym.key is the one in use: create other keys (outcomes keys create)")
        if facts["key"] != old.fingerprint:
            raise AccessError("the library was made with another pseudonym key: give the keys that it was made with")
        if buried(library, stores.vault).snapshots:
            raise AccessError(
                "somebody was erased from this library, and their tombstone is made with its pseudonym key: keep that "
                "key, or begin a new library with the new one"
            )
        tables, kept = stores.library.tables(head["current"]), stores.vault.tables(head["vault"])
        called = _called(kept, key)
        tables = {name: _mapped(frame, called) for name, frame in tables.items()}
        kept = {name: _mapped(frame, called) for name, frame in kept.items()}
        snapshot = stores.library.name(tables, facts["kind"])
        state = stores.vault.name(kept, f"vault of {snapshot}")
        names = ("tables", "name", "layout")
        stores.library.put(
            tables, snapshot, {k: v for k, v in facts.items() if k not in names} | {"key": key.fingerprint}
        )
        stores.vault.put(kept, state, {k: v for k, v in told.items() if k not in names} | {"key": key.fingerprint})
        publish(stores, head, snapshot=snapshot, vault=state, forget=True)
        refresh(stores)
    return len(kept["people"])


def _called(kept: Mapping[str, pd.DataFrame], key: PseudonymKey) -> dict[str, dict[str, str]]:
    # Column to old name to new name.
    people, referrals = kept["people"], kept["referral_names"]
    made: dict[str, dict[str, str]] = {
        "pseudonym": {
            name: key.pseudonym("patient", one)
            for one, name in zip(people["patient_id"], people["pseudonym"], strict=True)
        },
        "referral": {
            name: key.pseudonym("referral", *pair)
            for *pair, name in referrals[["patient_id", "episode_id", "referral"]].itertuples(index=False)
        },
    }
    if "therapist" in referrals:
        pairs = referrals[["therapist_id", "therapist"]].dropna().drop_duplicates().itertuples(index=False)
        made["therapist"] = {name: key.pseudonym("therapist", one) for one, name in pairs}
    return made


def _mapped(frame: pd.DataFrame, called: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    told = {
        column: frame[column].map(names).astype(frame[column].dtype)
        for column, names in called.items()
        if column in frame
    }
    order = [name for name in ("pseudonym", "referral") if name in frame]
    if not order:
        return frame
    if "patient_id" in frame:  # a table of the vault is in the order of local identifiers
        return frame.assign(**told)
    return frame.assign(**told).sort_values(order, kind="stable", ignore_index=True)


ROTATIONS: Final[Mapping[str, Callable[..., int]]] = {
    "library": rotate_library,
    "vault": rotate_vault,
    "pseudonym": rotate_pseudonyms,
}
