"""What is a study asked to predict? Named binary targets, three-valued like every outcome."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.measures.judging import three_valued
from outcomes.measures.outcomes import OUTCOME_COLUMNS
from outcomes.measures.pairs import EPISODE_KEY, first_last
from outcomes.reference.instruments import instrument
from outcomes.reference.rules import rule_edition
from outcomes.reference.thresholds import decimal_steps


@dataclass(frozen=True, slots=True)
class Target:
    """What to predict, as an experiment file says it.

    Parameters
    ----------
    name : str
        An outcome ("reliable_recovery", "recovery", "reliable_deterioration", "dropped_out" ...), "remission" (on one
        instrument, with `at_most`), or "reliable_improvement_on" (one instrument).
    instrument : str, optional
        Key of the instrument, for the two targets that are about one.
    at_most : float, optional
        Remission: the highest total that counts as remitted.
    from_occasion : int, default 1
        Remission: the last score must come from this occasion or a later one.
    """

    name: str
    instrument: str | None = None
    at_most: float | None = None
    from_occasion: int = 1

    def words(self) -> str:
        """Say the target as in a sentence.

        Returns
        -------
        str
            Such as "at most 2 on DSM-5 symptoms at the last scored session, from session 20 on".
        """
        if self.name == "remission":
            on = "" if self.instrument is None else f" on {instrument(self.instrument).short_name}"
            return f"at most {self.at_most:g}{on} at the last scored session, from session {self.from_occasion} on"
        plain = self.name.replace("_", " ")
        return f"{plain} {self.instrument}" if self.instrument else plain


def remission(episodes: pd.DataFrame, totals: pd.DataFrame, wanted: Target) -> pd.Series:
    """Say who was at or below a total at the last scored session from a given one on.

    Parameters
    ----------
    episodes : DataFrame
        One row an episode: pseudonym, referral.
    totals : DataFrame
        As `scoring.totals` returns them.
    wanted : Target
        Instrument, at_most and from_occasion.

    Returns
    -------
    Series of boolean
        One entry an episode, in order; missing where no session from that one on is scored.

    Raises
    ------
    ConfigError
        If the instrument or the highest total is not given, or the instrument is not scored.
    """
    key = _scored_instrument(totals, wanted)
    if wanted.at_most is None:
        raise ConfigError("target 'remission' needs at_most: the highest total that counts as remitted")
    late = totals.loc[
        totals[key].notna() & totals["occasion"].ge(wanted.from_occasion), [*EPISODE_KEY, "occasion", key]
    ]
    last = late.sort_values("occasion", kind="stable").drop_duplicates(list(EPISODE_KEY), keep="last")
    joined = episodes[list(EPISODE_KEY)].merge(last, on=list(EPISODE_KEY), how="left")
    score = joined[key].to_numpy(dtype=np.float64)
    reached = decimal_steps(score) <= decimal_steps(wanted.at_most)
    return pd.Series(three_valued(reached, ~np.isnan(score)), index=episodes.index, name=wanted.name)


def reliable_improvement_on(episodes: pd.DataFrame, totals: pd.DataFrame, wanted: Target) -> pd.Series:
    """Say who improved reliably on one instrument alone.

    Parameters
    ----------
    episodes : DataFrame
        One row an episode: pseudonym, referral.
    totals : DataFrame
        As `scoring.totals` returns them.
    wanted : Target
        With the instrument.

    Returns
    -------
    Series of boolean
        One entry an episode, in order; missing where unpaired.

    Raises
    ------
    ConfigError
        If the instrument is not given, not scored, or has no published reliable-change index.
    """
    key = _scored_instrument(totals, wanted)
    limit = rule_edition().reliable_change(key)
    if limit is None:
        raise ConfigError(f"{key} has no published reliable-change index: this target cannot be assessed")
    scores = first_last(episodes, totals, [key])[key]
    values = three_valued(limit.met(scores.first - scores.last), scores.paired)
    return pd.Series(values, index=episodes.index, name=wanted.name)


def _scored_instrument(totals: pd.DataFrame, wanted: Target) -> str:
    if wanted.instrument is None:
        raise ConfigError(f"target {wanted.name!r} needs an instrument")
    key = instrument(wanted.instrument).key
    if key not in totals.columns:
        raise ConfigError(f"target {wanted.name!r}: {key} is not scored; score it first")
    return key


_ON_ONE_INSTRUMENT: Final = MappingProxyType[str, Callable[[pd.DataFrame, pd.DataFrame, Target], pd.Series]](
    {"remission": remission, "reliable_improvement_on": reliable_improvement_on}
)

TARGET_NAMES: Final = (*OUTCOME_COLUMNS, *_ON_ONE_INSTRUMENT)


def target(
    wanted: Target, *, episodes: pd.DataFrame, totals: pd.DataFrame, outcomes: pd.DataFrame | None = None
) -> pd.Series:
    """Give the value of a target for every episode.

    Parameters
    ----------
    wanted : Target
        What to predict.
    episodes : DataFrame
        One row an episode: pseudonym, referral.
    totals : DataFrame
        As `scoring.totals` returns them.
    outcomes : DataFrame, optional
        As `outcomes.outcomes` returns it for these episodes; needed where the target is one of its columns.

    Returns
    -------
    Series of boolean
        One entry an episode, in order, index of `episodes`; missing where not assessable.

    Raises
    ------
    ConfigError
        If the target is not known, or what it needs is not given.
    """
    if wanted.name in _ON_ONE_INSTRUMENT:
        return _ON_ONE_INSTRUMENT[wanted.name](episodes, totals, wanted)
    if wanted.name not in OUTCOME_COLUMNS:
        raise ConfigError(f"target {wanted.name!r} is not known; known are {', '.join(TARGET_NAMES)}")
    if outcomes is None:
        raise ConfigError(f"target {wanted.name!r} needs the outcomes table")
    joined = episodes[list(EPISODE_KEY)].merge(outcomes[[*EPISODE_KEY, wanted.name]], on=list(EPISODE_KEY), how="left")
    return pd.Series(joined[wanted.name].array, index=episodes.index, name=wanted.name).astype("boolean")
