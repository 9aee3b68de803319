"""Was the library put back to an older copy? Its HEAD and its opt-out list are noted beside it, outside its folder.

A reader without the vault's key cannot ask the vault. A copy that is put back brings its old list with it: whoever
objected since would be read again. So the hashes of both files lie in a small file beside the library, and a read
stops where they differ. The file holds hashes of sealed files and nothing else.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from outcomes.errors import AccessError

ENDING: Final = ".anchor"
NOTED: Final = ("HEAD", "allowlist.note")


def place_of(library: Path) -> Path:
    """Say where the hashes lie.

    Parameters
    ----------
    library : Path
        The library's folder.

    Returns
    -------
    Path
        A file beside it.
    """
    return library.with_name(library.name + ENDING)


def _hashes(library: Path) -> dict[str, str]:
    places = [library / name for name in NOTED]
    return {place.name: hashlib.sha256(place.read_bytes()).hexdigest() for place in places if place.is_file()}


def _write(library: Path, said: dict[str, object]) -> None:
    place = place_of(library)
    partial = place.with_name(place.name + ".partial")
    try:
        with partial.open("w", encoding="ascii") as stream:
            stream.write(json.dumps(said, sort_keys=True) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(place)
    except OSError as error:
        raise AccessError(f"{place.name}: cannot be written ({error.strerror}); nothing was changed") from None


@contextmanager
def moving(library: Path) -> Iterator[None]:
    """Note that HEAD or list are being replaced, and what they are afterwards.

    Where the writer is stopped in between, the old and the new state are both right until the next one has finished.

    Parameters
    ----------
    library : Path
        The library's folder; its writer's lock is held.

    Yields
    ------
    None
        While they are being replaced.
    """
    _write(library, {"moving": True, "noted": _hashes(library)})
    yield
    _write(library, {"moving": False, "noted": _hashes(library)})


def settle(library: Path) -> None:
    """Note HEAD and list as they are, if the writer who was replacing them was stopped; the vault vouches for HEAD.

    Parameters
    ----------
    library : Path
        The library's folder; its writer's lock is held, and its HEAD is the one that the vault has kept.
    """
    place = place_of(library)
    try:
        stopped = place.is_file() and json.loads(place.read_bytes())["moving"]
    except (ValueError, KeyError, TypeError):
        return  # damaged: every read says so
    if stopped:
        _write(library, {"moving": False, "noted": _hashes(library)})


def check(library: Path) -> None:
    """Stop where the library is not as its last writer left it.

    Parameters
    ----------
    library : Path
        The library's folder.

    Raises
    ------
    AccessError
        If its HEAD or list is another one; a library that was never noted is not checked.
    """
    place = place_of(library)
    before = b""
    while place.is_file():
        now = place.read_bytes()
        try:
            said = json.loads(now)
            right = said["moving"] or said["noted"] == _hashes(library)
        except (ValueError, KeyError, TypeError):
            right = False
        if right:
            return
        if now == before:  # nobody is at work on it
            raise AccessError(
                f"{library.name}: it is not as its last writer left it: it, or its opt-out list, was put back to an "
                "older copy; research reads nothing until the steward has made it again (see the runbook on restoring)"
            )
        before = now
