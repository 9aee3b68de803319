"""Every command of library kind leaves a line in the audit log: this is where studies write it."""

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Final

from outcomes.library import audit
from outcomes.library.sealing import vault_key
from outcomes.library.store import Store, taken_in
from outcomes.studies.experiment import Experiment
from outcomes.studies.workspace import Workspace

PURPOSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ingest": "collection",
        "optout": "opt-outs are honoured",
        "projects": "register of projects",
        "verify": "check of the stores",
        "audit": "audit",
        "rotate": "change of keys",
        "flags": "direct care",
    }
)


def purpose_of(experiment: Experiment) -> str:
    """Say what research reads for.

    Parameters
    ----------
    experiment
        The settings.

    Returns
    -------
    str
        The project, or the kind of a source that needs none.
    """
    name = experiment.study.project
    return f"research, project {name}" if name else f"research, {experiment.source.kind} source"


def note_access(
    workspace: Workspace,
    command: str,
    purpose: str,
    *,
    snapshot: str = "",
    counts: Mapping[str, int] | None = None,
    result: str = "done",
    anchor: bool = False,
) -> audit.Receipt:
    """Add a line to the audit log of a study's library.

    Parameters
    ----------
    workspace
        The folders and keys.
    command, purpose
        What was done and what for.
    snapshot
        State of the library.
    counts
        How many rows, people or files; never which.
    result
        "done" or "refused".
    anchor
        Whether the vault keeps where the log stands (needs its key), so that an older log put back is noticed.

    Returns
    -------
    Receipt
        Where the log stands now.
    """
    if result == "refused" and not taken_in(workspace.library):
        return audit.Receipt("", 0, "")  # there is nothing yet that somebody could have read or changed
    told = audit.append(
        workspace.audit,
        keys=workspace.keys,
        command=command,
        purpose=purpose,
        snapshot=snapshot,
        counts=counts,
        result=result,
    )
    if anchor:
        safe = Store(workspace.vault, key=vault_key(workspace.keys), private=True)
        with safe.writing():
            safe.put_note("audit", asdict(told))
    return told
