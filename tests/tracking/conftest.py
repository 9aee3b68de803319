"""A real MLflow store for the tests of this room: its tables are made once, then copied."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from outcomes.disclosure.gate import Released, release
from outcomes.tracking.mlflow_store import DATABASE, MlflowStore
from outcomes.tracking.opening import Subject

SNAPSHOT = "5f" * 32


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    MlflowStore(folder)
    return folder / DATABASE


@pytest.fixture
def store(empty_database: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "mlflow"
    folder.mkdir()
    shutil.copy(empty_database, folder / DATABASE)
    return folder


@pytest.fixture
def subject() -> Callable[..., Subject]:
    def make(snapshot: str = SNAPSHOT, **configuration: object) -> Subject:
        settings = {"seed": 1, **configuration}
        return Subject(
            "demo_study", "Does it run?", snapshot, "invented", "nhs_talking_therapies_v2_1", "midpoint6", settings
        )

    return make


@pytest.fixture
def released() -> Released:
    groups = pd.DataFrame({"gender": ["Female", "Male"], "recovered": [101, 52], "finished": [201, 125]})
    rates = {"rate_pct": ("recovered", "finished")}
    return release(groups, labels=["gender"], counts=["recovered", "finished"], rates=rates, title="Recovery by gender")
