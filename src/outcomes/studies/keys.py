"""Keys, projects, extracts and the audit log, for the people who hold the keys to them."""

from dataclasses import replace
from pathlib import Path

from outcomes.errors import AccessError, ConfigError, OutcomesError
from outcomes.library import audit
from outcomes.library.export import export
from outcomes.library.lineage import note
from outcomes.library.projects import register_projects
from outcomes.library.roles import create_keys, key_for
from outcomes.library.rotate import ROTATIONS
from outcomes.library.sealing import library_key, vault_key
from outcomes.library.store import Store
from outcomes.library.view import research_view
from outcomes.studies.auditing import PURPOSES, note_access
from outcomes.studies.opening import Request


def make_keys(folder: Path, *, region: str) -> str:
    """Make a set of new keys and say what to do with them.

    Parameters
    ----------
    folder
        A new folder outside libraries and vaults.
    region
        "uk" or "us".

    Returns
    -------
    str
        The files by role; no byte of a key.

    Raises
    ------
    ConfigError
        If the region is not known.
    AccessError
        If there are keys already.
    """
    made = create_keys(folder, region=region)
    return (
        f"Keys of region {region}, one folder a role:\n"
        + "\n".join(f"  {one}" for one in made)
        + "\nGive each role its folder only, keep a copy of all of them apart from the data, and send none by mail: "
        "without its key a library cannot be read by anybody."
    )


def set_projects(request: Request, register: Path) -> str:
    """Register projects in place of those before.

    Parameters
    ----------
    request
        What was asked; its keys are the steward's.
    register
        The register, TOML.

    Returns
    -------
    str
        The projects by name and end.

    Raises
    ------
    ConfigError
        If the register or the experiment is wrong.
    AccessError
        If a key is missing.
    """
    _, workspace = request.read()
    projects = register_projects(register, library=workspace.library, vault=workspace.vault, keys=workspace.keys)
    note_access(workspace, "projects", PURPOSES["projects"], counts={"projects": len(projects)})
    return "\n".join(f"{one.name}: until {one.ends}, tables {', '.join(one.tables)}" for one in projects)


def write_extract(request: Request, project: str, to: Path) -> str:
    """Write the extract of a project under names of its own.

    Parameters
    ----------
    request
        What was asked; its keys are those of the release role.
    project
        Name in the register; any name for a source that needs none.
    to
        A folder that does not exist yet.

    Returns
    -------
    str
        Counts, and whether an erasure can reach the folder.

    Raises
    ------
    ConfigError
        If the folder is there already or the experiment is wrong.
    AccessError
        If a key is missing, the project may not read, or the folder cannot be written.
    """
    _, workspace = request.read()
    purpose = f"extract, project {project}"
    try:
        key_for(workspace.keys, "release")
        view = research_view(workspace.library, keys=workspace.keys, project=project)
    except AccessError:
        note_access(workspace, "export", purpose, result="refused")
        raise
    note_access(
        workspace, "export", purpose, snapshot=view.snapshot, counts={k: len(v) for k, v in view.tables.items()}
    )
    home = workspace.root.resolve()
    inside = to.resolve().is_relative_to(home)
    if inside:
        place = f"workspace/{to.resolve().relative_to(home).as_posix()}"
        shelf = Store(workspace.library, key=library_key(workspace.keys))
        note(shelf, what="table", place=place, snapshot=view.snapshot, made_by=f"export {project}")
    made = export(view, project, to, keys=workspace.keys)
    rows = ", ".join(f"{count:,} {name}" for name, count in made.rows.items())
    reach = (
        "An erasure reaches this folder."
        if inside
        else "This folder lies outside the workspace: an erasure cannot reach it. Delete it when one is announced."
    )
    return f"Extract of project {project}: {rows}.\n{view.statement}\n{reach}"


def change_keys(request: Request, what: str, new: Path) -> str:
    """Change one of the keys of a library.

    Parameters
    ----------
    request
        What was asked; its keys are the steward's.
    what
        "library", "vault" or "pseudonym".
    new
        Folder that holds the new key.

    Returns
    -------
    str
        What was done, and what has to be done next.

    Raises
    ------
    ConfigError
        If there is no such key, or the source has no secret.
    AccessError
        If a key is missing, the regions differ, or the rotation is refused.
    OutcomesError
        Whatever of these the rotation raised, after it was noted.
    """
    experiment, workspace = request.read()
    if what not in ROTATIONS:
        raise ConfigError(f"what must be one of {', '.join(ROTATIONS)}, got {what!r}")
    if workspace.keys is None and experiment.source.kind == "identified":
        raise AccessError("the library of an identified source is sealed, and no keys were given: give --keys")
    if workspace.keys is None:
        raise ConfigError("this source has no secret: there is no key to change (keys are given with --keys)")
    try:
        count = ROTATIONS[what](workspace.library, workspace.vault, keys=workspace.keys, new=new)
    except OutcomesError:
        note_access(workspace, "rotate", PURPOSES["rotate"], result="refused")
        raise
    now = replace(workspace, keys=new) if what == "vault" else workspace
    vault_key(now.keys)
    note_access(now, "rotate", PURPOSES["rotate"], counts={what: count}, anchor=True)
    return (
        f"The {what} key is changed ({count:,} {'people' if what == 'pseudonym' else 'states'} written anew). Replace "
        f"the old {what}.key in every role's folder by the new one; the old one opens old copies only."
    )


def read_audit(request: Request) -> str:
    """Print the audit log; needs the auditor's key.

    Parameters
    ----------
    request
        What was asked; its keys are the auditor's.

    Returns
    -------
    str
        One line each: number, time, actor, command, purpose, snapshot, result, counts.

    Raises
    ------
    ConfigError
        If the experiment is wrong.
    AccessError
        If there is no log, or the key is missing.
    DataError
        If the log is not as it was written.
    """
    _, workspace = request.read()
    lines = audit.read(workspace.audit, workspace.keys)
    note_access(workspace, "audit", PURPOSES["audit"], counts={"lines": len(lines)})
    return "\n".join(
        f"{one.number}  {one.when}  {one.actor}  {one.command}  {one.purpose}  {one.snapshot or '-'}  {one.result}  "
        + (", ".join(f"{name} {count:,}" for name, count in one.counts.items()) or "-")
        for one in lines
    )
