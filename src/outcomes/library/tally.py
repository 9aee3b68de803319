"""Do the counts add up? The report of an intake, made from what became of every record of every file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from outcomes.library.inputs import Input
from outcomes.library.ledger import INPUT, moved
from outcomes.library.long_form import MEMBER
from outcomes.library.relations import Settled
from outcomes.library.report import TALLY, FeedRefused, IntakeReport, tally_frame
from outcomes.library.resolve import ACCEPTED, DUPLICATE_STATES, OLD, SAME
from outcomes.library.typed import ROW, TEXT
from outcomes.tables.feed import feed_table

FAULT_COLUMNS: Final = ("table", "file", "row", "rule", "column")
NAMES_COLUMNS: Final = ("missing_column", "version_column_missing")
VERSION_PREFIX: Final = "_version"
ERASED: Final = "erased_person"


def _line(one: Input, **counts: int) -> dict[str, object]:
    told = {"table": one.table, "file": one.path.name, "sha256": one.sha256, "read": one.rows}
    return {**told, **dict.fromkeys(TALLY, 0), **counts, "undeclared_columns": one.undeclared}


def _placed(part: pd.DataFrame, one: Input) -> pd.DataFrame:
    return part.assign(table=one.table, file=one.path.name)[list(FAULT_COLUMNS)]


def _lacking(one: Input) -> str:
    # Only names that the declaration knows: a header that is not there may be a row of cells.
    if one.refused == "version_column_missing":
        return "columns that order versions"
    if one.refused == "missing_column":
        expected = [column.name for column in feed_table(one.declared).columns if column.expected]
        return ", ".join(name for name in expected if name in one.absent)
    return ""


def refuse(inputs: Sequence[Input]) -> None:
    """Stop the intake where a file cannot be used.

    Parameters
    ----------
    inputs : sequence of Input
        Every file of the feed.

    Raises
    ------
    FeedRefused
        With a report in which every record of the feed is refused.
    """
    broken = [one for one in inputs if one.refused]
    if not broken:
        return
    lines = [_line(one, refused=one.rows) for one in inputs]
    whole = [
        _placed(pd.DataFrame({"row": [0], "rule": [one.refused], "column": [_lacking(one)]}), one) for one in broken
    ]
    faults = pd.concat([*whole, *(_placed(one.faults, one) for one in broken)], ignore_index=True)
    reasons = []
    for one in broken:
        lacking = _lacking(one)
        reasons.append(f"{one.table}, {one.path.name}: {one.refused}" + (f" ({lacking})" if lacking else ""))
    report = IntakeReport("", changed=False, tally=tally_frame(lines), quarantine=faults)
    raise FeedRefused(f"the feed is refused and the library is unchanged: {'; '.join(reasons)}", report)


def _row_states(place: int, one: Input, pools: Mapping[str, pd.DataFrame], settled: Settled) -> pd.Series:
    # State of every record that is not at fault itself, indexed by record number.
    rows = pools[one.table]
    mine = rows[INPUT].eq(place).to_numpy()
    states = settled.states[one.table][mine].set_axis(rows.loc[mine, ROW].to_numpy())
    if one.members is None:
        return states
    members = one.members[~one.members["row"].isin(one.faults["row"])]
    went = states.reindex(members[MEMBER]).set_axis(members["row"].to_numpy())
    return went.mask(members["repeated"].to_numpy(dtype=bool), SAME).astype(TEXT)


def intake_report(
    inputs: Sequence[Input],
    pools: Mapping[str, pd.DataFrame],
    settled: Settled,
    notes: Mapping[tuple[str, str, str], int],
    *,
    snapshot: str,
    changed: bool,
) -> IntakeReport:
    """Say what happened to every record of a feed.

    Parameters
    ----------
    inputs : sequence of Input
        Every file.
    pools : mapping of str to DataFrame
        Readable rows by table.
    settled : Settled
        What became of them.
    notes : mapping of (str, str, str) to int
        Table, column, rule to count, of what was noticed while the library was derived.
    snapshot : str
        Content hash of the library.
    changed : bool
        Whether it says something else than before.

    Returns
    -------
    IntakeReport
        Tally, quarantine, notes.
    """
    told = Counter(dict(notes))
    lines = []
    faults = [pd.DataFrame({name: [] for name in FAULT_COLUMNS}).astype({"row": np.int64})]
    for place, one in enumerate(inputs):
        states = _row_states(place, one, pools, settled)
        again = states.isin(DUPLICATE_STATES)
        held = states[~again & states.ne(ACCEPTED)]
        quarantined = int(one.faults["row"].nunique()) + len(held)
        accepted = int(states.eq(ACCEPTED).sum())
        lines.append(
            _line(one, accepted=accepted, duplicate=int(again.sum()), quarantined=quarantined, refused=one.erased)
        )
        told.update({(one.table, "", ERASED): one.erased} if one.erased else {})
        related = pd.DataFrame({"row": held.index.to_numpy(), "rule": held.to_numpy(), "column": ""})
        faults += [_placed(part, one) for part in (one.faults, related) if len(part)]
        told.update({(one.table, column, rule): count for (column, rule), count in one.notes.items()})
        told.update({(one.table, "", str(rule)): int(count) for rule, count in states[again].value_counts().items()})
    for table, rows in pools.items():
        if rows[OLD].any():
            told.update({(table, "", rule): count for rule, count in moved(rows, settled.states[table]).items()})
    quarantine = pd.concat(faults, ignore_index=True).sort_values(list(FAULT_COLUMNS), ignore_index=True)
    return IntakeReport(
        snapshot, changed=changed, tally=tally_frame(lines), quarantine=quarantine, notes=_note_frame(told)
    )


def _note_frame(told: Mapping[tuple[str, str, str], int]) -> pd.DataFrame:
    rows = [(*place, count) for place, count in sorted(told.items()) if count]
    return pd.DataFrame(rows, columns=["table", "column", "rule", "count"])
