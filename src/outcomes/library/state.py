"""What did library and vault hold before, and what do they hold now? Both are committed by one replaced file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from outcomes.errors import AccessError
from outcomes.library import ledger
from outcomes.library.inputs import Input
from outcomes.library.ledger import PREFIX, SAFETY, SAFETY_HELD
from outcomes.library.names import Names
from outcomes.library.relations import Settled
from outcomes.library.resolve import ACCEPTED, DUPLICATE_STATES
from outcomes.library.source import Source
from outcomes.library.store import Store, content_hash
from outcomes.library.typed import FAULTY, ROW, TEXT

RESPONSES = "responses"


@dataclass(frozen=True, slots=True)
class Stores:
    """The two folders.

    Parameters
    ----------
    library, vault : Store
        Pseudonyms here, identifiers there.
    """

    library: Store
    vault: Store


@dataclass(frozen=True, slots=True)
class State:
    """What library and vault hold.

    Parameters
    ----------
    head : mapping
        Current snapshot, its vault state, and the history of both.
    ledger : mapping of str to DataFrame
        The vault's tables.
    extract_day : int or None
        Day up to which anything is known, since 1970-01-01.
    """

    head: Mapping[str, Any]
    ledger: Mapping[str, pd.DataFrame]
    extract_day: int | None


def state_before(source: Source, fingerprint: str, stores: Stores) -> State:
    """Read what library and vault hold, if they may take in this source.

    Parameters
    ----------
    source : Source
        The feed.
    fingerprint : str
        Name of its key.
    stores : Stores
        The two folders.

    Returns
    -------
    State
        Empty where nothing was ever taken in.

    Raises
    ------
    AccessError
        If the library holds another kind of source, was made with another key, or the vault is not its own.
    """
    head = stores.library.head()
    if head is None:
        return State({"current": "", "vault": "", "history": []}, {}, None)
    facts = stores.library.manifest(head["current"])
    if facts["kind"] != source.kind:
        raise AccessError(
            f"the library holds a source that is {facts['kind']}; one that is {source.kind} needs a library of its own"
        )
    if facts["key"] != fingerprint:
        raise AccessError("the library was made with another key (or seed, or reason): use that, or another library")
    if not stores.vault.has(head["vault"]):
        raise AccessError("this vault does not belong to this library: the state that the library names is not there")
    told = stores.vault.manifest(head["vault"])
    return State(head, stores.vault.tables(head["vault"]), told["extract_day"])


def safety_tables(
    inputs: Sequence[Input], pools: Mapping[str, pd.DataFrame], settled: Settled, before: State
) -> dict[str, pd.DataFrame]:
    """Find the safety answers of rows that were not accepted.

    Parameters
    ----------
    inputs : sequence of Input
        Every file of the feed.
    pools : mapping of str to DataFrame
        Readable rows by table.
    settled : Settled
        What became of them.
    before : State
        What was kept before.

    Returns
    -------
    dict of str to DataFrame
        `safety`: of rows with a fault of their own, kept for good; `safety_held`: of rows that wait for their
        referral or contradict each other, made anew each time.
    """
    kept = [before.ledger[SAFETY]] if SAFETY in before.ledger else []
    for one in [one for one in inputs if one.table == RESPONSES]:
        rows = one.frame[one.frame[FAULTY]]
        first = one.faults.drop_duplicates("row").set_index("row")["rule"]
        wrong = {str(column): part["row"] for column, part in one.faults.groupby("column")}
        strange = {name: rows[ROW].isin(wrong[name]).to_numpy() for name in wrong if name in rows}
        kept.append(ledger.safety_answers(rows, rows[ROW].map(first).astype(TEXT), strange))
    states = settled.states[RESPONSES]
    waiting = ~states.isin([ACCEPTED, *DUPLICATE_STATES]).to_numpy()
    held = ledger.safety_answers(pools[RESPONSES][waiting], states[waiting])
    told = [frame for frame in kept if len(frame)] or [held.head(0)]
    return {SAFETY: pd.concat(told, ignore_index=True).drop_duplicates(ignore_index=True), SAFETY_HELD: held}


def vault_tables(pools: Mapping[str, pd.DataFrame], settled: Settled, names: Names) -> dict[str, pd.DataFrame]:
    """Gather what the vault keeps: the ledger, and who is who.

    Parameters
    ----------
    pools : mapping of str to DataFrame
        Readable rows by table.
    settled : Settled
        What became of them.
    names : Names
        Pseudonyms and day zero.

    Returns
    -------
    dict of str to DataFrame
        `ledger_` tables, `people`, `referral_names`.
    """
    kept = {PREFIX + table: ledger.to_keep(rows, settled.states[table]) for table, rows in pools.items()}
    return {
        **kept,
        "people": names.people,
        "referral_names": names.referrals.rename(columns={"_episode": "episode_id"}),
    }


def commit(
    stores: Stores,
    before: State,
    *,
    tables: Mapping[str, pd.DataFrame],
    facts: Mapping[str, Any],
    vault: Mapping[str, pd.DataFrame],
    extract_day: int | None,
) -> str:
    """Make new tables the current ones, in one step for library and vault.

    Parameters
    ----------
    stores : Stores
        The two folders, locked.
    before : State
        What they hold.
    tables : mapping of str to DataFrame
        The library's tables.
    facts : mapping
        What the library's manifest says: kind, reason, fingerprint of the key.
    vault : mapping of str to DataFrame
        The vault's tables.
    extract_day : int or None
        Day up to which anything is known.

    Returns
    -------
    str
        The snapshot.
    """
    snapshot = content_hash(tables, facts["kind"])
    state = content_hash(vault, f"vault of {snapshot}")
    if (snapshot, state) == (before.head["current"], before.head["vault"]):
        return snapshot
    stores.vault.put(vault, state, {"extract_day": extract_day})
    stores.library.put(tables, snapshot, facts)
    history = [*before.head["history"], {"snapshot": snapshot, "vault": state}]
    stores.library.commit({"current": snapshot, "vault": state, "history": history})
    return snapshot
