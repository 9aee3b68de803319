"""Which questions moved most between the first and the last scored form? Words only, never a safety question."""

from __future__ import annotations

from typing import Final

import pandas as pd

from outcomes.flags.standing import require
from outcomes.reference.instruments import instrument

MOST: Final = 3
STEPS: Final = 2  # one step on a four-step answer is everyday noise


def moved_items(series: pd.DataFrame, occasions: pd.DataFrame) -> pd.DataFrame:
    """Find the questions whose answers changed most between the first and the last scored form.

    Parameters
    ----------
    series
        From `standing.score_series`.
    occasions
        referral, occasion and item columns.

    Returns
    -------
    pandas.DataFrame
        referral, instrument, word (the question's plain word), first, last (answer codes); at most three questions
        per referral and measure, each changed by two steps or more, largest change first. Safety questions are never
        among them.

    Raises
    ------
    DataError
        If `occasions` lacks its keys.
    """
    require(occasions, ("referral", "occasion"), "occasions")
    columns = ["referral", "instrument", "word", "first", "last"]
    scored = series.loc[series["score"].notna()]
    parts = [_moved(rows, occasions, str(key)) for key, rows in scored.groupby("instrument", sort=True)]
    parts = [part for part in parts if not part.empty]
    if not parts:
        return pd.DataFrame(columns=columns)
    moved = pd.concat(parts, ignore_index=True)
    moved["size"] = (moved["last"] - moved["first"]).abs()
    keys = ["referral", "instrument", "size", "number"]
    moved = moved.sort_values(keys, ascending=[True, True, False, True], kind="stable")
    return moved.groupby(["referral", "instrument"], sort=False).head(MOST).reset_index(drop=True)[columns]


def _moved(scored: pd.DataFrame, occasions: pd.DataFrame, key: str) -> pd.DataFrame:
    items = [item for item in instrument(key).items if not item.safety and item.column in occasions.columns]
    forms = occasions.drop_duplicates(["referral", "occasion"]).set_index(["referral", "occasion"])
    ends = scored.groupby("referral")["occasion"].agg(["first", "last"])
    answers = {}
    for end in ("first", "last"):
        where = pd.MultiIndex.from_arrays([ends.index, ends[end]])
        answers[end] = forms.reindex(where)[[item.column for item in items]].astype("Float64").reset_index(drop=True)
    change = (answers["last"] - answers["first"]).abs()
    parts = []
    for item in items:
        rows = change[item.column].ge(STEPS).fillna(value=False).to_numpy(dtype=bool)
        found = pd.DataFrame({"referral": ends.index[rows], "instrument": key})
        found = found.assign(word=item.word, number=item.number)
        for end in ("first", "last"):
            found[end] = answers[end].loc[rows, item.column].astype(int).to_numpy()
        parts.append(found)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
