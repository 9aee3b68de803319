"""What may a study say about its run? One protocol, fulfilled by the MLflow run and by its null twin."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import pandas as pd

from outcomes.disclosure.gate import Released

Table = pd.DataFrame | Released


class Run(Protocol):
    """One run of one study; every method refuses what could be a patient row (`DisclosureError`).

    Names of metrics are the same in every run of a study, so that runs stand together: ``<room>/<quantity>``,
    such as ``prognosis/auc``; bounds are ``prognosis/auc_low`` and ``prognosis/auc_high``, and the session as `step`.
    """

    @property
    def run_id(self) -> str:
        """Identifier of the run in the store; empty for the null twin."""

    @property
    def page(self) -> str:
        """Where the run stands on the page of runs, to be put behind its address; empty for the null twin."""

    def parameters(self, values: Mapping[str, object]) -> None:
        """Record what was asked for; nested settings become dotted names."""

    def metrics(self, values: Mapping[str, float | None], *, step: int | None = None) -> None:
        """Record aggregates under names that other runs use too; what could not be estimated is listed apart."""

    def tags(self, values: Mapping[str, object]) -> None:
        """Record what the run can be found by."""

    def dataset(self, name: str, snapshot: str, *, kind: str, counts: Mapping[str, int] | None = None) -> None:
        """Record which snapshot was read, by the library's own digest."""

    def table(self, name: str, table: Table, *, denominator: str | int | None = None) -> None:
        """Keep an aggregate: a `Released`, or a frame with its denominator (a column, or one number for all rows)."""

    def figure(self, name: str, content: bytes | str) -> None:
        """Keep a figure drawn from aggregates: ``name.svg`` or ``name.png``."""

    def text(self, name: str, content: str) -> None:
        """Keep a text: methods, a configuration, a summary."""

    def model(self, name: str, content: bytes | str, *, columns: Mapping[str, str] | None = None) -> None:
        """Keep a fitted model (JSON or UBJSON, never a pickle) with its SHA-256 and the columns it reads."""

    def child(self, name: str, *, tags: Mapping[str, object] | None = None) -> AbstractContextManager["Run"]:
        """Open a run inside this one, such as one a landmark, or a fold."""
