"""Commands of the data steward: take a feed in, register opt-outs, verify."""

from pathlib import Path
from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out, progress
from outcomes.cli.options import REPORTS, ROOT, Allowlist, ExperimentFile, Keys, Root, SourceFolder


@app.command(epilog="Example: `outcomes ingest experiments/simulated_service.toml --source var/demo_feed`")
def ingest(
    experiment: ExperimentFile,
    source: SourceFolder = None,
    fewer_rows: Annotated[
        bool,
        typer.Option("--fewer-rows", help="A whole submission with under half of the rows is right, not cut off."),
    ] = False,
    keys: Keys = None,
    workspace: Root = ROOT,
) -> None:
    """Check a feed and commit it to the library; print what was accepted, set aside and refused."""
    from outcomes.studies.opening import Request, ingest_feed

    request = Request(experiment, workspace, REPORTS, source=source, keys=keys, fewer_rows=fewer_rows)
    with progress() as show:
        report = ingest_feed(request, progress=show)
    out.print(report, markup=False)


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
    keys: Keys = None,
    workspace: Root = ROOT,
) -> None:
    """Register whom research may read: the answer of the national data opt-out, and local objections."""
    from outcomes.studies.opening import Request, day_of, register_optout

    request = Request(experiment, workspace, REPORTS, allowlist=allowlist, keys=keys)
    day = day_of(dated, "--dated")
    out.print(register_optout(request, objections=objections, by_patient_id=by_patient_id, dated=day), markup=False)


@app.command(epilog="Example: `outcomes verify experiments/simulated_service.toml`")
def verify(
    experiment: ExperimentFile,
    receipt: Annotated[
        list[Path] | None, typer.Option(help="A .receipt.json beside a report or release; may be repeated.")
    ] = None,
    keys: Keys = None,
    workspace: Root = ROOT,
) -> None:
    """Check every byte of library, vault and audit log, as far as the keys given reach."""
    from outcomes.studies.opening import Request, verify_library

    request = Request(experiment, workspace, REPORTS, keys=keys)
    out.print(verify_library(request, receipts=receipt or ()), markup=False)
