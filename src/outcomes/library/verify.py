"""Is everything as it was written? Every byte of library, vault and audit log, and no state put back to an older one.

What cannot be checked for want of a key is said, not passed over.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from outcomes.errors import AccessError, OutcomesError
from outcomes.library import anchor, audit
from outcomes.library.roles import REGIONS, has_key
from outcomes.library.sealing import library_key, vault_key
from outcomes.library.state import anchored
from outcomes.library.store import HEAD, LOCK, MANIFEST, NOTE, PART, PARTIAL, Store

AUDIT_NOTE: Final = "audit"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked.

    Parameters
    ----------
    checked : tuple of str
        What is as it was written, in sentences.
    unchecked : tuple of str
        What could not be checked, and which key that needs.
    faults : tuple of str
        What is not as it was written.
    """

    checked: tuple[str, ...]
    unchecked: tuple[str, ...]
    faults: tuple[str, ...]

    def text(self) -> str:
        """Say it in words.

        Returns
        -------
        str
            One line each.
        """
        return "\n".join((*self.checked, *(f"Not checked: {line}" for line in self.unchecked), *self.faults))


def _states(store: Store, head: Mapping[str, Any], of: str) -> list[str]:
    if of == "snapshot":
        return [entry["snapshot"] for entry in head["history"]]
    kept = [one for one in (head.get("settled"), head.get("pending")) if one]
    return [
        name
        for one in kept
        for name in (*(entry["vault"] for entry in one["history"]), one["vault"])
        if one is kept[0] or store.has(name)
    ]


def _part_faults(store: Store, name: str) -> Iterator[tuple[str, str]]:
    # Part after part of a manifest: its hash, and a fault or "".
    for table, entry in store.manifest(name)["tables"].items():
        for part in entry["parts"]:
            place = store.root / "parts" / f"{part['sha256']}{PART}"
            sealed = place.read_bytes() if place.is_file() else b""
            what = f"{store.root.name}: a part of table {table}"
            if hashlib.sha256(sealed).hexdigest() != part["sha256"]:
                yield part["sha256"], f"{what} is missing or damaged; restore it from a copy"
                continue
            try:
                store.key.open(sealed, "part", what=what)
            except OutcomesError as error:
                yield part["sha256"], str(error)
            else:
                yield part["sha256"], ""


def _stray(store: Store, known: set[Path]) -> Iterator[str]:
    for place in sorted(store.root.rglob("*")):
        if not place.is_file() or place in known:
            continue
        if place.name == LOCK and place.stat().st_size == 0:
            continue
        if place.suffix == NOTE and place.parent == store.root:
            try:
                store.note(place.stem)
            except OutcomesError as error:
                yield str(error)
        elif place.name.endswith(PARTIAL):
            yield f"{store.root.name}: a writer was stopped and left a file; the next one cleans it away"
        else:
            yield f"{store.root.name}: there is a file that no state names"


def store_faults(store: Store, of: str) -> list[str]:
    """Check every file of a library or a vault.

    Parameters
    ----------
    store : Store
        The folder with its key.
    of : str
        "snapshot" for a library, "vault" for a vault.

    Returns
    -------
    list of str
        What is not as it was written; empty if everything is.
    """
    known, faults = {store.root / HEAD}, []
    try:
        names = _states(store, store.head() or {"history": []}, of)
    except OutcomesError as error:
        return [str(error)]
    for name in dict.fromkeys(names):
        known.add(store.root / "manifests" / f"{name}{MANIFEST}")
        try:
            for digest, fault in _part_faults(store, name):
                place = store.root / "parts" / f"{digest}{PART}"
                if place in known:
                    continue
                known.add(place)
                if fault:
                    faults.append(fault)
        except OutcomesError as error:
            faults.append(str(error))
    return [*faults, *_stray(store, known)]


