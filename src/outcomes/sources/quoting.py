"""Which quotation marks of a CSV file say nothing? Those that merely enclose a plain cell may be left out.

Most exports put every cell, or only the names in the header, in quotation marks. Where no delimiter, line break or
quotation mark stands inside of them, the file says the same without them, and the fast parser reads it.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from outcomes.sources.raw import MEBIBYTE

BLOCK_BYTES: Final = 4 * MEBIBYTE
QUOTE: Final = ord('"')
BREAKS: Final = (ord("\n"), ord("\r"))


def blocks(content: bytes) -> Iterator[NDArray[np.uint8]]:
    """Cut a file behind line breaks, so that no line is in two pieces.

    Parameters
    ----------
    content : bytes
        The file.

    Yields
    ------
    ndarray of uint8
        Some MiB each, or as long as the line that does not end before.
    """
    start = 0
    while start < len(content):
        stop = start + BLOCK_BYTES
        if stop < len(content):
            stop = content.rfind(b"\n", start, stop) + 1 or content.find(b"\n", stop) + 1 or len(content)
        yield np.frombuffer(content, dtype=np.uint8, count=min(stop, len(content)) - start, offset=start)
        start = stop


def _breaks(block: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((block == BREAKS[0]) | (block == BREAKS[1]), dtype=bool)


def longest_line(content: bytes) -> int:
    """Say how long the longest line of a file is; no cell without a line break inside is longer.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    int
        Bytes.
    """
    longest = 0
    for block in blocks(content):
        ends = np.r_[-1, np.flatnonzero(_breaks(block)), len(block)]
        longest = max(longest, int(np.diff(ends).max()))
    return longest


def _merely_encloses(block: NDArray[np.uint8], delimiter: int) -> bool:
    quotes = np.flatnonzero(block == QUOTE)
    if not len(quotes):
        return True
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    padded = np.r_[np.uint8(BREAKS[0]), block, np.uint8(BREAKS[0])]
    before, after = padded[opening], padded[closing + 2]
    line_starts, line_ends = np.isin(before, BREAKS), np.isin(after, BREAKS)
    edges = np.flatnonzero(_breaks(block) | (block == delimiter))
    outside = (line_starts | (before == delimiter)).all() and (line_ends | (after == delimiter)).all()
    inside = (np.searchsorted(edges, opening) != np.searchsorted(edges, closing)).any()
    empty_line = (line_starts & line_ends & (closing == opening + 1)).any()
    return bool(outside and not inside and not empty_line)


def without_bare_quotes(content: bytes, delimiter: str) -> bytes | None:
    r"""Leave out quotation marks that merely enclose plain cells.

    Parameters
    ----------
    content : bytes
        A CSV file in UTF-8.
    delimiter : str
        One character.

    Returns
    -------
    bytes or None
        The file without any quotation mark and with the same records, or None where some quotation mark says
        something: a delimiter, line break or quotation mark inside a cell, a mark that does not pair.

    Examples
    --------
    >>> without_bare_quotes(b'"id","score"\n"a",1\n', ",")
    b'id,score\na,1\n'
    >>> without_bare_quotes(b'id,note\na,"one, two"\n', ",") is None
    True
    """
    if QUOTE not in content:
        return content
    if all(_merely_encloses(block, ord(delimiter)) for block in blocks(content)):
        return content.replace(b'"', b"")
    return None
