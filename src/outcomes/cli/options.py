"""Options that several commands share: one spelling, one help text."""

from pathlib import Path
from typing import Annotated

import typer

ExperimentFile = Annotated[
    Path, typer.Argument(metavar="EXPERIMENT.toml", help="The experiment file.", show_default=False)
]
SourceFolder = Annotated[
    Path | None,
    typer.Option("--source", help="Folder (or file) of the feed; wins over [source] path.", show_default=False),
]
Allowlist = Annotated[
    Path | None,
    typer.Option(
        "--allowlist", help="National data opt-out answer (.dat): who may be read for research.", show_default=False
    ),
]
Keys = Annotated[
    Path | None, typer.Option("--keys", help="Folder of the key file, outside library and vault.", show_default=False)
]
Root = Annotated[Path, typer.Option("--workspace", help="Holds feeds, libraries, vaults and the MLflow store.")]
Reports = Annotated[Path, typer.Option("--reports", help="Where reports are written.")]
Processes = Annotated[
    int, typer.Option("--processes", min=1, max=64, help="How many processes; results do not depend on it.")
]

ROOT = Path("var")
REPORTS = Path("reports")
