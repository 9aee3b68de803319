"""How probable is the outcome for those in treatment now? A model a landmark, each case at its latest one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone

from outcomes.errors import ConfigError
from outcomes.prognosis.bench import FEWEST_EACH
from outcomes.prognosis.catalogue import FeatureTable
from outcomes.prognosis.crew import Crew
from outcomes.prognosis.features import features_of
from outcomes.prognosis.forecaster import Forecaster
from outcomes.prognosis.timeline import KEY, Courses, sittings


@dataclass(frozen=True)
class FittedLandmark:
    """A model fitted on everyone at risk at a landmark whose ending is known; `table` holds all at risk."""

    landmark: int
    model: Forecaster
    table: FeatureTable
    n: int
    n_events: int


def fit_landmarks(
    courses: Courses,
    target: pd.Series,
    model: Forecaster,
    *,
    landmarks: Sequence[int] = (0, 1, 2, 3, 4),
    extra: pd.DataFrame | None = None,
    sensitive: bool = False,
    workers: Crew | int = 1,
) -> dict[int, FittedLandmark]:
    """Fit one model a landmark on all whose ending is known.

    Parameters
    ----------
    courses : Courses
        The tables.
    target : Series of boolean, shape (n_episodes,)
        In the order of ``courses.episodes``; <NA> does not teach.
    model : Forecaster
        Left untouched; a copy is fitted at each landmark.
    landmarks : sequence of int
        0 is intake.
    extra : DataFrame, optional
        Further columns with an occasion.
    sensitive : bool
        Whether sensitive attributes are used; by default nobody is scored by them.
    workers : Crew or int
        Fits at a time, or the crew that does them; the results do not depend on it.

    Returns
    -------
    dict of int to FittedLandmark
        Landmarks with at least ten people with and ten without the outcome; the others are left out.

    Raises
    ------
    ConfigError
        If the target does not have one value an episode.
    """
    if len(target) != len(courses.episodes):
        raise ConfigError(f"target must have one value an episode, got {len(target)} for {len(courses.episodes)}")
    filled = sittings(courses)
    outcome = courses.episodes[KEY].astype("str").assign(outcome=target.to_numpy(dtype=float, na_value=np.nan))

    def fit(landmark: int) -> FittedLandmark | None:
        table = features_of(courses, landmark, extra=extra, filled=filled)
        table = table if sensitive else table.without_sensitive()
        y = table.keys.merge(outcome, on=KEY, how="left")["outcome"].to_numpy()
        known = np.isfinite(y)
        if min((y == 1).sum(), (y == 0).sum()) < FEWEST_EACH:
            return None
        who = table.keys["pseudonym"].to_numpy()[known]
        learnt = clone(model).fit(table.frame.loc[known], y[known].astype(int), groups=who)
        return FittedLandmark(landmark, learnt, table, int(known.sum()), int((y == 1).sum()))

    return {one.landmark: one for one in Crew.of(workers).map(fit, landmarks) if one is not None}


def score_open(
    fitted: Mapping[int, FittedLandmark],
    open_cases: pd.DataFrame,
    *,
    explain: Callable[[FittedLandmark, FeatureTable], pd.DataFrame] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each open case its probability at the latest landmark it has reached.

    Parameters
    ----------
    fitted : mapping of int to FittedLandmark
        The result of `fit_landmarks`, whose tables hold the open cases too.
    open_cases : DataFrame
        pseudonym and referral of those in treatment.
    explain : callable, optional
        Takes a fitted landmark and the table of its cases and gives reasons (see `outcomes.prognosis.explanation`).

    Returns
    -------
    scores : DataFrame
        pseudonym, referral, landmark, probability, n_training; an open case without a first questionnaire is not in it.
    told : DataFrame
        What `explain` gave, all landmarks together; empty without it.
    """
    wanted = open_cases[KEY].astype("str").drop_duplicates()
    waiting = pd.MultiIndex.from_frame(wanted)
    scores, told = [], []
    for landmark in sorted(fitted, reverse=True):
        one = fitted[landmark]
        here = pd.MultiIndex.from_frame(one.table.keys[KEY].astype("str")).isin(waiting)
        if not here.any():
            continue
        keys = one.table.keys.loc[here].reset_index(drop=True)
        waiting = waiting[~waiting.isin(pd.MultiIndex.from_frame(keys[KEY].astype("str")))]
        cases = FeatureTable(
            one.table.frame.loc[here].reset_index(drop=True), keys, one.table.catalogue, landmark, one.table.counts
        )
        probability = one.model.predict_proba(cases.frame)[:, 1]
        scores.append(keys.assign(landmark=landmark, probability=probability, n_training=one.n))
        if explain is not None:
            told.append(explain(one, cases))
    columns = [*KEY, "landmark", "probability", "n_training"]
    table = pd.concat(scores, ignore_index=True) if scores else pd.DataFrame(columns=columns)
    reasons = pd.concat(told, ignore_index=True) if told else pd.DataFrame()
    return table.sort_values(KEY, ignore_index=True), reasons
