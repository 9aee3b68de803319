"""The subtypes step: which latent states, how many, and what is known of each patient's state so far."""

import warnings
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import clone

from outcomes.cohort.trajectories import MISSING, ItemTrajectories, trajectories
from outcomes.errors import ConfigError, DataError, NotConvergedWarning
from outcomes.kernel.latent_markov_starts import Search
from outcomes.studies.experiment import SubtypeSettings
from outcomes.studies.judgement import Judgement, judge_states
from outcomes.studies.materials import Materials
from outcomes.studies.progress import Progress, silent
from outcomes.studies.surveyed import WeightedClasses, weighted_classes
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.selection import Selection, select_states
from outcomes.subtypes.severity import compare_with_factors

REFIT_STARTS = 5
CLASS_STARTS, CLASS_FINISHED = 10, 3
MOST_CLASSES = 7


@dataclass(frozen=True)
class States:
    """What the subtypes step found.

    The comparison of models, the chosen one, the sequences it was fitted to, the numbers of states that were asked
    for but are more than these data can tell apart, and classes beside continuous severity at first occasions (or why
    the data do not bear that comparison), how far the states can be trusted, and their shares with survey weights where
    the study has some.
    """

    selection: Selection
    trajectories: ItemTrajectories
    too_many: tuple[int, ...] = ()
    severity: pd.DataFrame | None = None
    no_severity_because: str = ""
    judgement: Judgement = field(default_factory=Judgement)
    weighted: WeightedClasses | None = None

    @property
    def model(self) -> LatentMarkov:
        """The chosen model."""
        return self.selection.model


def find_states(
    materials: Materials,
    settings: SubtypeSettings,
    *,
    seed: int,
    processes: int = 1,
    progress: Progress = silent,
) -> States:
    """Fit and compare latent Markov models of the item answers.

    Parameters
    ----------
    materials
        Episodes and answers.
    settings
        Instruments, numbers of states, starts.
    seed
        Seed of the starts.
    processes
        How many fits at a time; the results do not depend on it.
    progress
        Told how far the work is.

    Returns
    -------
    States
        The comparison and the chosen model.

    Raises
    ------
    ConfigError
        If an instrument is not known or the override was not tried.
    DataError
        If the data do not bear a fit with any of these numbers, or with the one that the override wants.
    """
    sequences = answered(materials.trajectories(settings.instruments))
    estimator = LatentMarkov(
        emissions=settings.emissions, n_starts=settings.starts, random_state=seed, n_jobs=processes
    )
    step = "Comparing numbers of latent states"
    most = most_states(sequences)
    numbers = [
        number
        for number in sorted(set(settings.states))
        if number <= most and clone(estimator).set_params(n_states=number).borne_by(sequences)
    ]
    lost = settings.chosen is not None and (
        settings.chosen > most or settings.chosen in set(settings.states) - set(numbers)
    )
    if not numbers or lost:
        raise DataError(
            f"at most {max(numbers, default=most)} states could be told apart in these answers, and "
            f"{settings.chosen or min(settings.states)} were asked for"
        )
    progress(step, 0, len(numbers))

    def fitted(what: str, done: int, total: int) -> None:
        progress(f"{step}: {what}", done, total)

    selection = select_states(
        sequences,
        numbers,
        estimator=estimator,
        override=settings.chosen,
        reason=settings.chosen_reason,
        on_progress=fitted,
    )
    progress(step, len(numbers), len(numbers))
    severity, because = _severity(sequences, max(numbers), seed=seed, progress=progress)
    judgement = judge_states(
        materials, sequences, selection, severity, settings, seed=seed, processes=processes, progress=progress
    )
    weighted, survey = None, materials.opened.experiment.survey
    if materials.survey is not None and survey is not None:
        weighted = weighted_classes(
            materials.survey, sequences, selection.model, survey, seed=seed, processes=processes, progress=progress
        )
    left_out = tuple(sorted({*settings.states} - {*numbers}))
    return States(selection, sequences, left_out, severity, because, judgement, weighted)


