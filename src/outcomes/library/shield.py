"""How does no library's error message carry a patient's value out of an intake? Its text is dropped, its place is told.

Most libraries quote the cell that they could not convert. Whatever they raise while identifiers are in memory is
replaced by an error of ours that names its class and the place in our code; neither its text nor the error itself is
kept as a cause or context, so that no handler, log or tracker can print it.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from outcomes.errors import OutcomesError, place_of

P = ParamSpec("P")
R = TypeVar("R")


def _bare(error: BaseException) -> None:
    # An error of ours stays, without what it was raised from.
    error.__cause__ = error.__context__ = None
    error.__suppress_context__ = True


def shielded(doing: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let no error but our own out of a function, and none with another one behind it.

    Parameters
    ----------
    doing : str
        What the function does, for the message.

    Returns
    -------
    callable
        A decorator. Ctrl-C and the like pass.

    Examples
    --------
    >>> @shielded("reading a number")
    ... def read(text):
    ...     return int(text)
    >>> try:
    ...     read("Ann Smith")
    ... except OutcomesError as error:
    ...     print("Ann" in str(error), error.__context__)
    False None
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except OutcomesError as error:
                _bare(error)
                raise
            except Exception as error:  # noqa: BLE001  whatever it is, its text may hold a patient's value
                told = f"{type(error).__name__} in {place_of(error)}"
            # Behind the handler, so that the foreign error is not even kept as a context.
            raise OutcomesError(
                f"a defect of ours while {doing} ({told}); nothing was changed. The error's own text is not shown, "
                "because it may hold a patient's value; report the place"
            )

        return run

    return decorate
