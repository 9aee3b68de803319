"""A run that is erased is in no file, no row and no byte of the store; its neighbours are as they were."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from outcomes.errors import AccessError
from outcomes.tracking.erasing import RunsErased, erase_runs, runs_of, snapshots_of
from outcomes.tracking.mlflow_store import DATABASE, MlflowStore
from outcomes.tracking.opening import Subject, tracker

Make = Callable[..., Subject]
GONE, KEPT = "a1" * 16, "b2" * 16
SENTINEL = "unforgettable_canary_word"


def filled(store: Path, subject: Make) -> None:
    """A run of each snapshot, with everything that a run may hold, and a run inside it."""
    for snapshot, word in ((GONE, SENTINEL), (KEPT, "neighbour")):
        with tracker(subject(snapshot, word=word), store=store) as run:
            run.metrics({f"prognosis/{word}": 0.5}, step=2)
            run.dataset(word, snapshot, kind="invented", counts={word: 3})
            run.text("methods.md", word)
            with run.child(word, tags={"landmark": 1}) as inner:
                inner.model("model.json", f'{{"{word}": 1}}')


def bytes_of(store: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file())


def cells_of(store: Path) -> str:
    with closing(sqlite3.connect(store / DATABASE)) as base:
        tables = [row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return str([base.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables])  # noqa: S608  names of the schema


def test_an_erased_run_is_in_no_file_row_or_byte(store: Path, subject: Make) -> None:
    filled(store, subject)
    assert SENTINEL in cells_of(store)
    assert SENTINEL.encode() in bytes_of(store)
    assert erase_runs(store, {GONE}) == RunsErased(runs=2, models=1, files=2)
    for trace in (SENTINEL, GONE):
        assert trace not in cells_of(store)
        assert trace.encode() not in bytes_of(store)
        assert not [path for path in store.rglob("*") if trace in str(path)]


def test_its_neighbours_are_as_they_were(store: Path, subject: Make) -> None:
    filled(store, subject)
    (before,) = [run for run in runs_of(store, {KEPT}) if MlflowStore(store).client.get_run(run).data.params]
    told = MlflowStore(store).client.get_run(before).to_dictionary()
    erase_runs(store, {GONE})
    again = MlflowStore(store).client.get_run(before)
    assert again.to_dictionary() == told
    assert again.inputs.dataset_inputs[0].dataset.digest == KEPT
    assert MlflowStore(store).artifact(before, "methods.md") == b"neighbour"
    with tracker(subject(KEPT, more=1), store=store) as run:
        run.text("methods.md", "the store goes on")


def test_erasing_twice_changes_nothing(store: Path, subject: Make) -> None:
    filled(store, subject)
    erase_runs(store, {GONE})
    assert erase_runs(store, {GONE}) == RunsErased(0, 0, 0)
    assert runs_of(store, {GONE}) == ()
    assert snapshots_of(store, "demo_study") == {KEPT}
    assert snapshots_of(store, "another_study") == snapshots_of(store / "none", "demo_study") == frozenset()
    assert len(runs_of(store, {KEPT})) == 2


def test_what_was_stopped_between_files_and_rows_is_completed(store: Path, subject: Make) -> None:
    filled(store, subject)
    for place in (store / "artifacts" / "demo_study").iterdir():
        if SENTINEL.encode() in b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file()):
            (place / "artifacts").rename(store / "away")
            break
    assert erase_runs(store, {GONE}).runs == 2
    assert SENTINEL not in cells_of(store)


def test_runs_that_mlflow_only_marked_as_deleted_go_too(store: Path, subject: Make) -> None:
    filled(store, subject)
    client = MlflowStore(store).client
    for run in runs_of(store, {GONE}):
        client.delete_run(run)
    assert SENTINEL in cells_of(store)
    assert erase_runs(store, {GONE}).runs == 2
    assert SENTINEL not in cells_of(store)


def test_logged_and_registered_models_of_a_run_go_with_it(store: Path, subject: Make) -> None:
    filled(store, subject)
    (run, *_) = runs_of(store, {GONE})
    client = MlflowStore(store).client
    experiment = client.get_run(run).info.experiment_id
    model = client.create_logged_model(experiment, name="tree", source_run_id=run, params={"word": SENTINEL})
    client.create_registered_model(SENTINEL)
    client.create_model_version(SENTINEL, source=model.artifact_location, run_id=run)
    assert erase_runs(store, {GONE}).runs == 2
    assert SENTINEL not in cells_of(store)
    assert model.model_id not in cells_of(store)
    assert client.search_registered_models() == []


def test_a_row_that_points_outside_the_store_removes_nothing_there(store: Path, subject: Make, tmp_path: Path) -> None:
    filled(store, subject)
    other = tmp_path / "other" / "artifacts"
    other.mkdir(parents=True)
    (other / "precious.txt").write_text("keep")
    with closing(sqlite3.connect(store / DATABASE)) as base:
        base.execute("UPDATE runs SET artifact_uri = ?", (other.as_uri(),))
        base.commit()
    erase_runs(store, {GONE})
    assert (other / "precious.txt").read_text() == "keep"


def test_a_store_in_use_says_so_and_is_completed_later(
    store: Path, subject: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, subject)
    monkeypatch.setattr("outcomes.tracking.erasing.PATIENCE_S", 0.1)
    with closing(sqlite3.connect(store / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(AccessError, match="close the page of runs"):
            erase_runs(store, {GONE})
        other.execute("ROLLBACK")
    assert erase_runs(store, {GONE}).runs == 2
    assert SENTINEL.encode() not in bytes_of(store)


def test_no_store_and_no_database(tmp_path: Path) -> None:
    assert erase_runs(tmp_path / "none", {GONE}) == RunsErased(0, 0, 0)
    (tmp_path / DATABASE).write_text("no database " * 50)
    with pytest.raises(AccessError, match="cannot be opened"):
        erase_runs(tmp_path, {GONE})
