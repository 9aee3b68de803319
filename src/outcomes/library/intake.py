"""How does a feed come in? Read as text, checked cell by cell, fitted together with what is there, put under pseudonyms, committed in one step.

A file is accepted, partly quarantined, or the feed is refused and nothing changes. Every row read is accepted, duplicate, quarantined or refused.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from outcomes.errors import AccessError
from outcomes.library import ledger
from outcomes.library.derive import Derived, derive
from outcomes.library.keyring import PseudonymKey, create_key, source_key
from outcomes.library.ledger import INPUT, PREFIX, SAFETY
from outcomes.library.long_form import MEMBER, to_sittings
from outcomes.library.names import Names, name_all
from outcomes.library.optout import refresh
from outcomes.library.relations import Settled, settle
from outcomes.library.report import SHORT_HASH, FeedRefused, IntakeReport, tally_frame
from outcomes.library.resolve import ACCEPTED, DUPLICATE_STATES, OLD
from outcomes.library.source import Source, check_source, folder_source
from outcomes.library.store import Store, content_hash
from outcomes.library.typed import FAULTY, ROW, TEXT, TypedRows, read_rows
from outcomes.sources import tidy
from outcomes.sources.opening import fingerprint
from outcomes.sources.raw import Dialect, Limits, RawTable
from outcomes.tables.canonical import library_tables
from outcomes.tables.cells import EPOCH, Reading
from outcomes.tables.check import check
from outcomes.tables.column import Table
from outcomes.tables.feed import WHEN, feed_table, item_columns

__all__ = ["FeedRefused", "IntakeReport", "Source", "create_key", "folder_source", "ingest"]

VERSION_NAME: Final = "_version_{}"
LONG_DATE: Final = "date"
RESPONSES: Final = "responses"
WHEN_NAMES: Final = tuple(column.name for column in WHEN)


@dataclass(frozen=True, slots=True)
class Input:
    """One file of one table, read and typed.

    Parameters
    ----------
    table : str
        Table of the source.
    path : Path
        The file.
    sha256 : str
        First digits of its hash.
    raw : RawTable
        What the reader said.
    refused : str
        Why it is refused; empty where it is not.
    frame, faults, notes
        As `TypedRows`; for long answers the sittings.
    members : DataFrame or None
        Where every long answer went.
    """

    table: str
    path: Path
    sha256: str
    raw: RawTable
    refused: str
    frame: pd.DataFrame
    faults: pd.DataFrame
    notes: Mapping[tuple[str, str], int]
    members: pd.DataFrame | None = None


def _wanted(source: Source, table: str, declared: Table) -> dict[str, str]:
    mapped, constants = source.columns.get(table, {}), source.constants.get(table, {})
    wanted = {name: mapped.get(name, name) for name in declared.names if name not in constants}
    if declared.name == "answers" and "session_date" not in mapped:
        wanted[LONG_DATE] = LONG_DATE
    versions = source.versions.get(table, ())
    return wanted | {VERSION_NAME.format(place): name for place, name in enumerate(versions)}


def _refusal(raw: RawTable, declared: Table, constants: Mapping[str, str]) -> str:
    """Why a readable file still cannot be used."""
    if raw.refused:
        return raw.refused
    present = {*raw.cells.column_names, *constants}
    if any(name.startswith("_version") for name in raw.absent):
        return "version_column_missing"
    if any(column.expected and column.name not in present for column in declared.columns):
        return "missing_column"
    if declared.name == RESPONSES and not present & {column.name for column in item_columns()}:
        return "no_answer_column"
    return ""


def _undated(typed: TypedRows) -> TypedRows:
    """Mark rows that say neither date nor day nor occasion."""
    places = [name for name in WHEN_NAMES if name in typed.frame]
    lost = typed.frame[places].isna().all(axis=1).to_numpy() & ~typed.frame[FAULTY].to_numpy()
    if not lost.any():
        return typed
    rows = typed.frame[ROW].to_numpy()[lost]
    added = pd.DataFrame(
        {
            "row": rows,
            "rule": pd.Series(["no_date_or_occasion"] * len(rows), dtype=TEXT),
            "column": pd.Series([""] * len(rows), dtype=TEXT),
        }
    )
    return TypedRows(
        typed.frame.assign(**{FAULTY: typed.frame[FAULTY].to_numpy() | lost}),
        pd.concat([typed.faults, added], ignore_index=True),
        typed.notes,
    )


def _typed(source: Source, table: str, raw: RawTable, reading: Reading) -> TypedRows:
    declared = feed_table(source.declaration(table))
    cells, constants = raw.cells, dict(source.constants.get(table, {}))
    if LONG_DATE in cells.column_names:
        names = ["session_date" if name == LONG_DATE else name for name in cells.column_names]
        cells = cells.rename_columns(names) if "session_date" not in cells.column_names else cells
    placed = {*cells.column_names, *constants} & set(WHEN_NAMES)
    if table == RESPONSES and not placed:
        constants["occasion"] = "1"
    versions = [VERSION_NAME.format(place) for place in range(len(source.versions.get(table, ())))]
    typed = read_rows(cells, raw.numbers, declared, reading, constants=constants, versions=versions)
    return _undated(typed) if table == RESPONSES else typed


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(
        {"row": np.zeros(0, dtype=np.int64), "rule": pd.Series([], dtype=TEXT), "column": pd.Series([], dtype=TEXT)}
    )


def _read_input(source: Source, table: str, path: Path, reading: Reading, limits: Limits) -> Input:
    declared = feed_table(source.declaration(table))
    dialect = Dialect(source.encoding, source.delimiter)
    raw = tidy.read(path, _wanted(source, table, declared), dialect=dialect, limits=limits)
    digest = fingerprint(path)[:SHORT_HASH] if path.is_file() else ""
    refusal = _refusal(raw, declared, source.constants.get(table, {}))
    if refusal:
        return Input(table, path, digest, raw, refusal, pd.DataFrame(), _nothing(), {})
    typed = _typed(source, table, raw, reading)
    members = None
    frame, faults, notes = typed.frame, typed.faults, typed.notes
    if declared.name == "answers":
        sittings = to_sittings(typed, reading)
        frame, faults, notes, members = sittings.frame, sittings.faults, sittings.notes, sittings.members
    if raw.unreadable:
        broken = (
            pd.DataFrame(raw.unreadable, columns=["row", "rule"])
            .assign(column="")
            .astype({"rule": TEXT, "column": TEXT})
        )
        faults = pd.concat([broken, faults], ignore_index=True)
    unusable = raw.rows > 0 and faults["row"].nunique() == raw.rows
    return Input(table, path, digest, raw, "no_usable_row" if unusable else "", frame, faults, notes, members)


def _read_feed(source: Source, today: date, limits: Limits) -> list[Input]:
    latest = min(today, source.extract_date) if source.extract_date else today
    inputs = []
    for table, paths in source.files.items():
        declared = feed_table(source.declaration(table))
        names = declared.names if declared.name != "answers" else (*declared.names, *feed_table(RESPONSES).names)
        missing = {name: codes for name in names if (codes := source.missing_of(name))}
        reading = Reading(latest=latest, missing=missing, date_format=source.date_format)
        inputs += [_read_input(source, table, path, reading, limits) for path in paths]
    return inputs


def _refuse(inputs: Sequence[Input]) -> None:
    broken = [one for one in inputs if one.refused]
    if not broken:
        return
    lines = []
    for one in inputs:
        counts = {"read": one.raw.rows, "accepted": 0, "duplicate": 0, "quarantined": 0, "refused": one.raw.rows}
        lines.append(
            {
                "table": one.table,
                "file": one.path.name,
                "sha256": one.sha256,
                **counts,
                "undeclared_columns": one.raw.undeclared,
            }
        )
    whole = pd.DataFrame(
        [
            {"table": one.table, "file": one.path.name, "row": 0, "rule": one.refused, "column": _lacking(one)}
            for one in broken
        ]
    )
    faults = pd.concat(
        [whole, *(one.faults.assign(table=one.table, file=one.path.name) for one in broken)], ignore_index=True
    )
    report = IntakeReport(
        "", changed=False, tally=tally_frame(lines), quarantine=faults[["table", "file", "row", "rule", "column"]]
    )
    reasons = "; ".join(
        f"{one.table}, {one.path.name}: {one.refused}" + (f" ({_lacking(one)})" if _lacking(one) else "")
        for one in broken
    )
    raise FeedRefused(f"the feed is refused and the library is unchanged: {reasons}", report)


def _lacking(one: Input) -> str:
    if one.refused not in {"missing_column", "version_column_missing"}:
        return ""
    absent = set(one.raw.absent)
    if one.refused == "version_column_missing":
        return f"{sum(name.startswith('_version') for name in absent)} of the version columns"
    declared = feed_table(
        "answers" if one.table == RESPONSES and "instrument" in absent | set(one.raw.cells.column_names) else one.table
    )
    return ", ".join(column.name for column in declared.columns if column.expected and column.name in absent)


def _pools(inputs: Sequence[Input], old: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    pools = {}
    for table in ("patients", "referrals", "contacts", RESPONSES):
        new = [
            one.frame[~one.frame[FAULTY]].assign(**{INPUT: place})
            for place, one in enumerate(inputs)
            if one.table == table
        ]
        before = old.get(PREFIX + table)
        if new or before is not None:
            pools[table] = ledger.pool(table, before, new)
    return pools


def _row_states(inputs: Sequence[Input], pools: Mapping[str, pd.DataFrame], settled: Settled) -> list[pd.Series]:
    """State of every record of every input that is not at fault itself, indexed by record number."""
    found = []
    for place, one in enumerate(inputs):
        rows = pools[one.table]
        mine = rows[INPUT].eq(place).to_numpy()
        states = settled.states[one.table][mine].set_axis(rows.loc[mine, ROW].to_numpy())
        if one.members is not None:
            members = one.members[~one.members["row"].isin(one.faults["row"])]
            went = states.reindex(members[MEMBER]).set_axis(members["row"].to_numpy())
            states = went.mask(members["repeated"].to_numpy(), "same_row").astype(TEXT)
        found.append(states)
    return found


def _report(
    inputs: Sequence[Input],
    states: Sequence[pd.Series],
    notes: Counter[tuple[str, str, str]],
    snapshot: str,
    *,
    changed: bool,
) -> IntakeReport:
    lines, faults = (
        [],
        [pd.DataFrame({"table": [], "file": [], "row": [], "rule": [], "column": []}).astype({"row": np.int64})],
    )
    for one, state in zip(inputs, states, strict=True):
        duplicate = int(state.isin(DUPLICATE_STATES).sum())
        accepted = int(state.eq(ACCEPTED).sum())
        held = state[~state.isin([ACCEPTED, *DUPLICATE_STATES])]
        broken = int(one.faults["row"].nunique())
        counts = {
            "read": one.raw.rows,
            "accepted": accepted,
            "duplicate": duplicate,
            "quarantined": broken + len(held),
            "refused": 0,
        }
        lines.append(
            {
                "table": one.table,
                "file": one.path.name,
                "sha256": one.sha256,
                **counts,
                "undeclared_columns": one.raw.undeclared,
            }
        )
        related = pd.DataFrame({"row": held.index.to_numpy(), "rule": held.to_numpy(), "column": ""})
        faults += [part.assign(table=one.table, file=one.path.name) for part in (one.faults, related) if len(part)]
        for (column, rule), count in one.notes.items():
            notes[one.table, column, rule] += count
        for rule, count in state[state.isin(DUPLICATE_STATES)].value_counts().items():
            notes[one.table, "", str(rule)] += int(count)
    quarantine = pd.concat(faults, ignore_index=True).sort_values(
        ["table", "file", "row", "rule", "column"], ignore_index=True
    )
    told = [
        {"table": table, "column": column, "rule": rule, "count": count}
        for (table, column, rule), count in sorted(notes.items())
        if count
    ]
    return IntakeReport(
        snapshot,
        changed=changed,
        tally=tally_frame(lines),
        quarantine=quarantine,
        notes=pd.DataFrame(told, columns=["table", "column", "rule", "count"]),
    )


def _safety(
    inputs: Sequence[Input], pools: Mapping[str, pd.DataFrame], settled: Settled, old: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Safety answers of unreadable rows (kept) and of rows that are held now (made anew)."""
    kept = [] if old is None else [old]
    for one in inputs:
        if one.table != RESPONSES or one.members is not None or FAULTY not in one.frame:
            continue
        rows = one.frame[one.frame[FAULTY]]
        first = one.faults.drop_duplicates("row").set_index("row")["rule"]
        strange = {
            column: rows[ROW].isin(one.faults.loc[one.faults["column"] == column, "row"]).to_numpy()
            for column in one.faults["column"].unique()
            if column in rows
        }
        kept.append(ledger.safety_answers(rows, rows[ROW].map(first).astype(TEXT), strange))
    states = settled.states[RESPONSES]
    waiting = ~states.isin([ACCEPTED, *DUPLICATE_STATES]).to_numpy()
    held = ledger.safety_answers(pools[RESPONSES][waiting], states[waiting])
    empty = held.iloc[:0]
    return pd.concat([frame for frame in kept if len(frame)] or [empty], ignore_index=True).drop_duplicates(
        ignore_index=True
    ), held


