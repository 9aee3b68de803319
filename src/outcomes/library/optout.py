"""Whose data may research read? Those whom a dated opt-out list allows, minus local objections.

The list comes as NHS numbers (or local identifiers), is kept in the vault, and reaches the library as pseudonyms with a
date. Whoever is not on it is left out at every read, and is gone from the library after the next collection; a list
that is missing, empty or too old lets nobody be read. The vault keeps everybody: direct care is another purpose.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from outcomes.errors import AccessError, DataError
from outcomes.library.anchor import moving
from outcomes.library.state import Stores, anchored, open_stores
from outcomes.library.store import Store
from outcomes.library.tombstones import PATIENT, Pseudonymiser, buried, unmarked
from outcomes.library.writers import locked
from outcomes.reference.governance import opt_out_rule

ALLOWLIST: Final = "allowlist"
OBJECTIONS: Final = "objections"
MESH_DATE: Final = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2})(?!\d)")
Identifier = Literal["nhs_number", "patient_id"]


def _lines(path: Path) -> list[str]:
    # Identifiers of a list: one a line, with or without the trailing comma of the MESH format.
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AccessError(f"{path.name}: the list cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: the list is not UTF-8 text") from None
    found = [line.strip().removesuffix(",").strip() for line in text.splitlines()]
    wrong = [number for number, line in enumerate(found, start=1) if "," in line]
    if wrong:
        raise DataError(
            f"{path.name}: {len(wrong):,} lines hold more than one identifier (rule one_per_line); "
            f"first at line {wrong[0]}"
        )
    return [line for line in found if line]


def _plain_nhs(number: str) -> str:
    return number.replace(" ", "").replace("-", "")


def _date_of(path: Path) -> date:
    # Day in the name of a MESH file, DDMMYY.
    for day, month, year in MESH_DATE.findall(path.name):
        try:
            return date(2000 + int(year), int(month), int(day))
        except ValueError:
            continue
    raise AccessError(f"{path.name}: no DDMMYY date in the name; say the date of the list")


def register_allowlist(
    path: Path,
    *,
    library: Path,
    vault: Path,
    dated: date | None = None,
    identifier: Identifier = "nhs_number",
    objections: Path | None = None,
    keys: Path | None = None,
    naming: Pseudonymiser | None = None,
) -> int:
    """Register who may be read for research, according to a list.

    Parameters
    ----------
    path : Path
        One identifier a line, a trailing comma allowed: the answer of the opt-out check (MESH), which lists those who
        are allowed.
    library, vault : Path
        Where identifiers are matched (vault) and pseudonyms are written (library).
    dated : date, optional
        Day of the list; read from the file's name (DDMMYY) unless said.
    identifier : str
        Whether the list holds "nhs_number" or "patient_id".
    objections : Path, optional
        Local identifiers of people who object, one a line; replaces the objections registered before.
    keys : Path, optional
        Folder of keys of the steward; none for a source that has no secret.
    naming : Pseudonymiser, optional
        The library's pseudonym key; with it people who were erased are left out of what is kept of the list.

    Returns
    -------
    int
        How many people of the vault are allowed.

    Raises
    ------
    AccessError
        If a list cannot be read, has no date, or is empty.
    DataError
        If a line holds more than one identifier.
    """
    numbers = _lines(path)
    if not numbers:
        raise AccessError(f"{path.name}: the list is empty; an empty list allows nobody and is not registered")
    day = dated or _date_of(path)
    against = None if objections is None else _lines(objections)
    stores = open_stores(library, vault, keys)
    with locked(stores):
        if naming is not None:
            gone = buried(library, stores.vault).marks
            numbers = unmarked(naming, identifier.replace("patient_id", PATIENT), numbers, gone)
            against = None if against is None else unmarked(naming, PATIENT, against, gone)
        content = {"date": day.isoformat(), "identifier": identifier, "identifiers": sorted(set(numbers))}
        if against is not None:  # first: whoever is stopped in between has let nobody in who objects
            stores.vault.put_note(OBJECTIONS, {"patient_ids": sorted(set(against))})
        stores.vault.put_note(ALLOWLIST, content)
        return refresh(stores)


def _allowed(people: pd.DataFrame, listed: Mapping[str, Any], objecting: Collection[str]) -> list[str]:
    column, said = listed["identifier"], listed["identifiers"]
    if column not in people:
        return []
    known = people[column]
    if column == "nhs_number":
        known, said = known.map(_plain_nhs, na_action="ignore"), [_plain_nhs(number) for number in said]
    kept = known.isin(said) & known.notna() & ~people["patient_id"].isin(list(objecting))
    return sorted(people.loc[kept, "pseudonym"])


def listed_people(people: pd.DataFrame, vault: Store) -> list[str] | None:
    """Say whom the registered list and the objections allow.

    Parameters
    ----------
    people : DataFrame
        patient_id, pseudonym, and nhs_number where the feed has it.
    vault : Store
        Keeps list and objections.

    Returns
    -------
    list of str or None
        Pseudonyms; None where no list was ever registered.
    """
    listed = vault.note(ALLOWLIST)
    if listed is None:
        return None
    return _allowed(people, listed, (vault.note(OBJECTIONS) or {"patient_ids": []})["patient_ids"])


def refresh(stores: Stores) -> int:
    """Match the registered list with the people in the vault; called after every intake and registration.

    Parameters
    ----------
    stores : Stores
        Library and vault, locked.

    Returns
    -------
    int
        How many are allowed; 0 where no list is registered or nothing was taken in.
    """
    listed = stores.vault.note(ALLOWLIST)
    if stores.library.head() is None or listed is None:
        return 0
    state = anchored(stores.library.root, stores.vault)["vault"]
    allowed = listed_people(stores.vault.tables(state, ("people",))["people"], stores.vault) or []
    with moving(stores.library.root):
        stores.library.put_note(ALLOWLIST, {"date": listed["date"], "pseudonyms": allowed})
    return len(allowed)


def purge(
    tables: Mapping[str, pd.DataFrame], people: pd.DataFrame, stores: Stores
) -> tuple[dict[str, pd.DataFrame], int, bool]:
    """Leave out, at a collection, everybody whom the registered list does not allow.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The library's tables as derived from the vault's rows.
    people : DataFrame
        patient_id, pseudonym, and nhs_number where the feed has it.
    stores : Stores
        Library and vault, locked.

    Returns
    -------
    kept : dict of str to DataFrame
        The tables of those who are allowed; of everybody where no list was ever registered (then nobody is read).
    purged : int
        How many people were left out.
    forget : bool
        Whether the snapshot before holds one of them, so that the history has to go.
    """
    allowed = listed_people(people, stores.vault)
    if allowed is None:
        return dict(tables), 0, False
    kept = {name: only(frame, allowed) for name, frame in tables.items()}
    head = stores.library.head()
    before = stores.library.tables(head["current"], ("patients",)) if head else {}
    forget = "patients" in before and not bool(before["patients"]["pseudonym"].isin(allowed).all())
    return kept, len(tables["patients"]) - len(kept["patients"]), forget


def only(frame: pd.DataFrame, allowed: Collection[str]) -> pd.DataFrame:
    """Keep the rows of those who are allowed: the one filter of every research read and every collection.

    Parameters
    ----------
    frame : DataFrame
        A table with the column pseudonym.
    allowed : collection of str
        Pseudonyms.

    Returns
    -------
    DataFrame
        Their rows.
    """
    return frame[frame["pseudonym"].isin(list(allowed))].reset_index(drop=True)


def allowed_pseudonyms(shelf: Store, *, today: date, max_age_days: int | None = None) -> tuple[frozenset[str], date]:
    """Say who may be read today.

    Parameters
    ----------
    shelf : Store
        The library, into which `register_allowlist` wrote the pseudonyms.
    today : date
        The day of the read.
    max_age_days : int, optional
        Oldest list that may be used; that of `reference.governance.opt_out_rule` unless said.

    Returns
    -------
    allowed : frozenset of str
        Pseudonyms.
    dated : date
        Day of the list.

    Raises
    ------
    AccessError
        If the list is missing, damaged, empty, too old, or from the future: never "everyone".
    """
    try:
        content = shelf.note(ALLOWLIST)
    except DataError:
        raise AccessError("the opt-out allowlist is damaged: register it again") from None
    if content is None:
        raise AccessError(
            "no opt-out allowlist is registered: research may read nobody of an identified source; "
            "register the answer of the opt-out check (outcomes optout)"
        )
    try:
        dated, allowed = datetime.fromisoformat(content["date"]).date(), frozenset(content["pseudonyms"])
    except (ValueError, KeyError, TypeError):
        raise AccessError("the opt-out allowlist is damaged: register it again") from None
    age, rule = (today - dated).days, opt_out_rule()
    if age > (rule.longest_age_days if max_age_days is None else max_age_days):
        allowed_days = rule.limit() if max_age_days is None else str(max_age_days)
        raise AccessError(
            f"the opt-out allowlist is {age} days old, {allowed_days} are allowed: ask for a new one and register it"
        )
    if age < 0:
        raise AccessError("the opt-out allowlist is dated in the future: check its date and register it again")
    if not allowed:
        raise AccessError(
            "the opt-out allowlist allows nobody in this library: register the answer of the opt-out check again"
        )
    return allowed, dated
