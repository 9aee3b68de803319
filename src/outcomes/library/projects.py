"""For which purpose may which fields be read, and until when? The register of projects, and its rule at every read.

An identified source is read for a registered project only. A project names its purpose, legal basis, tables and end;
fields beyond the minimum are named one by one. The steward registers; the rule holds for whoever uses this program, and
whoever holds the library's key could write another one: the boundary for a stranger is the export, not the register.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

import pandas as pd

from outcomes.errors import AccessError, ConfigError
from outcomes.library.state import open_stores
from outcomes.library.store import Store
from outcomes.tables.canonical import library_tables

PROJECTS: Final = "projects"
KEYS: Final = frozenset({"name", "purpose", "legal_basis", "ends", "tables", "fields"})
MINIMUM: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "patients": (),
        "referrals": ("end_day", "end_reason", "last_seen_day"),
        "contacts": ("contact_number", "day", "attendance", "planned", "appointment_type"),
        "occasions": ("occasion", "day"),
        "scores": ("occasion", "day", "instrument", "total"),
    }
)
BLANKED: Final = ("referrals", "contacts")  # their columns are expected to be there: what may not be read is empty
JOINING: Final = ("pseudonym", "referral")


@dataclass(frozen=True, slots=True)
class Project:
    """One entry of the register.

    Parameters
    ----------
    name : str
        What an experiment file calls it.
    purpose, legal_basis : str
        In words; both stand in reports and in the audit log.
    ends : str
        Last day on which it may read, YYYY-MM-DD.
    tables : tuple of str
        Tables of the library that it may read.
    fields : mapping of str to tuple of str
        Table to columns beyond the minimum. All items are the minimum of occasions, unless some are named.
    """

    name: str
    purpose: str
    legal_basis: str
    ends: str
    tables: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]

    def columns(self, table: str) -> frozenset[str]:
        """Say which columns of a table it may read.

        Parameters
        ----------
        table : str
            Name of the table.

        Returns
        -------
        frozenset of str
            The keys, the minimum, and what the entry names.
        """
        named = self.fields.get(table, ())
        allowed = {*JOINING, *MINIMUM[table], *named}
        if table == "occasions" and not named:
            allowed |= set(library_tables()[table].names)
        return frozenset(allowed & set(library_tables()[table].names))


def _faults(entry: Mapping[str, Any]) -> list[str]:
    name = entry.get("name", "?")
    found = [f"{name}: unknown key {key!r}" for key in sorted(set(entry) - KEYS)]
    found += [f"{name}: {key} is missing" for key in sorted(KEYS - {"fields"} - set(entry))]
    for key in ("name", "purpose", "legal_basis"):
        if key in entry and (not isinstance(entry[key], str) or not entry[key].strip()):
            found.append(f"{name}: {key} must be words")
    if "ends" in entry and (not isinstance(entry["ends"], date) or isinstance(entry["ends"], datetime)):
        found.append(f"{name}: ends must be a date such as 2027-03-31, without quotes")
    known = library_tables()
    fields = entry.get("fields", {})
    for table in [*entry.get("tables", ()), *fields]:
        if table not in known:
            found.append(f"{name}: {table!r} is not a table of the library; it has {', '.join(known)}")
    for table in [table for table in fields if table in known]:
        if table not in entry.get("tables", ()):
            found.append(f"{name}: fields of {table} are named, and the table is not among tables")
        found += [
            f"{name}: {column!r} is not a column of {table}"
            for column in fields[table]
            if column not in known[table].names
        ]
    return found


def parse_register(text: str) -> tuple[Project, ...]:
    """Read a register.

    Parameters
    ----------
    text : str
        TOML: one `[[project]]` an entry.

    Returns
    -------
    tuple of Project
        The entries.

    Raises
    ------
    ConfigError
        With every fault at once.

    Examples
    --------
    >>> parse_register('''[[project]]
    ... name = "waits"
    ... purpose = "How long do people wait, and what follows?"
    ... legal_basis = "service evaluation, approved 2026-01-05"
    ... ends = 2027-03-31
    ... tables = ["referrals", "occasions"]''')[0].tables
    ('referrals', 'occasions')
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the register of projects is not valid TOML: {error}") from None
    entries = content.get("project", [])
    faults = [f"unknown key {key!r}" for key in sorted(set(content) - {"project"})]
    if not isinstance(entries, list) or not entries:
        raise ConfigError("the register of projects needs at least one [[project]]")
    faults += [fault for entry in entries for fault in _faults(entry)]
    names = [entry.get("name") for entry in entries]
    faults += [f"{name}: there are two of this name" for name in sorted({one for one in names if names.count(one) > 1})]
    if faults:
        raise ConfigError("the register of projects: " + "; ".join(faults))
    return tuple(
        Project(
            name=entry["name"],
            purpose=entry["purpose"],
            legal_basis=entry["legal_basis"],
            ends=entry["ends"].isoformat(),
            tables=tuple(entry["tables"]),
            fields={table: tuple(columns) for table, columns in entry.get("fields", {}).items()},
        )
        for entry in entries
    )


