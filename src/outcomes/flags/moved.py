"""Which questions moved most, and what does the last form say? Words only, never a safety question."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from outcomes.flags.standing import require
from outcomes.flags.words import listed
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


def latest_answers(series: pd.DataFrame, occasions: pd.DataFrame) -> pd.DataFrame:
    """Say what each person answered on the last form of each measure that has anything on it.

    Parameters
    ----------
    series
        From `standing.score_series`.
    occasions
        referral, occasion and item columns.

    Returns
    -------
    pandas.DataFrame
        referral, instrument, answer (the words of the answer, such as "almost daily"), words (the questions answered
        so, joined); the answer that means most first. Nothing for measures whose answers have no words, nothing for
        "not at all", and never a safety question.

    Raises
    ------
    DataError
        If `occasions` lacks its keys.
    """
    require(occasions, ("referral", "occasion"), "occasions")
    columns = ["referral", "instrument", "answer", "words"]
    answered = series.loc[series["answered"].astype(bool)]
    forms = occasions.drop_duplicates(["referral", "occasion"]).set_index(["referral", "occasion"])
    parts = []
    for key, rows in answered.groupby("instrument", sort=True):
        record = instrument(str(key))
        said = sorted(((code, label) for code, label, _ in record.answers if code > 0), reverse=True)
        items = [item for item in record.items if not item.safety and item.column in occasions.columns]
        if not said or not items:
            continue
        last = rows.groupby("referral")["occasion"].last()
        where = pd.MultiIndex.from_arrays([last.index, last])
        answers = forms.reindex(where)[[item.column for item in items]].to_numpy(dtype=float, na_value=np.nan)
        words = np.array([item.word for item in items], dtype=object)
        for code, label in said:
            hit = answers == code
            rows_hit = np.flatnonzero(hit.any(axis=1))
            joined = [listed(list(words[hit[row]])) for row in rows_hit]
            part = {"referral": last.index[rows_hit], "instrument": key, "answer": label, "words": joined}
            parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
