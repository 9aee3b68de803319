"""How long is a library kept? To the day that was registered; after it everything goes, and a receipt stays."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from outcomes.errors import AccessError, ConfigError
from outcomes.library.lineage import Product, products
from outcomes.library.state import Stores
from outcomes.library.store import HEAD
from outcomes.library.tombstones import Tombstones, buried, bury_beside, intend
from outcomes.library.writers import locked

NOTE: Final = "retention"


@dataclass(frozen=True, slots=True)
class Term:
    """How long a source is kept.

    Parameters
    ----------
    until : date
        The last day.
    reason : str
        What it follows from: contract, protocol, policy.
    """

    until: date
    reason: str

    def over(self, today: date) -> bool:
        """Say whether it has ended.

        Parameters
        ----------
        today : date
            The day.

        Returns
        -------
        bool
            Whether the last day is past.
        """
        return today > self.until


def set_term(stores: Stores, term: Term) -> Term | None:
    """Register until when this library and its vault are kept.

    Parameters
    ----------
    stores : Stores
        Library and vault; the vault keeps the register.
    term : Term
        The last day, and why.

    Returns
    -------
    Term or None
        What was registered before.

    Raises
    ------
    ConfigError
        If no reason is given.
    """
    if not term.reason.strip():
        raise ConfigError("a term of storage needs its reason: what it follows from (--reason)")
    with stores.vault.writing():
        before = term_of(stores)
        stores.vault.put_note(NOTE, {"until": term.until.isoformat(), "reason": term.reason})
    return before


def term_of(stores: Stores) -> Term | None:
    """Read until when this library is kept.

    Parameters
    ----------
    stores : Stores
        Library and vault.

    Returns
    -------
    Term or None
        None where none was registered.
    """
    said = stores.vault.note(NOTE)
    return None if said is None else Term(date.fromisoformat(said["until"]), str(said["reason"]))


@dataclass(frozen=True, slots=True)
class Ended:
    """What goes, or went, at the end of storage.

    Parameters
    ----------
    people : int
        In the library.
    files : int
        Files of library and vault.
    snapshots : frozenset of str
        Every snapshot that anybody knows of.
    products : tuple of Product
        What was made from them.
    """

    people: int
    files: int
    snapshots: frozenset[str]
    products: tuple[Product, ...]


def foresee_end(stores: Stores) -> Ended:
    """Say what would go if storage ended now.

    Parameters
    ----------
    stores : Stores
        Library and vault.

    Returns
    -------
    Ended
        Counts; nothing is changed.
    """
    head = stores.library.head()
    made = products(stores.library)
    history = {entry["snapshot"] for entry in head["history"]} if head else set()
    rows = stores.library.manifest(head["current"])["tables"]["patients"]["rows"] if head else 0
    return Ended(rows, len(list(_files(stores))), frozenset(history | {one.snapshot for one in made}), made)


def _files(stores: Stores) -> Iterable[Path]:
    for store in (stores.library, stores.vault):
        yield from (path for path in store.root.rglob("*") if path.is_file())


def end_storage(stores: Stores, today: date) -> Ended:
    """Remove library and vault, if their term is over.

    Who is asked again after it was stopped half way completes it. The register of erased people stays beside them, so
    that a copy that is put back later is refused.

    Parameters
    ----------
    stores : Stores
        Library and vault.
    today : date
        The day.

    Returns
    -------
    Ended
        What went.

    Raises
    ------
    AccessError
        If there is no term, it is not over, or a folder cannot be removed.
    """
    term = term_of(stores)
    if term is None:
        raise AccessError("no term of storage is registered: say until when with --until DATE and --reason")
    if not term.over(today):
        raise AccessError(f"storage ends after {term.until.isoformat()} ({term.reason}); nothing was removed")
    with locked(stores):
        told = foresee_end(stores)
        gone = Tombstones(frozenset(), told.snapshots, buried(stores.library.root, stores.vault).key)
        bury_beside(stores.library.root, stores.vault)
        intend(stores.library.root, gone)
        # HEAD first: from here on there is no library; the vault, which holds the term, goes last.
        (stores.library.root / HEAD).unlink(missing_ok=True)
        for store in (stores.library, stores.vault):
            _empty(store.root)
    return told


def _empty(root: Path) -> None:
    try:
        for place in sorted(root.iterdir(), key=lambda one: one.name == f"{NOTE}.note"):
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink()
    except OSError as error:
        raise AccessError(f"{root.name}: cannot be removed ({error.strerror}); run the same command again") from None
