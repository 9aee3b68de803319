"""The prognosis step: models at each landmark beside their baselines, judged on unseen people, explained."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.measures.targets import Target as NamedTarget
from outcomes.measures.targets import target as named_target
from outcomes.prognosis.acting import at_threshold, distributions
from outcomes.prognosis.bench import FEWEST_EACH
from outcomes.prognosis.catalogue import FeatureTable
from outcomes.prognosis.crew import Crew
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

BOOSTED: Final = "boosted_trees"
PREVALENCE: Final = "prevalence"
ANTICIPATED_AUROC = 0.75  # assumed before anything is fitted
_Group: TypeAlias = tuple[int, str, pd.DataFrame]  # landmark, model, its predictions of unseen people


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
    work = _Work(materials, settings, states if settings.use_states else None, goal, seed, Crew(processes), progress)
    parts: list[Callable[[], Any]] = [work.joint, work.judged, work.models]  # the longest first
    with warnings.catch_warnings(record=True) as caught:
        # A discrimination that looks like leakage belongs in the report, where the reader is, not on the terminal.
        warnings.simplefilter("always", LeakageWarning)
        joint, judged, models = work.crew.together(parts)
    return Forecast(target=goal, warnings=_suspicions(caught), joint=joint, **judged, **models)


@dataclass(frozen=True)
class _Work:
    # three pieces that a crew does side by side: every way to end, the models judged on others, the models themselves

    materials: Materials
    settings: PrognosisSettings
    states: States | None
    goal: Target
    seed: int
    crew: Crew
    progress: Progress

    @cached_property
    def courses(self) -> Courses:
        made = self.materials
        return Courses(made.episodes, made.occasions, made.totals, made.contacts, clock=self.settings.clock)

    def joint(self) -> JointForecast | None:
        return joint_forecast(
            self.materials, self.settings, seed=self.seed, processes=self.crew, progress=self.progress
        )

    def judged(self) -> dict[str, Any]:
        settings, states = self.settings, self.states
        dated = bool(self.materials.episodes["quarter"].notna().any())
        plan = Plan(
            landmarks=settings.landmarks,
            n_folds=settings.folds,
            validations=(BY_PATIENT, *([BY_TIME] * dated), *([BY_SERVICE] * settings.leave_services_out)),
            n_bootstrap=settings.resamples,
            seed=self.seed,
            workers=self.crew.workers,
            mature_weeks=settings.horizon_weeks,
        )
        step = "Judging predictions on unseen patients"
        judged = validate(
            self.courses,
            self.goal.values,
            contenders(
                self.materials.instruments[0],
                seed=self.seed,
                imputations=settings.imputations,
                one_chance=_one_chance(self.materials, self.goal, settings),
            ),
            plan=plan,
            transformer=None if states is None else StateProbabilities(states.trajectories.columns, states.model),
            progress=lambda done, of: self.progress(step, done, of),
            crew=self.crew,
        )
        curve, benefit, acting, spread = (
            _stack(self.crew.map(one, _groups(judged))) for one in (_curve, _benefit, self._acting, _spread)
        )
        return {
            "validation": judged,
            "curve": curve,
            "benefit": benefit,
            "acting": acting,
            "spread": spread,
            "services": across_services(judged.predictions),
        }

    def models(self) -> dict[str, Any]:
        settings, states = self.settings, self.states
        fitted = fit_landmarks(
            self.courses,
            self.goal.values,
            BoostedTrees(random_state=self.seed),
            landmarks=settings.landmarks,
            extra=None if states is None else state_table(states.model, states.trajectories),
            workers=self.crew,
        )
        step = "Explaining the predictions"
        looked = self.crew.map(
            self._looked, sorted(fitted.items()), done=lambda done, of: self.progress(step, done, of)
        )
        return {
            "fitted": fitted,
            "models": {landmark: pack(one.model) for landmark, one in fitted.items()},
            "membership": {one.landmark: one.membership for one in looked},
            "importance": _stack([one.importance for one in looked]),
            "corrected": _stack([one.corrected for one in looked]),
            "moved": _stack([part for one in looked for part in one.moved]),
            "needed": _needed(fitted),
        }

    def _looked(self, numbered: tuple[int, FittedLandmark]) -> "_Looked":
        landmark, one = numbered
        ending = self.courses.episodes[KEY].assign(
            outcome=self.goal.values.to_numpy(dtype=float, na_value=float("nan"))
        )
        outcome = one.table.keys.merge(ending, on=KEY, how="left")["outcome"]
        known = outcome.notna().to_numpy()
        taught = (
            one.table.frame.loc[known].reset_index(drop=True),
            outcome[known].astype(int).to_numpy(),
            one.table.keys["pseudonym"][known].to_numpy(),
        )
        resamples, corrected = self.settings.optimism_resamples, None
        if resamples:
            corrected = optimism(one.model, *taught, n_resamples=resamples, random_state=self.seed)
        return _Looked(
            landmark,
            importance(explain(one.model, one.table)).assign(landmark=landmark),
            membership(one.model, *taught, random_state=self.seed),
            None if corrected is None else corrected.assign(landmark=landmark),
            tuple(drift(*sides).assign(landmark=landmark) for sides in self._sides(one)),
        )

    def _sides(self, one: FittedLandmark) -> list[tuple[FeatureTable, FeatureTable]]:
        # the features of those that teach and of those that are judged by time
        sides, every = [], self.courses.episodes
        for split in by_time(every, mature_weeks=self.settings.horizon_weeks):
            flags = every[KEY].assign(early=split.training, late=split.judged)
            beside = one.table.keys.merge(flags, on=KEY, how="left")
            early, late = (_rows(one.table, beside[side].to_numpy(dtype=bool)) for side in ("early", "late"))
            if min(len(early.frame), len(late.frame)) >= FEWEST_EACH:
                sides.append((early, late))
        return sides

    def _acting(self, group: tuple[int, str, pd.DataFrame]) -> pd.DataFrame | None:
        (landmark, model, part), settings, bad = group, self.settings, self.goal.adverse
        if model == PREVALENCE or min(part["outcome"].sum(), (1 - part["outcome"]).sum()) == 0:
            return None
        found = at_threshold(
            part["outcome"] if bad else 1 - part["outcome"],
            part["probability"] if bad else 1 - part["probability"],
            threshold=settings.threshold,
            pseudonyms=part["pseudonym"].to_numpy(dtype=str),
            n_bootstrap=settings.resamples,
            random_state=self.seed,
        )
        return found.assign(landmark=landmark, model=model)


@dataclass(frozen=True)
class _Looked:
    # what a landmark's model shows of itself
    landmark: int
    importance: pd.DataFrame
    membership: Membership
    corrected: pd.DataFrame | None
    moved: tuple[pd.DataFrame, ...]


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
    return OneChance(wanted.remedies_by, settings.threshold, int(goal.adverse))


def _stack(parts: Sequence[pd.DataFrame | None]) -> pd.DataFrame:
    found = [part for part in parts if part is not None]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _groups(judged: Validation) -> list[_Group]:
    held = judged.predictions.loc[judged.predictions["validation"].eq(BY_PATIENT)]
    compared = held.loc[held["model"].ne(ONE_CHANCE)]  # a remedy: the ledger of remedies shows it
    return [
        (int(str(landmark)), str(model), part.loc[part["outcome"].notna()])
        for (landmark, model), part in compared.groupby(["landmark", "model"], sort=True)
    ]


def _curve(group: _Group) -> pd.DataFrame | None:
    landmark, model, part = group
    if model == PREVALENCE:
        return None
    curve = calibration(part["outcome"], part["probability"]).curve
    return curve.assign(landmark=landmark, model=model, bin=range(1, len(curve) + 1))


def _benefit(group: _Group) -> pd.DataFrame | None:
    landmark, model, part = group
    if model == PREVALENCE:
        return None
    found = net_benefit(part["outcome"], part["probability"], THRESHOLDS)
    return found.rename(columns={"model": "model_benefit"}).assign(landmark=landmark, model=model)


def _spread(group: _Group) -> pd.DataFrame | None:
    landmark, model, part = group
    if model != BOOSTED:
        return None
    return distributions(part["outcome"], part["probability"]).assign(landmark=landmark, model=model)


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


def _rows(table: FeatureTable, chosen: NDArray[np.bool_]) -> FeatureTable:
    return replace(
        table, frame=table.frame.loc[chosen].reset_index(drop=True), keys=table.keys.loc[chosen].reset_index(drop=True)
    )
