"""Why are the bits the same on any machine? Linear algebra runs on one thread while something is computed here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
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
