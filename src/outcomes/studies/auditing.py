"""Every command of library kind leaves a line in the audit log: this is where studies write it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Final

from outcomes.errors import AccessError, ConfigError
from outcomes.library import audit
from outcomes.library.sealing import vault_key
from outcomes.library.store import Store, taken_in
from outcomes.studies.experiment import Experiment
from outcomes.studies.workspace import Workspace

RECEIPT: Final = ".receipt.json"
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


def keep_receipt(workspace: Workspace, made: Path, *, snapshot: str) -> Path:
    """Keep beside a report or release where the audit log stood, so that a log put back later is noticed.

    Parameters
    ----------
    workspace
        The folders; its log has a line about what was made.
    made
        Folder or file of the report; the receipt lies beside it, not in it.
    snapshot
        What it was made from.

    Returns
    -------
    Path
        The receipt: ``NAME.receipt.json``. It differs from run to run, as the log does.

    Raises
    ------
    AccessError
        If it cannot be written.
    """
    place = made.with_name(f"{made.name}{RECEIPT}")
    said = {"audit": asdict(audit.receipt(workspace.audit)), "made": made.name, "snapshot": snapshot}
    try:
        place.write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise AccessError(f"{place.name}: the receipt cannot be written ({error.strerror})") from None
    return place


def read_receipt(place: Path) -> audit.Receipt:
    """Read where the audit log stood when something was made.

    Parameters
    ----------
    place
        A file that `keep_receipt` wrote.

    Returns
    -------
    Receipt
        For `verify`.

    Raises
    ------
    ConfigError
        If it is no receipt.
    """
    try:
        said = json.loads(place.read_text(encoding="utf-8"))["audit"]
        return audit.Receipt(str(said["log"]), int(said["number"]), str(said["digest"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(f"{place.name}: this is no receipt of a report or release") from None


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
