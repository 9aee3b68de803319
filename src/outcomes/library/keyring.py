"""Which secret makes the pseudonyms? A key file outside library and vault; invented feeds have their own.

Imported by intake, relink, rotate, export and erase only. A key is never printed, logged, or written anywhere but into
its own file.
"""

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from outcomes.errors import AccessError
from outcomes.library.source import Source

KEY_BYTES: Final = 32
PSEUDONYM_BYTES: Final = 16
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
DEMONSTRATION: Final = b"outcomes: demonstration key of an invented service: not a secret"
OPEN: Final = b"outcomes: key of a source that was anonymised before it came: not a secret"


@dataclass(frozen=True, slots=True)
class PseudonymKey:
    """A key that turns identifiers into pseudonyms; its bytes stay out of every representation.

    Parameters
    ----------
    secret : bytes
        32 bytes.
    """

    secret: bytes = field(repr=False)

    def pseudonym(self, domain: str, *parts: str) -> str:
        """Say what an identifier is called in the library.

        HMAC-SHA256 under the key, cut to 128 bits. Each part is preceded by its length, so that ("1", "23") and ("12",
        "3") differ.

        Parameters
        ----------
        domain : str
            "patient", "referral" or "therapist": the same identifier has another pseudonym in each.
        *parts : str
            The identifier, exactly as the provider writes it.

        Returns
        -------
        str
            32 hexadecimal digits.
        """
        message = b"".join(
            len(piece).to_bytes(4, "big") + piece for piece in (part.encode("utf-8") for part in (domain, *parts))
        )
        return hmac.digest(self.secret, message, "sha256")[:PSEUDONYM_BYTES].hex()

    def pseudonyms(self, domain: str, identifiers: Iterable[str]) -> list[str]:
        """Say what many identifiers are called in the library.

        Parameters
        ----------
        domain : str
            As for `pseudonym`.
        identifiers : iterable of str
            One part each.

        Returns
        -------
        list of str
            In the same order.
        """
        return [self.pseudonym(domain, identifier) for identifier in identifiers]

    @property
    def fingerprint(self) -> str:
        """A name for the key that says nothing about it: a library is bound to it."""
        return self.pseudonym("fingerprint", "of this key")


def create_key(path: Path) -> None:
    """Make a new key file that only its owner can read.

    Parameters
    ----------
    path : Path
        A file that does not exist yet, outside library and vault.

    Raises
    ------
    AccessError
        If something is there already: a key is never overwritten, or the library could no longer be linked.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise AccessError(f"{path.name}: there is a file already; a key is never overwritten") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(KEY_BYTES) + "\n")


def read_key(path: Path) -> PseudonymKey:
    """Read the key in a file.

    Parameters
    ----------
    path : Path
        A file of 64 hexadecimal digits that only its owner may read.

    Returns
    -------
    PseudonymKey
        The key.

    Raises
    ------
    AccessError
        If the file is absent, readable by others, or not a key.
    """
    if not path.is_file():
        raise AccessError(
            f"{path.name}: no key file there; make one with create_key and keep a copy apart from library and vault"
        )
    if path.stat().st_mode & OTHERS:
        raise AccessError(f"{path.name}: others may read this key file; allow its owner only (chmod 600)")
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise AccessError(f"{path.name}: not a key file (64 hexadecimal digits)")
    return PseudonymKey(secret)


def _derived(purpose: bytes, word: str) -> PseudonymKey:
    return PseudonymKey(hashlib.sha256(purpose + b"\n" + word.encode("utf-8")).digest())


def source_key(source: Source, keys: Path | None, apart_from: Iterable[Path]) -> PseudonymKey:
    """Find the key that makes the pseudonyms of a feed.

    An invented feed uses a demonstration key made from its seed, so that the same seed gives the same bytes; no other
    feed may. A feed that was anonymised before it came has nothing to protect by a pseudonym: without a key file its
    key is made from its reason. An identified feed needs a key file.

    Parameters
    ----------
    source : Source
        The feed.
    keys : Path or None
        The key file.
    apart_from : iterable of Path
        Folders (library, vault) that the key file must not lie in.

    Returns
    -------
    PseudonymKey
        The key.

    Raises
    ------
    AccessError
        If an identified feed has no key file, or an invented one has, or the key lies inside library or vault.
    """
    if source.kind == "invented":
        if keys is not None:
            raise AccessError("an invented feed uses its demonstration key; a real key is not to be used for it")
        return _derived(DEMONSTRATION, str(source.seed))
    if keys is None:
        if source.kind == "anonymised":
            return _derived(OPEN, source.reason)
        raise AccessError("an identified feed needs a key file; the demonstration key is for invented feeds only")
    place = keys.resolve()
    if any(place.is_relative_to(folder.resolve()) for folder in apart_from):
        raise AccessError("the key file must lie outside library and vault, or a copy of either would carry it along")
    return read_key(keys)
