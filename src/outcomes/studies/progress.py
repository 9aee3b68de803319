"""How a study tells how far it is: a callable that takes what is being done, how much is done, and of how much."""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]


def silent(step: str, done: int, total: int) -> None:
    """Tell nobody how far the study is (for tests and notebooks).

    Parameters
    ----------
    step
        What is being done.
    done, total
        How much of it is done.
    """
