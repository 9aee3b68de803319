"""Which anxiety measure judges a course? The disorder-specific one where it is paired, else the general one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.measures.pairs import FirstLast
from outcomes.reference.code_cleaning import per_distinct_value
from outcomes.reference.rules import RuleEdition


@dataclass(frozen=True, slots=True)
class AnxietyChoice:
    """The anxiety measure of every episode and its scores.

    Parameters
    ----------
    measure : ndarray of str (object)
        Key of the instrument.
    scores : FirstLast
        Its first and last scores.
    """

    measure: NDArray[np.object_]
    scores: FirstLast


def specific_measure(descriptors: pd.Series, edition: RuleEdition) -> pd.Series:
    """Say which disorder-specific anxiety measure belongs to each recorded problem.

    Parameters
    ----------
    descriptors : Series of str
        ICD-10 without dot or SNOMED CT; missing where not recorded.
    edition : RuleEdition
        The rules.

    Returns
    -------
    Series of str
        Key of the instrument; missing where the general anxiety measure counts.
    """

    def one(descriptor: str) -> str | None:
        rule = edition.descriptor_rule(descriptor)
        return None if rule is None else rule.instrument

    return per_distinct_value(descriptors, one, blank=None)


def choose_anxiety_measure(
    episodes: pd.DataFrame, scores: Mapping[str, FirstLast], edition: RuleEdition
) -> AnxietyChoice:
    """Choose the anxiety measure of every episode.

    Where the recorded problem has its own measure and that measure is paired, it counts and the general one is ignored,
    even when worse. In every other case the general measure counts.

    Parameters
    ----------
    episodes : DataFrame
        One row an episode; reads problem_descriptor where it is there.
    scores : Mapping of str to FirstLast
        Scores of the general and of the specific measures, entries in the order of `episodes`.
    edition : RuleEdition
        The rules.

    Returns
    -------
    AnxietyChoice
        Measure and scores, one entry an episode.
    """
    general = scores[edition.anxiety_instrument]
    measure = np.full(len(episodes), edition.anxiety_instrument, dtype=object)
    chosen = general
    if "problem_descriptor" in episodes.columns:
        specific = specific_measure(episodes["problem_descriptor"], edition)
        for key in sorted(set(specific.dropna()) & set(scores)):
            own = scores[key]
            counts = specific.eq(key).to_numpy(dtype=bool, na_value=False) & own.paired
            measure[counts] = key
            chosen = FirstLast(
                first=np.where(counts, own.first, chosen.first),
                last=np.where(counts, own.last, chosen.last),
                first_day=np.where(counts, own.first_day, chosen.first_day),
                last_day=np.where(counts, own.last_day, chosen.last_day),
                n_imputed=np.where(counts, own.n_imputed, chosen.n_imputed),
            )
    return AnxietyChoice(measure, chosen)
