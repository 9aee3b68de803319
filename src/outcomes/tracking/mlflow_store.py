"""Where do the runs of this machine lie? One SQLite file and one folder of artifacts, opened here and nowhere else."""

import hashlib
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlparse

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRecord
from mlflow.entities import RunStatus, ViewType
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from outcomes.errors import AccessError
from outcomes.tracking.guard import plain

DATABASE = "mlflow.db"
ARTIFACTS = "artifacts"
PROCESS_TAG = "outcomes.process"
SNAPSHOT_TAG = "snapshot"
SETTINGS_TAG = "settings"
STOPPED = ("RUNNING", "SCHEDULED", "KILLED")


class MlflowStore:
    """An open store.

    Parameters
    ----------
    folder : Path
        Holds ``mlflow.db`` and ``artifacts/``; made, owner-only, if absent.

    Raises
    ------
    AccessError
        If the folder cannot be written or the database is not one that this MLflow can read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        for logger in ("mlflow", "alembic"):
            logging.getLogger(logger).setLevel(logging.WARNING)  # making the tables is not news
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise AccessError(f"the MLflow folder {folder.name!r} cannot be made ({error.strerror})") from None
        # An analyst's notebook may have switched autologging on; it would log training rows behind our back.
        mlflow.autolog(disable=True, silent=True)
        try:
            self.client = MlflowClient(tracking_uri=f"sqlite:///{self.folder / DATABASE}")
        except (MlflowException, SQLAlchemyError) as error:
            raise AccessError(
                f"the MLflow store {DATABASE} cannot be opened ({type(error).__name__}); another version of MLflow may "
                "have made it. Move the folder away to begin a new one, or upgrade it: mlflow db upgrade sqlite:///PATH"
            ) from None

    def experiment(self, study: str, question: str) -> str:
        """Find or make the experiment that collects the runs of one study.

        Parameters
        ----------
        study : str
            Name of the study.
        question : str
            What it asks; shown above its runs.

        Returns
        -------
        str
            Identifier of the experiment.

        Raises
        ------
        AccessError
            If the store was moved since the experiment was made, or the experiment was deleted.
        """
        home = self.folder / ARTIFACTS / study
        known = self.client.get_experiment_by_name(study)
        if known is None:
            self._hide_default()
            kind = {"mlflow.experimentKind": "custom_model_development", "mlflow.note.content": question}
            return str(self.client.create_experiment(study, artifact_location=home.as_uri(), tags=kind))
        if known.lifecycle_stage != "active":
            raise AccessError(
                f"experiment {study!r} was deleted in MLflow; restore it there, or give the study another name"
            )
        if _path(known.artifact_location) != home:
            raise AccessError(
                f"the MLflow store was moved or copied since experiment {study!r} was made, and would write into its "
                "old folder; move it back, or move the folder away to begin a new store"
            )
        return str(known.experiment_id)

    def _hide_default(self) -> None:
        """Hide the empty experiment that MLflow makes for itself."""
        known = self.client.get_experiment("0")
        if known.lifecycle_stage == "active" and not self.client.search_runs(["0"], max_results=1):
            self.client.delete_experiment("0")

    def tidy(self, experiment: str, *, snapshot: str, settings: str) -> int:
        """Clear away what earlier runs left behind when they were stopped.

        A run whose process has gone is closed as KILLED. A stopped run of the same snapshot and settings is removed
        with its files: the run that begins now takes its place.

        Parameters
        ----------
        experiment : str
            Identifier of the experiment.
        snapshot, settings : str
            Of the run that is about to begin.

        Returns
        -------
        int
            How many runs were closed or removed.
        """
        found = self.client.search_runs([experiment], run_view_type=ViewType.ACTIVE_ONLY, max_results=1000)
        changed = 0
        for run in found:
            if run.info.status not in STOPPED:
                continue
            if run.info.status != "KILLED":
                if _alive(run.data.tags.get(PROCESS_TAG)):
                    continue
                self.client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.KILLED))
                changed += 1
            tags = run.data.tags
            if (tags.get(SNAPSHOT_TAG), tags.get(SETTINGS_TAG)) == (snapshot, settings):
                self._remove(run)
                changed += 1
        return changed

    def _remove(self, run: MlflowRecord) -> None:
        self.client.delete_run(run.info.run_id)
        folder = _path(run.info.artifact_uri).parent
        if folder.is_relative_to(self.folder / ARTIFACTS) and folder != self.folder / ARTIFACTS:
            shutil.rmtree(folder, ignore_errors=True)

    def artifact(self, run_id: str, path: str) -> bytes:
        """Read one file of a run.

        Parameters
        ----------
        run_id : str
            Identifier of the run.
        path : str
            Where it lies inside the run, such as ``tables/rates.csv``.

        Returns
        -------
        bytes
            Its content.

        Raises
        ------
        AccessError
            If the run or the file is not there.
        """
        try:
            folder = _path(self.client.get_run(run_id).info.artifact_uri)
            return (folder / path).read_bytes()
        except (MlflowException, OSError):
            raise AccessError(f"run {run_id!r} has no file {path!r} in this store") from None

    def model(self, run_id: str, name: str) -> bytes:
        """Read a model, after checking that it is the one that was recorded.

        Parameters
        ----------
        run_id : str
            Identifier of the run.
        name : str
            File name under ``models/``.

        Returns
        -------
        bytes
            The model; nothing of it was executed.

        Raises
        ------
        AccessError
            If it is not there, has no recorded SHA-256, or differs from it.
        """
        content = self.artifact(run_id, f"models/{name}")
        recorded = self.client.get_run(run_id).data.tags.get(f"sha256.{name}")
        if recorded != hashlib.sha256(content).hexdigest():
            raise AccessError(
                f"model {name!r} of run {run_id!r} is not the one that was recorded (SHA-256 differs); do not use it"
            )
        return content

    def tags(self, values: Mapping[str, object]) -> dict[str, str]:
        """Write tags as this store keeps them.

        Parameters
        ----------
        values : mapping
            Tag to value.

        Returns
        -------
        dict
            Short texts without folders; names are kept.
        """
        return {name: plain(value) for name, value in values.items()}


def _path(uri: str) -> Path:
    return Path(unquote(urlparse(uri).path))


def _alive(process: str | None) -> bool:
    if process is None or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