def _extract_day(source: Source, accepted: Mapping[str, pd.DataFrame], before: int | None) -> int | None:
    """Day up to which anything is known: declared, or the latest date of all that was accepted."""
    declared = source.extract_date.toordinal() - EPOCH if source.extract_date else None
    dates = ("received_date", "discharge_date", "contact_date", "session_date")
    seen = [
        int(frame[name].max())
        for frame in accepted.values()
        for name in dates
        if name in frame and frame[name].notna().any()
    ]
    days = [day for day in (declared, before, *seen) if day is not None]
    return max(days, default=None)


@dataclass(frozen=True, slots=True)
class _Before:
    """What the library and vault held before."""

    head: Mapping[str, Any]
    ledger: Mapping[str, pd.DataFrame]
    extract_day: int | None


def _before(source: Source, key: PseudonymKey, shelf: Store, safe: Store) -> _Before:
    head = shelf.head()
    if head is None:
        return _Before({"current": "", "vault": "", "history": []}, {}, None)
    facts = shelf.manifest(head["current"])
    if facts["kind"] != source.kind:
        raise AccessError(
            f"the library holds an {facts['kind']} source; an {source.kind} one needs a library of its own"
        )
    if facts["key"] != key.fingerprint:
        raise AccessError(
            "the library was made with another key (or seed, or reason); use that one, or a library of its own"
        )
    try:
        told = safe.manifest(head["vault"])
        return _Before(head, safe.tables(head["vault"]), told["extract_day"])
    except AccessError:
        raise AccessError(
            "this vault does not belong to this library: it does not hold the state that the library names"
        ) from None


