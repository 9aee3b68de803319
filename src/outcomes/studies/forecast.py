"""The prognosis step: models at each landmark beside their baselines, judged on unseen people, explained."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.measures.targets import Target as NamedTarget
from outcomes.measures.targets import target as named_target
from outcomes.prognosis.acting import at_threshold, distributions
from outcomes.prognosis.bench import FEWEST_EACH
from outcomes.prognosis.catalogue import FeatureTable
from outcomes.prognosis.evaluation import THRESHOLDS, LeakageWarning, calibration, net_benefit
from outcomes.prognosis.explanation import explain, importance
from outcomes.prognosis.models import BoostedTrees
from outcomes.prognosis.optimism import optimism
from outcomes.prognosis.packing import PackedModel, pack
from outcomes.prognosis.plan import ONE_CHANCE, OneChance, Plan, contenders
from outcomes.prognosis.pooling import across_services
from outcomes.prognosis.privacy import Membership, membership
from outcomes.prognosis.sample_size import needed_sample
from outcomes.prognosis.scoring import FittedLandmark, fit_landmarks
from outcomes.prognosis.splits import BY_PATIENT, BY_SERVICE, BY_TIME, by_time
from outcomes.prognosis.targets import Target, ended_target, untouched
from outcomes.prognosis.timeline import KEY, Courses
from outcomes.prognosis.updating import drift
from outcomes.prognosis.validation import Validation, validate
from outcomes.studies.experiment import PrognosisSettings, TargetSettings
from outcomes.studies.flagged import flags_until
from outcomes.studies.joint_endings import JointForecast, joint_forecast
from outcomes.studies.materials import Materials
from outcomes.studies.progress import Progress, silent
from outcomes.studies.states import StateProbabilities, States, state_table

BOOSTED = "boosted_trees"
ANTICIPATED_AUROC = 0.75  # assumed before anything is fitted


@dataclass(frozen=True)
class Forecast:
    """What the prognosis step found.

    `warnings` are sentences for the report; `validation` holds metrics with intervals, out-of-sample predictions
    (patient level) and counts; `curve` and `benefit` are the calibration and decision curves of all models,
    `importance` what moved the probabilities; `models` are the packed models by landmark, `membership` how well an
    attacker would know who taught them. `acting` is what flagging at the threshold would do, `spread` how probabilities
    were distributed by outcome, `needed` how many people regression would need (per landmark). `joint` holds every way
    to end; None where it was not asked for. `services` pools services left out in turn, `corrected` is what the
    bootstrap leaves of the apparent performance, `moved` says which features drifted between the quarters that teach
    and those that are judged.
    """

    target: Target
    validation: Validation
    warnings: tuple[str, ...]
    curve: pd.DataFrame
    benefit: pd.DataFrame
    importance: pd.DataFrame
    fitted: Mapping[int, FittedLandmark]
    models: Mapping[int, PackedModel]
    membership: Mapping[int, Membership]
    acting: pd.DataFrame = field(default_factory=pd.DataFrame)
    spread: pd.DataFrame = field(default_factory=pd.DataFrame)
    needed: pd.DataFrame = field(default_factory=pd.DataFrame)
    joint: JointForecast | None = None
    services: pd.DataFrame = field(default_factory=pd.DataFrame)
    corrected: pd.DataFrame = field(default_factory=pd.DataFrame)
    moved: pd.DataFrame = field(default_factory=pd.DataFrame)


def forecast(
    materials: Materials,
    settings: PrognosisSettings,
    states: States | None,
    *,
    seed: int,
    processes: int = 1,
    progress: Progress = silent,
) -> Forecast:
    """Say how well the ending can be foretold at each landmark, and what the probabilities rest on.

    Parameters
    ----------
    materials
        Episodes, answers, scores, outcomes.
    settings
        Target, landmarks, folds, resamples.
    states
        The subtypes step, whose state probabilities become features where the settings say so.
    seed
        Seed of folds, models and resamples.
    processes
        How many fits at a time; the results do not depend on it.
    progress
        Told how far the work is.

    Returns
    -------
    Forecast
        Metrics, curves, importance, packed models.

    Raises
    ------
    ConfigError
        If the target needs outcomes that the feed does not give.
    DataError
        If the tables lack what a model needs, there is no questionnaire, or there are fewer people than folds.
    """
    goal, until = aim(materials, settings.target), flags_until(materials)
    goal = goal if until is None else untouched(goal, materials.episodes, until)
    if materials.occasions.empty:
        raise DataError("the feed holds no questionnaire")
    people = materials.episodes["pseudonym"].nunique()
    if people < settings.folds:
        raise DataError(f"{people} people cannot be parted into {settings.folds} folds")
    courses = Courses(
        materials.episodes, materials.occasions, materials.totals, materials.contacts, clock=settings.clock
    )
    dated = bool(materials.episodes["quarter"].notna().any())
    plan = Plan(
        landmarks=settings.landmarks,
        n_folds=settings.folds,
        validations=(BY_PATIENT, *([BY_TIME] * dated), *([BY_SERVICE] * settings.leave_services_out)),
        n_bootstrap=settings.resamples,
        seed=seed,
        workers=processes,
    )
    use = states if settings.use_states else None
    learner = None if use is None else StateProbabilities(use.trajectories.columns, use.model)
    total = materials.instruments[0]
    step = "Judging predictions on unseen patients"
    with warnings.catch_warnings(record=True) as caught:
        # A discrimination that looks like leakage belongs in the report, where the reader is, not on the terminal.
        warnings.simplefilter("always", LeakageWarning)
        judged = validate(
            courses,
            goal.values,
            contenders(
                total, seed=seed, imputations=settings.imputations, one_chance=_one_chance(materials, goal, settings)
            ),
            plan=plan,
            transformer=learner,
            progress=lambda done, of: progress(step, done, of),
        )
        joint = joint_forecast(materials, settings, seed=seed, processes=processes, progress=progress)
    extra = None if use is None else state_table(use.model, use.trajectories)
    fitted = fit_landmarks(
        courses, goal.values, BoostedTrees(random_state=seed), landmarks=settings.landmarks, extra=extra
    )
    return Forecast(
        target=goal,
        validation=judged,
        warnings=_suspicions(caught),
        curve=_stack(_curves(judged)),
        benefit=_stack(_benefits(judged)),
        importance=_stack(_importances(fitted, progress)),
        fitted=fitted,
        models={landmark: pack(one.model) for landmark, one in fitted.items()},
        membership={landmark: _attack(one, goal, courses, seed) for landmark, one in fitted.items()},
        acting=_stack(_acting(judged, goal, settings, seed)),
        spread=_stack(_spread(judged)),
        needed=_needed(fitted),
        joint=joint,
        services=across_services(judged.predictions),
        corrected=_stack(_corrected(fitted, goal, courses, settings, seed)),
        moved=_stack(_moved(fitted, courses)),
    )


def _suspicions(caught: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    suspicious = [one for one in caught if issubclass(one.category, LeakageWarning)]
    for one in caught:
        if one not in suspicious:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    if not suspicious:
        return ()
    return (
        f"In {len(suspicious)} of the comparisons below people are ranked better than honest forecasts of therapy have "
        "been: look for a predictor that is only known at the end. At late landmarks much of it is no forecast: many "
        "courses end there, and the latest score is the last one (see the column of those without a later score).",
    )


def aim(materials: Materials, settings: TargetSettings) -> Target:
    """Say for each episode whether it ended in the way that is to be foretold.

    Parameters
    ----------
    materials
        Episodes, scores, outcomes.
    settings
        Which ending.

    Returns
    -------
    Target
        Values in the order of the episodes, counts, and the rule in words.

    Raises
    ------
    ConfigError
        If the feed gives no outcomes that the target could be read from.
    """
    if settings.kind != "remission":
        if materials.outcomes is None:
            raise ConfigError(
                f"prognosis.target.kind {settings.kind!r} needs PHQ-9 or an anxiety measure, which the experiment does "
                "not score; name the instruments in [measures], or use kind = 'remission'"
            )
        return ended_target(materials.episodes, materials.outcomes, settings.kind)
    wanted = NamedTarget(
        settings.kind,
        instrument=settings.instrument,
        at_most=settings.at_most,
        from_occasion=settings.from_occasion or 0,
    )
    values = named_target(wanted, episodes=materials.episodes, totals=materials.totals)
    counts = {
        "referrals": len(values),
        "true": int(values.eq(other=True).sum()),
        "false": int(values.eq(other=False).sum()),
        "not_known": int(values.isna().sum()),
    }
    return Target(values, counts, wanted.words())


def _one_chance(materials: Materials, goal: Target, settings: PrognosisSettings) -> OneChance | None:
    # the experiment asks for remedies by a grouping: training under a constraint is one of them
    wanted = materials.opened.experiment.fairness
    if wanted is None or wanted.remedies_by is None:
        return None
    if wanted.remedies_by not in materials.episodes:
        raise ConfigError(f"fairness.remedies_by: {wanted.remedies_by!r} is not in the feed")
    return OneChance(wanted.remedies_by, settings.threshold, int(goal.adverse))


def _stack(parts: Iterator[pd.DataFrame]) -> pd.DataFrame:
    found = list(parts)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _groups(judged: Validation) -> Iterator[tuple[int, str, pd.DataFrame]]:
    held = judged.predictions.loc[judged.predictions["validation"].eq(BY_PATIENT)]
    compared = held.loc[held["model"].ne(ONE_CHANCE)]  # a remedy: the ledger of remedies shows it
    for (landmark, model), part in compared.groupby(["landmark", "model"], sort=True):
        yield int(str(landmark)), str(model), part.loc[part["outcome"].notna()]


def _curves(judged: Validation) -> Iterator[pd.DataFrame]:
    for landmark, model, part in _groups(judged):
        if model != "prevalence":
            curve = calibration(part["outcome"], part["probability"]).curve
            yield curve.assign(landmark=landmark, model=model, bin=range(1, len(curve) + 1))


def _benefits(judged: Validation) -> Iterator[pd.DataFrame]:
    for landmark, model, part in _groups(judged):
        if model != "prevalence":
            found = net_benefit(part["outcome"], part["probability"], THRESHOLDS)
            yield found.rename(columns={"model": "model_benefit"}).assign(landmark=landmark, model=model)


def _acting(judged: Validation, goal: Target, settings: PrognosisSettings, seed: int) -> Iterator[pd.DataFrame]:
    bad = goal.adverse
    for landmark, model, part in _groups(judged):
        if model == "prevalence" or min(part["outcome"].sum(), (1 - part["outcome"]).sum()) == 0:
            continue
        found = at_threshold(
            part["outcome"] if bad else 1 - part["outcome"],
            part["probability"] if bad else 1 - part["probability"],
            threshold=settings.threshold,
            pseudonyms=part["pseudonym"].to_numpy(dtype=str),
            n_bootstrap=settings.resamples,
            random_state=seed,
        )
        yield found.assign(landmark=landmark, model=model)


def _spread(judged: Validation) -> Iterator[pd.DataFrame]:
    for landmark, model, part in _groups(judged):
        if model == BOOSTED:
            yield distributions(part["outcome"], part["probability"]).assign(landmark=landmark, model=model)


def _needed(fitted: Mapping[int, FittedLandmark]) -> pd.DataFrame:
    rows = []
    for landmark, one in sorted(fitted.items()):
        parameters = len(one.model.encoding_.names)
        plan = needed_sample(parameters, one.n_events / one.n, auroc=ANTICIPATED_AUROC)
        rows.append(
            {
                "landmark": landmark,
                "parameters": parameters,
                "n": one.n,
                "n_events": one.n_events,
                "n_needed": plan.n,
                "enough": one.n >= plan.n,
            }
        )
    return pd.DataFrame(rows)


def _importances(fitted: Mapping[int, FittedLandmark], progress: Progress) -> Iterator[pd.DataFrame]:
    step = "Explaining the predictions"
    for done, (landmark, one) in enumerate(sorted(fitted.items()), start=1):
        yield importance(explain(one.model, one.table)).assign(landmark=landmark)
        progress(step, done, len(fitted))


def _known(one: FittedLandmark, goal: Target, courses: Courses) -> pd.Series:
    # the outcome of each row of a landmark's table, NaN where it is not known
    ending = courses.episodes[KEY].assign(outcome=goal.values.to_numpy(dtype=float, na_value=float("nan")))
    return one.table.keys.merge(ending, on=KEY, how="left")["outcome"]


def _corrected(
    fitted: Mapping[int, FittedLandmark], goal: Target, courses: Courses, settings: PrognosisSettings, seed: int
) -> Iterator[pd.DataFrame]:
    if not settings.optimism_resamples:
        return
    for landmark, one in sorted(fitted.items()):
        outcome = _known(one, goal, courses)
        known = outcome.notna().to_numpy()
        yield optimism(
            one.model,
            one.table.frame.loc[known].reset_index(drop=True),
            outcome[known].astype(int).to_numpy(),
            one.table.keys["pseudonym"][known].to_numpy(),
            n_resamples=settings.optimism_resamples,
            random_state=seed,
        ).assign(landmark=landmark)


def _moved(fitted: Mapping[int, FittedLandmark], courses: Courses) -> Iterator[pd.DataFrame]:
    for split in by_time(courses.episodes):
        sides = courses.episodes[KEY].assign(early=split.training, late=split.judged)
        for landmark, one in sorted(fitted.items()):
            beside = one.table.keys.merge(sides, on=KEY, how="left")
            parts = [_rows(one.table, beside[side].to_numpy(dtype=bool)) for side in ("early", "late")]
            if min(len(part.frame) for part in parts) >= FEWEST_EACH:
                yield drift(*parts).assign(landmark=landmark)


def _rows(table: FeatureTable, chosen: NDArray[np.bool_]) -> FeatureTable:
    return replace(
        table, frame=table.frame.loc[chosen].reset_index(drop=True), keys=table.keys.loc[chosen].reset_index(drop=True)
    )


def _attack(one: FittedLandmark, goal: Target, courses: Courses, seed: int) -> Membership:
    outcome = _known(one, goal, courses)
    known = outcome.notna().to_numpy()
    return membership(
        one.model,
        one.table.frame.loc[known],
        outcome[known].astype(int),
        one.table.keys["pseudonym"][known],
        random_state=seed,
    )