def _severity(
    sequences: ItemTrajectories, most: int, *, seed: int, progress: Progress
) -> tuple[pd.DataFrame | None, str]:
    # Classes against one and two continuous dimensions; the reason where the data do not bear it.
    step = "Comparing classes with continuous severity"
    estimator = LatentMarkov(n_starts=CLASS_STARTS, random_state=seed, search=Search(finished=CLASS_FINISHED))
    progress(step, 0, 1)
    try:
        found = compare_with_factors(sequences, range(1, min(most, MOST_CLASSES) + 1), estimator=estimator)
    except (ConfigError, DataError) as barred:
        return None, str(barred)
    finally:
        progress(step, 1, 1)
    return found, ""


def most_states(sequences: ItemTrajectories) -> int:
    """Say how many states could be told apart at all: no more than people, and than different rows of answers.

    Parameters
    ----------
    sequences
        Answers.

    Returns
    -------
    int
        At least 1.
    """
    given = sequences.items[(sequences.items != MISSING).any(axis=1)]
    return max(1, min(len(sequences.keys), len(np.unique(given, axis=0))))


def answered(sequences: ItemTrajectories) -> ItemTrajectories:
    """Leave out items that nobody ever answered; a model has nothing to say about them.

    Parameters
    ----------
    sequences
        Answers.

    Returns
    -------
    ItemTrajectories
        The same sequences with the items that somebody answered.
    """
    given = (sequences.items != MISSING).any(axis=0)
    names = tuple(name for name, said in zip(sequences.columns, given, strict=True) if said)
    return replace(sequences, items=sequences.items[:, given], columns=names)


class StateProbabilities:
    """Filtered state probabilities as features, learnt afresh from the training patients of each fold.

    Parameters
    ----------
    columns
        Item columns.
    model
        The chosen model, whose settings (never whose estimates) are used.
    """

    def __init__(self, columns: tuple[str, ...], model: LatentMarkov) -> None:
        self.columns = columns
        self.model = model

    def fit(self, occasions: pd.DataFrame) -> Self:
        """Fit the states to the questionnaires of the training patients.

        Parameters
        ----------
        occasions
            Their sittings.

        Returns
        -------
        StateProbabilities
            Itself, fitted.
        """
        taught = answered(trajectories(occasions, self.columns))
        self.fitted_ = LatentMarkov(
            n_states=min(self.model.n_states, most_states(taught)),
            emissions=self.model.emissions,
            n_starts=REFIT_STARTS,
            random_state=self.model.random_state,
            n_jobs=self.model.n_jobs,
            search=Search(starts=REFIT_STARTS, finished=1),
        )
        with warnings.catch_warnings():
            # A refit only makes features; the model that is reported is the chosen one, whose convergence is printed.
            warnings.simplefilter("ignore", NotConvergedWarning)
            self.fitted_.fit(taught)
        return self

    def transform(self, occasions: pd.DataFrame) -> pd.DataFrame:
        """Say how probable each state is at each sitting, given this sitting and the earlier ones only.

        Parameters
        ----------
        occasions
            Sittings of any patients. An answer that no training patient gave says nothing about a state: it counts as
            missing.

        Returns
        -------
        pandas.DataFrame
            pseudonym, referral, occasion, and ``probability_state_1`` to ``probability_state_k``.
        """
        sequences = trajectories(occasions, self.fitted_.columns_)
        known = np.column_stack(
            [np.isin(column, seen) for column, seen in zip(sequences.items.T, self.fitted_.answers_, strict=True)]
        )
        kept = np.where(known, sequences.items, np.int8(MISSING))
        return state_table(self.fitted_, replace(sequences, items=kept))


def state_table(model: LatentMarkov, sequences: ItemTrajectories) -> pd.DataFrame:
    """Put filtered state probabilities beside the sittings that they belong to.

    Parameters
    ----------
    model
        A fitted model.
    sequences
        Answers of any patients.

    Returns
    -------
    pandas.DataFrame
        One row a sitting: pseudonym, referral, occasion, ``probability_state_1`` to ``probability_state_k``.
    """
    keys = sequences.keys.iloc[sequences.sequence].reset_index(drop=True)
    names = [f"probability_state_{state}" for state in range(1, model.n_states + 1)]
    probabilities = pd.DataFrame(model.filtered(sequences), columns=names)
    return pd.concat([keys, pd.Series(sequences.occasion, name="occasion"), probabilities], axis=1)
