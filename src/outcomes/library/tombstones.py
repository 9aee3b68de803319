"""Who may never come back? Keyed hashes of the people who were erased, kept in the vault and beside it.

The copy beside library and vault (a folder `erasures`) outlives a restored backup of either. It holds no identifier:
a mark is a hash of a pseudonym, which nobody can make without the steward's key. It also names the snapshots that held
an erased person, so that a restored one is refused before anybody reads it.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import AccessError
from outcomes.library.store import Store

FOLDER: Final = "erasures"
DONE: Final = "tombstones.json"
PENDING: Final = "pending.json"
LOCK: Final = "erasing.lock"
NOTE: Final = "tombstones"
PATIENT: Final = "patient"
NHS_NUMBER: Final = "nhs_number"
MARK_DIGITS: Final = 32


class Pseudonymiser(Protocol):
    """What can name a person as the library does; `keyring.PseudonymKey` is one."""

    def pseudonym(self, domain: str, *parts: str) -> str:
        """Name an identifier."""

    @property
    def fingerprint(self) -> str:
        """Name of the key."""


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Who is gone, and which snapshots held them.

    Parameters
    ----------
    marks : frozenset of str
        Keyed hashes of identifiers.
    snapshots : frozenset of str
        Names of snapshots that must not be read again.
    key : str
        Name of the pseudonym key that made the marks; empty where there are none.
    """

    marks: frozenset[str] = frozenset()
    snapshots: frozenset[str] = frozenset()
    key: str = ""

    def joined(self, other: "Tombstones") -> "Tombstones":
        """Put two registers together.

        Parameters
        ----------
        other : Tombstones
            Made with the same key.

        Returns
        -------
        Tombstones
            Everything that either holds.

        Raises
        ------
        AccessError
            If they were made with two keys.
        """
        if self.marks and other.marks and self.key != other.key:
            raise AccessError(
                "the register of erased people was made with another pseudonym key, so they could not be kept out; use "
                "that key, or move the folder 'erasures' away if the library it belonged to is gone"
            )
        return Tombstones(self.marks | other.marks, self.snapshots | other.snapshots, self.key or other.key)


def plain(identifier: str) -> str:
    """Write an identifier as it is compared: without blanks around it, and an NHS number without its groups.

    Parameters
    ----------
    identifier : str
        As somebody wrote it.

    Returns
    -------
    str
        For comparison only.
    """
    text = identifier.strip()
    digits = text.replace(" ", "").replace("-", "")
    return digits if digits.isdigit() else text


def mark(key: Pseudonymiser, domain: str, identifier: str) -> str:
    """Make the tombstone of one identifier.

    Parameters
    ----------
    key : Pseudonymiser
        The library's pseudonym key.
    domain : str
        "patient" (local identifier) or "nhs_number".
    identifier : str
        The identifier.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    named = identifier.strip() if domain == PATIENT else plain(identifier)
    return mark_of(key.pseudonym(domain, named))


def mark_of(pseudonym: str) -> str:
    """Make the tombstone of a pseudonym: one way, so that the register names nobody in an old copy of the library.

    Parameters
    ----------
    pseudonym : str
        As the library has it.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    return hashlib.sha256(b"outcomes: erased: " + pseudonym.encode()).hexdigest()[:MARK_DIGITS]


def marked(key: Pseudonymiser, domain: str, identifiers: pd.Series, marks: Collection[str]) -> NDArray[np.bool_]:
    """Say which of these identifiers are of people who were erased.

    Parameters
    ----------
    key : Pseudonymiser
        The library's pseudonym key.
    domain : str
        As for `mark`.
    identifiers : Series of str
        May be missing.
    marks : collection of str
        The register.

    Returns
    -------
    ndarray of bool
        Of the same length.
    """
    if not marks:
        return np.zeros(len(identifiers), dtype=bool)
    codes, words = pd.factorize(identifiers.astype("object"), use_na_sentinel=True)
    gone = [mark(key, domain, str(word)) in marks for word in words]
    return np.array([*gone, False], dtype=bool)[codes]


def unmarked(key: Pseudonymiser, domain: str, identifiers: Iterable[str], marks: Collection[str]) -> list[str]:
    """Leave people who were erased out of a list of identifiers.

    Parameters
    ----------
    key : Pseudonymiser
        The library's pseudonym key.
    domain : str
        As for `mark`.
    identifiers : iterable of str
        The list.
    marks : collection of str
        The register.

    Returns
    -------
    list of str
        Everybody else, in their order.
    """
    said = pd.Series(list(identifiers), dtype="object")
    return list(said[~marked(key, domain, said, marks)])


def folder_of(library: Path) -> Path:
    """Say where the register beside a library lies.

    Parameters
    ----------
    library : Path
        The library's folder.

    Returns
    -------
    Path
        A folder beside it; receipts lie there too.
    """
    return library.parent / FOLDER


def buried(library: Path, vault: Store | None = None) -> Tombstones:
    """Read the register: what was erased, and what was about to be.

    Parameters
    ----------
    library : Path
        The library's folder.
    vault : Store, optional
        Holds a copy of its own.

    Returns
    -------
    Tombstones
        Empty where nobody was ever erased.

    Raises
    ------
    AccessError
        If a register is damaged, or the copies were made with two keys.
    """
    folder = folder_of(library)
    found = _read(folder / DONE).joined(_read(folder / PENDING))
    return found.joined(_parsed(vault.note(NOTE))) if vault is not None else found


