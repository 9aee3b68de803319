"""A finished study as a tracked run: one parent, a child a landmark, and the null twin without tracking."""

import sqlite3

import pytest

from outcomes.studies.recording import recorded


def test_without_a_store_nothing_is_written(materials, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with recorded(materials, None) as run:
        run.metrics({"people/referrals": 1.0})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_study_is_one_run_with_a_child_for_each_landmark(study):
    with sqlite3.connect(study.workspace / "mlflow" / "mlflow.db") as store:
        runs = dict(store.execute("select run_uuid, name from runs").fetchall())
        parents = dict(store.execute("select run_uuid, value from tags where key = 'mlflow.parentRunId'").fetchall())
        tags = store.execute("select value from tags where key like '%snapshot%'").fetchall()
        params = store.execute("select value from params where key like '%snapshot%'").fetchall()
    store.close()
    names = {child: runs[child] for child in parents}
    assert sorted(name for name in names.values() if "fold" not in name) == ["landmark 0", "landmark 2"]
    (top,) = set(runs) - set(parents)
    assert {parents[child] for child, name in names.items() if "fold" not in name} == {top}
    folds = {child: name for child, name in names.items() if "fold" in name}
    assert {runs[parents[child]] for child in folds} == {"landmark 0", "landmark 2"}
    assert "by patient, fold 0" in folds.values()
    assert len(runs) == 3 + len(folds)
    assert (study.record.snapshot,) in tags + params
