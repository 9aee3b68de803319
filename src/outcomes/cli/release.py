"""Commands of the author: release a study's tables and figures, and check that a folder is what was released."""

from pathlib import Path
from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out, progress
from outcomes.cli.options import REPORTS, ROOT, Allowlist, ExperimentFile, Keys, Processes, Reports, Root, SourceFolder


@app.command(epilog="Example: `outcomes release experiments/simulated_service.toml`")
def release(
    experiment: ExperimentFile,
    folder: Annotated[
        Path | None, typer.Option("--to", help="Folder of the release.", show_default="REPORTS/STUDY_release")
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option("--check", help="Only check that this folder is what was released.", show_default=False),
    ] = None,
    source: SourceFolder = None,
    allowlist: Allowlist = None,
    keys: Keys = None,
    workspace: Root = ROOT,
    reports: Reports = REPORTS,
    processes: Processes = 2,
) -> None:
    """Write a folder that an author can send to a journal and an output checker can approve."""
    from outcomes.studies.opening import Request
    from outcomes.studies.releasing import check_release, release_study

    request = Request(experiment, workspace, reports, source=source, allowlist=allowlist, keys=keys)
    if check is not None:
        out.print(check_release(request, check), markup=False)
        return
    with progress() as show:
        record = release_study(request, folder=folder, progress=show, processes=processes)
    for line in record.lines():
        out.print(line, markup=False)
