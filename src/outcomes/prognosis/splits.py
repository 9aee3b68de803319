"""On whom is a model learnt and on whom judged? By patient, by time, by service; nobody is on both sides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.cohort.splits import leave_one_out, patient_folds, temporal_split
from outcomes.errors import ConfigError
from outcomes.reference.rules import rule_edition

Flags = NDArray[np.bool_]

BY_PATIENT, BY_TIME, BY_SERVICE = "by patient", "by time", "by service"
SHORTEST_QUARTER_DAYS = 90
MATURE_WEEKS: Final = (
    24  # every referral of a quarter has been followed for so long before the quarter is judged by time
)
QUARTERS = 4
QUARTER = re.compile(r"(\d{4})Q([1-4])")


@dataclass(frozen=True)
class Split:
    """Which episodes teach (`training`) and which are judged (`judged`), as flags over the episodes.

    `too_recent` are those that a split by time leaves out because their quarter has not been followed long enough; None
    where the split asks for no such thing.
    """

    validation: str
    fold: int
    training: Flags
    judged: Flags
    too_recent: Flags | None = None


def by_patient(pseudonyms: Sequence[str] | pd.Series, n_folds: int, seed: int) -> list[Split]:
    """Split into folds of whole patients.

    Parameters
    ----------
    pseudonyms : sequence of str, shape (n,)
        Patient of each episode.
    n_folds : int
        At least 2.
    seed : int
        Seed of the shuffle; the order of the rows plays no part.

    Returns
    -------
    list of Split
        One a fold; none where there are fewer patients than folds.

    Raises
    ------
    ConfigError
        If `n_folds` is below 2.
    """
    fewest = 2
    if n_folds < fewest:
        raise ConfigError(f"n_folds must be at least 2, got {n_folds}")
    who = pd.Series(pseudonyms).reset_index(drop=True)
    if who.nunique() < n_folds:
        return []
    folds = patient_folds(who, n_folds, seed)
    return [Split(BY_PATIENT, fold, folds != fold, folds == fold) for fold in range(n_folds)]


def by_time(episodes: pd.DataFrame, *, judged_share: float = 0.3, mature_weeks: int = MATURE_WEEKS) -> list[Split]:
    """Split at a quarter: learn from what had been recorded by its first day, judge those referred from then on.

    An episode teaches only if it had surely ended before that day: days are offsets from the referral, so it is taken
    to have been received on the last day of its quarter. Patients referred again later are judged, not learnt from.

    Only mature quarters are judged: those of which every referral has been followed for `mature_weeks`, ended or not.
    In later ones the endings that are known are the early ones.

    Parameters
    ----------
    episodes : DataFrame
        pseudonym, quarter ("2022Q2") and end_day are read, and last_seen_day where it is there; without it every
        quarter is taken to be mature.
    judged_share : float
        Smallest share of the referrals of mature quarters that is to be judged; the latest such quarter is chosen.
    mature_weeks : int
        Weeks from the referral to the day of the extract.

    Returns
    -------
    list of Split
        One, or none where there are not two mature quarters or no day of the end.

    Raises
    ------
    ConfigError
        If `judged_share` is not strictly between 0 and 1.
    """
    if not 0 < judged_share < 1:
        raise ConfigError(f"judged_share must be strictly between 0 and 1, got {judged_share}")
    if not {"quarter", "end_day"} <= set(episodes.columns):
        return []
    number = _quarter_numbers(episodes["quarter"])
    mature = _mature(episodes, number, mature_weeks)
    if np.unique(number[mature]).size <= 1:
        return []
    shares = {cut: float((number[mature] >= cut).mean()) for cut in np.unique(number[mature])}
    cut = max(quarter for quarter, share in shares.items() if share >= judged_share)
    end_day = episodes["end_day"].to_numpy(dtype=float, na_value=np.nan)
    recorded = end_day <= (cut - number - 1) * SHORTEST_QUARTER_DAYS
    if not (number < cut).any() or not recorded.any():
        return []
    before, later = _sides(episodes, number, cut)
    training, too_recent = before & recorded, later & np.isfinite(number) & ~mature
    return [Split(BY_TIME, 0, training, later & mature, too_recent)] if training.any() else []


def as_recorded(
    episodes: pd.DataFrame, *, mature_weeks: int = MATURE_WEEKS
) -> tuple[Split, NDArray[np.float64]] | None:
    """Split at the same quarter for models of time: everyone referred before it teaches, as far as was recorded then.

    Parameters
    ----------
    episodes : DataFrame
        As in `by_time`.
    mature_weeks : int
        As in `by_time`. It places the split; whom to judge, models of time decide row by row, by how far the extract
        reaches beyond each.

    Returns
    -------
    tuple of Split and ndarray of float, or None
        The split, and up to which day since its referral each episode had surely been recorded (0 where it had not
        begun); None where `by_time` gives no split.
    """
    found = by_time(episodes, mature_weeks=mature_weeks)
    if not found:
        return None
    number = _quarter_numbers(episodes["quarter"])
    cut = float(np.nanmin(number[found[0].judged]))
    before, judged = _sides(episodes, number, cut)
    until = np.fmax((cut - number - 1) * SHORTEST_QUARTER_DAYS, 0.0)
    return Split(BY_TIME, 0, before & np.isfinite(number), judged), until


def by_service(episodes: pd.DataFrame) -> list[Split]:
    """Leave each service out in turn; its patients teach nothing then, wherever else they were seen.

    Parameters
    ----------
    episodes : DataFrame
        pseudonym and service are read.

    Returns
    -------
    list of Split
        One a service, in alphabetical order; none where there are fewer than two.
    """
    if "service" not in episodes.columns or episodes["service"].nunique() <= 1:
        return []
    parts = leave_one_out(episodes["pseudonym"], episodes["service"])
    return [Split(BY_SERVICE, fold, training, judged) for fold, (_, training, judged) in enumerate(parts)]


def _quarter_numbers(quarters: pd.Series) -> NDArray[np.float64]:
    # quarters counted from year 0; what is missing or not a quarter is NaN
    found = [QUARTER.fullmatch(str(quarter)) for quarter in quarters]
    return np.array([QUARTERS * int(m[1]) + int(m[2]) - 1 if m else np.nan for m in found], dtype=float)


def _mature(episodes: pd.DataFrame, number: NDArray[np.float64], weeks: int) -> Flags:
    # episodes of quarters whose referrals have all been followed for so long
    known = np.isfinite(number)
    if "last_seen_day" not in episodes.columns:
        return known
    followed = episodes["last_seen_day"].to_numpy(dtype=float, na_value=np.nan)
    short = followed < weeks * rule_edition().days_per_week
    return known & ~np.isin(number, np.unique(number[known & short]))


def _sides(episodes: pd.DataFrame, number: NDArray[np.float64], cut: float) -> tuple[Flags, Flags]:
    # referred before a quarter by people who never come again, and referred from then on
    first_judged = str(episodes["quarter"].to_numpy(dtype=object)[number == cut][0])
    return temporal_split(episodes["pseudonym"], episodes["quarter"], test_from=first_judged)
