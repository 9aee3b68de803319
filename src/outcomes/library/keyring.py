"""Which secret makes the pseudonyms? A key file of the steward; invented feeds have a demonstration key.

Imported by intake, relink, rotate, export and erase only: what is read from a library never needs it, and neither
library nor vault ever holds it.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from outcomes.errors import AccessError
from outcomes.library.roles import check_apart, find_key
from outcomes.library.source import Source

PSEUDONYM_BYTES: Final = 16
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
        pieces = [part.encode("utf-8") for part in (domain, *parts)]
        message = b"".join([len(piece).to_bytes(4, "big") + piece for piece in pieces])
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
        Folder of keys.
    apart_from : iterable of Path
        Folders (library, vault) that the keys must not lie in.

    Returns
    -------
    PseudonymKey
        The key.

    Raises
    ------
    AccessError
        If an identified feed has no key, or an invented one has, or the keys lie inside library or vault.
    """
    if source.kind == "invented":
        if keys is not None:
            raise AccessError("an invented feed uses its demonstration key; a real key is not to be used for it")
        return _derived(DEMONSTRATION, str(source.seed))
    if keys is None:
        if source.kind == "anonymised":
            return _derived(OPEN, source.reason)
        raise AccessError(
            "an identified feed needs keys (`outcomes keys create`, then --keys); the demonstration key is for "
            "invented feeds only"
        )
    check_apart(keys, apart_from)
    return PseudonymKey(find_key(keys, "pseudonym").secret)
