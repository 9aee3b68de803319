"""Who may do what? A role is the keys that its folder holds, nothing else: no switch in the program grants anything.

Key files lie outside library and vault, one folder a role, readable by their owner only. A file is one line that says
purpose, region and id, and one line of base64. A key is never printed, logged, or written anywhere but into its file.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from outcomes.errors import AccessError, ConfigError

KEY_BYTES: Final = 32
REGIONS: Final = ("uk", "us")
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
MARK: Final = "outcomes-key"
AUDIT_PUBLIC: Final = "audit-public"
FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "library": "library.key",
        "vault": "vault.key",
        "pseudonym": "pseudonym.key",
        "audit": "audit.key",
        "release": "release.key",
        AUDIT_PUBLIC: "audit.pub",
    }
)
ROLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "analyst": ("library", AUDIT_PUBLIC),
        "steward": ("library", "vault", "pseudonym", AUDIT_PUBLIC),
        "care": ("vault", AUDIT_PUBLIC),
        "release": ("library", "release", AUDIT_PUBLIC),
        "auditor": ("audit", AUDIT_PUBLIC),
    }
)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What stands in a key file; the secret stays out of every representation.

    Parameters
    ----------
    purpose : str
        One of `FILES`.
    region : str
        "uk" or "us"; "open" for the keys that are no secret.
    secret : bytes
        32 bytes.
    """

    purpose: str
    region: str
    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Name of the key that says nothing about it."""
        return hmac.digest(self.secret, b"outcomes: id of this key", "sha256")[:4].hex()


def _write(path: Path, key: KeyFile) -> None:
    text = f"{MARK} purpose={key.purpose} region={key.region} id={key.id}\n{base64.b64encode(key.secret).decode()}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise AccessError(f"{path.name}: there is a file already; a key is never overwritten") from None
    except OSError as error:
        raise AccessError(f"{path.name}: the key cannot be written ({error.strerror})") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def create_keys(folder: Path, *, region: str) -> tuple[str, ...]:
    """Make a set of new keys, one folder a role, each file readable by its owner only.

    Parameters
    ----------
    folder : Path
        A new or empty folder outside library and vault.
    region : str
        "uk" or "us"; a library sealed for one region is not opened with keys of the other.

    Returns
    -------
    tuple of str
        The files made, as role/file.

    Raises
    ------
    ConfigError
        If the region is not known.
    AccessError
        If there are keys already: a key is never overwritten, or what it sealed could not be read any longer.

    Examples
    --------
    >>> create_keys(Path("keys"), region="uk")[0]  # doctest: +SKIP
    'analyst/library.key'
    """
    if region not in REGIONS:
        raise ConfigError(f"region must be one of {', '.join(REGIONS)}, got {region!r}")
    present = [path for path in folder.glob("**/*") if path.is_file()] if folder.is_dir() else []
    if present:
        raise AccessError(f"{folder.name}: there are files already; a key is never overwritten: give a new folder")
    made = {
        purpose: KeyFile(purpose, region, secrets.token_bytes(KEY_BYTES))
        for purpose in ("library", "vault", "pseudonym", "audit", "release")
    }
    public = X25519PrivateKey.from_private_bytes(made["audit"].secret).public_key().public_bytes_raw()
    made[AUDIT_PUBLIC] = KeyFile(AUDIT_PUBLIC, region, public)
    written = []
    for role, purposes in ROLES.items():
        for purpose in purposes:
            _write(folder / role / FILES[purpose], made[purpose])
            written.append(f"{role}/{FILES[purpose]}")
    return tuple(written)


def read_key_file(path: Path, purpose: str) -> KeyFile:
    """Read one key file.

    Parameters
    ----------
    path : Path
        The file.
    purpose : str
        What it must be for.

    Returns
    -------
    KeyFile
        The key.

    Raises
    ------
    AccessError
        If it is not there, others may read it, it is no key file, or it is for another purpose.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError:
        raise AccessError(
            f"{path.name}: no key file there, or it may not be read; make keys with `outcomes keys create`"
        ) from None
    if stat.S_IMODE(mode) & OTHERS:
        raise AccessError(f"{path.name}: others may read this key file; take their rights away (chmod 600)")
    wrong = AccessError(f"{path.name}: not a key file (a line that begins with {MARK}, and a line of base64)")
    lines = text.splitlines()
    words = dict(word.partition("=")[::2] for word in lines[0].split()[1:]) if lines else {}
    if len(lines) < 2 or not lines[0].startswith(f"{MARK} "):  # noqa: PLR2004  the header and the key
        raise wrong
    try:
        secret = base64.b64decode(lines[1], validate=True)
    except (binascii.Error, ValueError):
        raise wrong from None
    key = KeyFile(words.get("purpose", ""), words.get("region", ""), secret)
    if len(secret) != KEY_BYTES or words.get("id") != key.id or key.region not in REGIONS:
        raise wrong
    if key.purpose != purpose:
        raise AccessError(f"{path.name}: this key is for {key.purpose!r}, one for {purpose!r} is needed")
    return key


