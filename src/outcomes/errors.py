"""What can go wrong, in words a person can act on: one exception and one exit code per kind.

A message says what is wrong, where, and what to do. A wrong parameter is quoted; a patient's value never is.
"""

import traceback
from pathlib import Path
from typing import ClassVar

OURS = Path(__file__).parent


class OutcomesError(Exception):
    """Base of every error that this package raises on purpose; its text is shown to the user as it stands."""

    exit_code: ClassVar[int] = 70


class ConfigError(OutcomesError):
    """A parameter, an experiment file or a reference record is wrong; the text quotes it and says what is allowed."""

    exit_code: ClassVar[int] = 2


class DataError(OutcomesError):
    """A feed or a table cannot be used; the text names column, rule and count, never a value."""

    exit_code: ClassVar[int] = 3


class AccessError(OutcomesError):
    """Something may not be read or written: a key, an allowlist, a lock or a permission is missing."""

    exit_code: ClassVar[int] = 4


class DisclosureError(OutcomesError):
    """A table may not leave: it is not released, its seal is broken, or the policy forbids it."""

    exit_code: ClassVar[int] = 5


class NotConverged(OutcomesError):  # noqa: N818  the name that the field and the manual use
    """A model did not reach its stopping rule; nothing downstream may use it as if it had."""

    exit_code: ClassVar[int] = 6


class GateError(OutcomesError):
    """A model may not be registered or promoted: a gate is red, or was never judged, and nobody gave a reason."""

    exit_code: ClassVar[int] = 7


class NotConvergedWarning(UserWarning):
    """The twin of NotConverged for a fit that is kept, and marked, although it hit its cap."""


def place_of(error: BaseException) -> str:
    """Say where in our own code something failed, and nothing of what the error says.

    Parameters
    ----------
    error : BaseException
        Raised anywhere, by anybody.

    Returns
    -------
    str
        The innermost of our modules and its line, such as "opening.py, line 120"; "a library" where it went through
        none. Files beside this package are not ours, whatever folder they lie in.
    """
    frames = [one for one in traceback.extract_tb(error.__traceback__) if Path(one.filename).is_relative_to(OURS)]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "a library"
