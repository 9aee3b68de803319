"""Is run B better than run A? Every metric both have, with the interval of its difference where that can be known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from mlflow.entities import Run as MlflowRecord
from mlflow.exceptions import MlflowException

from outcomes.errors import AccessError, ConfigError
from outcomes.kernel.resampling import percentile_interval
from outcomes.tracking.mlflow_store import SETTINGS_TAG, SNAPSHOT_TAG, MlflowStore

REPLICATES = "replicates.json"
PAIRED = "paired: the same people, resampled alike"
APART = "from the two intervals, as if other people stood behind each"
COLUMNS = ["session", "metric", "a", "b", "difference", "low", "high", "interval"]
SHORTEST = 4  # characters of a run's identifier
LATEST = "latest"
NORMAL = 1.959963984540054  # two-sided 95 %
DIFFERING = (SNAPSHOT_TAG, SETTINGS_TAG, "version", "code", "edition", "policy")


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side.

    `differing` lists tags and parameters that are not the same (name, a, b); `metrics` has one row a metric and
    session: session, metric, a, b, difference (b - a), low, high, interval (how it was found; blank without one).
    """

    a: str
    b: str
    differing: pd.DataFrame
    metrics: pd.DataFrame


def find_run(store: MlflowStore, word: str) -> str:
    """Say which run is meant.

    Parameters
    ----------
    store : MlflowStore
        An open store.
    word : str
        The first characters (four or more) of a run's identifier; a study's name for its latest finished run;
        ``latest`` for that of all studies.

    Returns
    -------
    str
        The run's identifier.

    Raises
    ------
    AccessError
        If no run is meant, or several.
    """
    runs = parents(store)
    if word == LATEST or word in set(runs["study"]):
        finished = runs[runs["status"].eq("FINISHED") & (runs["study"].eq(word) | (word == LATEST))]
        if finished.empty:
            raise AccessError(f"no finished run of {word!r} in this store; run the study first")
        return str(finished.iloc[0]["run"])
    found = runs.loc[runs["run"].str.startswith(word), "run"] if len(word) >= SHORTEST else runs["run"].head(0)
    if len(found) == 1:
        return str(found.iloc[0])
    said = "several runs begin with" if len(found) else "no run is called"
    studies = ", ".join(sorted(set(runs["study"]))) or "none"
    raise AccessError(f"{said} {word!r}; see `outcomes runs list` (studies with runs: {studies})")


def parents(store: MlflowStore) -> pd.DataFrame:
    """List the runs of studies, newest first, without the inner ones.

    Parameters
    ----------
    store : MlflowStore
        An open store.

    Returns
    -------
    DataFrame
        run, study, name, status, started (UTC), snapshot, source_kind, version.
    """
    names = {one.experiment_id: one.name for one in store.client.search_experiments()}
    found = store.client.search_runs(list(names), order_by=["attributes.start_time DESC"], max_results=1000)
    rows = [
        {
            "run": run.info.run_id,
            "study": names[run.info.experiment_id],
            "name": run.info.run_name,
            "status": run.info.status,
            "started": pd.Timestamp(run.info.start_time, unit="ms", tz="UTC").strftime("%Y-%m-%d %H:%M"),
            "snapshot": run.data.tags.get(SNAPSHOT_TAG, ""),
            "source_kind": run.data.tags.get("source_kind", ""),
            "version": run.data.tags.get("version", ""),
        }
        for run in found
        if "mlflow.parentRunId" not in run.data.tags
    ]
    columns = ["run", "study", "name", "status", "started", "snapshot", "source_kind", "version"]
    return pd.DataFrame(rows, columns=columns)


