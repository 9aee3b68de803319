"""How is a file sealed? AES-256-GCM under a key of its purpose and region; the same content gives the same bytes.

The nonce is a keyed hash of name and content (synthetic), so that it repeats only where both repeat. A sealed file
begins with a readable line: purpose, region and id of the key; that line and the file's name are authenticated too.
"""

import hmac
from pathlib import Path
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from outcomes.errors import AccessError, DataError
from outcomes.library.roles import KEY_BYTES, KeyFile, key_for

MARK: Final = b"outcomes-sealed-2"
NONCE_BYTES: Final = 12
HEADER_WORDS: Final = 4


def expand(secret: bytes, purpose: str) -> bytes:
    """Make the key of one purpose from a secret (HKDF-SHA256).

    Parameters
    ----------
    secret : bytes
        32 bytes.
    purpose : str
        What the key is for; other words give an unrelated key.

    Returns
    -------
    bytes
        32 bytes.
    """
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"outcomes: {purpose}".encode()).derive(secret)


class SealingKey:
    """A key that seals and opens the files of a library or a vault; its bytes stay out of every representation.

    Parameters
    ----------
    key : KeyFile
        As `roles.key_for` finds it.
    """

    def __init__(self, key: KeyFile) -> None:
        self.purpose, self.region, self.id = key.purpose, key.region, key.id
        self._cipher = AESGCM(expand(key.secret, "seal"))
        self._nonces = expand(key.secret, "nonce")
        self._names = expand(key.secret, "name")

    def __repr__(self) -> str:
        """Say purpose, region and id; no byte of the key.

        Returns
        -------
        str
            Such as "SealingKey(library, uk, 0a1b2c3d)".
        """
        return f"SealingKey({self.purpose}, {self.region}, {self.id})"

    def __reduce__(self) -> NoReturn:
        """Refuse to be written anywhere.

        Raises
        ------
        TypeError
            Always.
        """
        raise TypeError("a key is not pickled")

    @property
    def header(self) -> bytes:
        """The readable line with which everything that it sealed begins."""
        return b" ".join((MARK, self.purpose.encode(), self.region.encode(), self.id.encode())) + b"\n"

    def seal(self, content: bytes, name: str) -> bytes:
        """Seal a file.

        Parameters
        ----------
        content : bytes
            Its plain bytes.
        name : str
            What it is; it opens under this name only.

        Returns
        -------
        bytes
            Header, nonce, ciphertext and tag; the same for the same content and name.
        """
        bound = self.header + name.encode()
        nonce = hmac.digest(self._nonces, len(bound).to_bytes(4, "big") + bound + content, "sha256")[:NONCE_BYTES]
        return self.header + nonce + self._cipher.encrypt(nonce, content, bound)

    def open(self, sealed: bytes, name: str, *, what: str) -> bytes:
        """Open a sealed file.

        Parameters
        ----------
        sealed : bytes
            As `seal` returned it.
        name : str
            What it is.
        what : str
            What to call it in a message.

        Returns
        -------
        bytes
            The plain bytes.

        Raises
        ------
        AccessError
            If it was sealed with another key, for another region, or before files were sealed.
        DataError
            If a byte of it has changed, or it stands in another's place.
        """
        if not sealed.startswith(self.header):
            self._refuse(sealed, what)
        body = sealed[len(self.header) :]
        try:
            return self._cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], self.header + name.encode())
        except (InvalidTag, ValueError):
            raise DataError(f"{what} is damaged or stands in another's place; restore it from a copy") from None

    def _refuse(self, sealed: bytes, what: str) -> NoReturn:
        words = sealed.split(b"\n", 1)[0].split(b" ")
        if words[0] != MARK and sealed[:1] in (b"{", b"P"):
            raise AccessError(
                f"{what} was written before libraries were sealed; take its feeds in again, into a new folder"
            )
        if words[0] != MARK or len(words) != HEADER_WORDS:
            raise DataError(f"{what} is damaged; restore it from a copy")
        purpose, region, other = (word.decode("ascii", errors="replace") for word in words[1:])
        if purpose != self.purpose:
            raise AccessError(f"{what} is sealed for {purpose!r}, and the key is for {self.purpose!r}")
        if region != self.region:
            said = "with no secret (region open): give no --keys" if region == "open" else f"for region {region!r}"
            mine = "no keys were given: give --keys" if self.region == "open" else f"the key is of {self.region!r}"
            raise AccessError(f"{what} is sealed {said}; {mine}. Libraries of two regions do not mix")
        raise AccessError(f"{what} is sealed with key {other}, and the key given is {self.id}: use the right keys")

    def digest(self, domain: str, *parts: str | bytes) -> str:
        """Name something by a keyed hash: nobody without the key can tell what is named.

        Parameters
        ----------
        domain : str
            What kind of thing; the same parts have another name in each.
        *parts : str or bytes
            What is named; each is preceded by its length.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        pieces = [part.encode() if isinstance(part, str) else part for part in (domain, *parts)]
        message = b"".join(len(piece).to_bytes(8, "big") + piece for piece in pieces)
        return hmac.digest(self._names, message, "sha256").hex()

    def __eq__(self, other: Any) -> bool:  # noqa: ANN401  the protocol of ==
        return isinstance(other, SealingKey) and self.header == other.header

    def __hash__(self) -> int:
        return hash(self.header)


def library_key(keys: Path | None) -> SealingKey:
    """Find the key of the research library.

    Parameters
    ----------
    keys : Path or None
        Folder of keys; None for a source that has no secret.

    Returns
    -------
    SealingKey
        The key.

    Raises
    ------
    AccessError
        If the folder does not hold it.
    """
    return SealingKey(key_for(keys, "library"))


def vault_key(keys: Path | None) -> SealingKey:
    """Find the key of the vault.

    Parameters
    ----------
    keys : Path or None
        Folder of keys; None for a source that has no secret.

    Returns
    -------
    SealingKey
        The key.

    Raises
    ------
    AccessError
        If the folder does not hold it.
    """
    return SealingKey(key_for(keys, "vault"))
