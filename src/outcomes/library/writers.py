"""Whose turn is it? Both writers' locks, and what a writer who was stopped left behind is brought to its end first.

A writer may be stopped after the library's HEAD was replaced and before the vault had settled its copy of it, or before
the parts of the old state were removed. The next one settles that before it does anything of its own.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from outcomes.errors import AccessError, DataError
from outcomes.library import anchor
from outcomes.library.state import Stores, sweep
from outcomes.library.store import HEAD


@contextmanager
def locked(stores: Stores) -> Iterator[None]:
    """Hold the locks of library and vault, with both at rest.

    Parameters
    ----------
    stores : Stores
        The two folders.

    Yields
    ------
    None
        While both locks are held; library and vault say the same, and no file is there that no state names.

    Raises
    ------
    AccessError
        If another writer is at work, or a folder cannot be written or is sealed with another key.
    """
    with stores.library.writing(), stores.vault.writing():
        settle(stores)
        yield


def settle(stores: Stores) -> None:
    """Bring what a stopped writer left to its end; a library that is not the vault's is left as it is.

    Parameters
    ----------
    stores : Stores
        The two folders, locked.
    """
    place = stores.library.root / HEAD
    if not place.is_file():
        return
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    kept = stores.vault.head() or {}
    mine = [one for one in (kept.get("settled"), kept.get("pending")) if one is not None and one["digest"] == digest]
    if not mine:
        return  # whoever asks `anchored` is told
    if kept.get("pending") is not None:
        stores.vault.commit({"settled": mine[0], "pending": None})
    with suppress(AccessError, DataError):  # a damaged state of the history stops who reads it, not an objection
        sweep(stores, mine[0])
    anchor.settle(stores.library.root)
