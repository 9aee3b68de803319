"""Say how well each model would have foretold endings it had not seen, landmark by landmark."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from outcomes.errors import DataError
from outcomes.prognosis.bench import METRICS, PREDICTIONS, Bench
from outcomes.prognosis.crew import Crew
from outcomes.prognosis.plan import Contender, OccasionTransformer, Plan, contenders
from outcomes.prognosis.timeline import Courses

__all__ = ["Contender", "Plan", "Validation", "contenders", "validate"]


@dataclass(frozen=True)
class Validation:
    """What came of it.

    `metrics`: one row a landmark, model, validation and metric: n_at_risk, n_training (of the smallest fold), n,
    n_events, value, low, high. `predictions` (patient level): pseudonym, referral, landmark, model, validation, fold,
    n_training, probability, outcome. `counts`: one row a landmark: who was at risk, who was left out and why, `status`.
    """

    metrics: pd.DataFrame
    predictions: pd.DataFrame
    counts: pd.DataFrame


def validate(
    courses: Courses,
    target: pd.Series,
    models: Sequence[Contender],
    *,
    plan: Plan | None = None,
    transformer: OccasionTransformer | None = None,
    progress: Callable[[int, int], None] | None = None,
    crew: Crew | None = None,
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
    crew : Crew, optional
        Who does it; by default as many threads as the plan says.

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
    bench = Bench(courses, target, tuple(models), settings)
    hands = Crew(settings.workers) if crew is None else crew
    extras = [None if transformer is None else bench.learnt(transformer, split) for split in bench.splits]
    tasks = [(split, extra, s) for split, extra in zip(bench.splits, extras, strict=True) for s in bench.fitted]
    parts = hands.map(lambda task: bench.predict(*task), tasks, done=progress)
    order = ["landmark", "model", "validation", "pseudonym", "referral"]
    predictions = _stacked(parts, PREDICTIONS).sort_values(order, ignore_index=True)
    groups = [group for _, group in predictions.groupby(order[:3], sort=True)]
    metrics = _stacked(hands.map(bench.judge, groups), METRICS)
    return Validation(metrics, predictions, bench.counts())


def _stacked(parts: Sequence[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True)[columns] if filled else pd.DataFrame(columns=columns)
