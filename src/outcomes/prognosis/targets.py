"""Say what is to be foretold, for whom it is known, and what becomes of those who never finished."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.timeline import KEY
from outcomes.reference.rules import rule_edition
from outcomes.reference.thresholds import Threshold

ADVERSE = ("reliable_deterioration", "dropped_out")  # endings that nobody wishes: their own probability flags
ONLY_AT_CASENESS = ("recovery", "reliable_recovery")


@dataclass(frozen=True)
class Target:
    """An ending to be foretold.

    `values` is a boolean Series in the order of the episodes, <NA> where the ending is not known or makes no sense;
    `counts` says how many are true, false (of these: unfinished or unpaired), and left out, and why; `rule` in words.
    `adverse` says whether it is itself the ending that nobody wishes; otherwise missing it is.
    """

    values: pd.Series
    counts: Mapping[str, int]
    rule: str
    adverse: bool = False


def ended_target(episodes: pd.DataFrame, outcomes: pd.DataFrame, measure: str = "reliable_recovery") -> Target:
    """Say for each referral whether it ended in this way, never looking only at completed courses.

    Open referrals are censored (<NA>). Those never treated are left out (<NA>). For recovery and reliable recovery,
    those known not to be at caseness at the start are left out (<NA>). Every other ended referral counts: true where
    the measure is true, false otherwise, so that whoever stopped after one session, or has no second score, is a
    failure, as in the denominators of the published rates.

    Parameters
    ----------
    episodes : DataFrame
        pseudonym, referral; end_day or open, started and completed are read where present.
    outcomes : DataFrame
        As `outcomes.measures.outcomes.outcomes` returns them: pseudonym, referral, a nullable boolean column `measure`;
        not_at_caseness and the first scores are read where present.
    measure : str
        Column of `outcomes`.

    Returns
    -------
    Target
        One value an episode; it has the index of `episodes`.

    Raises
    ------
    ConfigError
        If `outcomes` has no column `measure`.
    DataError
        If a referral has more than one row of outcomes.

    Examples
    --------
    >>> episodes = pd.DataFrame({"pseudonym": ["a", "b"], "referral": ["r", "s"], "open": [False, True]})
    >>> outcomes = episodes[["pseudonym", "referral"]].assign(recovery=pd.array([None, None], dtype="boolean"))
    >>> ended_target(episodes, outcomes, "recovery").values.tolist()
    [False, <NA>]
    """
    if measure not in outcomes.columns:
        raise ConfigError(f"measure {measure!r} is not a column of the outcomes")
    if outcomes.duplicated(KEY).any():
        raise DataError(
            f"outcomes: {int(outcomes.duplicated(KEY).sum())} rows repeat a referral (rule one row a referral)"
        )
    beside = episodes[KEY].merge(outcomes, on=KEY, how="left", suffixes=("_of_episode", ""))
    finished = _flag(episodes, "completed", when_absent=True).fillna(value=True).astype(bool)
    result = beside[measure].astype("boolean").where(finished)
    open_still = _open(episodes)
    never = _flag(episodes, "started", when_absent=True).eq(other=False).fillna(value=False)
    below = pd.Series(data=False, index=beside.index)
    if measure in ONLY_AT_CASENESS:
        below = below_caseness(beside)
    left_out = (open_still | never | below).astype(bool)
    unresolved = result.isna() & ~left_out
    values = pd.Series(result.mask(unresolved, other=False).array, dtype="boolean").mask(left_out)
    counts = {
        "referrals": len(episodes),
        "open": int(open_still.sum()),
        "never_treated": int((never & ~open_still).sum()),
        "not_at_caseness": int((below & ~never & ~open_still).sum()),
        "true": int(values.sum()),
        "false": int((~values).sum()),
        "false_unfinished_or_unpaired": int(unresolved.sum()),
    }
    rule = (
        f"{measure.replace('_', ' ')} among ended, treated referrals"
        + (" not known to be below caseness at the start" if measure in ONLY_AT_CASENESS else "")
        + "; unfinished or unpaired courses count as false; open referrals are left out"
    )
    return Target(values.set_axis(episodes.index), counts, rule, measure in ADVERSE)


def untouched(target: Target, episodes: pd.DataFrame, until: NDArray[np.float64]) -> Target:
    """Leave out every ending that a model's flags may have changed: it teaches and judges nobody.

    Parameters
    ----------
    target : Target
        What is to be foretold.
    episodes : DataFrame
        In the order of the target: end_day is read; without one, nothing is known to have ended before.
    until : ndarray of float, shape (n_episodes,)
        Day of each referral until which nothing was changed.

    Returns
    -------
    Target
        <NA> where the referral ended later; `counts` has "after_flags", and the rule says so.

    Examples
    --------
    >>> ended = Target(pd.Series([True, False], dtype="boolean"), {}, "recovery")
    >>> untouched(ended, pd.DataFrame({"end_day": [50, 200]}), np.array([100.0, 100.0])).values.tolist()
    [True, <NA>]
    """
    end_day = episodes["end_day"].to_numpy(dtype=float, na_value=np.nan) if "end_day" in episodes else np.nan
    later = ~(end_day <= until)
    counts = {**target.counts, "after_flags": int((target.values.notna().to_numpy() & later).sum())}
    rule = f"{target.rule}; endings after flags were shown are left out"
    return Target(target.values.mask(later), counts, rule, target.adverse)


def below_caseness(outcomes: pd.DataFrame) -> pd.Series:
    """Say who is known to have been below caseness on both measures at the start, open and unfinished courses too.

    Parameters
    ----------
    outcomes : DataFrame
        not_at_caseness and the first scores are read where present.

    Returns
    -------
    Series of bool
        False where it is not known.
    """
    rules = rule_edition()  # the flag is set for completed courses only; others are judged by the same first scores
    below = _flag(outcomes, "not_at_caseness", when_absent=False).fillna(value=False).astype(bool)
    mood = f"{rules.depression_instrument}_first"
    if not {mood, "anxiety_first", "anxiety_measure"} <= set(outcomes.columns):
        return below
    low = _not_met(outcomes[mood], rules.caseness(rules.depression_instrument))
    calm = pd.Series(data=False, index=outcomes.index)
    for key in outcomes["anxiety_measure"].dropna().unique():
        rows = outcomes["anxiety_measure"].eq(key)
        calm = calm.mask(rows, _not_met(outcomes["anxiety_first"], rules.caseness(str(key))))
    return below | (low & calm)


def _not_met(first: pd.Series, limit: Threshold | None) -> pd.Series:
    scores = first.to_numpy(dtype=float, na_value=np.nan)
    met = np.zeros(scores.size, dtype=bool) if limit is None else limit.met(scores)
    return pd.Series(np.isfinite(scores) & ~met & (limit is not None), index=first.index)


def _open(episodes: pd.DataFrame) -> pd.Series:
    if "open" in episodes.columns:
        return _flag(episodes, "open", when_absent=False).fillna(value=False).astype(bool)
    if "end_day" in episodes.columns:
        return episodes["end_day"].isna().reset_index(drop=True)
    return pd.Series(data=False, index=range(len(episodes)))


def _flag(table: pd.DataFrame, column: str, *, when_absent: bool) -> pd.Series:
    if column not in table.columns:
        return pd.Series(data=when_absent, index=range(len(table)), dtype="boolean")
    return table[column].astype("boolean").reset_index(drop=True)
