"""The command on published figures: England as a fairness report."""

from pathlib import Path
from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out
from outcomes.cli.options import REPORTS, Reports


@app.command(epilog="Example: `outcomes england --year 2022-23`")
def england(
    year: Annotated[
        str | None, typer.Option(help="Financial year, such as 2022-23.", show_default="all, with the change")
    ] = None,
    published: Annotated[
        Path | None,
        typer.Option(
            help="Data file of the annual report (CSV), with every breakdown in every year.",
            show_default="the figures that come with this package",
        ),
    ] = None,
    reports: Reports = REPORTS,
) -> None:
    """Write England's published outcomes as a fairness report: by group, with gradients, gaps and change over years."""
    from outcomes.studies.england import write_england

    for line in write_england(reports, year=year, published=published).lines():
        out.print(line, markup=False)
