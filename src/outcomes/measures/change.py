"""Where does change happen? Sudden gains and losses between neighbouring sessions, and change from first to last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from outcomes.errors import ConfigError, DataError
from outcomes.reference.instruments import instrument
from outcomes.reference.sudden_change import SuddenChangeCriteria, sudden_change_criteria
from outcomes.reference.thresholds import Threshold, decimal_steps

Floats = NDArray[np.float64]

KINDS: Final = ("gain", "loss")


@dataclass(frozen=True, slots=True)
class Sessions:
    """Scores in session order, one entry a scored session.

    Parameters
    ----------
    keys : DataFrame
        pseudonym and referral of each session.
    course : ndarray of int
        Number of the course that the session belongs to, ascending.
    number : ndarray of int
        Session number.
    score : ndarray of float
        Total.
    """

    keys: pd.DataFrame
    course: NDArray[np.int64]
    number: NDArray[np.int64]
    score: Floats

    def at(self, offset: int) -> Floats:
        """Give the score so many sessions later in the same course.

        Parameters
        ----------
        offset : int
            Sessions later; negative for earlier ones.

        Returns
        -------
        ndarray of float
            NaN where that session is missing.
        """
        if not len(self.score):
            return self.score
        # One whole number a session, with room between courses, so that a search finds it.
        lowest = int(self.number.min())
        room = int(self.number.max()) - lowest + 2 * abs(offset) + 1
        address = self.course * room + (self.number - lowest)
        place = np.minimum(np.searchsorted(address, address + offset), len(address) - 1)
        found = address[place] == address + offset
        return np.where(found, self.score[place], np.nan)


def sessions(totals: pd.DataFrame, key: str) -> Sessions:
    """Put the scores of one measure in session order.

    Parameters
    ----------
    totals : DataFrame
        As `scoring.totals` returns them.
    key : str
        Key of the instrument.

    Returns
    -------
    Sessions
        Scored sessions, by course and session number.

    Raises
    ------
    DataError
        If the measure is not scored, or a session stands twice.
    """
    if key not in totals.columns:
        raise DataError(f"totals.{key}: the column is missing; score {key} first")
    scored = totals.loc[totals[key].notna(), ["pseudonym", "referral", "occasion", key]]
    scored = scored.sort_values(["pseudonym", "referral", "occasion"], ignore_index=True)
    if twice := int(scored.duplicated(["pseudonym", "referral", "occasion"]).sum()):
        raise DataError(f"totals: {twice:,} rows repeat pseudonym, referral and occasion (rule unique_occasion)")
    new = ~scored.duplicated(["pseudonym", "referral"])
    return Sessions(
        keys=scored[["pseudonym", "referral"]],
        course=np.cumsum(new.to_numpy(dtype=np.int64)),
        number=scored["occasion"].to_numpy(dtype=np.int64),
        score=scored[key].to_numpy(dtype=np.float64),
    )


@dataclass(frozen=True, slots=True)
class Window:
    """The scores on one side of an interval.

    Parameters
    ----------
    n : ndarray of float
        Scores present.
    mean : ndarray of float
        Their mean; NaN where none.
    squares : ndarray of float
        Sum of squared distances from the mean.
    """

    n: Floats
    mean: Floats
    squares: Floats


def _window(course: Sessions, offsets: Sequence[int]) -> Window:
    scores = np.array([course.at(offset) for offset in offsets])
    there = ~np.isnan(scores)
    n = there.sum(axis=0).astype(np.float64)
    mean = np.where(there, scores, 0).sum(axis=0) / np.where(n > 0, n, np.nan)
    squares = np.where(there, (scores - mean) ** 2, 0).sum(axis=0)
    return Window(n, mean, squares)


def critical_values(degrees: Floats, criteria: SuddenChangeCriteria) -> Floats:
    """Give the critical t value for the scores that are present.

    Parameters
    ----------
    degrees : ndarray of float
        Degrees of freedom: scores before and after, less two.
    criteria : SuddenChangeCriteria
        Level and number of decimals.

    Returns
    -------
    ndarray of float
        Two-sided critical values; NaN below one degree of freedom.

    Examples
    --------
    >>> critical_values(np.array([4.0, 3.0, 2.0]), sudden_change_criteria())
    array([2.776, 3.182, 4.303])
    """
    upper = 1 - float(criteria.two_sided_alpha) / 2
    possible = np.where(degrees >= 1, degrees, np.nan)
    return np.round(student.ppf(upper, possible), criteria.critical_decimals)


def _limit(key: str, smallest: Threshold | None) -> Threshold:
    limit = smallest or instrument(key).reliable_change
    if limit is None:
        raise ConfigError(
            f"{key} has no published reliable-change index; pass `smallest` with the change that counts as large"
        )
    return limit


def _given_back(course: Sessions, after: Floats, change: Floats, sign: int, share: float) -> NDArray[np.bool_]:
    # Did a later score of the course give back this share of the change? The worst score from each session on comes by
    # a running maximum from the end.
    worsening = pd.Series(sign * course.score)[::-1]
    worst_from = worsening.groupby(course.course[::-1]).cummax()[::-1].to_numpy(dtype=np.float64)
    worst_later = np.append(worst_from[1:], np.nan)
    last = np.append(course.course[1:] != course.course[:-1], True)
    worst_later = np.where(last, np.nan, worst_later)
    return np.asarray(decimal_steps(worst_later) >= decimal_steps(sign * after + share * change))


def sudden_gains(
    totals: pd.DataFrame,
    key: str,
    *,
    kind: str = "gain",
    criteria: str | None = None,
    smallest: Threshold | None = None,
) -> pd.DataFrame:
    """Find sudden gains, or sudden losses, between two neighbouring sessions.

    A gain from session n to n + 1 is sudden when (1) it is at least the instrument's reliable change, (2) it is at
    least a quarter of the score at n, and (3) the mean of sessions n-2, n-1, n exceeds that of n+1, n+2, n+3 by more
    than the critical t value times the pooled standard deviation. At least two scores must be there on each side,
    those at n and n + 1 among them; the critical value follows the scores present. A loss is the mirror image.

    Parameters
    ----------
    totals : DataFrame
        As `scoring.totals` returns them; the occasion number is the session number, so that a gap in it is a missing
        session.
    key : str
        Key of the instrument.
    kind : str, default "gain"
        "gain" (scores fall) or "loss" (scores rise).
    criteria : str, optional
        Key of the criteria; by default Tang and DeRubeis 1999.
    smallest : Threshold, optional
        Change that counts as large, for an instrument without a published reliable-change index.

    Returns
    -------
    DataFrame
        One row a sudden change: pseudonym, referral, kind, occasion_before, occasion_after, score_before, score_after,
        score_change (points, positive), n_before, n_after, critical_value, reversed (half of it was given back later).

    Raises
    ------
    ConfigError
        If `kind` is not known, or the instrument has no reliable-change index and `smallest` is not given.

    Notes
    -----
    Criterion 2 for losses asks for a rise of at least a quarter of the score before. The R package `suddengains`
    compares the signed change with the positive share there, which every rise meets.

    References
    ----------
    Tang TZ, DeRubeis RJ (1999), Journal of Consulting and Clinical Psychology 67:894-904. Wiedemann M and others
    (2020), PLOS ONE 15:e0230276.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind must be one of {KINDS}, got {kind!r}")
    rules = sudden_change_criteria(criteria) if criteria else sudden_change_criteria()
    limit, course = _limit(key, smallest), sessions(totals, key)
    sign = 1 if kind == "gain" else -1
    before, after = course.score, course.at(1)
    change = sign * (before - after)
    earlier, later = _window(course, range(1 - rules.window, 1)), _window(course, range(1, rules.window + 1))
    degrees = earlier.n + later.n - 2
    critical = critical_values(degrees, rules)
    spread = np.sqrt((earlier.squares + later.squares) / np.where(degrees > 0, degrees, np.nan))
    enough = (earlier.n >= rules.minimum_scores) & (later.n >= rules.minimum_scores)
    large = limit.met(change)
    share = decimal_steps(change) >= decimal_steps(float(rules.smallest_share) * before)
    clear = sign * (earlier.mean - later.mean) > critical * spread
    found = np.flatnonzero(enough & large & share & clear)
    returned = _given_back(course, after, change, sign, float(rules.reversal_share))
    return (
        course.keys.iloc[found]
        .reset_index(drop=True)
        .assign(
            kind=kind,
            occasion_before=course.number[found],
            occasion_after=course.number[found] + 1,
            score_before=before[found],
            score_after=after[found],
            score_change=change[found],
            n_before=earlier.n[found].astype(np.int64),
            n_after=later.n[found].astype(np.int64),
            critical_value=critical[found],
            reversed=returned[found],
        )
    )


