"""A run opens, closes as it ended, and clears away what a stopped one left; the null twin refuses the same."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from mlflow.entities import Run, ViewType

from outcomes import __version__
from outcomes.errors import DataError, DisclosureError
from outcomes.tracking.mlflow_store import MlflowStore
from outcomes.tracking.opening import Subject, tracker

Make = Callable[..., Subject]


def runs(store: Path) -> list[Run]:
    client = MlflowStore(store).client
    experiment = client.get_experiment_by_name("demo_study")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], run_view_type=ViewType.ACTIVE_ONLY))


def test_a_finished_run_says_what_it_is_about(store: Path, subject: Make) -> None:
    with tracker(subject(landmarks=[0, 1]), store=store) as run:
        run.metrics({"prognosis/auc": 0.7}, step=2)
    (found,) = runs(store)
    assert found.info.status == "FINISHED"
    assert found.data.params == {"seed": "1", "landmarks": "0, 1"}
    assert found.data.metrics == {"prognosis/auc": 0.7}
    tags = {key: value for key, value in found.data.tags.items() if not key.startswith("mlflow.")}
    assert set(tags) == {"snapshot", "source_kind", "edition", "policy", "version", "code", "settings"}
    assert tags["snapshot"] == "5f" * 32
    assert tags["version"] == __version__
    assert found.info.run_name == f"data 5f5f5f5f, settings {tags['settings'][:8]}"


def test_nothing_in_the_tags_tells_who_or_where(store: Path, subject: Make) -> None:
    with tracker(subject(path="/srv/secret/feed.csv"), store=store) as run, run.child("session 0") as child:
        child.tags({"from": "/srv/secret/feed.csv"})
    for found in runs(store):
        facts = {**found.data.tags, **found.data.params}
        assert "mlflow.user" not in facts
        assert not [key for key, value in facts.items() if value.startswith("/") or "secret" in value]


def test_the_same_settings_and_data_have_the_same_name_and_others_another(subject: Make) -> None:
    assert subject().label == subject().label
    assert len({subject().label, subject(seed=2).label, subject(snapshot="a0" * 32).label}) == 3
    assert subject(seed=2).label.split(",")[0] == subject().label.split(",")[0]


@pytest.mark.parametrize(
    ("error", "status", "failure"),
    [
        (DataError("occasions.phq9_1: 3 of 9 rows outside 0-3"), "FAILED", "DataError: occasions.phq9_1: 3 of 9 rows"),
        (ValueError("could not convert 9434765919"), "FAILED", "ValueError"),
        (KeyboardInterrupt(), "KILLED", None),
    ],
)
def test_a_run_is_closed_as_it_ended(
    store: Path, subject: Make, error: BaseException, status: str, failure: str | None
) -> None:
    with pytest.raises(type(error)), tracker(subject(), store=store) as run, run.child("session 0"):
        raise error
    found = runs(store)
    assert [run.info.status for run in found] == [status, status]
    for run in found:
        said = run.data.tags.get("failure")
        assert said is None if failure is None else said.startswith(failure)
        assert "9434765919" not in str(run.data.tags)


def test_a_stopped_run_makes_room_for_the_same_study_only(store: Path, subject: Make) -> None:
    for about in (subject(), subject(seed=2)):
        with pytest.raises(KeyboardInterrupt), tracker(about, store=store) as run:  # noqa: PT012
            run.text("methods.md", "x")
            raise KeyboardInterrupt
    stopped = {run.info.run_id for run in runs(store)}
    assert len(stopped) == 2
    with tracker(subject(), store=store):
        pass
    left = {run.info.run_id: run for run in runs(store)}
    assert len(left) == 2
    assert sorted(run.info.status for run in left.values()) == ["FINISHED", "KILLED"]
    assert [run.data.params["seed"] for run in left.values() if run.info.status == "KILLED"] == ["2"]
    folders = {path.name for path in (store / "artifacts" / "demo_study").iterdir()}
    assert folders <= set(left), "the files of the removed run are gone with it"


def test_finished_runs_stay_beside_each_other(store: Path, subject: Make) -> None:
    for _ in range(2):
        with tracker(subject(), store=store):
            pass
    assert [run.info.status for run in runs(store)] == ["FINISHED", "FINISHED"]


@pytest.mark.slow
def test_a_run_whose_process_was_killed_is_closed_by_the_next_one(store: Path, subject: Make) -> None:
    code = (
        "import sys, time; from pathlib import Path; from outcomes.tracking.opening import Subject, tracker\n"
        "about = Subject('demo_study', 'Does it run?', 'b0' * 32, 'invented', 'e', 'p', {})\n"
        "with tracker(about, store=Path(sys.argv[1])):\n    print('open', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(store)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with tracker(subject(), store=store):
            assert sorted(run.info.status for run in runs(store)) == ["RUNNING", "RUNNING"], (
                "a living one is left alone"
            )
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with tracker(subject(), store=store):
        pass
    assert sorted(run.info.status for run in runs(store)) == ["FINISHED", "FINISHED", "KILLED"]


def test_an_inner_run_belongs_to_the_outer_one(store: Path, subject: Make) -> None:
    with tracker(subject(), store=store) as run:
        outer = run.run_id
        with run.child("session 3", tags={"landmark": 3}) as child:
            child.metrics({"prognosis/auc": 0.75})
    inner = next(found for found in runs(store) if found.info.run_id != outer)
    assert inner.data.tags["mlflow.parentRunId"] == outer
    assert inner.info.run_name == "session 3"
    assert inner.data.tags["landmark"] == "3"
    assert inner.data.tags["edition"] == "nhs_talking_therapies_v2_1"


@pytest.mark.parametrize("recorded", [True, False])
def test_both_trackers_refuse_patient_rows(store: Path, subject: Make, *, recorded: bool) -> None:
    rows = pd.DataFrame({"pseudonym": ["a", "b"], "score": [1, 2]})
    with tracker(subject(), store=store if recorded else None) as run:
        with pytest.raises(DisclosureError, match="pseudonym"):
            run.table("scores", rows, denominator=500)
        with run.child("session 0") as child, pytest.raises(DisclosureError, match="pseudonym"):
            child.table("scores", rows, denominator=500)


def test_without_a_store_nothing_is_written(tmp_path: Path, subject: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with tracker(subject(), store=None) as run:
        assert run.run_id == run.page == ""
        run.parameters({"a": {"b": 1}})
        run.metrics({"auc": None})
        run.tags({"a": 1})
        run.dataset("demo", "5f", kind="invented", counts={"patients": 3})
        run.figure("a.svg", "<svg/>")
        run.text("a.md", "x")
        run.model("a.json", "{}")
    assert list(tmp_path.iterdir()) == []


def test_without_a_store_mlflow_is_not_even_imported() -> None:
    code = (
        "import sys; from outcomes.tracking.opening import Subject, tracker\n"
        "with tracker(Subject('demo_study', 'q', 'b0', 'invented', 'e', 'p', {}), store=None): pass\n"
        "print('mlflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
