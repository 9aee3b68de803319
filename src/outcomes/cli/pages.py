"""Commands that open pages in a browser."""

from typing import Annotated

import typer

from outcomes.cli.app import app
from outcomes.cli.console import out
from outcomes.cli.options import ROOT, Root


@app.command(epilog="Example: `outcomes ui`")
def ui(
    workspace: Root = ROOT,
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on this machine.")] = 5000,
) -> None:
    """Open the MLflow pages of this workspace on this machine only (Ctrl-C ends them)."""
    from outcomes.studies.pages import serve_tracking

    serve_tracking(workspace, port=port, tell=lambda note: out.print(note, markup=False))
