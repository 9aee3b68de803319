"""How is a wrong value put right? By a new version of its row; the old snapshot keeps the old value.

The vault keeps a register of corrections (what, before, after, why). A feed that sends the old row again does not undo
one; a feed that declares a newer version of the row does.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from outcomes.errors import ConfigError, DataError
from outcomes.library.derive import derive
from outcomes.library.ledger import HELD, PREFIX, pool
from outcomes.library.names import name_all
from outcomes.library.optout import purge, refresh
from outcomes.library.relations import settle
from outcomes.library.state import State, Stores, anchored, commit, safety_tables, sweep, vault_tables
from outcomes.library.submissions import SUBMISSIONS
from outcomes.library.tombstones import Pseudonymiser, refuse_erased
from outcomes.library.typed import TEXT, VERSION, series
from outcomes.library.writers import locked
from outcomes.tables.canonical import library_tables
from outcomes.tables.cells import Reading, read_cells
from outcomes.tables.check import check
from outcomes.tables.feed import feed_table

CORRECTIONS: Final = "corrections"
CARRIED: Final = (CORRECTIONS, SUBMISSIONS)
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "patients": ("patient_id",),
    "referrals": ("patient_id", "episode_id"),
    "contacts": ("patient_id", "episode_id", "contact_id", "contact_date"),
    "responses": ("patient_id", "episode_id", "session_date", "occasion", "day"),
}
FILE: Final = (
    "table",
    "patient_id",
    "episode_id",
    "contact_id",
    "session_date",
    "occasion",
    "column",
    "value",
    "reason",
)
NEEDED: Final = ("table", "patient_id", "column", "value", "reason")
LATER: Final = "~{:06d}"


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was put right.

    Parameters
    ----------
    values : mapping of str to int
        Values changed, by table.
    before, after : str
        Snapshots.
    """

    values: Mapping[str, int]
    before: str
    after: str


