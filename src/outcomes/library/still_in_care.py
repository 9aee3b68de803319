"""Who was erased from research and is still being treated? Their rows stay in the vault for direct care alone.

Direct care is another purpose: an erasure from research must not make a patient vanish from supervision. Once no
referral of theirs is open any longer, the rows go.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import pandas as pd

from outcomes.library.inputs import Input
from outcomes.library.ledger import INPUT, PREFIX, pool
from outcomes.library.names import name_all
from outcomes.library.parts import to_arrow, to_bytes, to_frame
from outcomes.library.relations import settle
from outcomes.library.state import RESPONSES, State, safety_tables, vault_tables
from outcomes.library.store import Store
from outcomes.library.tombstones import Pseudonymiser
from outcomes.library.typed import FAULTY

NOTE: Final = "still_in_care"
REFERRALS: Final = f"{PREFIX}referrals"
LOCAL: Final = "patient_id"
FEED_ORDER: Final = ("patients", "referrals", "contacts", RESPONSES)
KEPT: Final = ("people", "referral_names", "safety", "safety_held")


def open_people(tables: Mapping[str, pd.DataFrame]) -> frozenset[str]:
    """Say whose care is open.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The vault's rows of some people.

    Returns
    -------
    frozenset of str
        Local identifiers of those with a referral that has no date of discharge; nobody where the feed tells no
        referrals.
    """
    rows = tables.get(REFERRALS)
    if rows is None or rows.empty:
        return frozenset()
    ended = rows["discharge_date"].notna() if "discharge_date" in rows else pd.Series(data=False, index=rows.index)
    closed = ended.groupby([rows[LOCAL], rows["episode_id"]]).any()
    return frozenset(closed[~closed].index.get_level_values(LOCAL))


def keep(vault: Store, tables: Mapping[str, pd.DataFrame], *, before: Mapping[str, pd.DataFrame] | None = None) -> int:
    """Keep the rows of those whose care is open, beside those kept before; let the rows of everybody else go.

    Parameters
    ----------
    vault : Store
        Its writer's lock is held.
    tables : mapping of str to DataFrame
        The vault's rows of people who are erased from research.
    before : mapping of str to DataFrame, optional
        What was kept before; what the vault has unless said.

    Returns
    -------
    int
        How many people are kept for direct care.
    """
    before = kept(vault) if before is None else before
    names = [name for name in {**before, **tables} if name.startswith(PREFIX) or name in KEPT]
    whole = {name: _joined([before.get(name), tables.get(name)]) for name in sorted(names)}
    still = open_people(whole)
    mine = {name: frame[frame[LOCAL].isin(list(still))].reset_index(drop=True) for name, frame in whole.items()}
    if not still:
        vault.remove_note(NOTE)
    else:
        vault.put_note(NOTE, {name: base64.b64encode(to_bytes(frame)).decode() for name, frame in mine.items()})
    return len(still)


def take_in(vault: Store, inputs: Sequence[Input], key: Pseudonymiser) -> int:
    """Bring what a feed says about people who were erased from research to direct care, and to nobody else.

    Parameters
    ----------
    vault : Store
        Its writer's lock is held.
    inputs : sequence of Input
        The rows of such people only.
    key : Pseudonymiser
        The library's pseudonym key.

    Returns
    -------
    int
        How many people are kept for direct care afterwards: those with an open referral.
    """
    before, pools = kept(vault), {}
    for table in FEED_ORDER:
        new = [
            one.frame[~one.frame[FAULTY]].assign(**{INPUT: place})
            for place, one in enumerate(inputs)
            if one.table == table
        ]
        old = before.get(PREFIX + table)
        if any(len(frame) for frame in new) or old is not None:
            pools[table] = pool(table, old, [frame for frame in new if len(frame)])
    if not pools:
        return 0
    settled = settle(pools)
    told = vault_tables(pools, settled, name_all(settled.accepted, key.pseudonym))
    if RESPONSES in pools:
        told |= safety_tables(inputs, pools, settled, State({}, before, None))
    return keep(vault, told, before={})


def _joined(frames: Collection[pd.DataFrame | None]) -> pd.DataFrame:
    told = [frame for frame in frames if frame is not None]
    filled = [frame for frame in told if len(frame)] or told[:1]
    return pd.concat(filled, ignore_index=True).drop_duplicates(ignore_index=True)


def kept(vault: Store) -> dict[str, pd.DataFrame]:
    """Read the rows that direct care alone may see.

    Parameters
    ----------
    vault : Store
        The vault.

    Returns
    -------
    dict of str to DataFrame
        Tables as the vault has them; empty where there is nobody.
    """
    said = vault.note(NOTE) or {}
    return {name: to_frame(to_arrow(base64.b64decode(text))) for name, text in said.items()}


def with_kept(vault: Store, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Put what the care view reads together: the vault's rows and those kept for direct care alone.

    Parameters
    ----------
    vault : Store
        The vault.
    tables : mapping of str to DataFrame
        Tables of a state of the vault.

    Returns
    -------
    dict of str to DataFrame
        The same tables; rows of people who were erased from research stand last.
    """
    extra = kept(vault)
    whole = {**extra, **tables}
    whole |= {name: _joined([frame, extra[name]]) for name, frame in tables.items() if name in extra}
    return whole
