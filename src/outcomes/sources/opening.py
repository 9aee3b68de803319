"""How are the bytes of a feed file read without trusting their size? Capped before anything is parsed."""

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import Final

from outcomes.sources.raw import MEBIBYTE, Limits

GZIP_MAGIC: Final = b"\x1f\x8b"


def fingerprint(path: Path) -> str:
    """Say which file this was: the SHA-256 of its bytes, so that a report need not trust its name.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_bytes(path: Path, limits: Limits) -> tuple[bytes, str]:
    """Read the bytes of a plain or gzip file, unless it is too large.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        Size caps.

    Returns
    -------
    content : bytes
        The decompressed bytes; empty where the file is refused.
    rule : str
        Empty, or the rule that refuses the file: "file_too_large", "compression_ratio", "gzip_damaged".
    """
    if path.stat().st_size > limits.max_bytes:
        return b"", "file_too_large"
    with path.open("rb") as stream:
        start = stream.read(len(GZIP_MAGIC))
        if start != GZIP_MAGIC:
            return start + stream.read(), ""
    return _inflate(path, limits)


def _inflate(path: Path, limits: Limits) -> tuple[bytes, str]:
    # The ratio is watched while the file is read, so that a large bomb is refused as early as a small one.
    growing = bytearray()
    try:
        with path.open("rb") as packed, gzip.GzipFile(fileobj=packed, mode="rb") as stream:
            while piece := stream.read(MEBIBYTE):
                growing += piece
                if len(growing) > limits.max_bytes:
                    return b"", "file_too_large"
                if len(growing) > limits.ratio_from_bytes and len(growing) > packed.tell() * limits.max_ratio:
                    return b"", "compression_ratio"
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return b"", "gzip_damaged"
    return bytes(growing), ""


def as_utf8(content: bytes, encoding: str) -> tuple[bytes, str]:
    """Say the same text in UTF-8 without a byte order mark; the declared encoding is held to.

    Parameters
    ----------
    content : bytes
        The file.
    encoding : str
        "utf-8", "cp1252" or "latin-1".

    Returns
    -------
    content : bytes
        UTF-8; empty where the file is refused.
    rule : str
        Empty, or "encoding" where the bytes are not text of that encoding, or "nul_byte".
    """
    if b"\x00" in content:
        return b"", "nul_byte"
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError:
        return b"", "encoding"
    if encoding == "utf-8":
        return content.removeprefix(b"\xef\xbb\xbf"), ""
    return text.encode("utf-8"), ""
