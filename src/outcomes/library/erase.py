"""How is a person forgotten? Found through the vault, taken out of every table, and the history with them dropped.

Who is to go is written down first (`tombstones.intend`); from then on the erasure is completed, by this run or by the
next. Library and vault change in one step. What was made from the old snapshots is the caller's to delete
(`studies.erasing`), who closes the matter with `tombstones.settle_intent`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from outcomes.errors import AccessError, DataError
from outcomes.library import still_in_care
from outcomes.library.keyring import PseudonymKey, source_key
from outcomes.library.ledger import PREFIX, SAFETY, SAFETY_HELD
from outcomes.library.lineage import Product, products
from outcomes.library.optout import ALLOWLIST, OBJECTIONS, refresh
from outcomes.library.parts import leave_out
from outcomes.library.source import Source
from outcomes.library.state import Stores, anchored, publish
from outcomes.library.submissions import SUBMISSIONS
from outcomes.library.tombstones import (
    NHS_NUMBER,
    PATIENT,
    Pseudonymiser,
    Tombstones,
    buried,
    intend,
    intended,
    mark,
    marked,
    plain,
    unmarked,
)
from outcomes.library.typed import TEXT
from outcomes.library.writers import locked

LOCAL: Final = "patient_id"
DATES: Final = ("received_date", "discharge_date", "contact_date", "session_date")
NUMBERED: Final = f"{PREFIX}patients"


@dataclass(frozen=True, slots=True)
class Found:
    """Who is meant.

    Parameters
    ----------
    local_ids : tuple of str
        Every local identifier of these people, all that share an NHS number.
    numbers : tuple of str
        Their NHS numbers, where the feed has them.
    unknown : int
        Identifiers that stand for nobody in this vault.
    """

    local_ids: tuple[str, ...] = field(repr=False)
    numbers: tuple[str, ...] = field(repr=False)
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Erased:
    """What went, or what would go: counts and names of snapshots, no identifier.

    Parameters
    ----------
    people : int
        Local identifiers.
    library, vault : mapping of str to int
        Rows by table.
    in_care : int
        People whose care is open: their rows stay in the vault for direct care alone, until it ends.
    snapshot : str
        The library's snapshot afterwards; before, where nothing was done.
    dropped : int
        Snapshots of the history that were removed.
    doomed : frozenset of str
        Snapshots that held them, or that nobody can look into any longer: what was made from these goes.
    spared : frozenset of str
        Snapshots that never held them.
    products : tuple of Product
        What the lineage says was made from them.
    """

    people: int
    library: Mapping[str, int]
    vault: Mapping[str, int]
    in_care: int
    snapshot: str
    dropped: int
    doomed: frozenset[str]
    spared: frozenset[str]
    products: tuple[Product, ...]


def naming_key(stores: Stores, keys: Path | None, *, seed: int | None = None) -> PseudonymKey:
    """Find the key with which this library names its people.

    Parameters
    ----------
    stores : Stores
        Library and vault.
    keys : Path or None
        Folder of keys of the steward; None for a source that has no secret.
    seed : int, optional
        Of an invented service.

    Returns
    -------
    PseudonymKey
        The key that the library was made with.

    Raises
    ------
    AccessError
        If it is another one, or there is no library.
    """
    head = stores.library.head()
    if head is None:
        raise AccessError(f"{stores.library.root.name}: no library there, or nothing was taken in yet")
    facts = stores.library.manifest(head["current"])
    source = Source(format="tidy_wide", kind=facts["kind"], reason=facts["reason"], files={}, seed=seed)
    key = source_key(source, keys, (stores.library.root, stores.vault.root))
    if key.fingerprint != facts["key"]:
        raise AccessError("the library was made with another pseudonym key (or seed, or reason): use that one")
    return key


def find(stores: Stores, identifiers: Iterable[str], *, domain: str) -> Found:
    """Say who is meant by some identifiers: a person is everybody who shares their NHS number.

    Parameters
    ----------
    stores : Stores
        Library and vault.
    identifiers : iterable of str
        Local identifiers or NHS numbers.
    domain : str
        "patient" or "nhs_number".

    Returns
    -------
    Found
        Their identifiers, and how many stand for nobody.

    Raises
    ------
    AccessError
        If the vault is not the library's.
    """
    head = anchored(stores.library.root, stores.vault)
    known = _known(stores.vault.tables(head["vault"], (NUMBERED,)))
    asked = {plain(one) if domain == NHS_NUMBER else one.strip() for one in identifiers if one.strip()}
    column = "number" if domain == NHS_NUMBER else LOCAL
    unknown = asked - set(known[column][known[column].isin(list(asked))])
    if unknown and domain == PATIENT:  # they may have no row among the patients, or only rows that wait
        everywhere = stores.vault.of(head["vault"], {LOCAL: sorted(unknown)})
        unknown -= {one for frame in everywhere.values() if LOCAL in frame for one in frame[LOCAL]}
    ids = set(known.loc[known[column].isin(list(asked)), LOCAL]) | ((asked - unknown) if domain == PATIENT else set())
    numbers = set(known.loc[known[LOCAL].isin(list(ids)), "number"].dropna())
    ids |= set(known.loc[known["number"].isin(list(numbers)), LOCAL])
    return Found(tuple(sorted(ids)), tuple(sorted(numbers)), len(unknown))


def _known(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    # Local identifier and NHS number of everybody with a row among the patients, accepted or held.
    rows = tables.get(NUMBERED, pd.DataFrame({LOCAL: pd.Series([], dtype=TEXT)}))
    if NHS_NUMBER not in rows:
        return pd.DataFrame({LOCAL: rows[LOCAL], "number": pd.Series(np.nan, index=rows.index, dtype=TEXT)})
    number = rows[NHS_NUMBER].str.strip()
    return pd.DataFrame({LOCAL: rows[LOCAL], "number": number.str.replace(" ", "").str.replace("-", "")})


def find_buried(stores: Stores, key: Pseudonymiser) -> Found:
    """Find everybody in the vault who was erased before: after a restored backup, or an erasure that was stopped.

    Parameters
    ----------
    stores : Stores
        Library and vault.
    key : Pseudonymiser
        The library's pseudonym key.

    Returns
    -------
    Found
        Empty where all is as it should be.
    """
    gone = buried(stores.library.root, stores.vault).marks
    head = stores.library.head()
    if not gone or head is None:
        return Found((), ())
    tables = stores.vault.tables(head["vault"])
    known = _known(tables)
    local = pd.concat([frame[LOCAL].astype("object") for frame in tables.values() if LOCAL in frame]).dropna()
    ids = set(local.drop_duplicates()[lambda one: marked(key, PATIENT, one, gone)])
    numbered = known[marked(key, NHS_NUMBER, known["number"], gone)]
    ids |= set(numbered[LOCAL])
    numbers = set(known.loc[known[LOCAL].isin(list(ids)), "number"].dropna())
    return Found(tuple(sorted(ids)), tuple(sorted(numbers)))


def foresee(stores: Stores, found: Found, key: Pseudonymiser) -> Erased:
    """Say what an erasure would take away, and change nothing.

    Parameters
    ----------
    stores : Stores
        Library and vault.
    found : Found
        Who is meant.
    key : Pseudonymiser
        The library's pseudonym key.

    Returns
    -------
    Erased
        What would go.
    """
    head = anchored(stores.library.root, stores.vault)
    people = _people(stores, head, found, key)
    theirs = stores.vault.of(head["vault"], people)
    library = stores.library.of(head["current"], {"pseudonym": people["pseudonym"]})
    made = products(stores.library)
    free = _free(stores, head, people["pseudonym"])
    if found.local_ids:
        doomed = (frozenset(entry["snapshot"] for entry in head["history"]) | {one.snapshot for one in made}) - free
        doomed |= (intended(stores.library.root) or Tombstones()).snapshots
    else:  # nothing new: what was made from snapshots that were erased before, and is there again, goes again
        doomed = buried(stores.library.root, stores.vault).snapshots
    return Erased(
        people=len(found.local_ids),
        library={name: len(frame) for name, frame in library.items()},
        vault={name: len(frame) for name, frame in theirs.items() if len(frame)},
        in_care=len(still_in_care.open_people(theirs)),
        snapshot=head["current"],
        dropped=len(head["history"]),
        doomed=doomed,
        spared=free - doomed,
        products=tuple(one for one in made if one.snapshot in doomed),
    )


def _people(stores: Stores, head: Mapping[str, Any], found: Found, key: Pseudonymiser) -> dict[str, list[str]]:
    # Their names in either column; answers kept for their safety may stand under an identifier with blanks around it.
    ids = set(found.local_ids)
    for frame in stores.vault.tables(head["vault"], (SAFETY, SAFETY_HELD)).values():
        said = frame[LOCAL].dropna()
        ids |= set(said[said.str.strip().isin(list(found.local_ids))])
    pseudonyms = [key.pseudonym(PATIENT, one) for one in sorted(found.local_ids)]
    return {"pseudonym": pseudonyms, LOCAL: sorted(ids)}


def _free(stores: Stores, head: Mapping[str, Any], pseudonyms: Collection[str]) -> frozenset[str]:
    # Snapshots that can be seen not to hold them.
    wanted, history = {"pseudonym": list(pseudonyms)}, {entry["snapshot"] for entry in head["history"]}
    return frozenset(name for name in history if not len(stores.library.of(name, wanted, ("patients",))["patients"]))


def erase(stores: Stores, found: Found, key: Pseudonymiser) -> Erased:
    """Take people out of library and vault, drop the history that held them, and leave a tombstone.

    Parameters
    ----------
    stores : Stores
        Library and vault; the writers' locks are taken here.
    found : Found
        Who is meant; nobody completes what an earlier run has begun.
    key : Pseudonymiser
        The library's pseudonym key.

    Returns
    -------
    Erased
        What went.

    Raises
    ------
    AccessError
        If another writer is at work, or the folders cannot be written.
    DataError
        If an identifier stands for nobody: nothing is changed.
    """
    if found.unknown:
        raise DataError(
            f"{found.unknown:,} of the identifiers given stand for nobody in this vault (rule known_person); nothing "
            "was changed. Check whether they are local identifiers or NHS numbers"
        )
    with locked(stores):
        head = anchored(stores.library.root, stores.vault)
        told = foresee(stores, found, key)
        marks = {mark(key, PATIENT, one) for one in found.local_ids}
        marks |= {mark(key, NHS_NUMBER, one) for one in found.numbers}
        intend(stores.library.root, Tombstones(frozenset(marks), told.doomed, key.fingerprint))
        clean_lists(stores, key)
        if not found.local_ids:
            refresh(stores)  # whoever was stopped before it left their pseudonyms in the library's list
            return told
        people = _people(stores, head, found, key)
        theirs = stores.vault.of(head["vault"], people)
        still_in_care.keep(stores.vault, theirs)
        snapshot, vault = _rewrite(stores, head, people, theirs)
        publish(stores, head, snapshot=snapshot, vault=vault, forget=True)
        refresh(stores)
    return replace(told, snapshot=snapshot, spared=told.spared | {snapshot})


def _rewrite(
    stores: Stores, head: Mapping[str, Any], people: Mapping[str, list[str]], theirs: Mapping[str, pd.DataFrame]
) -> tuple[str, str]:
    # New manifests of library and vault, with one part a table rewritten; the old ones are still in force.
    facts = stores.library.manifest(head["current"])
    held = stores.library.of(head["current"], {"pseudonym": people["pseudonym"]}, ("patients",))["patients"]
    said = {"purged": max(0, int(facts.get("purged", 0)) - (len(people["pseudonym"]) - len(held)))}
    extract = stores.vault.manifest(head["vault"])["extract_day"]
    known = _last_day(frame for name, frame in theirs.items() if name.startswith(PREFIX))
    shorter = (
        extract if extract is None or known is None or known < extract else _last_day_without(stores, head, people)
    )
    named = {"pseudonym": people["pseudonym"]}
    if shorter == extract:
        snapshot = stores.library.without(head["current"], named, label=facts["kind"], facts=said)
    else:  # the last day of all was theirs: what is known up to which day changes for everybody
        tables = {name: leave_out(frame, named) for name, frame in stores.library.tables(head["current"]).items()}
        moved = tables["referrals"]["last_seen_day"] - (extract - shorter) if shorter is not None else pd.NA
        tables["referrals"] = tables["referrals"].assign(
            last_seen_day=pd.Series(moved, index=tables["referrals"].index).astype("Int32")
        )
        snapshot = stores.library.name(tables, facts["kind"])
        kept = {name: value for name, value in facts.items() if name not in ("tables", "name", "layout")}
        stores.library.put(tables, snapshot, kept | said)
    vault = stores.vault.without(head["vault"], people, label=f"vault of {snapshot}", facts={"extract_day": shorter})
    return snapshot, vault


def _last_day(frames: Iterable[pd.DataFrame]) -> int | None:
    days = [frame[name].max() for frame in frames for name in DATES if name in frame and frame[name].notna().any()]
    return max((int(day) for day in days), default=None)


def _last_day_without(stores: Stores, head: Mapping[str, Any], people: Mapping[str, list[str]]) -> int | None:
    # What the feeds declared, and what the others' rows say.
    tables = stores.vault.tables(head["vault"])
    told = _last_day(leave_out(frame, people) for name, frame in tables.items() if name.startswith(PREFIX))
    declared = tables[SUBMISSIONS]["extract_day"].max() if SUBMISSIONS in tables else pd.NA
    return max((int(day) for day in (told, declared) if not pd.isna(day)), default=None)


def clean_lists(stores: Stores, key: Pseudonymiser) -> None:
    """Take people who were erased out of the opt-out lists: a list brings numbers back that the vault no longer has.

    Parameters
    ----------
    stores : Stores
        Library and vault, locked.
    key : Pseudonymiser
        The library's pseudonym key.
    """
    gone = buried(stores.library.root, stores.vault).marks
    listed = stores.vault.note(ALLOWLIST)
    if listed is not None:
        domain = NHS_NUMBER if listed["identifier"] == NHS_NUMBER else PATIENT
        _clean(stores, ALLOWLIST, "identifiers", listed, unmarked(key, domain, listed["identifiers"], gone))
    objecting = stores.vault.note(OBJECTIONS)
    if objecting is not None:
        _clean(stores, OBJECTIONS, "patient_ids", objecting, unmarked(key, PATIENT, objecting["patient_ids"], gone))


def _clean(stores: Stores, name: str, field_name: str, said: Mapping[str, Any], left: list[str]) -> None:
    if len(left) < len(said[field_name]):
        stores.vault.put_note(name, {**said, field_name: left})
