"""Commands of direct care: the caseload page."""

from pathlib import Path
from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out, progress
from outcomes.cli.options import REPORTS, ROOT, ExperimentFile, Keys, Processes, Reports, Root, SourceFolder

RULES_ONLY = 10  # exit code: the report is written, but its model is absent, too old, another file or refused


@app.command(
    epilog="Example: `outcomes flags experiments/simulated_service.toml --as-of 2023-03-31`. Exit code 10: the pages "
    "are written, but by the rules only, because the model that is switched on could not be used."
)
def flags(
    experiment: ExperimentFile,
    as_of: Annotated[
        str | None, typer.Option(help="Date of the page, YYYY-MM-DD; the extract's own date if absent.")
    ] = None,
    team: Annotated[str | None, typer.Option(help="Only this team (or service).", show_default=False)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge and count; write nothing.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also each page as PDF (needs the extra `pdf`).")] = False,
    per_person: Annotated[bool, typer.Option("--per-person", help="Also one file a person.")] = False,
    readers: Annotated[
        Path | None,
        typer.Option(help="TOML of readers' age keys: every file is encrypted to its reader.", show_default=False),
    ] = None,
    source: SourceFolder = None,
    keys: Keys = None,
    workspace: Root = ROOT,
    reports: Reports = REPORTS,
    processes: Processes = 2,
) -> int:
    """Write the caseload pages (care view: stays inside the service) and say where they are."""  # noqa: DOC201  help text
    from outcomes.studies.caseload import Asked, write_caseload
    from outcomes.studies.opening import Request

    request = Request(experiment, workspace, reports, source=source, keys=keys)
    asked = Asked(team=team, dry_run=dry_run, paper=pdf, per_person=per_person, readers=readers, processes=processes)
    with progress() as show:
        done = write_caseload(request, asked=asked, as_of=as_of, progress=show)
    for line in done.lines:
        out.print(line, markup=False)
    return RULES_ONLY if done.rules_only else 0
