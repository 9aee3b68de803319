"""Commands of the data steward: forget a person, keep to the end of storage, correct a value."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out, progress
from outcomes.cli.options import REPORTS, ROOT, ExperimentFile, Keys, Reports, Root, SourceFolder
from outcomes.errors import AccessError, ConfigError

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")]
KEYBOARD = "-"


def _text(place: str) -> str:
    # Identifiers come from a file or the keyboard: what stands on a command line can be seen by others.
    if place == KEYBOARD:
        return sys.stdin.read()
    try:
        return Path(place).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise AccessError(f"{Path(place).name}: cannot be read as UTF-8 text") from None


@app.command(epilog="Example: `outcomes erase my_service.toml --who request.txt --keys keys/steward --dry-run`")
def erase(
    experiment: ExperimentFile,
    who: Annotated[
        str | None,
        typer.Option(help="File of identifiers, one a line; - reads them from the keyboard.", show_default=False),
    ] = None,
    by_nhs_number: Annotated[
        bool, typer.Option("--by-nhs-number", help="They are NHS numbers instead of local identifiers.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Complete what was stopped; bring a restored backup up to date.")
    ] = False,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Run the study again afterwards, without them; needs its feed.")
    ] = False,
    dry_run: DryRun = False,
    source: SourceFolder = None,
    keys: Keys = None,
    workspace: Root = ROOT,
    reports: Reports = REPORTS,
) -> None:
    """Forget people: library, vault, history, models, tracked runs, reports, caches; a tombstone keeps them away."""  # noqa: DOC501  the help text of a command
    from outcomes.studies.erasing import erase_people, read_identifiers
    from outcomes.studies.opening import Request

    if (who is None) == (not resume):
        raise ConfigError("say whom to erase with --who FILE (or - for the keyboard), or give --resume; one of the two")
    request = Request(experiment, workspace, reports, source=source, keys=keys)
    identifiers = () if who is None else read_identifiers(_text(who))
    with progress() as show:
        receipt = erase_people(request, identifiers, by_nhs_number=by_nhs_number, dry_run=dry_run, progress=show)
    for line in receipt.lines():
        out.print(line, markup=False)
    if retrain and not dry_run:
        from outcomes.studies.whole import run_study

        with progress() as show:
            record = run_study(request, progress=show)
        for line in record.lines():
            out.print(line, markup=False)


@app.command(epilog="Example: `outcomes retain my_service.toml --until 2030-12-31 --reason protocol_7.2`")
def retain(
    experiment: ExperimentFile,
    until: Annotated[str | None, typer.Option(help="Register the last day, YYYY-MM-DD.", show_default=False)] = None,
    reason: Annotated[str, typer.Option(help="What the last day follows from.", show_default=False)] = "",
    dry_run: DryRun = False,
    keys: Keys = None,
    workspace: Root = ROOT,
    reports: Reports = REPORTS,
) -> None:
    """Register until when a library is kept, or remove it where that day is past: library, vault, models, runs."""
    from outcomes.studies.opening import Request, day_of
    from outcomes.studies.stewarding import retain_source

    request = Request(experiment, workspace, reports, keys=keys)
    for line in retain_source(request, until=day_of(until, "--until"), reason=reason, dry_run=dry_run):
        out.print(line, markup=False)


@app.command(epilog="Example: `outcomes correct my_service.toml corrections.csv --keys keys/steward --dry-run`")
def correct(
    experiment: ExperimentFile,
    corrections: Annotated[
        Path,
        typer.Argument(
            help="CSV: table, patient_id, episode_id, contact_id, session_date, occasion, column, value, reason.",
            show_default=False,
        ),
    ],
    dry_run: DryRun = False,
    keys: Keys = None,
    workspace: Root = ROOT,
) -> None:
    """Put values right as a new version; the snapshot before keeps the old ones, the vault a register of both."""
    from outcomes.studies.opening import Request
    from outcomes.studies.stewarding import correct_values

    request = Request(experiment, workspace, REPORTS, keys=keys)
    for line in correct_values(request, _text(str(corrections)), dry_run=dry_run):
        out.print(line, markup=False)
