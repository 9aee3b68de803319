"""What an analyst asks of the tracked runs: which there are, how two differ, which models may be used."""

from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from outcomes.errors import AccessError, ConfigError
from outcomes.library.tombstones import refuse_erased
from outcomes.tracking.comparing import Comparison, compare, find_run, parents
from outcomes.tracking.mlflow_store import DATABASE, SNAPSHOT_TAG, MlflowStore
from outcomes.tracking.registry import CHALLENGER, Registry, Version

WIDTH = 144
SHORT = 12  # characters of a run's identifier that are printed
ENDINGS = (".csv", ".md")


def list_runs(workspace: Path, study: str | None = None) -> str:
    """List the runs of a workspace, newest first.

    Parameters
    ----------
    workspace
        Whose MLflow store is read.
    study
        Only this study's.

    Returns
    -------
    str
        A table for the terminal.

    Raises
    ------
    AccessError
        If nothing is recorded yet, or not by this study.
    """
    runs = parents(_opened(workspace))
    if study is not None:
        known = ", ".join(sorted(set(runs["study"]))) or "none"
        runs = runs[runs["study"].eq(study)]
        if runs.empty:
            raise AccessError(f"no run of {study!r} is recorded; studies with runs: {known}")
    shown = runs.assign(run=runs["run"].str[:SHORT], snapshot=runs["snapshot"].str[:SHORT])
    shown = shown.rename(columns={"source_kind": "source", "started": "started (UTC)"}).drop(columns="name")
    return _text(shown, "Runs, newest first")


@dataclass(frozen=True)
class CompareRequest:
    """Which runs are compared, and what is shown."""

    workspace: Path
    a: str
    b: str
    metric: str = ""
    everything: bool = False
    to: Path | None = None


def compare_runs(request: CompareRequest) -> str:
    """Print how run B differs from run A: settings, then metrics with the interval of the difference.

    Parameters
    ----------
    request
        The runs (first characters, a study's name, or ``latest``), part of a metric's name, whether metrics that do not
        differ are shown too, and a file (CSV or Markdown) for the table.

    Returns
    -------
    str
        Two tables for the terminal and a sentence on what the intervals mean.

    Raises
    ------
    AccessError
        If a run is not there, or the file cannot be written.
    ConfigError
        If the file ends otherwise, or no metric fits.
    """
    if request.to is not None and request.to.suffix not in ENDINGS:
        raise ConfigError(f"--to must end in {' or '.join(ENDINGS)}, got {request.to.name!r}")
    store = _opened(request.workspace)
    found = compare(store, find_run(store, request.a), find_run(store, request.b))
    table = found.metrics[found.metrics["metric"].str.contains(request.metric, regex=False)]
    if table.empty:
        raise ConfigError(f"no metric of both runs has {request.metric!r} in its name")
    if not request.everything:
        table = table[table["difference"].ne(0)]
    if request.to is not None:
        _write(table, request.to)
    return _compared(found, table)


def list_models(workspace: Path) -> str:
    """List the registered models: aliases, gates, and why a shut gate was passed.

    Parameters
    ----------
    workspace
        Whose MLflow store is read.

    Returns
    -------
    str
        A table for the terminal.

    Raises
    ------
    AccessError
        If there is no store, or no model is registered.
    """
    versions = Registry(_opened(workspace)).versions()
    if not versions:
        raise AccessError("no model is registered yet; an experiment with a [registry] section registers its models")
    rows = [
        {
            "model": one.name,
            "version": one.version,
            "alias": ", ".join(one.aliases),
            "run": one.run_id[:SHORT],
            **{gate.name: gate.colour for gate in one.gates},
            "despite": one.despite,
        }
        for one in versions
    ]
    return _text(pd.DataFrame(rows), "Registered models")


