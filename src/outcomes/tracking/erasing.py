"""How does a run go away for good? Its files, its rows, and the bytes that the database would have kept.

MLflow's own deletion marks a run and leaves its rows, and `mlflow gc` leaves logged models. Here the files go first and
the rows after them in one transaction, so that what was stopped half way is found again by the next call.
"""

import shutil
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlparse

from outcomes.errors import AccessError

DATABASE: Final = "mlflow.db"
ARTIFACTS: Final = "artifacts"
SNAPSHOT_TAG: Final = "snapshot"
DIGEST_LENGTH: Final = 36
PATIENCE_S: Final = 5.0

# Where a run is named without a foreign key: table to the condition that finds its rows; children follow by their keys.
BY_NAME: Final = (
    ("logged_models", "source_run_id IN (SELECT id FROM doomed_runs)"),
    ("model_versions", "run_id IN (SELECT id FROM doomed_runs)"),
    (
        "trace_info",
        "request_id IN (SELECT request_id FROM trace_request_metadata"
        " WHERE key = 'mlflow.sourceRun' AND value IN (SELECT id FROM doomed_runs))",
    ),
    ("assessments", "run_id IN (SELECT id FROM doomed_runs)"),
    ("runs", "run_uuid IN (SELECT id FROM doomed_runs)"),
)
# What hangs on nothing once the runs are gone.
ORPHANS: Final = (
    ("inputs", "source_type = 'RUN' AND source_id NOT IN (SELECT run_uuid FROM runs)"),
    ("inputs", "destination_type = 'RUN' AND destination_id NOT IN (SELECT run_uuid FROM runs)"),
    ("inputs", "destination_type LIKE 'MODEL%' AND destination_id NOT IN (SELECT model_id FROM logged_models)"),
    ("input_tags", "input_uuid NOT IN (SELECT input_uuid FROM inputs)"),
    ("datasets", "dataset_uuid NOT IN (SELECT source_id FROM inputs)"),
    ("registered_models", "name NOT IN (SELECT name FROM model_versions)"),
)


@dataclass(frozen=True)
class RunsErased:
    """What went out of the store.

    Parameters
    ----------
    runs : int
        Runs, with the runs inside them.
    models : int
        Model files and logged models among their files.
    files : int
        Files of these runs in all.
    """

    runs: int
    models: int
    files: int


def runs_of(store: Path, snapshots: Collection[str], run_ids: Collection[str] = ()) -> tuple[str, ...]:
    """Find the runs that came from some snapshots, deleted ones too, with the runs inside them.

    Parameters
    ----------
    store : Path
        Folder of the MLflow store.
    snapshots : collection of str
        Names of snapshots.
    run_ids : collection of str, optional
        Runs that are known by their name.

    Returns
    -------
    tuple of str
        Identifiers of runs; empty where there is no store.

    Raises
    ------
    AccessError
        If the database cannot be read.
    """
    if not (store / DATABASE).is_file():
        return ()
    with _opened(store) as base:
        _doom(base, snapshots, run_ids)
        return tuple(row[0] for row in base.execute("SELECT id FROM doomed_runs ORDER BY id"))


def snapshots_of(store: Path, study: str) -> frozenset[str]:
    """Say from which snapshots the runs of a study came.

    Parameters
    ----------
    store : Path
        Folder of the MLflow store.
    study : str
        Name of the study.

    Returns
    -------
    frozenset of str
        Names of snapshots; empty where there is no store.

    Raises
    ------
    AccessError
        If the database cannot be read.
    """
    if not (store / DATABASE).is_file():
        return frozenset()
    with _opened(store) as base:
        rows = base.execute(
            "SELECT DISTINCT t.value FROM tags t JOIN runs r ON r.run_uuid = t.run_uuid"
            " JOIN experiments e ON e.experiment_id = r.experiment_id WHERE t.key = ? AND e.name = ?",
            (SNAPSHOT_TAG, study),
        )
        return frozenset(row[0] for row in rows)


def erase_runs(store: Path, snapshots: Collection[str], run_ids: Collection[str] = ()) -> RunsErased:
    """Delete the runs that came from some snapshots: files, models, rows, and the free pages that held them.

    Parameters
    ----------
    store : Path
        Folder of the MLflow store.
    snapshots : collection of str
        Names of the snapshots that are gone.
    run_ids : collection of str, optional
        Runs that are known by their name.

    Returns
    -------
    RunsErased
        How much there was; nothing where it was done before.

    Raises
    ------
    AccessError
        If the database is in use or cannot be written; calling again completes what was begun.

    Examples
    --------
    >>> erase_runs(Path("there/is/no/store"), {"0" * 32})
    RunsErased(runs=0, models=0, files=0)
    """
    if not (store / DATABASE).is_file():
        return RunsErased(0, 0, 0)
    with _opened(store) as base:
        _doom(base, snapshots, run_ids)
        runs = [row[0] for row in base.execute("SELECT id FROM doomed_runs")]
        places = _folders(base, store)
        files = [path for place in places for path in place.rglob("*") if path.is_file()]
        models = sum("models" in path.parts for path in files)
        for place in places:
            shutil.rmtree(place, ignore_errors=True)
        if runs:
            _forget(base)
        _compact(base)
    left = [place for place in places if place.exists()]
    if left:
        raise AccessError(f"{len(left)} folders of tracked runs cannot be removed; check the folder's permissions")
    return RunsErased(len(runs), models, len(files))


