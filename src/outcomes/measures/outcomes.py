"""Did people get better? Caseness, recovery and reliable change of a course: true, false, or not assessable and why."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.measures.anxiety import choose_anxiety_measure
from outcomes.measures.judging import course_flags, three_valued, why_not_assessable
from outcomes.measures.pairs import EPISODE_KEY, first_last
from outcomes.reference.codelists import code_list
from outcomes.reference.rules import RuleEdition, edition_of, rule_edition

Flags = NDArray[np.bool_]

COURSES: Final = ("completed", "all")
OUTCOME_COLUMNS: Final = (
    "paired",
    "at_caseness",
    "not_at_caseness",
    "recovery",
    "reliable_improvement",
    "reliable_deterioration",
    "no_reliable_change",
    "reliable_recovery",
    "dropped_out",
)
SILENT_END_KINDS: Final = frozenset({"unknown", "retired"})


def counted_courses(episodes: pd.DataFrame, courses: str = "completed") -> Flags:
    """Say which courses are counted in the denominators.

    Parameters
    ----------
    episodes : DataFrame
        One row an episode; reads completed and open where they are there.
    courses : str, default "completed"
        "completed": completed courses, and every closed one where completion is not known (no contacts table). "all":
        every episode.

    Returns
    -------
    ndarray of bool
        One entry an episode.

    Raises
    ------
    ConfigError
        If `courses` is neither of the two.
    """
    if courses not in COURSES:
        raise ConfigError(f"courses must be one of {COURSES}, got {courses!r}")
    if courses == "all":
        return np.ones(len(episodes), dtype=bool)
    # Without a contacts table nobody knows which courses were completed: every closed one counts.
    completed, is_open = _flag(episodes, "completed", missing=True), _flag(episodes, "open", missing=False)
    return completed & ~is_open


def _flag(episodes: pd.DataFrame, column: str, *, missing: bool) -> Flags:
    if column not in episodes.columns:
        return np.full(len(episodes), missing)
    return episodes[column].astype("boolean").to_numpy(dtype=bool, na_value=missing)


def dropped_out(episodes: pd.DataFrame, edition: RuleEdition | None = None) -> pd.Series:
    """Say who ended treatment earlier than the professional planned.

    Parameters
    ----------
    episodes : DataFrame
        One row an episode; reads end_reason where it is there.
    edition : RuleEdition, optional
        The rules; by default the current edition.

    Returns
    -------
    Series of boolean
        True for the drop-out end reasons, False for every other known one; missing where the reason is blank, not
        legal, or says that it is not known.
    """
    rules = edition or rule_edition()
    if "end_reason" not in episodes.columns:
        return pd.Series(pd.array([pd.NA] * len(episodes), dtype="boolean"), index=episodes.index, name="dropped_out")
    listed = code_list("end_code")
    reasons = listed.clean(episodes["end_reason"])
    silent = listed.kind(reasons).isin(SILENT_END_KINDS) | reasons.isna()
    left = reasons.isin(rules.dropped_out_end_codes)
    values = three_valued(left.to_numpy(dtype=bool), ~silent.to_numpy(dtype=bool))
    return pd.Series(values, index=episodes.index, name="dropped_out")


def outcomes(
    episodes: pd.DataFrame,
    totals: pd.DataFrame,
    *,
    edition: RuleEdition | str | None = None,
    contacts: pd.DataFrame | None = None,
    courses: str = "completed",
) -> pd.DataFrame:
    """Judge every course: whether it ended below caseness, and whether it changed reliably.

    Caseness is judged on two measures, the depression measure and the anxiety measure of the recorded problem.
    Recovery: at caseness on either at first, below on both at last. Reliable improvement: at least one measure down by
    its index and neither up by its index; deterioration the reverse; a change that goes both ways is neither. Reliable
    recovery: both.

    Parameters
    ----------
    episodes : DataFrame
        One row an episode: pseudonym, referral; where there, problem_descriptor, completed, open, end_day, end_reason.
    totals : DataFrame
        As `scoring.totals` returns them.
    edition : RuleEdition or str, optional
        The rules or their key; by default the current edition.
    contacts : DataFrame, optional
        Contacts, by which scores of follow-up appointments are left out.
    courses : str, default "completed"
        "completed": only completed courses are judged, as in the national figures (every closed one where completion is
        not known). "all": every episode with scores.

    Returns
    -------
    DataFrame
        One row an episode in the order of `episodes`: pseudonym, referral, finished (bool: counted in denominators),
        phq9_first, phq9_last, anxiety_measure, anxiety_first, anxiety_last, n_paired (measures with a pair), n_imputed
        (imputed items behind the four scores), caseness_threshold_known, change_threshold_known (bool), the
        three-valued columns of `OUTCOME_COLUMNS` (missing: not assessable; recovery only for those at caseness at
        first), and not_assessable_because (missing where assessable).

    Raises
    ------
    ConfigError
        If `courses` or the edition is not known.
    DataError
        If `totals` has neither a column for the depression measure nor one for the usual anxiety measure, or an episode
        stands twice.
    """
    rules = edition_of(edition)
    mood = rules.depression_instrument
    if not {mood, rules.anxiety_instrument} & set(totals.columns):
        raise DataError(f"totals: neither {mood} nor {rules.anxiety_instrument} is scored")
    scores = first_last(episodes, totals, (mood, *rules.anxiety_instruments), edition=rules, contacts=contacts)
    depression, choice = scores[mood], choose_anxiety_measure(episodes, scores, rules)
    counted = counted_courses(episodes, courses)
    flags = course_flags(depression, choice, counted, rules)
    known = np.asarray(flags["caseness_threshold_known"]) & np.asarray(flags["change_threshold_known"])
    return (
        episodes[list(EPISODE_KEY)]
        .reset_index(drop=True)
        .assign(
            finished=counted,
            **{f"{mood}_first": depression.first, f"{mood}_last": depression.last},
            anxiety_measure=pd.array(choice.measure, dtype="str"),
            anxiety_first=choice.scores.first,
            anxiety_last=choice.scores.last,
            n_paired=depression.paired.astype(np.int64) + choice.scores.paired,
            n_imputed=depression.n_imputed + choice.scores.n_imputed,
            **flags,
            dropped_out=dropped_out(episodes, rules).array,
            not_assessable_because=why_not_assessable(depression, choice, counted, known),
        )
    )
