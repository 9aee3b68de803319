"""One run of MLflow, written through its client alone: no global state, no tags about the user or the machine."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunStatus, RunTag

from outcomes.errors import OutcomesError
from outcomes.tracking.flavour import DESCRIPTION, SOURCE_KIND, description
from outcomes.tracking.guard import Artifact, figure_file, flat, model_file, numbers_of, plain, table_file, text_file
from outcomes.tracking.mlflow_store import PROCESS_TAG, SNAPSHOT_TAG, MlflowStore
from outcomes.tracking.run import Run, Table

BATCH = 100  # parameters and tags that MLflow takes at once
DIGEST_LENGTH = 36  # characters that MLflow keeps of a data set's digest


class MlflowRun:
    """A run that is being recorded; see `outcomes.tracking.run.Run` for what each method is for.

    Parameters
    ----------
    store : MlflowStore
        Where it is kept.
    experiment : str
        Identifier of the experiment.
    name : str
        What the run is called on the page of runs.
    tags : mapping
        What it can be found by.
    """

    def __init__(self, store: MlflowStore, experiment: str, name: str, tags: Mapping[str, object]) -> None:
        self._store = store
        self._experiment = experiment
        self._notes: dict[str, str] = {}
        self._unknown: set[str] = set()
        self._inherited = dict(tags)
        begun = store.client.create_run(experiment, tags=store.tags(tags), run_name=name)
        self.run_id: str = begun.info.run_id
        self.page = f"#/experiments/{experiment}/runs/{self.run_id}?workflowType=machine_learning"

    def parameters(self, values: Mapping[str, object]) -> None:
        """Record what was asked for; nested settings become dotted names.

        Parameters
        ----------
        values : mapping
            Settings, nested at will.
        """
        entries = [Param(name, text) for name, text in flat(values).items()]
        for start in range(0, len(entries), BATCH):
            self._store.client.log_batch(self.run_id, params=entries[start : start + BATCH])

    def metrics(self, values: Mapping[str, float | None], *, step: int | None = None) -> None:
        """Record aggregates under names that other runs use too.

        Parameters
        ----------
        values : mapping
            Metric name to number; None and NaN are listed in the tag ``not_estimable`` instead.
        step : int, optional
            Session after which the number holds.
        """
        known, unknown = numbers_of(values)
        now = time.time_ns() // 1_000_000
        entries = [Metric(name, value, now, step or 0) for name, value in known.items()]
        self._store.client.log_batch(self.run_id, metrics=entries)
        if unknown:
            where = "" if step is None else f" (session {step})"
            self._unknown |= {f"{name}{where}" for name in unknown}
            self.tags({"not_estimable": sorted(self._unknown)})

    def tags(self, values: Mapping[str, object]) -> None:
        """Record what the run can be found by.

        Parameters
        ----------
        values : mapping
            Tag to value.
        """
        entries = [RunTag(name, text) for name, text in self._store.tags(values).items()]
        self._store.client.log_batch(self.run_id, tags=entries)

    def dataset(self, name: str, snapshot: str, *, kind: str, counts: Mapping[str, int] | None = None) -> None:
        """Record which snapshot was read, by the library's own digest (MLflow's own looks at the first rows only).

        Parameters
        ----------
        name : str
            What the data are called.
        snapshot : str
            Digest of the snapshot; MLflow shows its first 36 characters, the tag ``snapshot`` all of it.
        kind : str
            identified, anonymised or invented.
        counts : mapping, optional
            Rows of each table.
        """
        source = json.dumps({"kind": kind, "snapshot": snapshot}, sort_keys=True)
        profile = json.dumps({"num_rows": sum(counts.values()), **counts}, sort_keys=True) if counts else None
        entity = Dataset(plain(name), snapshot[:DIGEST_LENGTH], "snapshot", source, profile=profile)
        tags = [InputTag("mlflow.data.context", kind)]
        self._store.client.log_inputs(self.run_id, datasets=[DatasetInput(entity, tags)])
        self.tags({"snapshot": snapshot, "source_kind": kind})

    def table(self, name: str, table: Table, *, denominator: str | int | None = None) -> None:
        """Keep an aggregate as CSV and list it in ``tables/index.md``.

        Parameters
        ----------
        name : str
            Name of the table, without ending.
        table : DataFrame or Released
            The aggregate.
        denominator : str or int, optional
            For a frame: the column, or the one number, of people behind the rows.
        """
        artifact = table_file(name, table, denominator)
        self._write(artifact)
        self._notes[name] = artifact.note
        lines = [f"- `{key}.csv`: {note}" for key, note in sorted(self._notes.items())]
        self._write(Artifact("tables/index.md", ("# Tables\n\n" + "\n".join(lines) + "\n").encode()))

    def figure(self, name: str, content: bytes | str) -> None:
        """Keep a figure drawn from aggregates.

        Parameters
        ----------
        name : str
            ``name.svg`` or ``name.png``.
        content : bytes or str
            The file.
        """
        self._write(figure_file(name, content))

    def text(self, name: str, content: str) -> None:
        """Keep a text.

        Parameters
        ----------
        name : str
            File name.
        content : str
            The text.
        """
        self._write(text_file(name, content))

    def model(self, name: str, content: bytes | str, *, columns: Mapping[str, str] | None = None) -> None:
        """Keep a fitted model, and its SHA-256 as a tag that is checked before it is read again.

        Parameters
        ----------
        name : str
            ``name.json`` or ``name.ubj``.
        content : bytes or str
            The model in its own portable format.
        columns : mapping, optional
            Feature to ``double`` or ``string``: MLflow then shows the model's signature and can load it.
        """
        artifact = model_file(name, content)
        self._write(artifact)
        if columns is not None:
            kind = str(self._inherited.get(SOURCE_KIND, "identified"))
            told = description(
                name,
                artifact.content,
                columns,
                run_id=self.run_id,
                source_kind=kind,
                snapshot=str(self._inherited.get(SNAPSHOT_TAG, "")),
            )
            self._write(Artifact(f"models/{DESCRIPTION}", told))
        self.tags({f"sha256.{name}": hashlib.sha256(artifact.content).hexdigest()})

    @contextmanager
    def child(self, name: str, *, tags: Mapping[str, object] | None = None) -> Iterator[Run]:
        """Open a run inside this one.

        Parameters
        ----------
        name : str
            Name of the inner run.
        tags : mapping, optional
            Its tags, beside those of this run.

        Yields
        ------
        Run
            The inner run, closed as finished, failed or killed with the block.
        """
        inherited = {key: value for key, value in self._inherited.items() if not key.startswith("mlflow.")}
        own = {**inherited, **(tags or {}), "mlflow.parentRunId": self.run_id}
        with MlflowRun(self._store, self._experiment, name, own) as inner:
            yield inner

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the run as it ended, and let what ended it go on.

        Parameters
        ----------
        kind, error, trace
            What ended the block, if anything did. Ctrl-C makes a run KILLED. Our own errors are kept with their text;
            of others only the kind is kept, since a foreign message may hold a patient's value.
        """
        if kind is None:
            self._end(RunStatus.FINISHED)
        elif issubclass(kind, (KeyboardInterrupt, GeneratorExit)):
            self._end(RunStatus.KILLED)
        else:
            self.tags({"failure": f"{kind.__name__}: {error}" if isinstance(error, OutcomesError) else kind.__name__})
            self._end(RunStatus.FAILED)

    def _end(self, status: int) -> None:
        if PROCESS_TAG in self._inherited:
            self._store.client.delete_tag(self.run_id, PROCESS_TAG)
        self._store.client.set_terminated(self.run_id, RunStatus.to_string(status))

    def _write(self, artifact: Artifact) -> None:
        inside = Path(artifact.path)
        with TemporaryDirectory() as folder:
            local = Path(folder) / inside.name
            local.write_bytes(artifact.content)
            parent = str(inside.parent)
            self._store.client.log_artifact(self.run_id, str(local), None if parent == "." else parent)
