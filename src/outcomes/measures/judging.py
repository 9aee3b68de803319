"""Where does each course stand against the thresholds? Two measures become three-valued outcomes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.measures.anxiety import AnxietyChoice
from outcomes.measures.pairs import FirstLast
from outcomes.reference.rules import RuleEdition
from outcomes.reference.thresholds import Threshold

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Judged:
    """One measure of every episode held against its thresholds; False also where there is no score or no threshold.

    Parameters
    ----------
    case_first, case_last : ndarray of bool
        At caseness on the first and on the last score.
    improved, deteriorated : ndarray of bool
        Reliably down, reliably up.
    caseness_known, change_known : ndarray of bool
        Whether the measure has a published threshold.
    """

    case_first: Flags
    case_last: Flags
    improved: Flags
    deteriorated: Flags
    caseness_known: Flags
    change_known: Flags


def _met(limit: Threshold | None, values: NDArray[np.float64]) -> Flags:
    return np.zeros(len(values), dtype=bool) if limit is None else limit.met(values)


def judge_measure(scores: FirstLast, key: str, edition: RuleEdition) -> Judged:
    """Hold first and last scores of one measure against its thresholds.

    Parameters
    ----------
    scores : FirstLast
        First and last scores, one entry an episode.
    key : str
        Key of the instrument.
    edition : RuleEdition
        The rules, with their overrides of thresholds.

    Returns
    -------
    Judged
        One entry an episode.
    """
    caseness, change = edition.caseness(key), edition.reliable_change(key)
    n = len(scores.first)
    return Judged(
        case_first=_met(caseness, scores.first),
        case_last=_met(caseness, scores.last),
        improved=_met(change, scores.first - scores.last),
        deteriorated=_met(change, scores.last - scores.first),
        caseness_known=np.full(n, caseness is not None),
        change_known=np.full(n, change is not None),
    )


def judge_anxiety(choice: AnxietyChoice, edition: RuleEdition) -> Judged:
    """Hold every episode's anxiety scores against the thresholds of its own measure.

    Parameters
    ----------
    choice : AnxietyChoice
        Measure and scores, one entry an episode.
    edition : RuleEdition
        The rules, with their overrides of thresholds.

    Returns
    -------
    Judged
        One entry an episode.
    """
    n = len(choice.measure)
    parts = [np.zeros(n, dtype=bool) for _ in Judged.__dataclass_fields__]
    for key in sorted(set(choice.measure)):
        own = judge_measure(choice.scores, key, edition)
        mine = choice.measure == key
        for part, name in zip(parts, Judged.__dataclass_fields__, strict=True):
            part[mine] = getattr(own, name)[mine]
    return Judged(*parts)


def three_valued(values: Flags, assessable: Flags) -> pd.arrays.BooleanArray:
    """Make true, false and not assessable out of values and whether they mean anything.

    Parameters
    ----------
    values, assessable : ndarray of bool
        The answer, and whether there is one.

    Returns
    -------
    BooleanArray
        Missing where not assessable.
    """
    return pd.arrays.BooleanArray(values & assessable, ~assessable)


def course_flags(
    depression: FirstLast, choice: AnxietyChoice, counted: Flags, edition: RuleEdition
) -> dict[str, pd.arrays.BooleanArray | Flags]:
    """Judge every course on its two measures together.

    Parameters
    ----------
    depression : FirstLast
        Scores of the depression measure, one entry an episode.
    choice : AnxietyChoice
        The anxiety measure of every episode and its scores.
    counted : ndarray of bool
        Which courses are judged at all.
    edition : RuleEdition
        The rules.

    Returns
    -------
    dict
        caseness_threshold_known, change_threshold_known (bool) and the three-valued outcomes, one entry an episode.
    """
    mood, anxiety = judge_measure(depression, edition.depression_instrument, edition), judge_anxiety(choice, edition)
    caseness_known = mood.caseness_known & anxiety.caseness_known
    change_known = mood.change_known & anxiety.change_known
    firsts = counted & ~np.isnan(depression.first) & ~np.isnan(choice.scores.first)
    paired = depression.paired & choice.scores.paired
    can_case, can_change = firsts & caseness_known, counted & paired & change_known
    case = mood.case_first | anxiety.case_first
    up, down = mood.deteriorated | anxiety.deteriorated, mood.improved | anxiety.improved
    recovered = ~mood.case_last & ~anxiety.case_last
    can_recover = can_case & paired & case
    return {
        "caseness_threshold_known": caseness_known,
        "change_threshold_known": change_known,
        "paired": three_valued(paired, counted),
        "at_caseness": three_valued(case, can_case),
        "not_at_caseness": three_valued(~case, can_case),
        "recovery": three_valued(recovered, can_recover),
        "reliable_improvement": three_valued(down & ~up, can_change),
        "reliable_deterioration": three_valued(up & ~down, can_change),
        "no_reliable_change": three_valued(down == up, can_change),
        "reliable_recovery": three_valued(recovered & down & ~up, can_recover & can_change),
    }


def why_not_assessable(depression: FirstLast, choice: AnxietyChoice, counted: Flags, known: Flags) -> pd.Series:
    """Say in words why a course cannot be judged.

    Parameters
    ----------
    depression : FirstLast
        Scores of the depression measure, one entry an episode.
    choice : AnxietyChoice
        The anxiety measure of every episode and its scores.
    counted : ndarray of bool
        Which courses are judged at all.
    known : ndarray of bool
        Whether both thresholds of both measures are published.

    Returns
    -------
    Series of str
        A reason; missing where every outcome is assessable.
    """
    firsts = ~np.isnan(depression.first) & ~np.isnan(choice.scores.first)
    why = np.full(len(counted), None, dtype=object)
    why[~(depression.paired & choice.scores.paired)] = "no second score on both measures"
    why[~firsts] = "first score missing"
    for key in sorted(set(choice.measure[firsts & ~known])):
        why[firsts & ~known & (choice.measure == key)] = f"no published threshold for {key}"
    why[~counted] = "course not completed"
    return pd.Series(why, dtype="str")
