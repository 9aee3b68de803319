"""Say which models compete, and how they are judged."""

from dataclasses import dataclass
from typing import Protocol, Self

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.prognosis import splits as splitting
from outcomes.prognosis.constrained import ConstrainedTrees
from outcomes.prognosis.evaluation import THRESHOLDS
from outcomes.prognosis.forecaster import Forecaster
from outcomes.prognosis.imputing import ImputedLogistic
from outcomes.prognosis.models import BoostedTrees, OneVariable, PenalisedLogistic, Prevalence

ONE_CHANCE = "boosted_trees_one_chance"


class OccasionTransformer(Protocol):
    """Something learnt from questionnaires (states, for example) that is learnt afresh inside every training fold."""

    def fit(self, occasions: pd.DataFrame) -> Self:
        """Learn from the questionnaires of the training patients."""

    def transform(self, occasions: pd.DataFrame) -> pd.DataFrame:
        """Give pseudonym, referral, occasion and columns that were known at that occasion (filtered, not smoothed)."""


@dataclass(frozen=True)
class Contender:
    """A model with a name.

    `sensitive` says whether it sees sensitive attributes. `alike` names the column of the episodes whose groups are to
    have one chance: it is handed to `fit` (see `constrained.ConstrainedTrees`), never to a prediction; such a model is
    judged by patient, at the last landmark.
    """

    name: str
    model: Forecaster
    sensitive: bool = True
    alike: str | None = None


@dataclass(frozen=True)
class Plan:
    """How the judging is done.

    Parameters
    ----------
    landmarks : tuple of int
        0 is intake.
    n_folds : int
        Folds of patients.
    validations : tuple of str
        Any of "by patient", "by time", "by service".
    n_bootstrap : int
        Resamples of patients for the intervals.
    thresholds : tuple of float
        Where the net benefit is read.
    seed : int
        Seed of folds, models and resamples.
    workers : int
        Fits at a time; the results do not depend on it.
    mature_weeks : int
        For how long a quarter's referrals must have been followed to be judged by time (see `splits.by_time`).
    """

    landmarks: tuple[int, ...] = (0, 1, 2, 3, 4)
    n_folds: int = 5
    validations: tuple[str, ...] = (splitting.BY_PATIENT, splitting.BY_TIME)
    n_bootstrap: int = 200
    thresholds: tuple[float, ...] = THRESHOLDS
    seed: int = 0
    workers: int = 1
    mature_weeks: int = splitting.MATURE_WEEKS

    def __post_init__(self) -> None:
        known = (splitting.BY_PATIENT, splitting.BY_TIME, splitting.BY_SERVICE)
        unknown = [name for name in self.validations if name not in known]
        if unknown or not self.validations:
            raise ConfigError(
                f"validations must be among {', '.join(known)}, got {', '.join(self.validations) or 'none'}"
            )
        if not self.landmarks or min(self.landmarks) < 0:
            raise ConfigError(f"landmarks must be 0 or session numbers, got {self.landmarks}")
        if self.workers < 1:
            raise ConfigError(f"workers must be at least 1, got {self.workers}")


@dataclass(frozen=True)
class OneChance:
    """Who is to have one chance to be noticed: groups of a column, when the adverse ending is this probable.

    `adverse` is 1 where the target itself is the adverse ending, 0 where missing it is.
    """

    by: str
    threshold: float
    adverse: int = 0


def contenders(
    total: str, *, seed: int = 0, imputations: int = 0, one_chance: OneChance | None = None
) -> tuple[Contender, ...]:
    """Say which models are always shown beside each other.

    Parameters
    ----------
    total : str
        Instrument whose latest total is the one-variable baseline, "phq9".
    seed : int
        Seed of models that draw.
    imputations : int
        Imputed copies of a regression beside the one with missing values as they are; 0 for none.
    one_chance : OneChance, optional
        Boosted trees that were trained under this constraint are judged too, without sensitive attributes.

    Returns
    -------
    tuple of Contender
        Boosted trees with and without sensitive attributes, penalised logistic, one variable, prevalence; a regression
        on imputed copies and constrained trees where they were asked for.
    """
    model = ImputedLogistic(n_imputations=max(imputations, 1), random_state=seed)
    imputed = (Contender("imputed_logistic", model),) if imputations else ()
    constrained: tuple[Contender, ...] = ()
    if one_chance is not None:
        trees = ConstrainedTrees(threshold=one_chance.threshold, adverse=one_chance.adverse, random_state=seed)
        constrained = (Contender(ONE_CHANCE, trees, sensitive=False, alike=one_chance.by),)
    return (
        Contender("boosted_trees", BoostedTrees(random_state=seed)),
        Contender("boosted_trees_without_sensitive", BoostedTrees(random_state=seed), sensitive=False),
        Contender("penalised_logistic", PenalisedLogistic(random_state=seed)),
        Contender(f"{total}_alone", OneVariable(f"{total}_now")),
        Contender("prevalence", Prevalence()),
        *imputed,
        *constrained,
    )
