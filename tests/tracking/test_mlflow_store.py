"""The store opens where it was made, says why where it cannot, and leaves nothing of the caller's settings in force."""

import os
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest

from outcomes.errors import AccessError
from outcomes.tracking.mlflow_store import DATABASE, MlflowStore
from outcomes.tracking.opening import Subject, tracker

Make = Callable[..., Subject]


def test_only_studies_are_listed(store: Path, subject: Make) -> None:
    with tracker(subject(), store=store):
        pass
    found = MlflowStore(store).client.search_experiments()
    assert [(e.name, e.tags["mlflow.note.content"]) for e in found] == [("demo_study", "Does it run?")]


def test_a_moved_store_is_refused_before_anything_is_written(store: Path, subject: Make, tmp_path: Path) -> None:
    with tracker(subject(), store=store):
        pass
    moved = store.rename(tmp_path / "elsewhere")
    with pytest.raises(AccessError, match="moved or copied"), tracker(subject(), store=moved):
        pytest.fail("the run must not begin")
    assert not store.exists()


def test_a_deleted_experiment_is_not_written_to(store: Path, subject: Make) -> None:
    with tracker(subject(), store=store):
        pass
    client = MlflowStore(store).client
    client.delete_experiment(client.get_experiment_by_name("demo_study").experiment_id)
    with pytest.raises(AccessError, match="was deleted in MLflow"), tracker(subject(), store=store):
        pytest.fail("the run must not begin")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_text("not a database, but long enough to be read as a header of one" * 20)
    with pytest.raises(AccessError, match="cannot be opened"):
        MlflowStore(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(AccessError, match="cannot be made"):
        MlflowStore(tmp_path / "file" / "mlflow")


def test_the_store_is_for_its_owner_only(tmp_path: Path, empty_database: Path) -> None:
    assert empty_database.is_file()
    folder = tmp_path / "made" / "mlflow"
    MlflowStore(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_nothing_is_sent_and_nothing_is_logged_behind_our_back(store: Path) -> None:
    mlflow.autolog(disable=False, silent=True)
    MlflowStore(store)
    assert mlflow.utils.autologging_utils.AUTOLOGGING_INTEGRATIONS["mlflow"]["disable"] is True
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
