"""How does a study open its run? `tracker`, with MLflow or without; the study's code is the same."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from outcomes import __version__
from outcomes.tracking.guard import flat
from outcomes.tracking.null_run import NullRun
from outcomes.tracking.record import code_version
from outcomes.tracking.run import Run


@dataclass(frozen=True)
class Subject:
    """What a run is about; what runs are found and compared by.

    Parameters
    ----------
    study : str
        Name of the study; its runs stand together.
    question : str
        What the study asks, in a sentence.
    snapshot : str
        Digest of the library's snapshot.
    source_kind : str
        identified, anonymised or invented.
    edition : str
        Edition of the outcome rules.
    policy : str
        Disclosure policy of what was released.
    configuration : mapping
        The experiment file as read, nested at will.
    """

    study: str
    question: str
    snapshot: str
    source_kind: str
    edition: str
    policy: str
    configuration: Mapping[str, object]

    @property
    def settings(self) -> str:
        """Digest of what was asked for, by which version (16 hexadecimal digits)."""
        facts = [self.study, self.edition, self.policy, __version__, flat(self.configuration)]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def label(self) -> str:
        """A name for the run that tells which data and which settings it has in common with others."""
        return f"data {self.snapshot[:8]}, settings {self.settings[:8]}"


@contextmanager
def tracker(subject: Subject, *, store: Path | None, name: str | None = None) -> Iterator[Run]:
    """Open the run of a study, and close it as it ended.

    Parameters
    ----------
    subject : Subject
        What the run is about.
    store : Path or None
        Folder of the MLflow store, such as ``var/mlflow``; None records nothing (the guard stays on).
    name : str, optional
        What the run is called; by default its `Subject.label`.

    Yields
    ------
    Run
        What the study records into. A run that fails is FAILED with the reason, one stopped by hand is KILLED; the next
        run with the same settings, snapshot and version clears a stopped one away.

    Examples
    --------
    >>> edition, policy = "nhs_talking_therapies_v2_1", "midpoint6"
    >>> about = Subject("demo", "Does it run?", "0" * 64, "invented", edition, policy, {"seed": 1})
    >>> with tracker(about, store=None) as run:
    ...     run.metrics({"prognosis/auc": 0.71}, step=2)
    """
    if store is None:
        yield NullRun()
        return
    from outcomes.tracking.mlflow_run import MlflowRun  # noqa: PLC0415  three seconds that a run without MLflow does not pay
    from outcomes.tracking.mlflow_store import PROCESS_TAG, SETTINGS_TAG, SNAPSHOT_TAG, MlflowStore  # noqa: PLC0415  likewise

    opened = MlflowStore(store)
    experiment = opened.experiment(subject.study, subject.question)
    opened.tidy(experiment, snapshot=subject.snapshot, settings=subject.settings)
    tags = {
        SNAPSHOT_TAG: subject.snapshot,
        "source_kind": subject.source_kind,
        "edition": subject.edition,
        "policy": subject.policy,
        "version": __version__,
        "code": code_version(Path(__file__).parent),
        SETTINGS_TAG: subject.settings,
        PROCESS_TAG: os.getpid(),
        "mlflow.note.content": subject.question,
        "mlflow.source.name": f"outcomes run {subject.study}",
        "mlflow.source.type": "LOCAL",
    }
    with MlflowRun(opened, experiment, name or subject.label, tags) as run:
        run.parameters(subject.configuration)
        yield run
