"""Which rows say the same, and which contradict each other? The set of rows decides, not their order.

Rows of one key that do not contradict each other are joined (a blank says nothing). Rows that do are ordered by
declared versions; where none are declared, or the versions are equal, all of them are quarantined: nothing is guessed.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.library.typed import TEXT, VERSION

OLD: Final = "_old"
ACCEPTED: Final = "accepted"
SAME: Final = "same_row"
SUPERSEDED: Final = "superseded"
NOTHING_NEW: Final = "adds_nothing"
CONTRADICTION: Final = "contradicts_another_row"
DUPLICATE_STATES: Final = (SAME, SUPERSEDED, NOTHING_NEW)


def resolve(pool: pd.DataFrame, key: Sequence[str], values: Sequence[str]) -> pd.Series:
    """Decide what becomes of each row of a table, old and new ones together.

    Parameters
    ----------
    pool : DataFrame
        Key and value columns, `_version`, and `_old` (rows that were there before); old rows stand first.
    key : sequence of str
        Columns that name a row; blanks are equal to each other.
    values : sequence of str
        The other columns.

    Returns
    -------
    Series of str
        "accepted", "same_row" (an exact duplicate), "superseded" (a newer version is there), "adds_nothing" (everything
        it says is said by older rows), or "contradicts_another_row".
    """
    states = pd.Series(ACCEPTED, index=pool.index, dtype=TEXT)
    shared = pool[pool.duplicated(list(key), keep=False).to_numpy()]
    if shared.empty:
        return states
    same = shared.duplicated([*key, *values, VERSION]).to_numpy()
    states.loc[shared.index[same]] = SAME
    rest = shared[~same]
    group = rest.groupby(list(key), dropna=False, sort=False).ngroup()
    old_version = rest[VERSION] < rest.groupby(group)[VERSION].transform("max")
    states.loc[rest.index[old_version.to_numpy()]] = SUPERSEDED
    rest, group = rest[~old_version.to_numpy()], group[~old_version.to_numpy()]
    contradicting = _contradicting(rest, group, values)
    states.loc[rest.index[contradicting]] = CONTRADICTION
    rest, group = rest[~contradicting], group[~contradicting]
    states.loc[rest.index[_adding_nothing(rest, group, values)]] = NOTHING_NEW
    return states


def _contradicting(rest: pd.DataFrame, group: pd.Series, values: Sequence[str]) -> NDArray[np.bool_]:
    # Groups in which some column has two different values that are not blank.
    places = group.to_numpy()
    found = np.zeros(places.max(initial=0) + 1, dtype=bool)
    for name in values:
        codes = pd.factorize(rest[name])[0]
        said = codes >= 0
        lowest = np.full(len(found), np.iinfo(np.int64).max)
        highest = np.full(len(found), -1)
        np.minimum.at(lowest, places[said], codes[said])
        np.maximum.at(highest, places[said], codes[said])
        found |= (highest >= 0) & (lowest != highest)
    return np.asarray(found[places], dtype=bool)


def _adding_nothing(rest: pd.DataFrame, group: pd.Series, values: Sequence[str]) -> NDArray[np.bool_]:
    # New rows whose every cell is blank or said by an old row of the same key.
    places, old = group.to_numpy(), rest[OLD].to_numpy(dtype=bool)
    size = places.max(initial=0) + 1
    has_old = np.zeros(size, dtype=bool)
    has_old[places[old]] = True
    nothing = ~old & has_old[places]
    for name in values:
        filled = rest[name].notna().to_numpy()
        told = np.zeros(size, dtype=bool)
        told[places[old & filled]] = True
        nothing &= ~filled | told[places]
    return np.asarray(nothing, dtype=bool)


def joined(frame: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """Join what rows of one key say together.

    Parameters
    ----------
    frame : DataFrame
        Rows that do not contradict each other.
    key : sequence of str
        Columns that name a row.

    Returns
    -------
    DataFrame
        One row a key; in each column what is said, or missing.
    """
    shared = frame.duplicated(list(key), keep=False).to_numpy()
    if not shared.any():
        return frame.reset_index(drop=True)
    together = frame[shared].groupby(list(key), dropna=False, sort=False, as_index=False).first()
    return pd.concat([frame[~shared], together[list(frame.columns)]], ignore_index=True)
