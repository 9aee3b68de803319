"""What was recorded is in the store, in full, and where the page of runs looks for it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from outcomes.disclosure.gate import Released
from outcomes.errors import AccessError
from outcomes.tracking.mlflow_store import MlflowStore
from outcomes.tracking.opening import Subject, tracker

Make = Callable[..., Subject]


def test_files_are_kept_and_tables_are_listed(store: Path, subject: Make, released: Released) -> None:
    with tracker(subject(), store=store) as run:
        run.table("recovery", released)
        run.table("states", pd.DataFrame({"k": [1, 2], "bic": [2.0, 1.0]}), denominator=500)
        run.figure("curve.svg", "<svg/>")
        run.text("methods.md", "From /srv/x.csv")
    kept = MlflowStore(store)
    assert kept.artifact(run.run_id, "tables/states.csv") == b"k,bic\n1,2\n2,1\n"
    assert kept.artifact(run.run_id, "figures/curve.svg") == b"<svg/>"
    assert kept.artifact(run.run_id, "methods.md") == b"From .../x.csv"
    index = kept.artifact(run.run_id, "tables/index.md").decode().splitlines()
    assert index[2].startswith("- `recovery.csv`: Recovery by gender")
    assert index[3] == "- `states.csv`: 2 rows on 500 people"
    with pytest.raises(AccessError, match=r"no file 'tables/other\.csv'"):
        kept.artifact(run.run_id, "tables/other.csv")


def test_more_parameters_than_mlflow_takes_at_once(store: Path, subject: Make) -> None:
    with tracker(subject(), store=store) as run:
        run.parameters({f"p{i}": i for i in range(250)})
    assert len(MlflowStore(store).client.get_run(run.run_id).data.params) == 251


def test_metrics_by_session_make_a_curve(store: Path, subject: Make) -> None:
    with tracker(subject(), store=store) as run:
        for session, auc in enumerate([0.66, 0.7, 0.74]):
            run.metrics({"prognosis/auc": auc}, step=session)
    history = MlflowStore(store).client.get_metric_history(run.run_id, "prognosis/auc")
    assert [(point.step, point.value) for point in history] == [(0, 0.66), (1, 0.7), (2, 0.74)]


def test_what_could_not_be_estimated_is_said(store: Path, subject: Make) -> None:
    with tracker(subject(), store=store) as run:
        run.metrics({"prognosis/auc": None, "n": 12})
        run.metrics({"prognosis/auc": float("nan")}, step=3)
    data = MlflowStore(store).client.get_run(run.run_id).data
    assert data.metrics == {"n": 12.0}
    assert data.tags["not_estimable"] == "prognosis/auc, prognosis/auc (session 3)"


def test_the_data_are_named_by_our_own_digest(store: Path, subject: Make) -> None:
    about = subject(snapshot="ab" * 32)
    with tracker(about, store=store) as run:
        run.dataset("a service", about.snapshot, kind="invented", counts={"patients": 5, "occasions": 40})
    (entry,) = MlflowStore(store).client.get_run(run.run_id).inputs.dataset_inputs
    assert entry.dataset.digest == ("ab" * 32)[:36]
    assert json.loads(entry.dataset.profile)["num_rows"] == 45
    assert json.loads(entry.dataset.source) == {"kind": "invented", "snapshot": "ab" * 32}


def test_a_model_is_read_only_if_it_is_the_recorded_one(store: Path, subject: Make) -> None:
    content = b'{"trees": [1, 2]}'
    with tracker(subject(), store=store) as run:
        run.model("boosted.json", content)
    kept = MlflowStore(store)
    assert kept.model(run.run_id, "boosted.json") == content
    assert kept.client.get_run(run.run_id).data.tags["sha256.boosted.json"] == hashlib.sha256(content).hexdigest()
    (file,) = (store / "artifacts").rglob("boosted.json")
    file.write_bytes(b'{"trees": [1, 3]}')
    with pytest.raises(AccessError, match="is not the one that was recorded"):
        kept.model(run.run_id, "boosted.json")


def test_the_page_address_leads_to_the_run(store: Path, subject: Make) -> None:
    with tracker(subject(), store=store) as run:
        assert run.page == f"#/experiments/1/runs/{run.run_id}?workflowType=machine_learning"