@contextmanager
def one_at_a_time(library: Path) -> Iterator[None]:
    """Let one erasure at a time work on a library, from the intent to the receipt.

    Parameters
    ----------
    library : Path
        The library's folder.

    Yields
    ------
    None
        While no other can begin.

    Raises
    ------
    AccessError
        If another is at work, or the register cannot be written.
    """
    folder = folder_of(library)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise AccessError(f"{folder.name}: cannot be written ({error.strerror}); nothing was changed") from None
    with os.fdopen(lock, "w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AccessError("another erasure is at work on this library; try again when it has finished") from None
        yield


def intended(library: Path) -> Tombstones | None:
    """Read what an erasure that was stopped was about to do.

    Parameters
    ----------
    library : Path
        The library's folder.

    Returns
    -------
    Tombstones or None
        None where none was stopped.
    """
    place = folder_of(library) / PENDING
    return _read(place) if place.is_file() else None


def intend(library: Path, what: Tombstones) -> None:
    """Write down who is about to be erased, before anything is touched: from here on it is completed.

    Parameters
    ----------
    library : Path
        The library's folder.
    what : Tombstones
        Who, and from which snapshots.

    Raises
    ------
    AccessError
        If it cannot be written; nothing was changed.
    """
    before = intended(library)
    _write(folder_of(library) / PENDING, what if before is None else before.joined(what))


def bury(library: Path, vault: Store, what: Tombstones) -> None:
    """Add tombstones of people who are not in library or vault (any longer).

    Parameters
    ----------
    library : Path
        The library's folder.
    vault : Store
        Its writer's lock is held.
    what : Tombstones
        Who.
    """
    whole = buried(library, vault).joined(what)
    vault.put_note(NOTE, _said(whole))
    _write(folder_of(library) / DONE, whole)


def bury_beside(library: Path, vault: Store | None) -> None:
    """Bring the register beside the library up to date, before the vault's copy goes or where there is none.

    Parameters
    ----------
    library : Path
        The library's folder.
    vault : Store or None
        The vault, if it is there.
    """
    _write(folder_of(library) / DONE, buried(library, vault))


def settle_beside(library: Path) -> None:
    """Move what was about to be done to what is done, where there is no vault any longer.

    Parameters
    ----------
    library : Path
        The library's folder.
    """
    bury_beside(library, None)
    (folder_of(library) / PENDING).unlink(missing_ok=True)


def settle_intent(library: Path, vault: Store) -> None:
    """Move what was about to be done to what is done, in the vault's register first.

    Parameters
    ----------
    library : Path
        The library's folder.
    vault : Store
        Its writer's lock is held.
    """
    bury(library, vault, Tombstones())
    (folder_of(library) / PENDING).unlink(missing_ok=True)


def refuse_erased(library: Path, snapshot: str) -> None:
    """Stop where a snapshot held somebody who was erased since, or an erasure was stopped half way.

    Parameters
    ----------
    library : Path
        The library's folder.
    snapshot : str
        What is about to be read, or what a model, run or report was made from.

    Raises
    ------
    AccessError
        If it may not be used.
    """
    folder = folder_of(library)
    if (folder / PENDING).is_file():
        raise AccessError(
            "an erasure is under way or was stopped half way; wait, or complete it: "
            "outcomes erase EXPERIMENT.toml --resume"
        )
    if snapshot in _read(folder / DONE).snapshots:
        raise AccessError(
            f"snapshot {snapshot!r} held somebody who was erased since (a restored copy brings it back): it is not "
            "read, and nothing that was made from it is used. Bring the library up to date: "
            "outcomes erase EXPERIMENT.toml --resume"
        )


def _said(what: Tombstones) -> dict[str, object]:
    return {"key": what.key, "marks": sorted(what.marks), "snapshots": sorted(what.snapshots)}


def _checksum(said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _parsed(said: object) -> Tombstones:
    if said is None:
        return Tombstones()
    try:
        content = dict(said)  # type: ignore[call-overload]
        return Tombstones(frozenset(_texts(content["marks"])), frozenset(_texts(content["snapshots"])), content["key"])
    except (KeyError, TypeError, ValueError):
        raise AccessError(_DAMAGED) from None


def _texts(said: Iterable[object]) -> list[str]:
    return [str(one) for one in said]


_DAMAGED: Final = (
    "the register of erased people is damaged, so they could not be kept out; restore the folder 'erasures' from a copy"
)


def _read(place: Path) -> Tombstones:
    if not place.is_file():
        return Tombstones()
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
        checksum, said = content["checksum"], content["said"]
    except (OSError, ValueError, KeyError, TypeError):
        raise AccessError(_DAMAGED) from None
    if checksum != _checksum(said):
        raise AccessError(_DAMAGED)
    return _parsed(said)


def _write(place: Path, what: Tombstones) -> None:
    said = _said(what)
    write_whole(place, (json.dumps({"checksum": _checksum(said), "said": said}, indent=1) + "\n").encode())


def write_whole(place: Path, content: bytes) -> None:
    """Write a file for its owner only, so that it is there whole or not at all.

    Parameters
    ----------
    place : Path
        Where it goes; its folder is made if absent.
    content : bytes
        Its bytes.

    Raises
    ------
    AccessError
        If it cannot be written.
    """
    partial = place.with_name(f"{place.name}.partial")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise AccessError(f"{place.parent.name}: cannot be written ({error.strerror}); nothing was changed") from None