def register_projects(path: Path, *, library: Path, vault: Path, keys: Path | None = None) -> tuple[Project, ...]:
    """Register the projects of a file in place of those before; needs the steward's keys.

    Parameters
    ----------
    path : Path
        The register, TOML.
    library, vault : Path
        The two folders.
    keys : Path, optional
        Folder of keys of the steward.

    Returns
    -------
    tuple of Project
        What is registered now.

    Raises
    ------
    ConfigError
        If the register is wrong.
    AccessError
        If it cannot be read, or a key is missing.
    """
    try:
        projects = parse_register(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise AccessError(f"{path.name}: the register of projects cannot be read") from None
    stores = open_stores(library, vault, keys)
    with stores.library.writing():
        stores.library.put_note(PROJECTS, {"projects": [asdict(project) for project in projects]})
    return projects


def project_of(shelf: Store, name: str | None, *, today: date) -> Project:
    """Find the entry under which an identified source is read.

    Parameters
    ----------
    shelf : Store
        The library.
    name : str or None
        The project that was named.
    today : date
        The day of the read.

    Returns
    -------
    Project
        The entry.

    Raises
    ------
    AccessError
        If none was named, it is not registered, or it has ended.
    """
    if name is None:
        raise AccessError(
            "an identified source is read for a registered project: name it (project in [study] of the experiment file)"
        )
    told = shelf.note(PROJECTS)
    entries = {one["name"]: one for one in (told or {"projects": []})["projects"]}
    if name not in entries:
        listed = ", ".join(sorted(entries)) or "none"
        raise AccessError(f"project {name!r} is not registered; registered are: {listed} (`outcomes projects`)")
    one = entries[name]
    fields = {table: tuple(columns) for table, columns in one["fields"].items()}
    project = Project(
        name=name,
        purpose=one["purpose"],
        legal_basis=one["legal_basis"],
        ends=one["ends"],
        tables=tuple(one["tables"]),
        fields=fields,
    )
    if today > date.fromisoformat(project.ends):
        raise AccessError(
            f"project {name!r} ended on {project.ends}: it may read nothing; register a new end, or close it"
        )
    return project


def narrowed(tables: Mapping[str, pd.DataFrame], project: Project) -> dict[str, pd.DataFrame]:
    """Keep the tables and columns that a project may read.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The library's tables.
    project : Project
        The entry.

    Returns
    -------
    dict of str to DataFrame
        Columns that it may not read are gone, or empty in tables whose columns are expected to be there.
    """
    kept = {}
    for table in [table for table in tables if table in project.tables]:
        frame, allowed = tables[table], project.columns(table)
        withheld = [name for name in frame if name not in allowed]
        if table in BLANKED:
            blank = {name: pd.Series(pd.NA, index=frame.index).astype(frame[name].dtype) for name in withheld}
            kept[table] = frame.assign(**cast(dict[str, Any], blank))
        else:
            kept[table] = frame.drop(columns=withheld)
    return kept
