"""How well would each model have foretold endings it had not seen, landmark by landmark?"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis import splits as splitting
from outcomes.prognosis.catalogue import FeatureTable
from outcomes.prognosis.evaluation import THRESHOLDS, evaluate
from outcomes.prognosis.features import extra_features, features_of
from outcomes.prognosis.forecaster import Forecaster
from outcomes.prognosis.guard import check_extra
from outcomes.prognosis.models import BoostedTrees, OneVariable, PenalisedLogistic, Prevalence
from outcomes.prognosis.splits import Split
from outcomes.prognosis.timeline import KEY, Courses, sittings

FEWEST_EACH = 10  # people with and without the outcome below which nothing is fitted
PREDICTIONS = ["pseudonym", "referral", "landmark", "model", "validation", "fold", "probability", "outcome"]


class OccasionTransformer(Protocol):
    """Something learnt from questionnaires (states, for example) that is learnt afresh inside every training fold."""

    def fit(self, occasions: pd.DataFrame) -> Self:
        """Learn from the questionnaires of the training patients."""

    def transform(self, occasions: pd.DataFrame) -> pd.DataFrame:
        """Give pseudonym, referral, occasion and columns that were known at that occasion (filtered, not smoothed)."""


@dataclass(frozen=True)
class Contender:
    """A model with a name; `sensitive` says whether it sees sensitive attributes."""

    name: str
    model: Forecaster
    sensitive: bool = True


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
        1 or 2 fits at a time; the results do not depend on it.
    """

    landmarks: tuple[int, ...] = (0, 1, 2, 3, 4)
    n_folds: int = 5
    validations: tuple[str, ...] = (splitting.BY_PATIENT, splitting.BY_TIME)
    n_bootstrap: int = 200
    thresholds: tuple[float, ...] = THRESHOLDS
    seed: int = 0
    workers: int = 1

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
class Validation:
    """What came of it.

    `metrics`: one row a landmark, model, validation and metric: n_at_risk, n, n_events, value, low, high. `predictions`
    (patient level): pseudonym, referral, landmark, model, validation, fold, probability, outcome. `counts`: one row a
    landmark: who was at risk, who was left out and why, and `status`.
    """

    metrics: pd.DataFrame
    predictions: pd.DataFrame
    counts: pd.DataFrame
    models: Mapping[str, str] = field(default_factory=dict)


def contenders(total: str, *, seed: int = 0) -> tuple[Contender, ...]:
    """Say which models are always shown beside each other.

    Parameters
    ----------
    total : str
        Instrument whose latest total is the one-variable baseline, "phq9".
    seed : int
        Seed of models that draw.

    Returns
    -------
    tuple of Contender
        Boosted trees with and without sensitive attributes, penalised logistic, one variable, prevalence.
    """
    return (
        Contender("boosted_trees", BoostedTrees(random_state=seed)),
        Contender("boosted_trees_without_sensitive", BoostedTrees(random_state=seed), sensitive=False),
        Contender("penalised_logistic", PenalisedLogistic(random_state=seed)),
        Contender(f"{total}_alone", OneVariable(f"{total}_now")),
        Contender("prevalence", Prevalence()),
    )


