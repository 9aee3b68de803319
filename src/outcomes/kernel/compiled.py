"""How a numerical loop is compiled once and kept: numba with a cache, and without one where nothing may be written."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

RELAXED = {"reassoc", "contract", "nsz"}  # sums may be reordered into vector lanes; NaN and infinity keep their meaning

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """How fast can this loop run: compiled on first use, kept on disk, free of the interpreter lock.

    Numba keeps the machine code beside the source, or in the user's cache folder where the source may not be written
    (``NUMBA_CACHE_DIR`` overrides both). Where neither may be written the code is compiled anew in each process.

    Parameters
    ----------
    function : callable
        A function of arrays and numbers that numba understands.

    Returns
    -------
    callable
        The compiled function, same signature.
    """
    try:
        return cast("F", numba.njit(cache=True, nogil=True, fastmath=RELAXED)(function))
    except RuntimeError:  # numba: no place to keep the cache
        return cast("F", numba.njit(nogil=True, fastmath=RELAXED)(function))