def compare(store: MlflowStore, a: str, b: str, *, level: float = 0.95) -> Comparison:
    """Put two runs side by side.

    Where both runs judged the same people (same snapshot, same resamples), the interval is that of the paired
    differences of their resampled figures. Where they did not, it is made from the two intervals as if they were
    independent, which is too wide for people who overlap; it says which.

    Parameters
    ----------
    store : MlflowStore
        An open store.
    a, b : str
        Identifiers of the runs (`find_run`).
    level : float
        Coverage of the paired interval; the other one is as wide as the recorded bounds (95 %).

    Returns
    -------
    Comparison
        What was asked differently, and what came out differently.

    Raises
    ------
    AccessError
        If a run is not in the store.
    ConfigError
        If the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ConfigError(f"level must be between 0 and 1, got {level}")
    told = {name: _figures(store, name) for name in (a, b)}
    drawn = {name: _replicates(store, name) for name in (a, b)}
    rows = []
    for key in sorted(set(told[a]) & set(told[b])):
        session, metric = key
        first, second = told[a][key], told[b][key]
        low, high, how = _interval(key, first, second, (drawn[a], drawn[b]), level)
        rows.append((session, metric, first.value, second.value, second.value - first.value, low, high, how))
    return Comparison(a, b, _differing(store, a, b), pd.DataFrame(rows, columns=COLUMNS))


@dataclass(frozen=True)
class _Figure:
    value: float
    low: float = float("nan")
    high: float = float("nan")

    @property
    def standard_error(self) -> float:
        return (self.high - self.low) / (2 * NORMAL)


def _figures(store: MlflowStore, run_id: str) -> dict[tuple[int, str], _Figure]:
    record = _run(store, run_id)
    found: dict[tuple[int, str], _Figure] = {}
    inner = store.client.search_runs(
        [record.info.experiment_id], f"tags.mlflow.parentRunId = '{run_id}'", max_results=1000
    )
    for run in (record, *inner):
        values = run.data.metrics
        session = run.data.tags.get("landmark")
        if session is None and run is not record:
            continue
        for name, value in values.items():
            if name.endswith(("_low", "_high")) and name.rsplit("_", maxsplit=1)[0] in values:
                continue
            steps = _steps(store, run_id, name) if session is None and name.startswith("prognosis/") else {}
            if steps and set(steps) != {0}:
                continue  # a curve over sessions: its inner runs hold each point with its interval
            low, high = (values.get(f"{name}_{end}", float("nan")) for end in ("low", "high"))
            found[-1 if session is None else int(session), name] = _Figure(value, low, high)
    return found


def _steps(store: MlflowStore, run_id: str, name: str) -> dict[int, float]:
    return {point.step: point.value for point in store.client.get_metric_history(run_id, name)}


def _run(store: MlflowStore, run_id: str) -> MlflowRecord:
    try:
        return store.client.get_run(run_id)
    except MlflowException:
        raise AccessError(f"there is no run {run_id!r} in this store; see `outcomes runs list`") from None


def _replicates(store: MlflowStore, run_id: str) -> Mapping[str, dict[str, object]]:
    try:
        held: dict[str, dict[str, object]] = json.loads(store.artifact(run_id, REPLICATES))
    except AccessError:
        return {}
    return held


def _interval(
    key: tuple[int, str],
    first: _Figure,
    second: _Figure,
    drawn: tuple[Mapping[str, dict[str, object]], Mapping[str, dict[str, object]]],
    level: float,
) -> tuple[float, float, str]:
    pairs = [_drawn(one, key) for one in drawn]
    if pairs[0] is not None and pairs[1] is not None and pairs[0][0] == pairs[1][0]:
        low, high = percentile_interval((pairs[1][1] - pairs[0][1])[:, None], level)
        return float(low[0]), float(high[0]), PAIRED
    half = NORMAL * float(np.hypot(first.standard_error, second.standard_error))
    if not np.isfinite(half):
        return float("nan"), float("nan"), ""
    difference = second.value - first.value
    return difference - half, difference + half, APART


def _drawn(held: Mapping[str, dict[str, object]], key: tuple[int, str]) -> tuple[str, np.ndarray] | None:
    session, metric = key
    one = held.get(str(session))
    figures = one.get("figures") if one else None
    values = figures.get(metric) if isinstance(figures, dict) else None
    return None if one is None or values is None else (str(one["people"]), np.asarray(values, dtype=float))


def _differing(store: MlflowStore, a: str, b: str) -> pd.DataFrame:
    records = [_run(store, name).data for name in (a, b)]
    rows: list[tuple[str, str, str]] = []
    for name in DIFFERING:
        values = [record.tags.get(name, "") for record in records]
        if values[0] != values[1]:
            rows.append((name, *values))
    for name in sorted(set(records[0].params) | set(records[1].params)):
        values = [record.params.get(name, "") for record in records]
        if values[0] != values[1]:
            rows.append((name, *values))
    return pd.DataFrame(rows, columns=["setting", "a", "b"])