def _vault_tables(
    pools: Mapping[str, pd.DataFrame], settled: Settled, names: Names, safety: tuple[pd.DataFrame, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    kept = {PREFIX + table: ledger.to_keep(rows, settled.states[table]) for table, rows in pools.items()}
    people, referrals = names.people, names.referrals.rename(columns={"_episode": "episode_id"})
    return {**kept, "people": people, "referral_names": referrals, SAFETY: safety[0], f"{SAFETY}_held": safety[1]}


def _commit(
    source: Source,
    key: PseudonymKey,
    stores: tuple[Store, Store],
    before: _Before,
    vault: Mapping[str, pd.DataFrame],
    tables: Derived,
    extract: int | None,
) -> tuple[str, bool]:
    shelf, safe = stores
    snapshot = content_hash(tables.tables, source.kind)
    state = content_hash(vault, f"vault of {snapshot}")
    if (snapshot, state) == (before.head["current"], before.head["vault"]):
        return snapshot, False
    safe.put(vault, state, {"extract_day": extract})
    shelf.put(tables.tables, snapshot, {"kind": source.kind, "reason": source.reason, "key": key.fingerprint})
    history = [*before.head["history"], {"snapshot": snapshot, "vault": state}]
    shelf.commit({"current": snapshot, "vault": state, "history": history})
    return snapshot, snapshot != before.head["current"]


def ingest(
    source: Source,
    *,
    library: Path,
    vault: Path,
    keys: Path | None = None,
    today: date | None = None,
    limits: Limits | None = None,
) -> IntakeReport:
    """How does a feed come into the library?

    The library after an intake depends on the set of all rows ever read, not on their order or on how they were split into files: the same
    file twice changes nothing. Either everything is committed in one step, or library and vault say what they said before.

    Parameters
    ----------
    source : Source
        The feed.
    library : Path
        Folder of the research library; made if it is not there.
    vault : Path
        Folder of identifiers, day zero and typed rows; another folder, for its owner only.
    keys : Path, optional
        Key file; needed for an identified feed, refused for an invented one.
    today : date, optional
        Dates after it are in the future; the machine's day unless said.
    limits : Limits, optional
        Size caps of files.

    Returns
    -------
    IntakeReport
        What happened to every row.

    Raises
    ------
    AccessError
        If a key is missing or wrong, another writer is at work, the folders cannot be written or lie in one another, or library and vault do
        not belong together.
    ConfigError
        If the feed is declared wrongly.
    FeedRefused
        If a file cannot be used; nothing has changed, and `report` says why.
    """
    check_source(source)
    _apart(library, vault)
    key = source_key(source, keys, (library, vault))
    inputs = _read_feed(source, today or datetime.now(tz=UTC).date(), limits or Limits())
    _refuse(inputs)
    shelf, safe = Store(library), Store(vault, private=True)
    with shelf.writing(), safe.writing():
        before = _before(source, key, shelf, safe)
        _sweep(shelf, safe, before)
        pools = _pools(inputs, before.ledger)
        settled = settle(pools)
        extract = _extract_day(source, settled.accepted, before.extract_day)
        names = name_all(settled.accepted, key.pseudonym)
        derived = derive(settled.accepted, names, extract)
        for name, frame in derived.tables.items():
            check(frame, library_tables()[name])
        safety = _safety(inputs, pools, settled, before.ledger.get(SAFETY))
        kept = _vault_tables(pools, settled, names, safety)
        snapshot, changed = _commit(source, key, (shelf, safe), before, kept, derived, extract)
        refresh(library, vault)
    notes = Counter({place: count for place, count in derived.notes.items()})
    for table, rows in pools.items():
        if rows[OLD].any():
            notes.update(
                {(table, "", rule): count for rule, count in ledger.moved(rows, settled.states[table]).items()}
            )
    return _report(inputs, _row_states(inputs, pools, settled), notes, snapshot, changed=changed)


def _apart(library: Path, vault: Path) -> None:
    one, other = library.resolve(), vault.resolve()
    if one == other or one.is_relative_to(other) or other.is_relative_to(one):
        raise AccessError("library and vault must be two folders, neither inside the other")


def _sweep(shelf: Store, safe: Store, before: _Before) -> None:
    """Remove what a writer that was stopped before its commit has left."""
    shelf.sweep({entry["snapshot"] for entry in before.head["history"]})
    safe.sweep({entry["vault"] for entry in before.head["history"]})