def _opened(store: Path) -> closing[sqlite3.Connection]:
    try:
        base = sqlite3.connect(store / DATABASE, timeout=PATIENCE_S, isolation_level=None)
        base.execute("PRAGMA secure_delete = ON")
        base.execute("SELECT count(*) FROM runs").fetchone()
    except sqlite3.Error as error:
        raise AccessError(f"the MLflow store cannot be opened ({type(error).__name__}); nothing was changed") from None
    return closing(base)


def _doom(base: sqlite3.Connection, snapshots: Collection[str], run_ids: Collection[str]) -> None:
    base.execute("CREATE TEMP TABLE doomed_runs (id TEXT PRIMARY KEY)")
    base.executemany(
        "INSERT OR IGNORE INTO doomed_runs SELECT run_uuid FROM runs WHERE run_uuid = ?",
        [(one,) for one in sorted(run_ids)],
    )
    for snapshot in sorted(snapshots):
        base.execute(
            "INSERT OR IGNORE INTO doomed_runs SELECT run_uuid FROM tags WHERE key = ? AND value = ?",
            (SNAPSHOT_TAG, snapshot),
        )
        base.execute(
            "INSERT OR IGNORE INTO doomed_runs SELECT i.destination_id FROM inputs i"
            " JOIN datasets d ON d.dataset_uuid = i.source_id JOIN runs r ON r.run_uuid = i.destination_id"
            " WHERE d.digest = ?",
            (snapshot[:DIGEST_LENGTH],),
        )
    inner = (
        "INSERT OR IGNORE INTO doomed_runs SELECT run_uuid FROM tags"
        " WHERE key = 'mlflow.parentRunId' AND value IN (SELECT id FROM doomed_runs)"
    )
    while base.execute(inner).rowcount > 0:
        pass


def _folders(base: sqlite3.Connection, store: Path) -> list[Path]:
    # Folders of runs and logged models, of this store only: a row that points elsewhere removes nothing there.
    home = (store / ARTIFACTS).resolve()
    query = (
        "SELECT artifact_uri FROM runs WHERE run_uuid IN (SELECT id FROM doomed_runs)"
        " UNION SELECT artifact_location FROM logged_models WHERE source_run_id IN (SELECT id FROM doomed_runs)"
    )
    found = set()
    for (uri,) in base.execute(query):
        place = Path(unquote(urlparse(uri).path)).resolve()
        place = place.parent if place.name == ARTIFACTS else place
        if place.is_relative_to(home) and place != home and place.exists():
            found.add(place)
    return sorted(found)


def _forget(base: sqlite3.Connection) -> None:
    try:
        base.execute("BEGIN IMMEDIATE")
        tables = [row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        keys = {table: _keys(base, table) for table in tables}
        for table, condition in BY_NAME:
            if table in tables:
                _cascade(base, table, condition, keys)
        for table, condition in ORPHANS:
            if table in tables:
                _cascade(base, table, condition, keys)
        base.execute("COMMIT")
    except sqlite3.Error as error:
        raise AccessError(
            f"the MLflow database cannot be written ({type(error).__name__}); close the page of runs and other "
            "studies, then run the same command again"
        ) from None


def _keys(base: sqlite3.Connection, table: str) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    # Foreign keys of a table: parent, own columns, parent's columns.
    found: dict[int, tuple[str, list[str], list[str]]] = {}
    for number, _, parent, own, theirs, *_ in base.execute(f'PRAGMA foreign_key_list("{table}")'):
        one = found.setdefault(number, (parent, [], []))
        one[1].append(own)
        one[2].append(theirs or own)
    return [(parent, tuple(own), tuple(theirs)) for parent, own, theirs in found.values()]


def _cascade(
    base: sqlite3.Connection,
    table: str,
    condition: str,
    keys: dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...]]]],
) -> None:
    # Children first, however deep; a child that has no children of its own is one statement.
    for child, links in keys.items():
        for parent, own, theirs in links:
            if parent == table and child != table:
                inner = f"({', '.join(own)}) IN (SELECT {', '.join(theirs)} FROM {table} WHERE {condition})"  # noqa: S608  names of the schema
                _cascade(base, child, inner, keys)
    base.execute(f"DELETE FROM {table} WHERE {condition}")  # noqa: S608  names of the schema


def _compact(base: sqlite3.Connection) -> None:
    # Deleted rows stay in free pages and in the write-ahead log until both are rewritten.
    try:
        base.execute("VACUUM")
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        raise AccessError(
            f"the MLflow database is in use ({type(error).__name__}), so its free pages were not overwritten; close "
            "the page of runs and run the same command again"
        ) from None