def read_corrections(text: str) -> pd.DataFrame:
    """Read a list of corrections.

    Parameters
    ----------
    text : str
        CSV with a header: table, patient_id, column, value, reason, and what names the row (episode_id, contact_id,
        session_date or occasion). A blank value withdraws the old one.

    Returns
    -------
    DataFrame
        As text, with all of these columns.

    Raises
    ------
    ConfigError
        If a column is missing or not known, there is no row, or the text is no CSV.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except csv.Error:
        raise ConfigError(
            "corrections: the file is no proper CSV (a quotation mark that is not closed, or text behind one); save it "
            "as CSV with commas and double quotation marks"
        ) from None
    header = list(rows[0]) if rows else []
    missing, strange = [name for name in NEEDED if name not in header], len([one for one in header if one not in FILE])
    if missing or strange:
        raise ConfigError(
            f"corrections: columns {', '.join(missing) or 'none'} are missing and {strange} are not known; a file has "
            f"{', '.join(FILE)}"
        )
    frame = pd.DataFrame(rows, dtype=TEXT)
    for name in FILE:
        if name not in frame:
            frame[name] = ""
    return frame[list(FILE)].fillna("")


def correct(stores: Stores, corrections: pd.DataFrame, key: Pseudonymiser, *, today: date, dry_run: bool) -> Corrected:
    """Put values right, all of them or none.

    Parameters
    ----------
    stores : Stores
        Library and vault; the writers' locks are taken here.
    corrections : DataFrame
        As `read_corrections` returns it.
    key : Pseudonymiser
        The library's pseudonym key.
    today : date
        Day of the correction; dates after it are in the future.
    dry_run : bool
        Whether to change nothing.

    Returns
    -------
    Corrected
        Counts, and both snapshots.

    Raises
    ------
    AccessError
        If another writer is at work, or an erasure was stopped half way.
    DataError
        If a row is not found, or a value breaks its column's rule: nothing is changed.
    """
    with locked(stores):
        head = anchored(stores.library.root, stores.vault)
        refuse_erased(stores.library.root, head["current"])
        sweep(stores, head)
        before = State(head, stores.vault.tables(head["vault"]), stores.vault.manifest(head["vault"])["extract_day"])
        tables = {name: frame.copy() for name, frame in before.ledger.items()}
        register = _apply(tables, corrections, today)
        values = {str(name): int(count) for name, count in corrections["table"].value_counts().items()}
        if dry_run:
            return Corrected(values, head["current"], head["current"])
        after = _recommit(stores, before, tables, register, key)
    return Corrected(values, head["current"], after)


def _apply(tables: dict[str, pd.DataFrame], corrections: pd.DataFrame, today: date) -> pd.DataFrame:
    # Change the rows of the ledger, each with a newer version, and say what was changed; all faults are told at once.
    known = tables.get(CORRECTIONS)
    first = 1 if known is None else len(known) + 1
    faults: dict[str, list[int]] = {}
    told = []
    for place, row in enumerate(corrections.to_dict("records")):
        rule, line = _one(tables, {str(one): str(said) for one, said in row.items()}, first + place, today)
        if rule:
            faults.setdefault(rule, []).append(place + 2)
        else:
            told.append(line)
    if faults:
        said = "; ".join(f"{rule}: {len(rows):,}, first at row {rows[0]}" for rule, rows in sorted(faults.items()))
        raise DataError(f"corrections: nothing was changed ({said})")
    made = pd.DataFrame(told).astype(TEXT)
    return made if known is None else pd.concat([known, made], ignore_index=True)


def _one(
    tables: dict[str, pd.DataFrame], row: Mapping[str, str], number: int, today: date
) -> tuple[str, dict[str, str]]:
    # Rule that is broken (or ""), and the line for the register.
    name, column = row["table"], row["column"]
    frame = tables.get(PREFIX + name)
    if name not in KEYS or frame is None:
        return "no_such_table", {}
    if column in KEYS[name] or column not in frame or column not in feed_table(name).names:
        return "no_such_column", {}
    cells = read_cells(feed_table(name).column(column), pa.chunked_array([[row["value"]]]), Reading(latest=today))
    if cells.faults[0]:
        return str(cells.faults[0]), {}
    hit = _found(frame, name, row, today)
    if not hit.any():
        return "no_such_row", {}
    keys = [one for one in KEYS[name] if one in frame]
    if len(frame.loc[hit, keys].drop_duplicates()) > 1:
        return "several_rows", {}
    if not row["reason"].strip():
        return "no_reason", {}
    old = frame.loc[hit, column].dropna()
    version = str(frame.loc[hit, VERSION].max()) + LATER.format(number)
    value = series(cells.values, feed_table(name).column(column)).astype(frame[column].dtype).iloc[0]
    changed = frame[column].mask(hit, value)
    tables[PREFIX + name] = frame.assign(
        **{column: changed.astype(frame[column].dtype), VERSION: frame[VERSION].mask(hit, version)}
    )
    said = {one: row[one] for one in FILE if one not in ("value", "reason")}
    before = "" if old.empty else str(old.iloc[0])
    return "", {
        "number": str(number), "on": today.isoformat(), **said, "before": before, "after": row["value"],
        "reason": row["reason"],
    }  # fmt: skip


def _found(frame: pd.DataFrame, name: str, row: Mapping[str, str], today: date) -> np.ndarray:
    # Accepted rows with this key; what is not said does not narrow it.
    hit = ~frame[HELD].to_numpy(dtype=bool)
    for one in [one for one in KEYS[name] if row.get(one)]:
        if one not in frame:
            return np.zeros(len(frame), dtype=bool)
        cell = read_cells(feed_table(name).column(one), pa.chunked_array([[row[one]]]), Reading(latest=today))
        wanted = cell.values.to_pylist()[0]
        hit &= frame[one].eq(wanted).fillna(value=False).to_numpy(dtype=bool)
    if name == "contacts" and "contact_id" in frame:
        hit &= frame["contact_id"].notna().to_numpy()
    return hit


def _recommit(
    stores: Stores, before: State, tables: Mapping[str, pd.DataFrame], register: pd.DataFrame, key: Pseudonymiser
) -> str:
    pools = {
        name.removeprefix(PREFIX): pool(name.removeprefix(PREFIX), frame, [])
        for name, frame in tables.items()
        if name.startswith(PREFIX)
    }
    settled = settle(pools)
    names = name_all(settled.accepted, key.pseudonym)
    derived = derive(settled.accepted, names, before.extract_day)
    for name, frame in derived.tables.items():
        check(frame, library_tables()[name])
    kept = vault_tables(pools, settled, names) | safety_tables([], pools, settled, before)
    kept |= carried(before.ledger) | {CORRECTIONS: register}
    old = stores.library.manifest(before.head["current"])
    whole, purged, forget = purge(derived.tables, names.people, stores)
    facts: dict[str, Any] = {"kind": old["kind"], "reason": old["reason"], "key": old["key"], "purged": purged}
    after = commit(stores, before, tables=whole, facts=facts, vault=kept, extract_day=before.extract_day, forget=forget)
    refresh(stores)
    return after


def carried(ledger: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Say which of the vault's tables every later state keeps as they are.

    Parameters
    ----------
    ledger : mapping of str to DataFrame
        The vault's tables.

    Returns
    -------
    dict of str to DataFrame
        Registers of corrections and of submissions, where there are any.
    """
    return {name: ledger[name] for name in CARRIED if name in ledger}
