"""The page of runs starts on this machine only, in few processes, and answers."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import pytest

from outcomes.errors import AccessError, ConfigError
from outcomes.tracking.opening import Subject, tracker
from outcomes.tracking.server import page_of_runs

Make = Callable[..., Subject]


def test_without_runs_the_next_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="run a study first"):
        page_of_runs(tmp_path)


@pytest.mark.parametrize("port", [80, 70_000])
def test_ports_out_of_range_are_refused(store: Path, port: int) -> None:
    with pytest.raises(ConfigError, match=f"got {port}"):
        page_of_runs(store, port=port)


def test_nothing_is_offered_to_other_machines(store: Path) -> None:
    page = page_of_runs(store, port=5001)
    assert page.command[page.command.index("--host") + 1] == "127.0.0.1"
    assert page.address == "http://127.0.0.1:5001"
    assert page.environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert page.environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def answer(address: str, seconds: float) -> str:
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as reply:  # noqa: S310  our own address
                return reply.read().decode()
        except (URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


@pytest.mark.slow
def test_the_page_answers_and_shows_the_files_of_a_run(store: Path, subject: Make) -> None:
    with tracker(subject(), store=store) as run:
        run.text("methods.md", "what was done")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = page_of_runs(store, port=port)
    environment = {**os.environ, **page.environment}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(page.command, env=environment, cwd=store, start_new_session=True, **quiet) as server:
        try:
            assert answer(f"{page.address}/health", 180) == "OK"
            found = answer(f"{page.address}/get-artifact?path=methods.md&run_uuid={run.run_id}", 10)
            assert found == "what was done"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
    assert {path.name for path in store.iterdir()} <= {"mlflow.db", "mlflow.db-shm", "mlflow.db-wal", "artifacts"}
