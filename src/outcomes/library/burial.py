"""Does a feed bring somebody back who was erased? Their rows are turned away before anything else looks at them."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.library import still_in_care
from outcomes.library.inputs import Input
from outcomes.library.long_form import MEMBER
from outcomes.library.state import State, Stores
from outcomes.library.tombstones import (
    NHS_NUMBER,
    PATIENT,
    Pseudonymiser,
    Tombstones,
    buried,
    bury,
    intend,
    mark,
    marked,
    refuse_erased,
)
from outcomes.library.typed import FAULTY, ROW

LOCAL = "patient_id"


def turn_away(inputs: Sequence[Input], stores: Stores, before: State, key: Pseudonymiser) -> list[Input]:
    """Take the rows of people who were erased out of a feed, and count them as refused.

    Somebody who comes back under another local identifier is known by their NHS number, and their new identifier gets
    a tombstone too. Where their care is open, direct care goes on seeing the rows (`still_in_care`).

    Parameters
    ----------
    inputs : sequence of Input
        Every file of the feed.
    stores : Stores
        Library and vault, locked.
    before : State
        What the vault holds already.
    key : Pseudonymiser
        The library's pseudonym key.

    Returns
    -------
    list of Input
        The same files without these rows.

    Raises
    ------
    AccessError
        If an erasure was stopped half way, the library is a restored copy that holds erased people, or the register is
        damaged.
    """
    home, head = stores.library.root, stores.library.head()
    refuse_erased(home, head["current"] if head else "")
    register = buried(home, stores.vault)
    if not register.marks:
        return list(inputs)
    mine = Tombstones(frozenset(("",)), frozenset(), key.fingerprint)
    register.joined(mine)  # another key would let everybody through
    gone = _local_ids(inputs, key, register.marks)
    fresh = frozenset(mark(key, PATIENT, one) for one in gone) - register.marks
    if fresh:
        add = intend if gone & before.local_ids() else None
        what = Tombstones(fresh, frozenset(), key.fingerprint)
        add(home, what) if add else bury(home, stores.vault, what)
    theirs = [(_is_theirs(one.frame, gone), one) for one in inputs]
    still_in_care.take_in(stores.vault, [replace(one, frame=one.frame[hit]) for hit, one in theirs], key)
    return [_without(one, hit) for hit, one in theirs]


def _local_ids(inputs: Sequence[Input], key: Pseudonymiser, marks: Collection[str]) -> set[str]:
    # Identifiers of erased people in this feed: those with a mark, and those whose NHS number has one.
    gone: set[str] = set()
    for frame in [one.frame for one in inputs if LOCAL in one.frame]:
        hit = marked(key, PATIENT, frame[LOCAL], marks)
        if NHS_NUMBER in frame:
            hit |= marked(key, NHS_NUMBER, frame[NHS_NUMBER], marks)
        gone |= set(frame.loc[hit, LOCAL].dropna().str.strip())
    return gone


def _is_theirs(frame: pd.DataFrame, gone: Collection[str]) -> NDArray[np.bool_]:
    if LOCAL not in frame:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray(frame[LOCAL].str.strip().isin(list(gone)), dtype=bool)


def _without(one: Input, theirs: NDArray[np.bool_]) -> Input:
    # Their rows leave the frame, and their records leave every list that the tally is made from.
    rows = one.frame[theirs]
    members = one.members
    if members is None:
        records = set(rows[ROW])
    else:
        sittings = rows.loc[~rows[FAULTY], ROW]
        records = set(rows.loc[rows[FAULTY], ROW]) | set(members.loc[members[MEMBER].isin(sittings), "row"])
        members = members[~members["row"].isin(list(records))].reset_index(drop=True)
    faults = one.faults[~one.faults["row"].isin(list(records))].reset_index(drop=True)
    frame = one.frame[~theirs].reset_index(drop=True)
    return replace(one, frame=frame, faults=faults, members=members, erased=len(records))