def _library(library: Path, keys: Path | None) -> tuple[str, list[str]]:
    shelf = Store(library, key=library_key(keys))
    faults = store_faults(shelf, "snapshot")
    try:
        anchor.check(library)
    except AccessError as error:
        faults.append(str(error))
    if faults:
        return "", faults
    head = shelf.committed()
    tables = shelf.manifest(head["snapshot"])["tables"]
    rows = ", ".join(f"{entry['rows']:,} {name}" for name, entry in sorted(tables.items()))
    return f"Snapshot {head['snapshot']}: every part has the hash that names it ({rows}).", []


def _vault(library: Path, vault: Path, log: Path, keys: Path | None) -> tuple[str, list[str]]:
    safe = Store(vault, key=vault_key(keys), private=True)
    faults = store_faults(safe, "vault")
    if faults:
        return "", faults
    try:
        head = anchored(library, safe)
        note = safe.note(AUDIT_NOTE)
        if note is not None:
            audit.check(log, [audit.Receipt(**note)])
    except OutcomesError as error:
        return "", [str(error)]
    return f"Vault: whole, and the library is the one that it anchors (counter {head['counter']}).", []


def _log(log: Path, keys: Path | None) -> tuple[str, list[str]]:
    if not (log / audit.LOG).exists() and not (log / audit.STATE).exists():
        return "Audit log: none yet.", []
    return f"Audit log: {len(audit.read(log, keys)):,} lines, none changed, removed, moved or cut off.", []


def _region(library: Path) -> str:
    words = (library / HEAD).read_bytes().split(b"\n", 1)[0].split(b" ")
    return words[2].decode("ascii", errors="replace") if len(words) > 2 else ""  # noqa: PLR2004  mark, purpose, region


def _told(receipts: Sequence[audit.Receipt]) -> str:
    return f"; it is the one of {len(receipts)} receipts" if receipts else ""


def verify(
    library: Path, vault: Path, log: Path, *, keys: Path | None = None, receipts: Sequence[audit.Receipt] = ()
) -> Verified:
    """Check library, vault and audit log, as far as the keys reach.

    Parameters
    ----------
    library, vault, log : Path
        The three folders.
    keys : Path, optional
        Folder of keys; none for a source that has no secret.
    receipts : sequence of Receipt, optional
        Where the audit log stood when reports and releases were made.

    Returns
    -------
    Verified
        What is whole, what could not be checked, what is not whole.

    Raises
    ------
    AccessError
        If there is no library, or the folder holds no key at all that opens one of the three.
    """
    if not (library / HEAD).is_file():
        raise AccessError(f"{library.name}: no library there, or nothing was taken in yet")
    if keys is None and _region(library) in REGIONS:
        raise AccessError(f"{library.name}: it is sealed, and no keys were given: give --keys")
    checked, unchecked, faults = list[str](), list[str](), list[str]()
    steps: tuple[tuple[str, str, Callable[[], tuple[str, list[str]]]], ...] = (
        ("library", "every part of the library", lambda: _library(library, keys)),
        (
            "vault",
            "the vault, and whether the library was put back to an older state",
            lambda: _vault(library, vault, log, keys),
        ),
        ("audit", "the words of the audit log", lambda: _log(log, keys)),
    )
    for purpose, what, step in steps:
        if not has_key(keys, purpose):
            unchecked.append(f"{what} ({purpose}.key is not among the keys given)")
            continue
        try:
            said, wrong = step()
        except OutcomesError as error:
            said, wrong = "", [str(error)]
        faults += wrong
        checked += [said] if not wrong else []
    if receipts or (not has_key(keys, "audit") and (log / audit.LOG).exists()):
        try:
            checked.append(f"Audit log: {audit.check(log, receipts):,} lines in an unbroken chain{_told(receipts)}.")
        except OutcomesError as error:
            faults.append(str(error))
    if not checked and not faults:
        raise AccessError("the keys folder holds no key that opens library, vault or audit log")
    return Verified(tuple(checked), tuple(unchecked), tuple(faults))