def promote_models(
    workspace: Path, study: str, *, session: int | None = None, version: int | None = None, despite: str = ""
) -> tuple[str, ...]:
    """Make the challengers of a study the champions: all of them, or none.

    Parameters
    ----------
    workspace
        Whose MLflow store is changed.
    study
        The study.
    session
        Only the model of this landmark; all of them if absent.
    version
        This version; the challenger if absent.
    despite
        Why, although a gate is not green.

    Returns
    -------
    tuple of str
        What is now in use.

    Raises
    ------
    AccessError
        If there is no such model, or it was made from a snapshot that held somebody who was erased since.
    GateError
        If a gate of any of them is not green and no reason is given; then none is promoted.
    ConfigError
        If the reason says nothing.
    """
    registry = Registry(_opened(workspace))
    names = sorted({one.name for one in registry.versions() if one.facts.get("study") == study})
    if session is not None:
        names = [name for name in names if name.endswith(f".session_{session}")]
    if not names:
        raise AccessError(f"no registered model of {study!r}{'' if session is None else f' after session {session}'}")
    for name in names:
        wanted = registry.check(name, CHALLENGER if version is None else version, despite=despite)
        refuse_erased(workspace / study / "library", wanted.facts.get(SNAPSHOT_TAG, ""))
    made = [registry.promote(name, version, despite=despite) for name in names]
    return tuple(_promoted(one) for one in made)


def _promoted(one: Version) -> str:
    reason = f", despite its gates: {one.despite}" if one.despite else ""
    return f"{one.name}: version {one.version} is the champion{reason}"


def _opened(workspace: Path) -> MlflowStore:
    folder = workspace / "mlflow"
    if not (folder / DATABASE).is_file():
        raise AccessError(f"no runs are recorded under {workspace.name!r} yet; run a study first")
    return MlflowStore(folder)


def _compared(found: Comparison, table: pd.DataFrame) -> str:
    shown = table.assign(session=table["session"].map(lambda number: "" if number < 0 else str(number)))
    shown = shown.assign(
        difference=[f"{value:+.4g}" for value in shown["difference"]],
        interval_95=[
            "" if not how else f"{low:+.4g} to {high:+.4g}"
            for low, high, how in zip(shown["low"], shown["high"], shown["interval"], strict=True)
        ],
        pairing=shown["interval"].str.split(":").str[0].str.replace(r"^from .*", "apart", regex=True),
    )
    parts = [f"A: {found.a}    B: {found.b}"]
    if not found.differing.empty:
        parts.append(_text(found.differing, "What was asked differently"))
    if table.empty:
        return "\n".join([*parts, "Every metric that both runs have is the same."])
    columns = ["session", "metric", "a", "b", "difference", "interval_95", "pairing"]
    parts.append(_text(shown[columns], "B minus A, where they differ"))
    hidden = len(found.metrics) - len(table)
    parts.append(
        "paired: both runs judged the same people, the interval is that of the difference. apart: other people stood "
        "behind each, or may have; the interval is made from both as if they were independent. None is corrected for "
        f"looking at many. {hidden} metrics are the same, or were not asked for."
    )
    return "\n".join(parts)


def _write(table: pd.DataFrame, to: Path) -> None:
    rows = table.to_csv(index=False, lineterminator="\n", float_format="%.6g")
    if to.suffix == ".md":
        lines = [line.split(",", maxsplit=len(table.columns) - 1) for line in rows.splitlines()]
        lines.insert(1, ["---"] * len(table.columns))
        rows = "\n".join("| " + " | ".join(cell.strip('"') for cell in line) + " |" for line in lines) + "\n"
    try:
        to.write_text(rows, encoding="utf-8")
    except OSError as error:
        raise AccessError(f"{to.name} cannot be written ({error.strerror})") from None


def _text(frame: pd.DataFrame, title: str) -> str:
    table = Table(title=title, title_justify="left")
    for name in frame:
        number = pd.api.types.is_numeric_dtype(frame[name])
        table.add_column(str(name), justify="right" if number else "left", overflow="fold")
    for row in frame.itertuples(index=False, name=None):
        table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row))
    page = StringIO()
    Console(file=page, width=WIDTH, no_color=True, highlight=False, markup=False, emoji=False).print(table)
    return page.getvalue().rstrip()
