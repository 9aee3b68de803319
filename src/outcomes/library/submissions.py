"""Which files were taken in, and was this feed cut off on its way? What a whole submission lacks is said.

The vault keeps a line for every file: its hash, its rows, the day of the extract. With it a snapshot is traced to the
files it was made from, and a whole submission is compared with the one before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from outcomes.library.inputs import Input
from outcomes.library.ledger import INPUT
from outcomes.library.relations import DAYS_OF, REFERRAL_KEY, SEEN
from outcomes.library.resolve import ACCEPTED, DUPLICATE_STATES, OLD
from outcomes.library.source import Source
from outcomes.library.typed import TEXT
from outcomes.tables.cells import EPOCH

SUBMISSIONS: Final = "submissions"
TYPES: Final[dict[str, Any]] = {
    "feed": "Int32",
    "table": TEXT,
    "sha256": TEXT,
    "rows": "Int32",
    "extract_day": "Int32",
    "whole": "Int8",
}
LEAST_SHARE: Final = 0.5
TRUNCATED: Final = "truncated_refresh"
SMALLER: Final = "smaller_refresh"
GONE: Final = "no_longer_submitted"
OPEN_GONE: Final = "open_no_longer_submitted"
KEPT: Final = "kept_not_resubmitted"

Notes = dict[tuple[str, str, str], int]


def extract_day(source: Source) -> int | None:
    """Say of which day a feed is the extract.

    Parameters
    ----------
    source : Source
        The feed.

    Returns
    -------
    int or None
        Days since 1970-01-01; None where it is not declared.
    """
    return source.extract_date.toordinal() - EPOCH if source.extract_date else None


def submissions(vault: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """List the files that were taken in.

    Parameters
    ----------
    vault : mapping of str to DataFrame
        The vault's tables.

    Returns
    -------
    DataFrame
        One row a file: feed (1, 2, ... in the order of intakes), table, sha256 (of the file), rows (records read),
        extract_day (declared, days since 1970-01-01), whole (1 where the feed was declared whole).
    """
    if SUBMISSIONS in vault:
        return vault[SUBMISSIONS]
    return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in TYPES.items()})


def with_feed(before: pd.DataFrame, source: Source, inputs: Sequence[Input]) -> pd.DataFrame:
    """Add the files of a feed to the list; the feed that came last is not added again.

    Parameters
    ----------
    before : DataFrame
        As `submissions` returns it.
    source : Source
        The feed.
    inputs : sequence of Input
        Its files.

    Returns
    -------
    DataFrame
        The list with this feed at its end.
    """
    number = int(before["feed"].max()) if len(before) else 0
    lines = [
        {
            "feed": number + 1,
            "table": one.table,
            "sha256": one.sha256,
            "rows": one.rows,
            "extract_day": extract_day(source),
            "whole": int(source.submission == "whole"),
        }
        for one in inputs
    ]
    this = pd.DataFrame(lines, columns=list(TYPES)).astype(TYPES).sort_values(["table", "sha256"], ignore_index=True)
    last = before[before["feed"].eq(number).to_numpy(dtype=bool)].reset_index(drop=True)
    if this.drop(columns="feed").equals(last.drop(columns="feed")):
        return before
    return pd.concat([before, this], ignore_index=True) if len(before) else this


def _rows_before(before: pd.DataFrame, *, whole: bool) -> dict[str, int]:
    # Rows of each table in the newest feed that had it.
    rows = before[before["whole"].eq(int(whole)).to_numpy(dtype=bool)]
    newest = rows[rows["feed"].eq(rows.groupby("table")["feed"].transform("max")).to_numpy(dtype=bool)]
    return {str(table): int(count) for table, count in newest.groupby("table")["rows"].sum().items()}


def _too_few(before: pd.DataFrame, inputs: Sequence[Input], *, whole: bool) -> set[str]:
    now: dict[str, int] = {}
    for one in inputs:
        now[one.table] = now.get(one.table, 0) + one.rows
    told = _rows_before(before, whole=whole)
    return {table for table, count in now.items() if count < LEAST_SHARE * told.get(table, 0)}


def cut_off(source: Source, inputs: Sequence[Input], before: pd.DataFrame) -> list[Input]:
    """Refuse the tables of a whole submission that have fewer than half of the rows of the one before.

    Parameters
    ----------
    source : Source
        The feed.
    inputs : sequence of Input
        Its files.
    before : DataFrame
        As `submissions` returns it.

    Returns
    -------
    list of Input
        The same, with `refused` = "truncated_refresh" where the table is cut off and nobody gave the word that fewer
        rows are right.
    """
    if source.submission != "whole" or source.fewer_rows_are_right:
        return list(inputs)
    short = _too_few(before, inputs, whole=True)
    return [replace(one, refused=TRUNCATED) if one.table in short else one for one in inputs]


def _lacking(rows: pd.DataFrame) -> int:
    # Rows of earlier feeds whose key this feed does not have.
    key = [name for name in (*REFERRAL_KEY, "contact_id", *DAYS_OF.values(), "day", "occasion") if name in rows]
    places = rows.groupby(key, dropna=False, sort=False).ngroup().to_numpy()
    again = np.zeros(places.max(initial=-1) + 1, dtype=bool)
    old = rows[OLD].to_numpy(dtype=bool)
    again[places[~old]] = True
    return int((~again[places[old]]).sum())


def resubmission_notes(
    source: Source,
    inputs: Sequence[Input],
    before: pd.DataFrame,
    pools: Mapping[str, pd.DataFrame],
    states: Mapping[str, pd.Series],
) -> Notes:
    """Say which rows of earlier feeds are not in this one, and where a feed looks cut off.

    Parameters
    ----------
    source : Source
        The feed.
    inputs : sequence of Input
        Its files.
    before : DataFrame
        As `submissions` returns it.
    pools : mapping of str to DataFrame
        Readable rows by table, those of earlier feeds too.
    states : mapping of str to Series
        What became of them.

    Returns
    -------
    dict of (str, str, str) to int
        Table, column, rule to count. Of a whole submission: "no_longer_submitted" and "open_no_longer_submitted"
        (referrals) and "kept_not_resubmitted" (other tables). Of additions: "smaller_refresh", where most rows were
        known and they are fewer than half of those of the feed before.
    """
    notes: Notes = {}
    if source.submission == "whole":
        for table in {one.table for one in inputs}:
            if table == "referrals":
                notes |= _gone(pools[table], states[table], extract_day(source))
            else:
                notes[table, "", KEPT] = _lacking(pools[table])
        return notes
    for table in _too_few(before, inputs, whole=False):
        mine = states[table][pools[table][INPUT].ge(0).to_numpy()]
        if mine.isin(DUPLICATE_STATES).mean() > LEAST_SHARE:
            notes[table, "", SMALLER] = len(mine)
    return notes


def _gone(rows: pd.DataFrame, states: pd.Series, today: int | None) -> Notes:
    earlier = (rows[SEEN] < today).fillna(value=False).to_numpy(dtype=bool) & states.eq(ACCEPTED).to_numpy()
    open_still = (
        rows["discharge_date"].isna().to_numpy() if "discharge_date" in rows else np.ones(len(rows), dtype=bool)
    )
    return {
        ("referrals", "", GONE): int(earlier.sum()),
        ("referrals", "", OPEN_GONE): int((earlier & open_still).sum()),
    }


def seen_day(source: Source, table: str) -> dict[str, int]:
    """Say what a row of a feed adds to the pool: the day on which a whole submission had the referral.

    Parameters
    ----------
    source : Source
        The feed.
    table : str
        Its table.

    Returns
    -------
    dict of str to int
        `_seen`, or nothing.
    """
    day = extract_day(source)
    return {SEEN: day} if table == "referrals" and source.submission == "whole" and day is not None else {}
