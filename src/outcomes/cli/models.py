"""Commands on registered models: list them with their gates, make one the champion."""

from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out
from outcomes.cli.options import ROOT, Root

models = typer.Typer(help="List registered models and their gates, promote one.", no_args_is_help=True)
app.add_typer(models, name="models")


@models.command("list", epilog="Example: `outcomes models list`")
def list_(workspace: Root = ROOT) -> None:
    """List registered models: challenger, champion, and how each gate stands."""
    from outcomes.studies.tracked import list_models

    out.print(list_models(workspace), markup=False)


@models.command(epilog="Example: `outcomes models promote simulated_service --session 2`")
def promote(
    study: Annotated[str, typer.Argument(help="The study whose models are promoted.", show_default=False)],
    session: Annotated[
        int | None, typer.Option(min=0, help="Only the model of this session.", show_default=False)
    ] = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="This version; the challenger if absent.", show_default=False)
    ] = None,
    despite: Annotated[
        str, typer.Option(help="Why, although a gate is not green; kept with the version.", show_default=False)
    ] = "",
    workspace: Root = ROOT,
) -> None:
    """Make a study's challengers the champions: refused while any gate is not green."""
    from outcomes.studies.tracked import promote_models

    for line in promote_models(workspace, study, session=session, version=version, despite=despite):
        out.print(line, markup=False)
