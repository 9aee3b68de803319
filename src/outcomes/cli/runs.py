"""Commands on tracked runs: list them, compare two."""

from pathlib import Path
from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out
from outcomes.cli.options import ROOT, Root

runs = typer.Typer(help="List tracked runs, compare two of them.", no_args_is_help=True)
app.add_typer(runs, name="runs")


@runs.command("list", epilog="Example: `outcomes runs list --study simulated_service`")
def list_(
    study: Annotated[str | None, typer.Option(help="Only this study's runs.", show_default=False)] = None,
    workspace: Root = ROOT,
) -> None:
    """List the runs of this workspace, newest first."""
    from outcomes.studies.tracked import list_runs

    out.print(list_runs(workspace, study), markup=False)


@runs.command(epilog="Example: `outcomes runs compare 3f2a91 latest --metric auroc`")
def compare(
    a: Annotated[
        str, typer.Argument(help="First characters of a run, a study's name, or `latest`.", show_default=False)
    ],
    b: Annotated[str, typer.Argument(help="Likewise; differences are B minus A.", show_default=False)],
    metric: Annotated[str, typer.Option(help="Only metrics with this in their name.", show_default=False)] = "",
    everything: Annotated[bool, typer.Option("--everything", help="Show metrics that do not differ, too.")] = False,
    to: Annotated[
        Path | None, typer.Option(help="Write the table as well: a .csv or .md file.", show_default=False)
    ] = None,
    workspace: Root = ROOT,
) -> None:
    """Print how run B differs from run A, each difference with its interval."""
    from outcomes.studies.tracked import CompareRequest, compare_runs

    out.print(compare_runs(CompareRequest(workspace, a, b, metric, everything, to)), markup=False)
