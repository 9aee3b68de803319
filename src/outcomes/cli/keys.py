"""Commands of whoever holds keys: make them, change them, register projects, write extracts, read the audit log."""

from pathlib import Path
from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out
from outcomes.cli.options import REPORTS, ROOT, ExperimentFile, Keys, Root

keys = typer.Typer(help="Make the keys of a library, one folder a role.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@keys.command(epilog="Example: `outcomes keys create ~/outcomes-keys --region uk`")
def create(
    folder: Annotated[Path, typer.Argument(help="A new folder outside library and vault.", show_default=False)],
    region: Annotated[str, typer.Option(help="uk or us; libraries of two regions do not mix.", show_default=False)],
) -> None:
    """Make a set of new keys: analyst, steward, care, release, auditor."""
    from outcomes.studies.keys import make_keys

    out.print(make_keys(folder, region=region), markup=False)


@app.command(epilog="Example: `outcomes projects my_service.toml --register projects.toml --keys keys/steward`")
def projects(
    experiment: ExperimentFile,
    register: Annotated[Path, typer.Option(help="The register of projects, TOML.", show_default=False)],
    keys: Keys = None,
    workspace: Root = ROOT,
) -> None:
    """Register for which projects an identified source may be read: purpose, legal basis, tables, fields, end."""
    from outcomes.studies.keys import set_projects
    from outcomes.studies.opening import Request

    out.print(set_projects(Request(experiment, workspace, REPORTS, keys=keys), register), markup=False)


@app.command(epilog="Example: `outcomes export my_service.toml --project waits --to waits_extract --keys keys/release`")
def export(
    experiment: ExperimentFile,
    project: Annotated[str, typer.Option(help="Whose extract.", show_default=False)],
    to: Annotated[Path, typer.Option(help="A folder that does not exist yet.", show_default=False)],
    keys: Keys = None,
    workspace: Root = ROOT,
) -> None:
    """Write a project's extract: its fields only, under pseudonyms that no other extract uses."""
    from outcomes.studies.keys import write_extract
    from outcomes.studies.opening import Request

    out.print(write_extract(Request(experiment, workspace, REPORTS, keys=keys), project, to), markup=False)


@app.command(
    epilog="Example: `outcomes rotate my_service.toml --what library --keys keys/steward --new new_keys/steward`"
)
def rotate(
    experiment: ExperimentFile,
    what: Annotated[str, typer.Option(help="library, vault or pseudonym.", show_default=False)],
    new: Annotated[Path, typer.Option(help="Folder that holds the new key.", show_default=False)],
    keys: Keys = None,
    workspace: Root = ROOT,
) -> None:
    """Change one of the keys: everything is written anew under the new one."""
    from outcomes.studies.keys import change_keys
    from outcomes.studies.opening import Request

    out.print(change_keys(Request(experiment, workspace, REPORTS, keys=keys), what, new), markup=False)


@app.command(epilog="Example: `outcomes audit my_service.toml --keys keys/auditor`")
def audit(experiment: ExperimentFile, keys: Keys = None, workspace: Root = ROOT) -> None:
    """Print who did what with the library, when, for which purpose; checks every line."""
    from outcomes.studies.keys import read_audit
    from outcomes.studies.opening import Request

    out.print(read_audit(Request(experiment, workspace, REPORTS, keys=keys)), markup=False, soft_wrap=True)
