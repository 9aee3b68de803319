"""Which rows fit together? Contacts and sittings need their referral, and nothing happens before day zero.

A row that does not fit is held in the vault: when its referral comes with a later file, it is accepted then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from outcomes.library.resolve import ACCEPTED, CONTRADICTION, joined, resolve
from outcomes.library.typed import TEXT

EPISODE: Final = "_episode"
WHEN: Final = "_when"
SEEN: Final = "_seen"
REFERRAL_KEY: Final = ("patient_id", "episode_id")
PLACED_KEY: Final = ("patient_id", EPISODE)
CONTACT_KEY: Final = (*PLACED_KEY, "contact_id", "contact_date")
SITTING_KEY: Final = (*PLACED_KEY, WHEN)
NO_REFERRAL: Final = "no_referral"
SEVERAL_REFERRALS: Final = "episode_not_stated"
BEFORE_REFERRAL: Final = "date_before_referral"
DISCHARGE_FIRST: Final = "discharge_before_receipt"
RELATION_RULES: Final = (NO_REFERRAL, SEVERAL_REFERRALS, BEFORE_REFERRAL, DISCHARGE_FIRST, CONTRADICTION)
ONLY_EPISODE: Final = ""
BETWEEN: Final = "\x1f"
DAYS_OF: Final = {"contacts": "contact_date", "responses": "session_date"}


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the rows of all tables.

    Parameters
    ----------
    states : mapping of str to Series
        Table to the state of every row of its pool.
    accepted : mapping of str to DataFrame
        Table to its accepted rows, joined to one a key; contacts and responses carry `_episode`.
    """

    states: Mapping[str, pd.Series]
    accepted: Mapping[str, pd.DataFrame]


def when(rows: pd.DataFrame) -> pd.Series:
    """Say which sitting of a referral a row is: the occasion number where given, else the date, else the day.

    Parameters
    ----------
    rows : DataFrame
        Responses.

    Returns
    -------
    Series of Int64
        Equal for equal sittings; missing where a row says none of the three.
    """
    found = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    for kind, name in enumerate(("occasion", "session_date", "day")):
        if name in rows:
            found = found.fillna(rows[name].astype("Int64") * len(SITTING_KEY) + kind)
    return found


def _values(pool: pd.DataFrame, key: Sequence[str]) -> list[str]:
    return [name for name in pool.columns if not name.startswith("_") and name not in key]


def _settle_referrals(pool: pd.DataFrame) -> pd.Series:
    states = resolve(pool, REFERRAL_KEY, _values(pool, REFERRAL_KEY))
    if "discharge_date" in pool:
        kept = joined(pool[states.eq(ACCEPTED)], REFERRAL_KEY)
        early = kept[(kept["discharge_date"] < kept["received_date"]).fillna(value=False).to_numpy(dtype=bool)]
        marked = _is_in(pool, early, REFERRAL_KEY) & states.eq(ACCEPTED).to_numpy()
        states.loc[states.index[marked]] = DISCHARGE_FIRST
    return states


def _is_in(rows: pd.DataFrame, others: pd.DataFrame, key: Sequence[str]) -> np.ndarray:
    if others.empty:
        return np.zeros(len(rows), dtype=bool)
    return pd.MultiIndex.from_frame(rows[list(key)]).isin(pd.MultiIndex.from_frame(others[list(key)]))


def _keys(rows: pd.DataFrame) -> pa.Array:
    # Person and episode as one text; identifiers have no control characters, so two pairs never make the same one.
    parts = [pa.array(rows[name], from_pandas=True) for name in PLACED_KEY]
    whole = [part.combine_chunks() if isinstance(part, pa.ChunkedArray) else part for part in parts]
    texts = [part.cast(pa.large_string()) for part in whole]
    return pc.binary_join_element_wise(*texts, pa.scalar(BETWEEN, pa.large_string()))


