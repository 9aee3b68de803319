"""What may be said of one open case today? Probabilities with intervals, the course, reasons, or why nothing is said.

`teach` learns from the research view, `foretell` answers for open cases. Patient level: for direct care only.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.resampling import cluster_bootstrap
from outcomes.prognosis import explanation
from outcomes.prognosis.crew import Crew
from outcomes.prognosis.doubt import Doubt, bounds
from outcomes.prognosis.endings import CHANGES, ENDINGS, Ended
from outcomes.prognosis.frontier import Frontier
from outcomes.prognosis.future import AHEAD, LEVEL, FutureScores, learn_scores
from outcomes.prognosis.hazards import CHANGE_KEYS, ENDING_KEYS, EndingModel, Followed, followed, marginal
from outcomes.prognosis.models import BoostedTrees
from outcomes.prognosis.stacked import WEEKS, Stack, as_of, stack
from outcomes.prognosis.timeline import KEY, Courses

INVENTED: Final = "invented"
TWO: Final = 2  # resampled twins at least, for an interval
SCORED, OUTSIDE, UNSCORED = "scored", "outside the training data", "cannot be scored"
GOOD: Final = ("reliable_recovery", "improvement_only")  # what the reasons speak for or against: reliable improvement
SUMS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {  # sums of joint endings that people ask for
    "recovery": {"changes": ("reliable_recovery", "recovery_only")},
    "reliable_recovery": {"changes": ("reliable_recovery",)},
    "reliable_improvement": {"changes": GOOD},
    "reliable_deterioration": {"changes": ("reliable_deterioration",)},
    "dropped_out": {"endings": ("dropped_out",)},
}


@dataclass(frozen=True)
class Lessons:
    """How the teaching is done.

    Parameters
    ----------
    sessions, weeks : tuple of int
        Landmarks after sessions, and at weeks since the first contact.
    horizon_weeks, interval_weeks : int
        How far ahead, in which steps.
    resamples : int
        Refits on resampled patients, for the intervals of the probabilities; below 2 they are blank.
    instruments : tuple of str
        Whose later scores are foretold.
    level : float
        Share of later scores that their intervals are to cover.
    sensitive : bool
        Whether sensitive attributes are used; by default nobody is scored by them.
    seed : int
        Seed of models and resamples.
    """

    sessions: tuple[int, ...] = (0, 1, 2, 3, 4)
    weeks: tuple[int, ...] = WEEKS
    horizon_weeks: int = 24
    interval_weeks: int = 6
    resamples: int = 10
    instruments: tuple[str, ...] = ("phq9", "gad7")
    level: float = LEVEL
    sensitive: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Taught:
    """What was learnt: joint endings and their resampled twins, later scores, what reasons rest on, and its limits.

    `trained_on` is the kind of the source: "invented", "anonymised" or "identified". `doubt` says how far off such
    probabilities were among people who had not taught; empty where nobody was judged.
    """

    lessons: Lessons
    endings: EndingModel
    twins: tuple[EndingModel, ...]
    scores: FutureScores | None
    reasons: BoostedTrees | None
    frontier: Frontier
    trained_on: str
    doubt: Doubt = field(default_factory=lambda: Doubt({}))

    @property
    def sha256(self) -> str:
        """Digest of what gives the probabilities: encoding and trees of both models."""
        digest = hashlib.sha256(json.dumps(list(self.endings.encoding_.levels.items())).encode("utf-8"))
        for part in (self.endings.hazard_, self.endings.change_):
            digest.update(part.booster_.save_raw(raw_format="ubj"))
        return digest.hexdigest()


@dataclass(frozen=True)
class Individual:
    """What may be said of each open case; every frame is keyed by pseudonym and referral.

    `status`: weeks_since_last_contact, questionnaires_so_far, status ("scored", "outside the training data", "cannot be
    scored"), because (words, empty where scored). Everyone who was asked about has exactly one row.

    `endings`: kind ("joint" or "sum"), ending, change, words, probability, low, high, horizon_weeks. Joint rows and the
    one of "still_open" add up to one; sums ("recovery", "reliable_recovery", "reliable_improvement",
    "reliable_deterioration", "dropped_out") are made of them. Nobody outside the training data is in it.

    `course`: instrument, ahead (questionnaires from now), estimand, expected, low, high, level, n_training.

    `reasons`: direction ("for" or "against" reliable improvement), rank, word, log_odds, reason; up to three each way.
    """

    status: pd.DataFrame
    endings: pd.DataFrame
    course: pd.DataFrame
    reasons: pd.DataFrame


def teach(
    courses: Courses,
    ended: Ended,
    *,
    trained_on: str,
    lessons: Lessons | None = None,
    extra: pd.DataFrame | None = None,
    rows: Stack | None = None,
    past: pd.DataFrame | None = None,
    workers: Crew | int = 1,
) -> Taught:
    """Learn from everybody who is or was in treatment.

    Parameters
    ----------
    courses : Courses
        Tables of the research view.
    ended : Ended
        From `outcomes.prognosis.endings.ended`.
    trained_on : str
        Kind of the source.
    lessons : Lessons, optional
        Landmarks, horizon, resamples.
    extra : DataFrame, optional
        Further columns with an occasion.
    rows : Stack, optional
        The rows, where they have been made already (by the same lessons).
    past : DataFrame, optional
        Predictions of unseen people by models of the same lessons (`JointValidation.past`): how far off they were makes
        the intervals wider.
    workers : Crew or int
        Fits at a time, or the crew that does them; the results do not depend on it.

    Returns
    -------
    Taught
        For `foretell`.

    Raises
    ------
    DataError
        If the feed has no days, or too few referrals have ended.
    """
    settings = Lessons() if lessons is None else lessons
    made = stack(courses, sessions=settings.sessions, weeks=settings.weeks, extra=extra) if rows is None else rows
    seen = made if settings.sensitive else replace(made, table=made.table.without_sensitive())
    fate = followed(seen, ended)
    model = EndingModel(
        horizon_weeks=settings.horizon_weeks, interval_weeks=settings.interval_weeks, random_state=settings.seed
    )
    model.fit(seen, fate)
    people = seen.table.keys["pseudonym"].to_numpy(dtype=str)
    draws = (
        cluster_bootstrap(people, settings.resamples, np.random.default_rng(settings.seed))
        if settings.resamples
        else ()
    )

    def scores() -> FutureScores | None:
        try:
            return learn_scores(
                courses, seen, settings.instruments, ahead=AHEAD, level=settings.level, random_state=settings.seed
            )
        except DataError:
            return None  # too few later scores: the course is left out, and the frame is empty

    parts: list[Callable[[], Any]] = [
        scores,
        partial(Frontier.learn, seen.table, model.encoding_),
        partial(_speaker, seen, fate, settings),
        *(partial(model.resampled, seen, fate, weights=weights) for weights in draws),
    ]
    later, frontier, speaker, *twins = Crew.of(workers).together(parts)
    doubt = Doubt({}) if past is None else Doubt.learn(past)
    return Taught(settings, model, tuple(twins), later, speaker, frontier, trained_on, doubt)


def foretell(
    taught: Taught,
    courses: Courses,
    days: pd.DataFrame,
    ended: Ended,
    *,
    kind: str,
    extra: pd.DataFrame | None = None,
    workers: Crew | int = 2,
) -> Individual:
    """Say what may be said of open cases on a day.

    Parameters
    ----------
    taught : Taught
        From `teach`.
    courses : Courses
        Tables of the cases (the care view), in the shape of those that taught.
    days : DataFrame
        pseudonym, referral, day: today as days since that referral.
    ended : Ended
        Of these cases, for who was at caseness at the start.
    kind : str
        Kind of the source of the cases.
    extra : DataFrame, optional
        Further columns with an occasion, as they taught.
    workers : Crew or int
        Models asked at a time, or the crew that asks them; the results do not depend on it.

    Returns
    -------
    Individual
        Frames for the clinical page.

    Raises
    ------
    ConfigError
        If the model was taught by invented people and the cases are real.
    DataError
        If a referral stands twice, or the cases have no days.
    """
    refuse_invented(taught.trained_on, kind)
    wanted = days[KEY].astype("str").reset_index(drop=True)
    rows = as_of(courses, days, extra=extra)
    rows = _same_columns(rows, taught)
    outside = taught.frontier.outside(rows.table)
    blank = rows.table.frame["questionnaires_so_far"].eq(0).to_numpy(dtype=bool)
    status = _status(wanted, rows, outside, blank)
    chosen = rows.take(~(outside["outside"].to_numpy(dtype=bool) | blank))
    fate = followed(chosen, ended)
    crew, scores = Crew.of(workers), taught.scores
    told, course, why = crew.together(
        [
            lambda: _endings(taught, chosen, fate, crew),
            lambda: pd.DataFrame() if scores is None else scores.predict(chosen).drop(columns="row"),
            lambda: _reasons(taught, chosen),
        ],
    )
    return Individual(status, told, course, why)


def refuse_invented(trained_on: str, kind: str) -> None:
    """Refuse to score real people by a model that learnt from invented ones.

    Parameters
    ----------
    trained_on, kind : str
        Kinds of the source of the model and of the rows.

    Raises
    ------
    ConfigError
        If the first is "invented" and the second is not.
    """
    if trained_on == INVENTED and kind != INVENTED:
        raise ConfigError(
            "this model was taught by an invented service; it may not say anything about real people. Train it on the "
            "service's own past courses first"
        )


def _speaker(seen: Stack, fate: Followed, settings: Lessons) -> BoostedTrees | None:
    # one model of reliable improvement over all rows, whose trees can be explained
    good = np.isin(fate.change, [CHANGE_KEYS.index(key) for key in GOOD])
    code, judged = fate.within(settings.horizon_weeks)
    known = judged & (fate.ending >= 0) & (code >= 0)
    fewest = 10
    if min(good[known].sum(), (~good[known]).sum()) < fewest:
        return None
    who = seen.table.keys["pseudonym"].to_numpy()[known]
    model = BoostedTrees(max_rounds=150, learning_rate=0.1, patience=10, random_state=settings.seed)
    return model.fit(seen.table.frame.loc[known], good[known].astype(int), groups=who)


def _same_columns(rows: Stack, taught: Taught) -> Stack:
    # a column that nobody of today's caseload has is missing for all of them; a further one is not used
    names = list(taught.endings.encoding_.levels)
    missing = [name for name in names if name not in rows.table.frame.columns]
    if missing:
        raise DataError(f"features: column {', '.join(missing)} is missing (rule same columns as in training)")
    kept = {feature.name: feature for feature in rows.table.catalogue}
    return replace(
        rows, table=replace(rows.table, frame=rows.table.frame[names], catalogue=tuple(kept[name] for name in names))
    )


def _status(wanted: pd.DataFrame, rows: Stack, outside: pd.DataFrame, blank: np.ndarray) -> pd.DataFrame:
    frame = rows.table.frame
    beside = rows.rows[KEY].assign(
        weeks_since_last_contact=frame["weeks_since_last_contact"].to_numpy(),
        questionnaires_so_far=frame["questionnaires_so_far"].to_numpy(),
        status=np.where(blank, UNSCORED, np.where(outside["outside"], OUTSIDE, SCORED)),
        because=np.where(blank, "no questionnaire yet", outside["because"]),
    )
    table = wanted.merge(beside, on=KEY, how="left")
    absent = table["status"].isna()
    return table.assign(
        status=table["status"].astype("str").mask(absent, UNSCORED),
        because=table["because"].astype("str").mask(absent, "not in treatment on this day"),
    )


def _endings(taught: Taught, rows: Stack, fate: Followed, crew: Crew) -> pd.DataFrame:
    names = [*(f"{e}|{c}" for e in ENDING_KEYS for c in CHANGE_KEYS), "still_open"]
    models = (taught.endings, *taught.twins)
    encoded = taught.endings.encoded(rows)  # twins have the same encoding
    told = crew.map(lambda one: _with_sums(one.predict(rows, fate.below_caseness, encoded=encoded), names), models)
    point = told[0]
    low = high = np.full(point.shape, np.nan)
    if len(taught.twins) >= TWO:
        drawn = np.array([one.to_numpy() for one in told[1:]])
        off = np.column_stack([taught.doubt.of(name, point[name].to_numpy()) for name in point.columns])
        low, high = bounds(point.to_numpy(), drawn, off)
    parts = [name.partition("|") for name in point.columns]
    kinds = ["joint" if name in names else "sum" for name in point.columns]
    order = rows.rows[KEY].sort_values(KEY, kind="stable").index.to_numpy()
    each, n = len(parts), len(order)
    columns = {
        "kind": kinds,
        "ending": [ending for ending, _, _ in parts],
        "change": [change for _, _, change in parts],
        "words": [_words(name, kind) for name, kind in zip(point.columns, kinds, strict=True)],
    }
    return (
        rows.rows[KEY]
        .iloc[np.repeat(order, each)]
        .reset_index(drop=True)
        .assign(
            **{
                name: pd.array(values, dtype="str").take(np.tile(np.arange(each), n))
                for name, values in columns.items()
            },
            probability=point.to_numpy()[order].ravel(),
            low=low[order].ravel(),
            high=high[order].ravel(),
            horizon_weeks=taught.lessons.horizon_weeks,
        )
    )


def _with_sums(joint: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    return joint[list(names)].assign(**{name: marginal(joint, **dict(which)) for name, which in SUMS.items()})


def _words(name: str, kind: str) -> str:
    if kind == "sum":
        return name.replace("_", " ")
    if name == "still_open":
        return "still in treatment"
    ending, _, change = name.partition("|")
    return f"{ENDINGS[ending]}; {CHANGES[change]}"


def _reasons(taught: Taught, rows: Stack) -> pd.DataFrame:
    columns = [*KEY, "direction", "rank", "word", "log_odds", "reason"]
    if taught.reasons is None or not len(rows.rows):
        return pd.DataFrame(columns=columns)
    return explanation.reasons(explanation.explain(taught.reasons, rows.table))
