"""Commands of the analyst: run a study, invent a service, print outcome rates."""

from pathlib import Path
from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out, progress
from outcomes.cli.options import REPORTS, ROOT, Allowlist, ExperimentFile, Keys, Processes, Reports, Root, SourceFolder


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
    patients: Annotated[int, typer.Option(min=20, max=900_000, help="How many people.")] = 5000,
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
