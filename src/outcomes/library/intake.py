"""How does a feed come in? Read as text, checked, fitted to what is there, put under pseudonyms, committed.

A file is accepted, partly quarantined, or the feed is refused and nothing changes. Every row read is accepted,
duplicate, quarantined or refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from outcomes.errors import AccessError, ConfigError
from outcomes.library import ledger
from outcomes.library.anonymity import anonymity_table
from outcomes.library.burial import turn_away
from outcomes.library.correction import carried
from outcomes.library.derive import derive
from outcomes.library.inputs import Input
from outcomes.library.keyring import source_key
from outcomes.library.ledger import INPUT, PREFIX, SAFETY, SAFETY_HELD
from outcomes.library.long_form import to_sittings
from outcomes.library.names import name_all
from outcomes.library.optout import purge, refresh
from outcomes.library.relations import settle
from outcomes.library.report import FeedRefused, IntakeReport
from outcomes.library.shield import shielded
from outcomes.library.source import Source, check_source, folder_source
from outcomes.library.state import commit, open_stores, safety_tables, state_before, sweep, vault_tables
from outcomes.library.submissions import SUBMISSIONS, cut_off, resubmission_notes, seen_day, submissions, with_feed
from outcomes.library.tally import intake_report, refuse
from outcomes.library.typed import FAULTY, ROW, TEXT, TypedRows, read_rows
from outcomes.library.writers import locked
from outcomes.sources import tidy
from outcomes.sources.opening import fingerprint
from outcomes.sources.raw import Dialect, Limits, RawTable
from outcomes.tables.canonical import library_tables
from outcomes.tables.cells import EPOCH, Reading
from outcomes.tables.check import check
from outcomes.tables.column import Table
from outcomes.tables.feed import WHEN, feed_table, item_columns

__all__ = ["FeedRefused", "IntakeReport", "Limits", "Source", "folder_source", "ingest"]

VERSION_NAME: Final = "_version_{}"
LONG_DATE: Final = "date"
ANSWERS: Final = "answers"
RESPONSES: Final = "responses"
FEED_ORDER: Final = ("patients", "referrals", "contacts", RESPONSES)
WHEN_NAMES: Final = tuple(column.name for column in WHEN)
DATES: Final = ("received_date", "discharge_date", "contact_date", "session_date")


def _wanted(source: Source, table: str, declared: Table) -> dict[str, str]:
    mapped, constants = source.columns.get(table, {}), source.constants.get(table, {})
    wanted = {name: mapped.get(name, name) for name in declared.names if name not in constants}
    if declared.name == ANSWERS and "session_date" not in mapped:
        wanted[LONG_DATE] = LONG_DATE
    versions = source.versions.get(table, ())
    return wanted | {VERSION_NAME.format(place): name for place, name in enumerate(versions)}


def _refusal(raw: RawTable, declared: Table, constants: Mapping[str, str]) -> str:
    # Why a file that could be read still cannot be used.
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


def _fault_rows(rows: Sequence[int], rules: Sequence[str]) -> pd.DataFrame:
    columns = {"row": np.array(rows, dtype=np.int64), "rule": pd.Series(rules, dtype=TEXT)}
    return pd.DataFrame({**columns, "column": pd.Series([""] * len(rows), dtype=TEXT)})


def _undated(typed: TypedRows) -> TypedRows:
    # Rows that say neither date nor day nor occasion are at fault.
    places = [name for name in WHEN_NAMES if name in typed.frame]
    lost = typed.frame[places].isna().all(axis=1).to_numpy() & ~typed.frame[FAULTY].to_numpy()
    if not lost.any():
        return typed
    rows = typed.frame[ROW].to_numpy()[lost]
    faults = pd.concat([typed.faults, _fault_rows(rows, ["no_date_or_occasion"] * len(rows))], ignore_index=True)
    return TypedRows(typed.frame.assign(**{FAULTY: typed.frame[FAULTY].to_numpy() | lost}), faults, typed.notes)


def _typed(source: Source, table: str, raw: RawTable, reading: Reading) -> TypedRows:
    declared = feed_table(source.declaration(table))
    cells, constants = raw.cells, dict(source.constants.get(table, {}))
    if LONG_DATE in cells.column_names and "session_date" not in cells.column_names:
        names = ["session_date" if name == LONG_DATE else name for name in cells.column_names]
        cells = cells.rename_columns(names)
    if table == RESPONSES and not {*cells.column_names, *constants} & set(WHEN_NAMES):
        constants["occasion"] = "1"
    versions = [VERSION_NAME.format(place) for place in range(len(source.versions.get(table, ())))]
    typed = read_rows(cells, raw.numbers, declared, reading, constants=constants, versions=versions)
    return _undated(typed) if table == RESPONSES else typed


def _read_input(source: Source, table: str, path: Path, reading: Reading, limits: Limits) -> Input:
    declared = feed_table(source.declaration(table))
    dialect = Dialect(source.encoding, source.delimiter)
    raw = tidy.read(path, _wanted(source, table, declared), dialect=dialect, limits=limits)
    digest = fingerprint(path) if path.is_file() else ""
    about = (table, declared.name, path, digest, raw.rows, raw.undeclared, raw.absent)
    refusal = _refusal(raw, declared, source.constants.get(table, {}))
    if refusal:
        return Input(*about, refusal, pd.DataFrame(), _fault_rows([], []), {})
    typed = _typed(source, table, raw, reading)
    frame, faults, notes, members = typed.frame, typed.faults, typed.notes, None
    if declared.name == ANSWERS:
        sittings = to_sittings(typed, reading)
        frame, faults, notes, members = sittings.frame, sittings.faults, sittings.notes, sittings.members
    if raw.unreadable:
        rows, rules = zip(*raw.unreadable, strict=True)
        faults = pd.concat([_fault_rows(rows, rules), faults], ignore_index=True)
        frame = pd.concat([frame, pd.DataFrame({ROW: rows, FAULTY: True})], ignore_index=True).astype({FAULTY: bool})
    unusable = raw.rows > 0 and faults["row"].nunique() == raw.rows
    return Input(*about, "no_usable_row" if unusable else "", frame, faults, notes, members)


def _read_feed(source: Source, today: date, limits: Limits) -> list[Input]:
    latest = min(today, source.extract_date) if source.extract_date else today
    inputs = []
    for table, paths in source.files.items():
        declared = source.declaration(table)
        names = {*feed_table(declared).names, *(feed_table(RESPONSES).names if declared == ANSWERS else ())}
        missing = {name: codes for name in sorted(names) if (codes := source.missing_of(name))}
        reading = Reading(latest=latest, missing=missing, date_format=source.date_format)
        inputs += [_read_input(source, table, path, reading, limits) for path in paths]
    return inputs


def _pools(source: Source, inputs: Sequence[Input], old: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    pools = {}
    for table in FEED_ORDER:
        new = [
            one.frame[~one.frame[FAULTY]].assign(**{INPUT: place}, **seen_day(source, table))
            for place, one in enumerate(inputs)
            if one.table == table
        ]
        before = old.get(PREFIX + table)
        if new or before is not None:
            pools[table] = ledger.pool(table, before, new)
    return pools


def _extract_day(source: Source, accepted: Mapping[str, pd.DataFrame], before: int | None) -> int | None:
    # Day up to which anything is known: declared, or the latest date of all that was accepted.
    declared = source.extract_date.toordinal() - EPOCH if source.extract_date else None
    dated = [frame[name] for frame in accepted.values() for name in DATES if name in frame]
    seen = [int(days.max()) for days in dated if days.notna().any()]
    return max([day for day in (declared, before, *seen) if day is not None], default=None)


def _apart(library: Path, vault: Path) -> None:
    one, other = library.resolve(), vault.resolve()
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise AccessError("library and vault must be two folders, neither inside the other")


@shielded("taking a feed in")
def ingest(
    source: Source,
    *,
    library: Path,
    vault: Path,
    keys: Path | None = None,
    today: date | None = None,
    limits: Limits | None = None,
) -> IntakeReport:
    """Bring a feed into the library, or refuse it and change nothing.

    The library after an intake depends on the set of all rows ever read, not on their order or on how they were
    split into files: the same file twice changes nothing. Either everything is committed in one step, or library
    and vault say what they said before.

    Parameters
    ----------
    source : Source
        The feed.
    library : Path
        Folder of the research library; made if it is not there.
    vault : Path
        Folder of identifiers, day zero and typed rows; another folder, for its owner only.
    keys : Path, optional
        Folder of keys of the steward (library, vault, pseudonym); needed for an identified feed, refused for an
        invented one.
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
        If a key is missing or wrong, another writer is at work, the folders cannot be written or lie in one
        another, or library and vault do not belong together.
    ConfigError
        If the feed is declared wrongly.
    FeedRefused
        If a file cannot be used; nothing has changed, and `report` says why.
    """
    check_source(source)
    _apart(library, vault)
    key = source_key(source, keys, (library, vault))
    inputs = _read_feed(source, today or datetime.now(tz=UTC).date(), limits or Limits())
    refuse(inputs)
    stores = open_stores(library, vault, keys)
    with locked(stores):
        before = state_before(source, key.fingerprint, stores)
        earlier = submissions(before.ledger)
        refuse(cut_off(source, inputs, earlier))
        sweep(stores, before.head)
        inputs = turn_away(inputs, stores, before, key)
        pools = _pools(source, inputs, before.ledger)
        if RESPONSES not in pools:
            raise ConfigError("files must name the responses: the library holds none yet")
        settled = settle(pools)
        names = name_all(settled.accepted, key.pseudonym)
        extract = _extract_day(source, settled.accepted, before.extract_day)
        derived = derive(settled.accepted, names, extract)
        for name, frame in derived.tables.items():
            check(frame, library_tables()[name])
        kept = vault_tables(pools, settled, names) | safety_tables(inputs, pools, settled, before)
        kept |= carried(before.ledger)
        kept[SUBMISSIONS] = with_feed(earlier, source, inputs)
        notes = {**derived.notes, **resubmission_notes(source, inputs, earlier, pools, settled.states)}
        notes["responses", "", "safety_answer_set_aside"] = len(kept[SAFETY]) + len(kept[SAFETY_HELD])
        tables, purged, forget = purge(derived.tables, names.people, stores)
        facts = {"kind": source.kind, "reason": source.reason, "key": key.fingerprint, "purged": purged}
        snapshot = commit(stores, before, tables=tables, facts=facts, vault=kept, extract_day=extract, forget=forget)
        refresh(stores)
    changed = snapshot != before.head["current"]
    report = intake_report(inputs, pools, settled, notes, snapshot=snapshot, changed=changed)
    return replace(report, anonymity=anonymity_table(tables))
