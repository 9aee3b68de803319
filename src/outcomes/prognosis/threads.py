"""Why are the bits the same on any machine? Linear algebra runs on one thread while something is computed here.

Where several threads compute, whoever started them holds the limit for as long as they live (see `crew`): the number of
threads of linear algebra is one of the whole process, and the first to leave would lift it for the others.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from threading import Lock
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
R = TypeVar("R")


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries, so once only


@contextmanager
def single_thread() -> Iterator[None]:
    """Hold the threads of BLAS and OpenMP at one; sums are then added up in one order.

    Yields
    ------
    None
        Nothing.
    """
    with _controller().limit(limits=1):
        yield


class Unheard:
    """Silence for a kind of warning while anybody computes that expects it.

    Filters of warnings belong to the whole process: one is set when the first of several threads begins, and taken away
    when the last one has ended. Filters that others set meanwhile stay as they are.

    Parameters
    ----------
    category : type of Warning
        What is not to be heard.

    Examples
    --------
    >>> with Unheard(UserWarning):
    ...     warnings.warn("nobody hears this")
    """

    def __init__(self, category: type[Warning]) -> None:
        self._category = category
        self._filter = ("ignore", None, category, None, 0)  # as the library of warnings keeps it
        self._lock, self._inside, self._ours = Lock(), 0, False

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._ours = self._filter not in warnings.filters
                warnings.simplefilter("ignore", self._category)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._ours and self._filter in warnings.filters:
                warnings.filters.remove(self._filter)  # type: ignore[attr-defined]


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function with one thread of linear algebra.

    Parameters
    ----------
    function : callable
        Anything.

    Returns
    -------
    callable
        The same, with `single_thread` around it.
    """

    @wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> R:
        with single_thread():
            return function(*args, **kwargs)

    return alone
