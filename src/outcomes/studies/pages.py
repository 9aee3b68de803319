"""The MLflow pages of a workspace, on this machine only."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from outcomes.errors import AccessError
from outcomes.tracking.server import page_of_runs


def serve_tracking(workspace: Path, *, port: int, tell: Callable[[str], None]) -> None:
    """Serve the tracked runs until somebody stops it.

    Parameters
    ----------
    workspace
        Whose MLflow store is shown.
    port
        Port on this machine.
    tell
        Told, before it starts, where the pages are and how to find the runs.

    Raises
    ------
    AccessError
        If there is no store yet, or the pages cannot be served (the port may be taken).
    """
    store = workspace / "mlflow"
    if not store.is_dir():
        raise AccessError(f"no runs are recorded under {workspace.name!r} yet; run a study first")
    page = page_of_runs(store, port=port)
    tell(f"The runs are shown at {page.address} until Ctrl-C. {page.note}")
    done = subprocess.run(page.command, env={**os.environ, **page.environment}, check=False)  # noqa: S603  fixed words
    if done.returncode > 0:
        raise AccessError(f"MLflow could not serve port {port}; choose another with --port")
