"""The command ``outcomes``, and the one place where an error becomes an exit code."""

import os
import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from outcomes import __version__
from outcomes.cli.console import err, out
from outcomes.errors import ConfigError, OutcomesError, place_of

EXIT_CODES = (
    "Exit codes: 0 done; 2 a parameter or experiment file is wrong; 3 the data cannot be used; 4 access (key, "
    "allowlist, lock, permission); 5 disclosure; 6 a model did not converge; 7 a model's gate is red; 10 caseload "
    "pages by the rules only, because the model could not be used; 70 a defect of ours; 130 stopped with Ctrl-C."
)

app = typer.Typer(
    name="outcomes",
    help="Depression subtypes, recovery pathways, fairness and publication from outcome questionnaires.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
)

STOPPED = 130
STOPPED_TEXT = "stopped; nothing half-written is left under a final name, run the same command again"


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        out.print(f"outcomes {__version__}")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        The words after the program's name; the process's own if absent.

    Returns
    -------
    int
        0, or the documented code of what went wrong. Called as the console script, the process exits with it.
    """
    with _interruptions() as interrupted:
        return _main(arguments, interrupted)


@contextmanager
def _interruptions() -> Iterator[Event]:
    """Remember that Ctrl-C was pressed: compiled code may turn the interrupt into an exception of another class.

    Yields
    ------
    Event
        Set as soon as Ctrl-C was pressed.
    """
    pressed = Event()

    def remember(number: int, frame: FrameType | None) -> None:
        pressed.set()
        signal.default_int_handler(number, frame)

    if current_thread() is not main_thread() or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield pressed  # only the main thread may listen, and a caller that listens itself goes on doing so
        return
    signal.signal(signal.SIGINT, remember)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _main(arguments: Sequence[str] | None, interrupted: Event) -> int:
    try:
        code = app(args=None if arguments is None else list(arguments), standalone_mode=False)
    except (KeyboardInterrupt, Abort):
        code = STOPPED
    except Exception as error:  # noqa: BLE001  the one top-level handler: a foreign message may hold a patient's value
        if not interrupted.is_set():
            said, code = _failure(error)
            err.print(said, markup=False)
            return code
        code = STOPPED
    if code == STOPPED:  # typer turns Ctrl-C into this code by itself, and says nothing
        err.print(f"outcomes: {STOPPED_TEXT}", markup=False)
    return code if isinstance(code, int) else 0


def _failure(error: Exception) -> tuple[str, int]:
    if isinstance(error, OutcomesError):
        return f"outcomes: {error}", error.exit_code
    if isinstance(error, TyperException):
        return f"outcomes: {_usage(error)}; see `outcomes --help`", ConfigError.exit_code
    return _defect(error), 70


def _usage(error: TyperException) -> str:
    formatted = getattr(error, "format_message", None)
    return str(formatted() if callable(formatted) else error).rstrip(".")


def _defect(error: Exception) -> str:
    if os.environ.get("OUTCOMES_TRACEBACK") == "1":
        traceback.print_exception(error)
    return (
        f"outcomes: a defect of ours ({type(error).__name__} in {place_of(error)}). Its text is not shown because it "
        "may hold a patient's value; run again with OUTCOMES_TRACEBACK=1 where that is safe, and report the place."
    )