def effect_sizes(outcomes: pd.DataFrame, measures: Sequence[str] = ("phq9", "anxiety")) -> pd.DataFrame:
    """Say how much scores changed from first to last, in points and in standard deviations of the first score.

    Parameters
    ----------
    outcomes : DataFrame
        As `outcomes.outcomes` returns it: `{measure}_first` and `{measure}_last`, and finished.
    measures : sequence of str
        Names before `_first` and `_last`. The anxiety measure is compared where it is the same for all; see Notes.

    Returns
    -------
    DataFrame
        measure, n (finished courses with a pair), mean_first, sd_first, mean_last, sd_last, mean_change (positive:
        better), effect_size (mean change over sd_first, as in the national reports).

    Notes
    -----
    Anxiety scores of different questionnaires do not share a scale: for "anxiety" only courses judged on the most
    frequent measure are used, and its key stands in the `measure` column.
    """
    rows = []
    finished = outcomes.loc[outcomes["finished"].to_numpy(dtype=bool)]
    for measure in measures:
        first, last, name, own = f"{measure}_first", f"{measure}_last", measure, finished
        if f"{measure}_measure" in finished.columns and len(finished):
            name = str(finished[f"{measure}_measure"].mode().iloc[0])
            own = finished[finished[f"{measure}_measure"].eq(name)]
        pair = own[[first, last]].dropna()
        means, sds = pair.mean(), pair.std(ddof=1)
        gap = means[first] - means[last]
        effect = gap / sds[first] if sds[first] > 0 else np.nan
        rows.append((name, len(pair), means[first], sds[first], means[last], sds[last], gap, effect))
    columns = ["measure", "n", "mean_first", "sd_first", "mean_last", "sd_last", "mean_change", "effect_size"]
    return pd.DataFrame(rows, columns=columns)
