"""Commands of direct care: the caseload page."""

from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out, progress
from outcomes.cli.options import REPORTS, ROOT, ExperimentFile, Keys, Reports, Root, SourceFolder


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
