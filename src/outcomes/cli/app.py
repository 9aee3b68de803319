"""The command ``outcomes``, and the one place where an error becomes an exit code."""

import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from outcomes import __version__
from outcomes.cli.console import err, out
from outcomes.errors import ConfigError, OutcomesError

EXIT_CODES = (
    "Exit codes: 0 done; 2 a parameter or experiment file is wrong; 3 the data cannot be used; 4 access (key, "
    "allowlist, lock, permission); 5 disclosure; 6 a model did not converge; 70 a defect of ours; "
    "130 stopped with Ctrl-C."
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
    try:
        code = app(args=None if arguments is None else list(arguments), standalone_mode=False)
    except OutcomesError as error:
        err.print(f"outcomes: {error}", markup=False)
        return error.exit_code
    except TyperException as error:
        err.print(f"outcomes: {_usage(error)}; see `outcomes --help`", markup=False)
        return ConfigError.exit_code
    except (KeyboardInterrupt, Abort):
        code = STOPPED
    except Exception as error:  # noqa: BLE001  the one top-level handler: a foreign message may hold a patient's value
        err.print(_defect(error), markup=False)
        return 70
    if code == STOPPED:  # typer turns Ctrl-C into this code by itself, and says nothing
        err.print(f"outcomes: {STOPPED_TEXT}", markup=False)
    return code if isinstance(code, int) else 0


def _usage(error: TyperException) -> str:
    formatted = getattr(error, "format_message", None)
    return str(formatted() if callable(formatted) else error).rstrip(".")


def _defect(error: Exception) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "outcomes" in Path(frame.filename).parts]
    where = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "a library"
    if os.environ.get("OUTCOMES_TRACEBACK") == "1":
        traceback.print_exception(error)
    return (
        f"outcomes: a defect of ours ({type(error).__name__} in {where}). Its text is not shown because it may hold a "
        "patient's value; run again with OUTCOMES_TRACEBACK=1 where that is safe, and report the place."
    )