def validate(
    courses: Courses,
    target: pd.Series,
    models: Sequence[Contender],
    *,
    plan: Plan | None = None,
    transformer: OccasionTransformer | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Validation:
    """Say how well each model foretells the target for people it has not seen.

    Parameters
    ----------
    courses : Courses
        The tables.
    target : Series of boolean, shape (n_episodes,)
        In the order of ``courses.episodes``; <NA> is left out and counted (see `outcomes.prognosis.targets`).
    models : sequence of Contender
        See `contenders`.
    plan : Plan, optional
        Landmarks, folds, seeds.
    transformer : OccasionTransformer, optional
        Learnt afresh on the training patients of each split; its columns join the features.
    progress : callable, optional
        Called with steps done and steps in all.

    Returns
    -------
    Validation
        Metrics with intervals over patients, out-of-fold probabilities, counts. A landmark with fewer than ten people
        with or without the outcome is not fitted; `counts.status` says so.

    Raises
    ------
    DataError
        If the target does not have one value an episode.
    """
    settings = Plan() if plan is None else plan
    if len(target) != len(courses.episodes):
        raise DataError(
            f"target: {len(target)} values for {len(courses.episodes)} episodes (rule one value an episode)"
        )
    bench = _Bench(courses, target, tuple(models), settings)
    with threadpool_limits(limits=1), ThreadPoolExecutor(settings.workers) as pool:
        extras = (
            [None] * len(bench.splits) if transformer is None else [bench.extra(transformer, s) for s in bench.splits]
        )
        tasks = [(split, extra, s) for split, extra in zip(bench.splits, extras, strict=True) for s in bench.fitted]
        parts: list[pd.DataFrame] = []
        for number, part in enumerate(pool.map(lambda task: bench.predict(*task), tasks), start=1):
            parts.append(part)
            if progress is not None:
                progress(number, len(tasks))
        predictions = _stacked(parts)
        groups = list(predictions.groupby(["landmark", "model", "validation"], sort=True))
        figures = list(pool.map(lambda group: bench.judge(group[1]), groups))
    metrics = pd.concat(
        [
            table.assign(
                landmark=name[0], model=name[1], validation=name[2], n_at_risk=bench.tables[name[0]].counts["at_risk"]
            )
            for (name, _), table in zip(groups, figures, strict=True)
            if table is not None
        ]
        or [
            pd.DataFrame(
                columns=[
                    "metric",
                    "n",
                    "n_events",
                    "value",
                    "low",
                    "high",
                    "landmark",
                    "model",
                    "validation",
                    "n_at_risk",
                ]
            )
        ],
        ignore_index=True,
    )
    order = ["landmark", "model", "validation", "metric", "n_at_risk", "n", "n_events", "value", "low", "high"]
    return Validation(metrics[order], predictions, bench.counts())


class _Bench:
    """Tables, splits and outcome of one validation; every method only reads."""

    def __init__(self, courses: Courses, target: pd.Series, models: tuple[Contender, ...], plan: Plan) -> None:
        self.courses, self.models, self.plan = courses, models, plan
        self.filled = sittings(courses)
        self.tables = {s: features_of(courses, s, filled=self.filled) for s in plan.landmarks}
        place = courses.episodes[KEY].astype("str").assign(place=np.arange(len(courses.episodes)))
        self.places = {
            s: table.keys.merge(place, on=KEY, how="left", validate="one_to_one")["place"].to_numpy()
            for s, table in self.tables.items()
        }
        self.outcome = target.astype("boolean").to_numpy(dtype=float, na_value=np.nan)
        self.fitted = tuple(s for s in plan.landmarks if self._enough(s))
        self.splits = self._splits()

    def _splits(self) -> list[Split]:
        made = {
            splitting.BY_PATIENT: lambda: splitting.by_patient(
                self.courses.episodes["pseudonym"], self.plan.n_folds, self.plan.seed
            ),
            splitting.BY_TIME: lambda: splitting.by_time(self.courses.episodes),
            splitting.BY_SERVICE: lambda: splitting.by_service(self.courses.episodes),
        }
        return [split for name in self.plan.validations for split in made[name]()]

    def _enough(self, landmark: int) -> bool:
        y = self.outcome[self.places[landmark]]
        return bool(min((y == 1).sum(), (y == 0).sum()) >= FEWEST_EACH)

    def extra(self, transformer: OccasionTransformer, split: Split) -> pd.DataFrame:
        """Learn the transformer on the training patients of a split and apply it to everybody."""
        teaching = self.courses.episodes.loc[split.training, KEY]
        fresh: Any = clone(transformer, safe=False)
        fresh.fit(self.courses.occasions.merge(teaching, on=KEY))
        return pd.DataFrame(fresh.transform(self.courses.occasions))

    def table(self, landmark: int, extra: pd.DataFrame | None) -> FeatureTable:
        """Give the features of a landmark, with those learnt inside the fold."""
        plain = self.tables[landmark]
        if extra is None:
            return plain
        check_extra(extra, self.courses.episodes, self.filled, landmark)
        return plain.with_features(*extra_features(extra, plain.keys, self.filled, landmark))

    def predict(self, split: Split, extra: pd.DataFrame | None, landmark: int) -> pd.DataFrame:
        """Fit every model on one side of a split at a landmark and give probabilities for the other side."""
        place = self.places[landmark]
        y = self.outcome[place]
        teaching = split.training[place] & np.isfinite(y)
        judged = split.judged[place] & np.isfinite(y)
        if not judged.any() or min((y[teaching] == 1).sum(), (y[teaching] == 0).sum()) < FEWEST_EACH:
            return pd.DataFrame(columns=PREDICTIONS)
        whole = self.table(landmark, extra)
        plain = whole.without_sensitive()
        parts = []
        for one in self.models:
            table = whole if one.sensitive else plain
            if not one.sensitive and len(plain.catalogue) == len(whole.catalogue):
                continue
            who = table.keys["pseudonym"].to_numpy()
            model = clone(one.model).fit(table.frame.loc[teaching], y[teaching].astype(int), groups=who[teaching])
            part = table.keys.loc[judged].assign(
                landmark=landmark,
                model=one.name,
                validation=split.validation,
                fold=split.fold,
                probability=model.predict_proba(table.frame.loc[judged])[:, 1],
                outcome=y[judged].astype(int),
            )
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def judge(self, part: pd.DataFrame) -> pd.DataFrame | None:
        """Give the figures of one model at one landmark, or nothing where an outcome is too rare."""
        if min(part["outcome"].sum(), (1 - part["outcome"]).sum()) < FEWEST_EACH:
            return None
        return evaluate(
            part["outcome"],
            part["probability"],
            pseudonyms=part["pseudonym"].to_numpy(dtype=str),
            thresholds=self.plan.thresholds,
            n_bootstrap=self.plan.n_bootstrap,
            random_state=self.plan.seed,
        )

    def counts(self) -> pd.DataFrame:
        """Give who was at risk at each landmark and who was left out."""
        rows = []
        for landmark, table in self.tables.items():
            y: NDArray[np.float64] = self.outcome[self.places[landmark]]
            rows.append(
                {
                    "landmark": landmark,
                    **table.counts,
                    "outcome_unknown": int(np.isnan(y).sum()),
                    "n": int(np.isfinite(y).sum()),
                    "n_events": int((y == 1).sum()),
                    "status": "fitted" if landmark in self.fitted else "too few to say",
                }
            )
        return pd.DataFrame(rows)


def _stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=PREDICTIONS)
    together = pd.concat(filled, ignore_index=True)
    return together.sort_values(["landmark", "model", "validation", "pseudonym", "referral"], ignore_index=True)[
        PREDICTIONS
    ]