def positions(rows: pd.DataFrame, referrals: pd.DataFrame) -> NDArray[np.int64]:
    """Find the referral of each row.

    Parameters
    ----------
    rows : DataFrame
        With patient_id and _episode.
    referrals : DataFrame
        The same columns; every pair once.

    Returns
    -------
    ndarray of int64
        Position in `referrals`; -1 where there is none, or no episode is stated.
    """
    found = pc.index_in(_keys(rows), value_set=_keys(referrals))
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _placed(pool: pd.DataFrame, referrals: pd.DataFrame | None, day: str) -> tuple[pd.DataFrame, pd.Series]:
    # Rows with their episode, and the rule that keeps a row from having one.
    episode = pool["episode_id"] if "episode_id" in pool else pd.Series(np.nan, index=pool.index, dtype=TEXT)
    if referrals is None:
        return pool.assign(**{EPISODE: episode.fillna(ONLY_EPISODE)}), pd.Series("", index=pool.index, dtype=TEXT)
    unsaid = episode.isna()
    counts = referrals["patient_id"].value_counts()
    if unsaid.any():
        only = referrals[referrals["patient_id"].map(counts).eq(1)].set_index("patient_id")["episode_id"]
        episode = episode.where(~unsaid, pool["patient_id"].map(only))
    rows = pool.assign(**{EPISODE: episode})
    places = positions(rows, referrals.rename(columns={"episode_id": EPISODE}))
    days = referrals["received_date"].to_numpy(dtype=np.int64)
    lost = places < 0
    rule = pd.Series("", index=pool.index, dtype=TEXT).mask(lost, NO_REFERRAL)
    several = unsaid & pool["patient_id"].map(counts).fillna(0).gt(1)
    rule = rule.mask(several, SEVERAL_REFERRALS)
    if day in rows:
        said = rows[day].notna().to_numpy() & ~lost
        early = np.zeros(len(rows), dtype=bool)
        early[said] = rows[day].to_numpy(dtype=np.int64, na_value=0)[said] < days[places[said]]
        rule = rule.mask(early, BEFORE_REFERRAL)
    return rows, rule


def _settle_contacts(rows: pd.DataFrame) -> pd.Series:
    values = _values(rows, CONTACT_KEY)
    if "contact_id" not in rows:
        return resolve(rows, [*PLACED_KEY, *values, "contact_date"], [])
    named = rows["contact_id"].notna().to_numpy()
    states = pd.Series(ACCEPTED, index=rows.index, dtype=TEXT)
    states.loc[rows.index[named]] = resolve(rows[named], CONTACT_KEY, values)
    states.loc[rows.index[~named]] = resolve(rows[~named], [*CONTACT_KEY, *values], [])
    return states


def _settle_placed(table: str, pool: pd.DataFrame, referrals: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.Series]:
    rows, rule = _placed(pool, referrals, DAYS_OF[table])
    free = rule.eq("").to_numpy()
    states = rule.copy()
    if table == "contacts":
        states.loc[states.index[free]] = _settle_contacts(rows[free])
        return rows, states
    rows = rows.assign(**{WHEN: when(rows)})
    states.loc[states.index[free]] = resolve(
        rows[free], SITTING_KEY, [name for name in _values(rows, SITTING_KEY) if name != "episode_id"]
    )
    return rows, states


def settle(pools: Mapping[str, pd.DataFrame]) -> Settled:
    """Decide what becomes of every row, given all rows there are.

    Parameters
    ----------
    pools : mapping of str to DataFrame
        Table to its readable rows, those of earlier files first.

    Returns
    -------
    Settled
        States and accepted rows.
    """
    states: dict[str, pd.Series] = {}
    accepted: dict[str, pd.DataFrame] = {}
    if "patients" in pools:
        pool = pools["patients"]
        states["patients"] = resolve(pool, ["patient_id"], _values(pool, ["patient_id"]))
        accepted["patients"] = joined(pool[states["patients"].eq(ACCEPTED)], ["patient_id"])
    referrals = None
    if "referrals" in pools:
        pool = pools["referrals"]
        states["referrals"] = _settle_referrals(pool)
        referrals = accepted["referrals"] = joined(pool[states["referrals"].eq(ACCEPTED)], REFERRAL_KEY)
    for table in [name for name in ("contacts", "responses") if name in pools]:
        rows, states[table] = _settle_placed(table, pools[table], referrals)
        kept = rows[states[table].eq(ACCEPTED)]
        accepted[table] = joined(kept, SITTING_KEY) if table == "responses" else _joined_contacts(kept)
    return Settled(states, accepted)


def _joined_contacts(kept: pd.DataFrame) -> pd.DataFrame:
    if "contact_id" not in kept:
        return kept.reset_index(drop=True)
    named = kept["contact_id"].notna().to_numpy()
    return pd.concat([joined(kept[named], CONTACT_KEY), kept[~named]], ignore_index=True)
