"""The second half of the prognosis step: every way to end, with its change of scores, and the open cases."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import pandas as pd

from outcomes.errors import DataError
from outcomes.prognosis.crew import Crew
from outcomes.prognosis.doubt import Doubt
from outcomes.prognosis.endings import Ended, ended
from outcomes.prognosis.individual import Lessons, Taught, teach
from outcomes.prognosis.joint import JointValidation, judge_joint
from outcomes.prognosis.splits import as_recorded, by_patient
from outcomes.prognosis.stacked import Stack, stack
from outcomes.prognosis.timeline import Courses
from outcomes.reference.groups import groupings
from outcomes.studies.experiment import PrognosisSettings
from outcomes.studies.flagged import flags_until
from outcomes.studies.materials import Materials
from outcomes.studies.progress import Progress, silent

STEPS: Final = 4


@dataclass(frozen=True)
class JointForecast:
    """What was found about the ways to end.

    `counts`: finished referrals by ending and change. `validation` and `taught` are None where the data do not bear
    them; `lacking` says why. `later` is the validation by time (learnt from what had been recorded by a day, judged on
    those referred from then on); None where the feed has no quarters or the later ones are too short. `rows` (patient
    level) are those that taught and were judged.
    """

    counts: pd.DataFrame
    validation: JointValidation | None
    taught: Taught | None
    lacking: str = ""
    later: JointValidation | None = None
    rows: Stack | None = None


def joint_forecast(
    materials: Materials,
    settings: PrognosisSettings,
    *,
    seed: int,
    processes: Crew | int = 1,
    progress: Progress = silent,
) -> JointForecast | None:
    """Foretell every way to end, judge it on unseen patients, and learn what to say of open cases.

    Parameters
    ----------
    materials
        Episodes, answers, scores, outcomes.
    settings
        Landmarks, horizon, folds, resamples.
    seed
        Seed of folds, models and resamples.
    processes
        How many fits at a time, or the crew that does them; the results do not depend on it.
    progress
        Told how far the work is.

    Returns
    -------
    JointForecast or None
        None where it was not asked for, or the feed has neither outcomes nor ends.
    """
    if not settings.joint_endings or materials.outcomes is None or materials.episodes["end_day"].isna().all():
        return None
    step = "Foretelling the ways to end"
    progress(step, 0, STEPS)
    courses, endings = _known(materials, materials.outcomes, settings)
    lessons, crew = _lessons(materials, settings, seed), Crew.of(processes)
    try:
        rows = stack(courses, sessions=lessons.sessions, weeks=lessons.weeks)
        progress(step, 1, STEPS)
        judge = partial(
            judge_joint,
            courses,
            rows,
            endings,
            lessons=lessons,
            n_bootstrap=min(settings.resamples, 200),
            workers=crew,
        )
        folds = by_patient(materials.episodes["pseudonym"], settings.ending_folds, seed)
        there = tuple(name for name in groupings() if name in materials.episodes)
        kind = materials.opened.view.kind
        parts: list[Callable[[], Any]] = [  # last what can be parted most finely, so that nobody waits at the end
            lambda: judge(splits=folds, groups=there),
            lambda: _by_time(materials, judge, settings.horizon_weeks),
            lambda: teach(courses, endings, trained_on=kind, lessons=lessons, rows=rows, workers=crew),
        ]
        judged, later, learnt = crew.together(parts, done=lambda done, _: progress(step, 1 + done, STEPS))
    except DataError as lacking:
        progress(step, STEPS, STEPS)
        return JointForecast(endings.counts, None, None, str(lacking))
    learnt = replace(learnt, doubt=Doubt.learn(judged.past))
    return JointForecast(endings.counts, judged, learnt, later=later, rows=rows)


def _lessons(materials: Materials, settings: PrognosisSettings, seed: int) -> Lessons:
    return Lessons(
        sessions=settings.landmarks,
        horizon_weeks=settings.horizon_weeks,
        interval_weeks=settings.interval_weeks,
        resamples=settings.probability_resamples,
        instruments=materials.instruments,
        level=settings.score_level,
        seed=seed,
    )


def _known(materials: Materials, outcomes: pd.DataFrame, settings: PrognosisSettings) -> tuple[Courses, Ended]:
    # what happened before flags were shown, where they were
    courses = Courses(
        materials.episodes, materials.occasions, materials.totals, materials.contacts, clock=settings.clock
    )
    endings, until = ended(materials.episodes, outcomes), flags_until(materials)
    return (courses, endings) if until is None else (courses.until(until), endings.known_by(until))


def _by_time(materials: Materials, judge: Callable[..., JointValidation], mature_weeks: int) -> JointValidation | None:
    if materials.episodes["quarter"].isna().all():
        return None
    found = as_recorded(materials.episodes, mature_weeks=mature_weeks)
    try:
        return None if found is None else judge(splits=[found[0]], until=found[1])
    except DataError:
        return None  # too little had been recorded by then
