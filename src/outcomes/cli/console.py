"""What the command line shows while it works: one line a step, a bar where somebody is watching."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class StepBars:
    """Turns a study's calls ``(step, done, total)`` into rich bars, one a step."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show how far a step is.

        Parameters
        ----------
        step
            What is being done.
        done, total
            How much of it is done.
        """
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=total)
        self._bars.update(self._tasks[step], completed=done, total=total)


class StepLines:
    """Turns the same calls into one line a finished step, for logs and pipes."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Print a step once it is finished.

        Parameters
        ----------
        step
            What is being done.
        done, total
            How much of it is done.
        """
        if done == total:
            err.print(f"  {step}: {total} of {total}", markup=False)


@contextmanager
def progress() -> Iterator[StepBars | StepLines]:
    """Show progress in the way that suits where the output goes.

    Yields
    ------
    StepBars or StepLines
        What a study calls with ``(step, done, total)``.
    """
    if not sys.stderr.isatty():
        yield StepLines()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=False) as bars:
        yield StepBars(bars)
