"""The command ``outcomes``: its options, its examples, and the one place where an error becomes an exit code."""

import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from outcomes import __version__
from outcomes.cli.console import err, out, progress
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

ExperimentFile = Annotated[
    Path, typer.Argument(metavar="EXPERIMENT.toml", help="The experiment file.", show_default=False)
]
SourceFolder = Annotated[
    Path | None,
    typer.Option("--source", help="Folder (or file) of the feed; wins over [source] path.", show_default=False),
]
Allowlist = Annotated[
    Path | None,
    typer.Option(
        "--allowlist", help="National data opt-out answer (.dat): who may be read for research.", show_default=False
    ),
]
Keys = Annotated[
    Path | None, typer.Option("--keys", help="Folder of the key file, outside library and vault.", show_default=False)
]
Root = Annotated[Path, typer.Option("--workspace", help="Holds feeds, libraries, vaults and the MLflow store.")]
Reports = Annotated[Path, typer.Option("--reports", help="Where reports are written.")]
Processes = Annotated[
    int, typer.Option("--processes", min=1, max=64, help="How many processes; results do not depend on it.")
]

STOPPED = 130
STOPPED_TEXT = "stopped; nothing half-written is left under a final name, run the same command again"
ROOT = Path("var")
REPORTS = Path("reports")


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        out.print(f"outcomes {__version__}")
        raise typer.Exit


@app.command(epilog="Example: `outcomes run experiments/simulated_service.toml`")
def run(
    experiment: ExperimentFile,
    source: SourceFolder = None,
    allowlist: Allowlist = None,
    keys: Keys = None,
    workspace: Root = ROOT,
    reports: Reports = REPORTS,
    processes: Processes = 2,
    tracking: Annotated[bool, typer.Option(help="Record the run in MLflow.")] = True,
) -> None:
    """Run a whole study: feed, measures, subtypes, prognosis, fairness, reports, MLflow run."""
    from outcomes.studies.opening import Request
    from outcomes.studies.whole import run_study

    request = Request(experiment, workspace, reports, source=source, allowlist=allowlist, keys=keys)
    with progress() as show:
        record = run_study(request, progress=show, processes=processes, tracking=tracking)
    for line in record.lines():
        out.print(line, markup=False)


@app.command(epilog="Example: `outcomes simulate var/demo_feed --patients 5000 --seed 1 --dirty`")
def simulate(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder for the feed.", show_default=False)],
    patients: Annotated[int, typer.Option(min=20, max=2_000_000, help="How many people.")] = 5000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 1,
    item_process: Annotated[
        str, typer.Option(help="states (hidden states) or severity (one continuous severity, no subtypes).")
    ] = "states",
    dirty: Annotated[bool, typer.Option("--dirty", help="Add the dirt of real feeds.")] = False,
) -> None:
    """Write the feed of an invented service, with the truth beside it. It is no evidence about patients."""
    from outcomes.studies.feed import write_invented_feed

    with progress() as show:
        lines = write_invented_feed(
            folder, patients=patients, seed=seed, item_process=item_process, dirty=dirty, progress=show
        )
    for line in lines:
        out.print(line, markup=False)


@app.command(epilog="Example: `outcomes ingest experiments/simulated_service.toml --source var/demo_feed`")
def ingest(
    experiment: ExperimentFile,
    source: SourceFolder = None,
    keys: Keys = None,
    workspace: Root = ROOT,
) -> None:
    """Check a feed and commit it to the library; print what was accepted, set aside and refused."""
    from outcomes.studies.opening import Request, ingest_feed

    request = Request(experiment, workspace, REPORTS, source=source, keys=keys)
    with progress() as show:
        report = ingest_feed(request, progress=show)
    out.print(report, markup=False)


@app.command(epilog="Example: `outcomes measures experiments/simulated_service.toml`")
def measures(
    experiment: ExperimentFile,
    source: SourceFolder = None,
    allowlist: Allowlist = None,
    keys: Keys = None,
    workspace: Root = ROOT,
) -> None:
    """Print the service's outcome rates beside England's, each with numerator, denominator and interval."""
    from outcomes.studies.opening import Request
    from outcomes.studies.outcome_table import service_table

    request = Request(experiment, workspace, REPORTS, source=source, allowlist=allowlist, keys=keys)
    with progress() as show:
        text = service_table(request, progress=show)
    out.print(text, markup=False)


@app.command(epilog="Example: `outcomes flags experiments/simulated_service.toml --as-of 2023-03-31`")
def flags(
    experiment: ExperimentFile,
    as_of: Annotated[
        str | None, typer.Option(help="Date of the page, YYYY-MM-DD; the extract's own date if absent.")
    ] = None,
    source: SourceFolder = None,
    keys: Keys = None,
    workspace: Root = ROOT,
    reports: Reports = REPORTS,
) -> None:
    """Write the caseload page (care view: stays inside the service) and say where it is."""
    from outcomes.studies.caseload import write_caseload
    from outcomes.studies.opening import Request

    request = Request(experiment, workspace, reports, source=source, keys=keys)
    with progress() as show:
        lines = write_caseload(request, as_of=as_of, progress=show)
    for line in lines:
        out.print(line, markup=False)


@app.command(epilog="Example: `outcomes optout my_service.toml --allowlist ANSWER_150123_1.dat`")
def optout(
    experiment: ExperimentFile,
    allowlist: Allowlist = None,
    objections: Annotated[
        Path | None,
        typer.Option(
            help="Local identifiers of people who object, one a line; replaces earlier ones.", show_default=False
        ),
    ] = None,
    by_patient_id: Annotated[
        bool, typer.Option("--by-patient-id", help="The list holds local identifiers instead of NHS numbers.")
    ] = False,
    dated: Annotated[
        str | None, typer.Option(help="Day of the list, YYYY-MM-DD; read from its name (DDMMYY) if absent.")
    ] = None,
    workspace: Root = ROOT,
) -> None:
    """Register whom research may read: the answer of the national data opt-out, and local objections."""
    from outcomes.studies.opening import Request, day_of, register_optout

    request = Request(experiment, workspace, REPORTS, allowlist=allowlist)
    day = day_of(dated, "--dated")
    out.print(register_optout(request, objections=objections, by_patient_id=by_patient_id, dated=day), markup=False)


@app.command(epilog="Example: `outcomes verify experiments/simulated_service.toml`")
def verify(experiment: ExperimentFile, workspace: Root = ROOT) -> None:
    """Check that every part of the library's snapshot still has the hash that names it."""
    from outcomes.studies.opening import Request, verify_library

    out.print(verify_library(Request(experiment, workspace, REPORTS)), markup=False)


@app.command(epilog="Example: `outcomes ui`")
def ui(
    workspace: Root = ROOT,
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on this machine.")] = 5000,
) -> None:
    """Open the MLflow pages of this workspace on this machine only (Ctrl-C ends them)."""
    from outcomes.studies.pages import serve_tracking

    serve_tracking(workspace, port=port, tell=lambda note: out.print(note, markup=False))


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
