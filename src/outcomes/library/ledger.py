"""What has been read so far? The vault's typed rows, from which the library is derived anew at every intake.

Because the library is a function of the set of these rows, the order of files, of rows and of intakes cannot matter.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from outcomes.library.relations import REFERRAL_KEY, RELATION_RULES, SEEN
from outcomes.library.resolve import ACCEPTED, OLD
from outcomes.library.typed import FAULTY, ROW, TEXT, VERSION
from outcomes.reference.instruments import instruments
from outcomes.tables.feed import feed_table

INPUT: Final = "_input"
HELD: Final = "_held"
PREFIX: Final = "ledger_"
SAFETY: Final = "safety"
SAFETY_HELD: Final = "safety_held"
UNSPLIT: Final = ("bad_quotes", "cell_too_long", "wrong_number_of_cells")
ORDER: Final = ("patient_id", "episode_id", "contact_date", "session_date", "day", "occasion", "contact_id")
SAFETY_PLACE: Final = ("patient_id", "episode_id", "session_date", "occasion")


def _dtype(table: str, name: str) -> Any:  # noqa: ANN401  pandas has no common type for its dtypes
    if name == VERSION:
        return TEXT
    if name == SEEN:
        return "Int32"
    column = feed_table(table).column(name)
    if column.type in {"date", "integer"}:
        return "Int8" if column.type == "integer" and column.integers else "Int32"
    return np.float64 if column.type == "number" else TEXT


def pool(table: str, old: pd.DataFrame | None, new: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Gather the readable rows of a table, old ones first.

    Parameters
    ----------
    table : str
        Name of the feed table.
    old : DataFrame or None
        The ledger's rows.
    new : sequence of DataFrame
        Readable rows of the new files, with `_input` and `_row`.

    Returns
    -------
    DataFrame
        Declared columns that any of them has, `_version`, `_held`, `_old`, `_input`, `_row`; and `_seen` (day of the
        newest whole submission that had the referral) where any was declared whole.
    """
    frames = [] if old is None else [old.assign(**{OLD: True, INPUT: -1, ROW: -1})]
    frames += [frame.drop(columns=FAULTY).assign(**{OLD: False, HELD: False}) for frame in new]
    present = [name for name in (*feed_table(table).names, SEEN) if any(name in frame for frame in frames)]
    whole = [
        frame.assign(
            **{
                name: pd.Series(np.nan, index=frame.index, dtype=_dtype(table, name))
                for name in present
                if name not in frame
            }
        )
        for frame in frames
    ]
    ordered = [*present, VERSION, HELD, OLD, INPUT, ROW]
    rows = pd.concat([frame[ordered] for frame in whole], ignore_index=True)
    if SEEN in rows:
        newest = rows.groupby(list(REFERRAL_KEY), dropna=False, sort=False)[SEEN].transform("max")
        rows[SEEN] = newest.astype("Int32")
    return rows


def to_keep(rows: pd.DataFrame, states: pd.Series) -> pd.DataFrame:
    """Keep the rows that go back into the ledger.

    Parameters
    ----------
    rows : DataFrame
        A pool.
    states : Series of str
        What became of each row.

    Returns
    -------
    DataFrame
        Accepted rows and those that are held until their referral comes or the contradiction is explained, marked by
        `_held`.
    """
    useful = states.isin([ACCEPTED, *RELATION_RULES]).to_numpy()
    held = states.ne(ACCEPTED).to_numpy()
    return in_order(rows.assign(**{HELD: held})[useful].drop(columns=[OLD, INPUT, ROW]))


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Put rows of the vault in the order of person, referral and day: neighbours that are alike are kept in less room.

    Parameters
    ----------
    rows : DataFrame
        A table of the vault.

    Returns
    -------
    DataFrame
        The same rows; those that are equal in all of these keep their order.
    """
    codes = [pd.factorize(rows[name], sort=True)[0] for name in ORDER if name in rows]
    return rows.take(np.lexsort(codes[::-1])).reset_index(drop=True)


def moved(rows: pd.DataFrame, states: pd.Series) -> dict[str, int]:
    """Count the rows of earlier files that changed their state.

    Parameters
    ----------
    rows : DataFrame
        A pool.
    states : Series of str
        What became of each row.

    Returns
    -------
    dict of str to int
        Rule to count.
    """
    old, held, good = rows[OLD].to_numpy(dtype=bool), rows[HELD].to_numpy(dtype=bool), states.eq(ACCEPTED).to_numpy()
    return {
        "earlier_row_released": int((old & held & good).sum()),
        "earlier_row_withdrawn": int((old & ~held & ~good).sum()),
    }


def _safety_columns(rows: pd.DataFrame) -> list[tuple[str, int, str]]:
    return [
        (one.key, item.number, item.column)
        for one in instruments().values()
        for item in one.items
        if item.safety and item.column in rows
    ]


def safety_answers(
    rows: pd.DataFrame, rules: pd.Series, unreadable: Mapping[str, np.ndarray] | None = None
) -> pd.DataFrame:
    """Find the answers to safety questions that stand in rows that were not accepted.

    Parameters
    ----------
    rows : DataFrame
        Responses that were quarantined.
    rules : Series of str
        Why, row by row. In records that could not be split into cells every safety answer is unreadable.
    unreadable : mapping of str to ndarray of bool, optional
        Safety column to the rows whose cell was not legal; they are listed without an answer.

    Returns
    -------
    DataFrame
        patient_id, episode_id, session_date (days since 1970-01-01), occasion, instrument, item, answer, rule: answers
        above zero and answers that could not be read.
    """
    pieces = []
    unsplit = rules.isin(UNSPLIT).to_numpy(dtype=bool)
    place = {
        name: rows[name] if name in rows else pd.Series(np.nan, index=rows.index, dtype=_dtype("responses", name))
        for name in SAFETY_PLACE
    }
    for instrument, number, column in _safety_columns(rows):
        strange = (unreadable or {}).get(column, np.zeros(len(rows), dtype=bool))
        alarming = rows[column].gt(0).fillna(value=False).to_numpy(dtype=bool) | strange | unsplit
        frame = pd.DataFrame(
            {**place, "instrument": instrument, "item": number, "answer": rows[column].astype("Int8"), "rule": rules}
        )
        pieces.append(frame[alarming])
    columns = [*SAFETY_PLACE, "instrument", "item", "answer", "rule"]
    whole = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=columns)
    types = {
        **{name: _dtype("responses", name) for name in SAFETY_PLACE},
        "instrument": TEXT,
        "item": "Int8",
        "answer": "Int8",
        "rule": TEXT,
    }
    return whole[columns].astype(types)
