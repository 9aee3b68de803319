"""How does one look at the runs? The command and the environment of MLflow's page, kept to this machine."""

import sys
from dataclasses import dataclass
from pathlib import Path

from outcomes.errors import AccessError, ConfigError

HIGHEST_PORT = 65535
NOTE = (
    "Choose 'Model training' at the top left once. The assistant panel that MLflow opens by itself does nothing until "
    "a language model is set up for it: leave it closed. Its notice about telemetry is a fixed text; telemetry is off."
)
LOWEST_PORT = 1024  # those below belong to the system


@dataclass(frozen=True)
class Page:
    """What to start, and where it will answer.

    Parameters
    ----------
    command : tuple of str
        Program and arguments.
    environment : dict
        To be added to the caller's environment.
    address : str
        What to open in a browser.
    note : str
        What to know before opening it.
    """

    command: tuple[str, ...]
    environment: dict[str, str]
    address: str
    note: str = NOTE


def page_of_runs(store: Path, *, port: int = 5000) -> Page:
    """Say how MLflow's page of runs is started: this machine only, one worker, no background jobs, no telemetry.

    Parameters
    ----------
    store : Path
        Folder of the MLflow store, such as ``var/mlflow``.
    port : int, default 5000
        From 1024 to 65535.

    Returns
    -------
    Page
        Command, environment and address.

    Raises
    ------
    AccessError
        If there is no store yet.
    ConfigError
        If the port is out of range.
    """
    if not LOWEST_PORT <= port <= HIGHEST_PORT:
        raise ConfigError(f"port must be from {LOWEST_PORT} to {HIGHEST_PORT}, got {port}")
    database = store.absolute() / "mlflow.db"
    if not database.is_file():
        raise AccessError(f"there are no runs in {store} yet; run a study first: outcomes run EXPERIMENT.toml")
    command = (
        *(sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{database}"),
        *("--artifacts-destination", (store.absolute() / "artifacts").as_uri()),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
    )
    environment = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # otherwise ten processes start
        "MLFLOW_ENABLE_AI_GATEWAY": "false",
    }
    return Page(command, environment, f"http://127.0.0.1:{port}")
