"""Who may open a file? Each reader has an age key; a file is encrypted to it before it touches the disk."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Final

from pyrage import RecipientError, encrypt
from pyrage.x25519 import Recipient

from outcomes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUPERVISOR: Final = "supervisor"
ENDING: Final = ".age"


def read_readers(path: Path) -> dict[str, str]:
    """Read whose file is encrypted to which key.

    Parameters
    ----------
    path
        TOML with one table `[readers]`: the therapist's code, or "supervisor" for what holds more than one caseload
        (pages of the service, twins, duty list), to a public age key ("age1...").

    Returns
    -------
    dict
        Reader to public key.

    Raises
    ------
    ConfigError
        If the file cannot be read, "supervisor" is absent, or a key is not an age public key; no key is quoted.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8")).get("readers", {})
    except (OSError, ValueError):
        raise ConfigError(f"{path.name} is not a TOML file of readers' keys") from None
    readers = {str(name): str(key) for name, key in content.items()} if isinstance(content, dict) else {}
    if SUPERVISOR not in readers:
        raise ConfigError(f'{path.name} needs a table [readers] with a line {SUPERVISOR} = "age1..."')
    for name, key in readers.items():
        try:
            Recipient.from_str(key)
        except RecipientError:
            raise ConfigError(f"{path.name}: the key of reader {name!r} is not an age public key (age1...)") from None
    return readers


def sealed(content: bytes, reader: str, readers: Mapping[str, str]) -> bytes:
    """Encrypt a file to its reader's key.

    Parameters
    ----------
    content
        The file.
    reader
        Whose it is: a therapist's code, or "supervisor".
    readers
        From `read_readers`.

    Returns
    -------
    bytes
        An age file (age-encryption.org/v1). Each encryption has its own random file key, so that the bytes differ
        from run to run; the hash in the receipt is that of what lies on the disk.

    Raises
    ------
    ConfigError
        If the reader has no key: nothing is written in the clear in its place.
    """
    if reader not in readers:
        raise ConfigError(
            f"reader {reader!r} has no key; add a line to the readers' file (nothing is written unencrypted instead)"
        )
    return bytes(encrypt(content, [Recipient.from_str(readers[reader])]))
