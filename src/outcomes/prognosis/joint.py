"""How good are the joint endings for patients who did not teach? Every landmark, every sum that people ask for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from outcomes.errors import DataError
from outcomes.prognosis.acting import how_often_right
from outcomes.prognosis.crew import Crew
from outcomes.prognosis.endings import Ended
from outcomes.prognosis.evaluation import evaluate
from outcomes.prognosis.future import FutureScores, Later, all_later, coverage, learn_scores
from outcomes.prognosis.hazards import CHANGE_KEYS, COLUMNS, ENDING_KEYS, EndingModel, Followed, followed, marginal
from outcomes.prognosis.individual import SUMS, Lessons
from outcomes.prognosis.splits import Split
from outcomes.prognosis.stacked import Stack
from outcomes.prognosis.timeline import KEY, Courses, sittings

FEWEST: Final = 10
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class JointValidation:
    """What came of judging the joint endings.

    `metrics`: kind, number (landmark), ending, metric, n, n_events, value, low, high. `shares`: every joint ending with
    its observed and mean predicted share. `record`: how often such predictions were right, in bins of ten patients.
    `past` (patient level): pseudonym, referral, kind, number, ending, probability, happened; out of sample. `coverage`
    is that of the intervals of later scores, by what was asked for.
    """

    metrics: pd.DataFrame
    shares: pd.DataFrame
    record: pd.DataFrame
    past: pd.DataFrame
    coverage: pd.DataFrame


def judge_joint(  # noqa: PLR0913  one call a validation
    courses: Courses,
    rows: Stack,
    ended: Ended,
    splits: list[Split],
    *,
    lessons: Lessons,
    n_bootstrap: int = 200,
    groups: tuple[str, ...] = (),
    workers: Crew | int = 1,
    until: np.ndarray | None = None,
) -> JointValidation:
    """Judge joint endings and the intervals of later scores on patients who did not teach.

    Parameters
    ----------
    courses : Courses
        The tables.
    rows : Stack
        All rows at risk.
    ended : Ended
        How referrals ended, in the order of the episodes.
    splits : list of Split
        Folds of one validation, as flags over the episodes.
    lessons : Lessons
        Horizon, intervals, seed.
    n_bootstrap : int
        Resamples of patients.
    groups : tuple of str
        Columns of the episodes by which the coverage is broken down.
    workers : Crew or int
        Fits at a time, or the crew that does them; the results do not depend on it.
    until : ndarray of float, shape (n_episodes,), optional
        Day since its referral up to which an episode may teach (see `splits.as_recorded`): later rows, endings and
        scores are not seen by the learners.

    Returns
    -------
    JointValidation
        Only rows whose horizon lies before the extract are judged.

    Raises
    ------
    DataError
        If no fold can be fitted.
    """
    crew, seen = Crew.of(workers), rows if lessons.sensitive else replace(rows, table=rows.table.without_sensitive())
    court = _Court.of(courses, seen, ended, lessons, until)
    found = [part for part in crew.map(lambda split: court.fold(split, crew), splits) if part is not None]
    if not found:
        raise DataError("endings: too few finished referrals to judge them on others (rule enough endings)")
    judged = np.concatenate([where for where, _, _ in found])
    joint = pd.concat([part for _, part, _ in found], ignore_index=True)
    scores = [part for _, _, part in found if part is not None]
    fates = court.fate.take(judged)
    past = _past(seen.rows.iloc[judged].reset_index(drop=True), joint, fates, lessons.horizon_weeks)
    metrics, told, record, shares = crew.together(
        [
            lambda: _metrics(past, n_bootstrap, lessons.seed, crew),
            lambda: _coverage(courses, pd.concat(scores, ignore_index=True) if scores else None, groups),
            lambda: how_often_right(past),
            lambda: _shares(joint, fates, lessons.horizon_weeks),
        ],
    )
    return JointValidation(metrics, shares, record, past, told)


@dataclass(frozen=True)
class _Court:
    # who is judged on what: `fate` and `observed` are what became of everybody, the others what learners may see of it

    lessons: Lessons
    rows: Stack
    courses: Courses
    place: np.ndarray
    fate: Followed
    observed: Later
    seen_fate: Followed
    seen_scores: Later
    may: np.ndarray

    @classmethod
    def of(cls, courses: Courses, rows: Stack, ended: Ended, lessons: Lessons, until: np.ndarray | None) -> "_Court":
        place, filled, fate = _places(courses, rows), sittings(courses), followed(rows, ended)
        observed = all_later(courses, rows, lessons.instruments, filled=filled)
        if until is None:
            everybody = np.ones(len(place), dtype=bool)
            return cls(lessons, rows, courses, place, fate, observed, fate, observed, everybody)
        # what could have been seen by then: nobody's later rows, endings or questionnaires
        sat = filled.merge(courses.episodes[KEY].astype("str").assign(until=until), on=KEY, how="left")
        early = filled.loc[sat["day"].le(sat["until"]).to_numpy()].reset_index(drop=True)
        seen_fate = followed(rows, ended.known_by(until))
        seen_scores = all_later(courses, rows, lessons.instruments, filled=early)
        may = rows.rows["day"].to_numpy(dtype=float) <= until[place]
        return cls(lessons, rows, courses, place, fate, observed, seen_fate, seen_scores, may)

    def fold(self, split: Split, crew: Crew) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame | None] | None:
        teaching, judged = split.training[self.place] & self.may, np.flatnonzero(split.judged[self.place])
        learners, others = self.rows.take(teaching), self.rows.take(judged)
        told, scores = crew.together(
            [
                lambda: self._endings(learners, self.seen_fate.take(teaching), others, self.fate.take(judged)),
                lambda: self._scores(learners, teaching, others, judged),
            ]
        )
        return None if told is None else (judged, told, scores)

    def _endings(self, learners: Stack, fate: Followed, others: Stack, theirs: Followed) -> pd.DataFrame | None:
        lessons = self.lessons
        model = EndingModel(
            horizon_weeks=lessons.horizon_weeks, interval_weeks=lessons.interval_weeks, random_state=lessons.seed
        )
        try:
            model.fit(learners, fate)
        except DataError:
            return None  # a fold with too few endings judges nobody; the counts show it
        return model.predict(others, theirs.below_caseness)

    def _scores(self, learners: Stack, teaching: np.ndarray, others: Stack, judged: np.ndarray) -> pd.DataFrame | None:
        lessons = self.lessons
        try:
            scores = learn_scores(
                self.courses,
                learners,
                lessons.instruments,
                level=lessons.level,
                random_state=lessons.seed,
                later={pair: values[teaching] for pair, values in self.seen_scores.items()},
            )
        except DataError:
            return None
        return _told_scores(others, scores, {pair: values[judged] for pair, values in self.observed.items()})


def _places(courses: Courses, rows: Stack) -> np.ndarray:
    place = courses.episodes[KEY].astype("str").assign(place=np.arange(len(courses.episodes)))
    return rows.rows.merge(place, on=KEY, how="left", validate="many_to_one")["place"].to_numpy()


def _told_scores(others: Stack, scores: FutureScores, observed: Later) -> pd.DataFrame:
    predicted = scores.predict(others)
    beside = np.full(len(predicted), np.nan)
    row = predicted["row"].to_numpy()
    for (key, ahead), values in observed.items():
        mine = predicted["instrument"].eq(key).to_numpy() & predicted["ahead"].eq(ahead).to_numpy()
        beside[mine] = values[row[mine]]
    moments = others.rows[["kind", "number"]].iloc[row].reset_index(drop=True)
    return pd.DataFrame(predicted.assign(observed=beside, **moments).loc[np.isfinite(beside)])


def _past(told: pd.DataFrame, joint: pd.DataFrame, fate: Followed, horizon: int) -> pd.DataFrame:
    code, judged = fate.within(horizon)
    ending, change = code // len(CHANGE_KEYS), code % len(CHANGE_KEYS)
    over = code < len(COLUMNS) - 1
    parts = []
    for name, which in SUMS.items():
        hit = over.copy()
        if "endings" in which:
            hit &= np.isin(ending, [ENDING_KEYS.index(key) for key in which["endings"]])
        if "changes" in which:
            hit &= np.isin(change, [CHANGE_KEYS.index(key) for key in which["changes"]])
        part = told[[*KEY, "kind", "number"]].assign(
            ending=name,
            probability=np.clip(marginal(joint, **dict(which)), 0, 1),
            happened=pd.array(hit, dtype="boolean"),
            applies=~(fate.below_caseness & ("recovery" in name)),
        )
        parts.append(part.loc[judged])
    return pd.concat([part.loc[part["applies"]].drop(columns="applies") for part in parts], ignore_index=True)


def _metrics(past: pd.DataFrame, n_bootstrap: int, seed: int, crew: Crew) -> pd.DataFrame:
    def of_moment(part: pd.DataFrame) -> list[pd.DataFrame]:
        return [_figures(one, n_bootstrap, seed) for _, one in part.groupby("ending", sort=True) if _enough(one)]

    moments = [part for _, part in past.groupby(["kind", "number"], sort=True)]
    parts = [figures for found in crew.map(of_moment, moments) for figures in found]
    columns = ["kind", "number", "ending", "metric", "n", "n_events", "value", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _enough(part: pd.DataFrame) -> bool:
    happened = part["happened"].astype(int)
    return bool(min(happened.sum(), (1 - happened).sum()) >= FEWEST)


def _figures(part: pd.DataFrame, n_bootstrap: int, seed: int) -> pd.DataFrame:
    figures = evaluate(
        part["happened"].astype(int),
        part["probability"],
        pseudonyms=part["pseudonym"].to_numpy(dtype=str),
        n_bootstrap=n_bootstrap,
        random_state=seed,
    )
    return figures.assign(**{name: part[name].iloc[0] for name in ("kind", "number", "ending")})


def _shares(joint: pd.DataFrame, fate: Followed, horizon: int) -> pd.DataFrame:
    code, judged = fate.within(horizon)
    counted = np.bincount(code[judged], minlength=len(COLUMNS))
    ending = [name.partition("|")[0] for name in COLUMNS]
    change = [name.partition("|")[2] for name in COLUMNS]
    n = int(judged.sum())
    predicted = joint.loc[judged, list(COLUMNS)].mean().to_numpy() if n else np.full(len(COLUMNS), np.nan)
    return pd.DataFrame({"ending": ending, "change": change, "n": n, "n_ended": counted, "predicted": predicted})


def _coverage(courses: Courses, told: pd.DataFrame | None, groups: tuple[str, ...]) -> pd.DataFrame:
    if told is None:
        return pd.DataFrame()
    there = [name for name in groups if name in courses.episodes.columns]
    beside = told.merge(courses.episodes[[*KEY, *there]].astype("str"), on=KEY, how="left")
    beside = beside.assign(row=np.arange(len(beside)), landmark=beside["kind"] + " " + beside["number"].astype("str"))
    observed = beside[["row", "instrument", "ahead", "observed"]]
    parts = []
    for name in ("landmark", *there):
        cells = coverage(beside.drop(columns="observed").rename(columns={name: "group"}), observed, ["group"])
        parts.append(cells.assign(by=name))
    return pd.concat(parts, ignore_index=True)
