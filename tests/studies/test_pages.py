"""The pages of runs: on this machine only, told beforehand, and a port that is taken is said."""

import subprocess

import pytest

from outcomes.errors import AccessError
from outcomes.studies import pages
from outcomes.studies.pages import serve_tracking


@pytest.fixture
def store(tmp_path):
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").write_bytes(b"")
    return tmp_path


def ending(monkeypatch, code):
    monkeypatch.setattr(pages.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, code))


def test_the_address_is_told_before_the_server_starts(store, monkeypatch):
    ending(monkeypatch, 0)
    told = []
    serve_tracking(store, port=5123, tell=told.append)
    assert told[0].startswith("The runs are shown at http://127.0.0.1:5123 until Ctrl-C.")


def test_a_port_that_is_taken_is_said(store, monkeypatch):
    ending(monkeypatch, 1)
    with pytest.raises(AccessError, match="MLflow could not serve port 5123; choose another with --port"):
        serve_tracking(store, port=5123, tell=lambda _: None)


def test_a_server_ended_by_a_signal_is_no_error(store, monkeypatch):
    ending(monkeypatch, -2)
    assert serve_tracking(store, port=5123, tell=lambda _: None) is None


def test_without_runs_there_are_no_pages(tmp_path):
    with pytest.raises(AccessError, match="no runs are recorded"):
        serve_tracking(tmp_path, port=5123, tell=lambda _: None)
