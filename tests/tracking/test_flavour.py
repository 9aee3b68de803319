"""MLflow shows the columns of a model and loads it, checked; no row of anybody lies beside it."""

from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml

from outcomes.errors import AccessError, ConfigError
from outcomes.library.tombstones import Tombstones, intend, settle_beside
from outcomes.prognosis.models import BoostedTrees
from outcomes.prognosis.packing import pack
from outcomes.tracking.flavour import description
from outcomes.tracking.mlflow_store import MlflowStore
from outcomes.tracking.opening import Subject, tracker

pytestmark = pytest.mark.filterwarnings("ignore:.*type hint:UserWarning")  # MLflow, importing its own types
COLUMNS = {"phq9_now": "double", "gender": "string"}


@pytest.fixture(scope="module")
def taught() -> tuple[BoostedTrees, pd.DataFrame]:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"phq9_now": rng.integers(0, 28, 300).astype(float), "gender": rng.choice(["a", "b"], 300)})
    outcome = (rng.random(300) < 1 / (1 + np.exp(0.3 * (frame["phq9_now"] - 10)))).astype(int)
    return BoostedTrees(random_state=1).fit(frame, outcome), frame


@pytest.fixture
def folder(store: Path, subject: Callable[..., Subject], taught) -> Path:
    model, _ = taught
    with tracker(subject(), store=store) as run:
        run.model("landmark_2.json", pack(model).content, columns=COLUMNS)
    assert MlflowStore(store).model(run.run_id, "landmark_2.json") == pack(model).content
    (found,) = (store / "artifacts").rglob("models")
    return found


def test_mlflow_loads_what_was_kept_and_it_says_the_same(folder, taught):
    model, frame = taught
    loaded = mlflow.pyfunc.load_model(str(folder))
    told = loaded.predict(frame, params={"source_kind": "invented"})
    np.testing.assert_array_equal(told["probability"], model.predict_proba(frame)[:, 1])
    assert loaded.metadata.signature.inputs.input_names() == ["phq9_now", "gender"]


def test_a_model_of_the_invented_service_scores_nobody_else(folder, taught):
    _, frame = taught
    with pytest.raises(AccessError, match="fitted on the invented service and must not score identified patients"):
        mlflow.pyfunc.load_model(str(folder)).predict(frame)


def test_one_flipped_byte_and_nothing_is_loaded(folder):
    file = folder / "landmark_2.json"
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(bytes(whole))
    with pytest.raises(AccessError, match=r"'landmark_2\.json' is not the one that was recorded"):
        mlflow.pyfunc.load_model(str(folder))


def test_a_model_of_somebody_who_was_erased_is_not_loaded(folder, store, subject):
    library = store.parent / "demo_study" / "library"
    intend(library, Tombstones(snapshots=frozenset({subject().snapshot})))
    with pytest.raises(AccessError, match="an erasure is under way"):
        mlflow.pyfunc.load_model(str(folder))
    settle_beside(library)
    with pytest.raises(AccessError, match="held somebody who was erased since"):
        mlflow.pyfunc.load_model(str(folder))


def test_no_example_of_an_input_is_written(folder):
    told = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
    assert told.get("saved_input_example_info") is None
    assert sorted(path.name for path in folder.iterdir()) == ["MLmodel", "landmark_2.json"]


def test_a_column_is_a_number_or_a_text():
    with pytest.raises(ConfigError, match="columns of a model are double or string, got datetime"):
        description("m.json", b"{}", {"day": "datetime"}, run_id="r", source_kind="invented")