def find_key(folder: Path, purpose: str) -> KeyFile:
    """Find the key of a purpose in a folder of keys: a role's folder, or one that holds several roles' folders.

    Parameters
    ----------
    folder : Path
        What was given with `--keys`.
    purpose : str
        One of `FILES`.

    Returns
    -------
    KeyFile
        The key.

    Raises
    ------
    AccessError
        If the folder does not hold such a key, or several that differ, or others may read it.
    """
    name = FILES[purpose]
    places = [place for place in (folder / name, *sorted(folder.glob(f"*/{name}"))) if place.is_file()]
    if not places:
        roles = " or ".join(role for role, purposes in ROLES.items() if purpose in purposes)
        raise AccessError(f"no {name} in the keys folder {folder.name!r}: this needs the keys of {roles}")
    found = {key.id: key for key in (read_key_file(place, purpose) for place in places)}
    if len(found) > 1:
        raise AccessError(f"{folder.name}: several {name} that differ; give the folder of one set of keys")
    return next(iter(found.values()))


def has_key(folder: Path | None, purpose: str) -> bool:
    """Say whether a folder holds a key of a purpose.

    Parameters
    ----------
    folder : Path or None
        What was given with `--keys`; without one the keys that are no secret serve every purpose.
    purpose : str
        One of `FILES`.

    Returns
    -------
    bool
        Whether it is there.
    """
    if folder is None:
        return True
    return (folder / FILES[purpose]).is_file() or any(folder.glob(f"*/{FILES[purpose]}"))


def open_key(purpose: str) -> KeyFile:
    """Give the key of a source that has no secret: invented, or anonymised before it came.

    Parameters
    ----------
    purpose : str
        One of `FILES`.

    Returns
    -------
    KeyFile
        Made from a sentence that everybody can read here; it keeps nothing secret and says so (region "open").
    """
    sentence = f"outcomes: {purpose} key of an invented or anonymised source: not a secret"
    return KeyFile(purpose, "open", hashlib.sha256(sentence.encode()).digest())


def key_for(folder: Path | None, purpose: str) -> KeyFile:
    """Find the key that serves a purpose.

    Parameters
    ----------
    folder : Path or None
        What was given with `--keys`, or None for a source that has no secret.
    purpose : str
        One of `FILES`.

    Returns
    -------
    KeyFile
        The key.

    Raises
    ------
    AccessError
        If the folder does not hold it.
    """
    return open_key(purpose) if folder is None else find_key(folder, purpose)


def check_apart(keys: Path | None, folders: Iterable[Path]) -> None:
    """Stop where keys lie inside what they open.

    Parameters
    ----------
    keys : Path or None
        What was given with `--keys`.
    folders : iterable of Path
        Library and vault.

    Raises
    ------
    AccessError
        If the keys lie inside one of them, or one of them inside the keys.
    """
    if keys is None:
        return
    place = keys.resolve()
    others = [folder.resolve() for folder in folders]
    if any(place.is_relative_to(folder) or folder.is_relative_to(place) for folder in others):
        raise AccessError("the keys must lie outside library and vault, or a copy of either would carry them along")
