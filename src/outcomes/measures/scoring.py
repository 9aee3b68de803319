"""What is the total of each questionnaire? Strict by default; prorating is asked for, and counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from outcomes.errors import ConfigError, DataError
from outcomes.measures.rounding import half_up_ratio
from outcomes.reference.instruments import Instrument, Item, instrument

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

OCCASION_KEY: Final = ("pseudonym", "referral", "occasion")
MISSING_RULES: Final = ("strict", "prorate")


@dataclass(frozen=True, slots=True)
class Tally:
    """What the answers to one instrument add up to, one entry an occasion.

    Parameters
    ----------
    points : ndarray of float
        Sum of the points of the scored answers.
    n_scored, n_missing, n_not_applicable : ndarray of int
        Items with points, without an answer, and answered "does not apply".
    safety_missing : ndarray of bool
        True where a safety item has no answer.
    """

    points: Floats
    n_scored: Counts
    n_missing: Counts
    n_not_applicable: Counts
    safety_missing: NDArray[np.bool_]


def _answers(occasions: pd.DataFrame, column: str) -> Floats:
    values = occasions[column]
    if not is_numeric_dtype(values.dtype):
        raise DataError(f"occasions.{column}: item answers must be numbers (rule item_type); check the feed's intake")
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _illegal(answers: Floats, item: Item) -> int:
    legal = np.isin(answers, item.codes + item.not_applicable) | np.isnan(answers)
    return int(np.count_nonzero(~legal))


def _zeros(n: int) -> Counts:
    return np.zeros(n, dtype=np.int64)


def tally(occasions: pd.DataFrame, one: Instrument) -> Tally:
    """Add up the answers to one instrument.

    Parameters
    ----------
    occasions : DataFrame
        One row an occasion, with the instrument's item columns (numbers, missing where not answered).
    one : Instrument
        The questionnaire.

    Returns
    -------
    Tally
        Points and counts, one entry a row.

    Raises
    ------
    DataError
        If answers are not numbers or not among the item's codes.
    """
    n = len(occasions)
    points, safety_missing = np.zeros(n), np.zeros(n, dtype=bool)
    n_scored, n_missing, n_not_applicable = _zeros(n), _zeros(n), _zeros(n)
    faults = []
    for item in one.items:
        answers = _answers(occasions, item.column)
        if wrong := _illegal(answers, item):
            faults.append(f"{item.column} {wrong:,}")
        blank, does_not_apply = np.isnan(answers), np.isin(answers, item.not_applicable)
        scored = ~blank & ~does_not_apply
        worth = item.codes[0] + item.codes[-1] - answers if item.reverse else answers
        points += np.where(scored, worth, 0)
        n_scored += scored
        n_missing += blank
        n_not_applicable += does_not_apply
        safety_missing |= blank & item.safety
    if faults:
        raise DataError(f"answers outside the item's codes (rule item_range), of {n:,} rows: {', '.join(faults)}")
    return Tally(points, n_scored, n_missing, n_not_applicable, safety_missing)


def score(counted: Tally, one: Instrument, *, missing: str = "strict") -> tuple[Floats, Counts]:
    """Turn tallied answers into totals.

    Strict: any unanswered item means no total. Prorate: up to the instrument's allowed number of unanswered items are
    replaced by the mean of the answered ones, except safety items, which are never imputed. An answer "does not apply"
    counts as answered and adds nothing. A mean is recorded with the instrument's decimals, halves up.

    Parameters
    ----------
    counted : Tally
        Points and counts.
    one : Instrument
        The questionnaire.
    missing : str, default "strict"
        "strict" or "prorate".

    Returns
    -------
    totals : ndarray of float
        NaN where there is no score.
    n_imputed : ndarray of int
        Items replaced by the mean of the others; 0 where there is no score.
    """
    complete = (counted.n_missing == 0) & (counted.n_scored > 0)
    allowed = complete
    if missing == "prorate":
        few = (counted.n_missing <= one.missing_items_allowed) & ~counted.safety_missing
        allowed = few & (counted.n_scored > 0)
    if one.aggregation == "mean":
        full = half_up_ratio(counted.points, counted.n_scored, one.decimals)
    else:
        n_scored = np.where(counted.n_scored > 0, counted.n_scored, 1)
        full = counted.points + counted.points * counted.n_missing / n_scored
    return np.where(allowed, full, np.nan), np.where(allowed, counted.n_missing, 0)


def _key_frame(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    absent = [column for column in OCCASION_KEY if column not in frame.columns]
    if absent:
        raise DataError(f"{name}: columns {', '.join(absent)} are missing")
    twice = int(frame.duplicated(list(OCCASION_KEY)).sum()) if name == "occasions" else 0
    if twice:
        raise DataError(f"{name}: {twice:,} rows repeat pseudonym, referral and occasion (rule unique_occasion)")
    keys = frame[list(OCCASION_KEY)].copy()
    keys["day"] = frame["day"] if "day" in frame.columns else pd.array([pd.NA] * len(frame), dtype="Int32")
    return keys


def _from_items(occasions: pd.DataFrame, one: Instrument, missing: str) -> dict[str, Floats | Counts]:
    absent = [column for column in one.item_columns if column not in occasions.columns]
    if absent:
        raise ConfigError(f"{one.key} cannot be scored: item columns {', '.join(absent)} are not in the table")
    counted = tally(occasions, one)
    total, n_imputed = score(counted, one, missing=missing)
    columns: dict[str, Floats | Counts] = {one.key: total, f"{one.key}_n_imputed": n_imputed}
    if any(item.not_applicable for item in one.items):
        columns[f"{one.key}_n_not_applicable"] = counted.n_not_applicable
    return columns


def _add_scores(table: pd.DataFrame, scores: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    # Totals that came without items: items win where both are there (see `disagreements`).
    wanted = scores[scores["instrument"].isin(list(keys))]
    if int(wanted.duplicated([*OCCASION_KEY, "instrument"]).sum()):
        raise DataError("scores: rows repeat pseudonym, referral, occasion and instrument (rule unique_score)")
    wide = wanted.pivot(index=list(OCCASION_KEY), columns="instrument", values="total").reset_index()
    days = wanted.drop_duplicates(list(OCCASION_KEY))
    wide = wide.merge(_key_frame(days, "scores"), on=list(OCCASION_KEY), how="left")
    joined = table.merge(wide, on=list(OCCASION_KEY), how="outer", suffixes=("", "_of_scores"), sort=True)
    joined["day"] = joined["day"].combine_first(joined["day_of_scores"])
    for key in keys:
        if f"{key}_of_scores" in joined.columns:
            joined[key] = joined[key].combine_first(joined[f"{key}_of_scores"])
        if f"{key}_n_imputed" not in joined.columns:
            joined[f"{key}_n_imputed"] = pd.array([pd.NA] * len(joined), dtype="Int64")
    return joined.drop(columns=[column for column in joined.columns if str(column).endswith("_of_scores")])


def totals(
    occasions: pd.DataFrame,
    instruments: Sequence[str],
    *,
    missing: str = "strict",
    scores: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score every occasion on the given instruments.

    Parameters
    ----------
    occasions : DataFrame
        One row an occasion: pseudonym, referral, occasion, day (optional) and item columns `{instrument}_{n}`.
    instruments : sequence of str
        Keys of the instruments to score.
    missing : str, default "strict"
        "strict": an unanswered item means no total. "prorate": up to the instrument's allowed number of unanswered
        items are replaced by the mean of the answered ones, never a safety item.
    scores : DataFrame, optional
        Totals that came without items: pseudonym, referral, occasion, day, instrument, total. Items win where both
        exist.

    Returns
    -------
    DataFrame
        pseudonym, referral, occasion, day, and for each instrument its total (NaN: no score), `{key}_n_imputed`
        (missing for submitted totals: nobody knows), and
        `{key}_n_not_applicable` where the instrument knows such answers. Rows as in `occasions`; with `scores`, sorted
        by key.

    Raises
    ------
    ConfigError
        If the missing rule or an instrument is not known, or its columns are not there.
    DataError
        If keys are missing or repeated, or answers are not among an item's codes.

    Examples
    --------
    >>> rows = pd.DataFrame({"pseudonym": ["a"], "referral": ["r"], "occasion": [1], "day": [0]})
    >>> answers = pd.DataFrame({f"gad7_{n}": [1] for n in range(1, 8)})
    >>> float(totals(rows.join(answers), ["gad7"])["gad7"].iloc[0])
    7.0
    """
    if missing not in MISSING_RULES:
        raise ConfigError(f"missing must be one of {MISSING_RULES}, got {missing!r}")
    table = _key_frame(occasions, "occasions")
    in_scores = set() if scores is None else set(scores["instrument"].dropna())
    for key in instruments:
        one = instrument(key)
        if key in in_scores and not set(one.item_columns) & set(occasions.columns):
            continue
        for column, values in _from_items(occasions, one, missing).items():
            table[column] = pd.Series(values, index=table.index, dtype="float64" if column == key else "Int64")
    if scores is not None and in_scores & set(instruments):
        table = _add_scores(table, scores, [key for key in instruments if key in in_scores])
    return table


def disagreements(scored: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Hold totals worked out from items against totals that were submitted.

    Parameters
    ----------
    scored : DataFrame
        Totals from items, as `totals` returns them without `scores`.
    scores : DataFrame
        Submitted totals: pseudonym, referral, occasion, instrument, total.

    Returns
    -------
    DataFrame
        One row an instrument: instrument, n_both, n_equal, n_different, largest_difference (points; NaN where none).
    """
    rows = []
    for key in sorted(set(scores["instrument"].dropna()) & set(scored.columns)):
        submitted = scores.loc[scores["instrument"].eq(key), [*OCCASION_KEY, "total"]]
        both = scored[[*OCCASION_KEY, key]].merge(submitted, on=list(OCCASION_KEY)).dropna()
        gap = (both[key] - both["total"]).abs()
        different = int(gap.gt(0).sum())
        largest = float(gap.max()) if len(gap) else np.nan
        rows.append((key, len(both), len(both) - different, different, largest))
    columns = ["instrument", "n_both", "n_equal", "n_different", "largest_difference"]
    return pd.DataFrame(rows, columns=columns)
