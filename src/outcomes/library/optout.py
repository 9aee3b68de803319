"""Whose data may research read? Those whom a dated opt-out list allows, minus local objections.

The list comes as NHS numbers (or local identifiers), is kept in the vault, and reaches the library as pseudonyms with a
date. Whoever is not on it is left out at every read; a list that is missing, empty or too old lets nobody be read.
"""

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal

from outcomes.errors import AccessError, DataError
from outcomes.library.store import Store
from outcomes.reference.governance import opt_out_rule

ALLOWLIST: Final = "allowlist.json"
OBJECTIONS: Final = "objections.json"
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
    safe = Store(vault, private=True)
    with safe.writing():
        content = {"date": day.isoformat(), "identifier": identifier, "identifiers": sorted(set(numbers))}
        safe.write(vault / ALLOWLIST, _json(content))
        if objections is not None:
            safe.write(vault / OBJECTIONS, _json({"patient_ids": sorted(set(_lines(objections)))}))
        return refresh(library, vault)


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=0) + "\n").encode()


def _allowed(safe: Store, state: str, listed: dict[str, Any], objecting: Iterable[str]) -> list[str]:
    people = safe.tables(state)["people"]
    column = listed["identifier"]
    if column not in people:
        return []
    said = people[column]
    if column == "nhs_number":
        said = said.map(_plain_nhs, na_action="ignore")
        listed = {**listed, "identifiers": [_plain_nhs(number) for number in listed["identifiers"]]}
    kept = said.isin(listed["identifiers"]) & said.notna() & ~people["patient_id"].isin(list(objecting))
    return sorted(people.loc[kept, "pseudonym"])


def refresh(library: Path, vault: Path) -> int:
    """Match the registered list with the people in the vault; called after every intake and registration.

    Parameters
    ----------
    library, vault : Path
        The two folders.

    Returns
    -------
    int
        How many are allowed; 0 where no list is registered or nothing was taken in.
    """
    shelf, safe = Store(library), Store(vault, private=True)
    head = shelf.head()
    if head is None or not (vault / ALLOWLIST).is_file():
        return 0
    listed = json.loads((vault / ALLOWLIST).read_text(encoding="utf-8"))
    objecting = (
        json.loads((vault / OBJECTIONS).read_text(encoding="utf-8"))["patient_ids"]
        if (vault / OBJECTIONS).is_file()
        else []
    )
    allowed = _allowed(safe, head["vault"], listed, objecting)
    shelf.write(library / ALLOWLIST, _json({"date": listed["date"], "pseudonyms": allowed}))
    return len(allowed)


def allowed_pseudonyms(place: Path, *, today: date, max_age_days: int | None = None) -> tuple[frozenset[str], date]:
    """Say who may be read today.

    Parameters
    ----------
    place : Path
        The pseudonym list that `register_allowlist` wrote into the library.
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
    if not place.is_file():
        raise AccessError(
            "no opt-out allowlist is registered: research may read nobody of an identified source; "
            "register the answer of the opt-out check"
        )
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
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
