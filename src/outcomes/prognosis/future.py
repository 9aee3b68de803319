"""Which score is to be expected at a later session, and how sure is that? For both questions that can be asked.

*Among those still attending* describes whoever fills in that questionnaire. *Had treatment continued* weighs them, so
that they stand for everybody who had been there (missing at random given what was known). Intervals are split
conformal, one weight a patient: they cover scores, never a probability.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.intervals import wilson
from outcomes.prognosis.encoding import Encoding
from outcomes.prognosis.linear import Line, ridge
from outcomes.prognosis.models import PenalisedLogistic, held_out
from outcomes.prognosis.stacked import Stack
from outcomes.prognosis.threads import single_thread
from outcomes.prognosis.timeline import KEY, Courses, sittings
from outcomes.reference.instruments import instrument

Floats = NDArray[np.float64]
Later = Mapping[tuple[str, int], Floats]

ATTENDING: Final = "among those still attending"
CONTINUED: Final = "had treatment continued"
AHEAD: Final = (1, 2, 4)  # questionnaires after the landmark
LEVEL: Final = 0.8
ENOUGH: Final = 60_000  # rows that are plenty for a line of some ninety columns
FEWEST: Final = 100  # patients with that later score below which nothing is said
MOST_WEIGHT: Final = 10.0  # nobody stands for more than ten others
CALIBRATION_FOLDS: Final = 4
BANDS: Final = 4  # of questionnaires so far; each has a width of its own
FEWEST_BAND: Final = 50  # calibration patients below which a band takes the width of all


@dataclass(frozen=True)
class ScoreModel:
    """Two lines (one an estimand) and the half-widths of their intervals, for one instrument and number of sessions.

    `half_width` holds, for each estimand, one width a band of questionnaires so far: one or none, two, three, more.
    """

    instrument: str
    ahead: int
    lines: Mapping[str, Line]
    half_width: Mapping[str, Floats]
    n: int


@dataclass(frozen=True)
class FutureScores:
    """What was learnt about later scores; `models` by (instrument, sessions ahead), `level` of the intervals."""

    encoding: Encoding
    models: Mapping[tuple[str, int], ScoreModel]
    level: float

    def predict(self, stack: Stack) -> pd.DataFrame:
        """Say which scores are to be expected.

        Parameters
        ----------
        stack : Stack
            Rows at risk.

        Returns
        -------
        DataFrame
            One row a row of the stack, instrument, sessions ahead and estimand: row (position), pseudonym, referral,
            instrument, ahead, estimand, expected, low, high, level, n_training. Bounds are whole scores.
        """
        asked = sorted((key, ahead, estimand) for (key, ahead), one in self.models.items() for estimand in one.lines)
        n, each = len(stack.rows), len(asked)
        expected, low, high = (np.empty((n, each)) for _ in range(3))
        with single_thread():
            encoded, bands = self.encoding.apply(stack.table.frame), _bands(stack)
            for place, (key, ahead, estimand) in enumerate(asked):
                model = self.models[key, ahead]
                ends = instrument(key).minimum, instrument(key).maximum
                told, half = model.lines[estimand].predict(encoded), model.half_width[estimand][bands]
                expected[:, place] = np.clip(told, *ends)
                low[:, place] = np.clip(np.ceil(told - half), *ends)
                high[:, place] = np.maximum(np.clip(np.floor(told + half), *ends), low[:, place])
        row, kinds = np.repeat(np.arange(n), each), pd.DataFrame(asked, columns=["instrument", "ahead", "estimand"])
        kinds["n_training"] = [self.models[key, ahead].n for key, ahead, _ in asked]
        of_kind = kinds.iloc[np.tile(np.arange(each), n)].reset_index(drop=True)
        return (
            stack.rows[KEY]
            .iloc[row]
            .reset_index(drop=True)
            .assign(
                row=row,
                instrument=of_kind["instrument"],
                ahead=of_kind["ahead"],
                estimand=of_kind["estimand"],
                expected=expected.ravel(),
                low=low.ravel(),
                high=high.ravel(),
                level=self.level,
                n_training=of_kind["n_training"],
            )
        )


def later_scores(courses: Courses, stack: Stack, key: str, ahead: int, *, filled: pd.DataFrame | None = None) -> Floats:
    """Say what each row scored at a later questionnaire.

    Parameters
    ----------
    courses : Courses
        The tables.
    stack : Stack
        Rows at risk.
    key : str
        Column of the totals.
    ahead : int
        1 is the next questionnaire with a score.
    filled : DataFrame, optional
        The result of `sittings(courses)`, to spare its making.

    Returns
    -------
    ndarray of float, shape (n,)
        NaN where there is no such questionnaire.

    Raises
    ------
    ConfigError
        If the total is not there, or `ahead` is below 1.
    """
    if key not in courses.totals.columns or ahead < 1:
        raise ConfigError(f"totals need a column {key!r}, and ahead must be at least 1, got {ahead}")
    scored = sittings(courses) if filled is None else filled
    scored = scored.loc[scored[key].notna() & scored["day"].notna(), [*KEY, "day", "moment", key]]
    scored = scored.sort_values([*KEY, "moment"], ignore_index=True)
    starts = scored.groupby(KEY, sort=False)["day"].agg(["size"]).reset_index()
    starts["start"] = starts["size"].cumsum() - starts["size"]
    beside = stack.rows.merge(starts, on=KEY, how="left")
    ordered = scored.merge(starts.reset_index(names="who")[[*KEY, "who"]], on=KEY)
    who = stack.rows.merge(starts.reset_index(names="who")[[*KEY, "who"]], on=KEY, how="left")["who"].to_numpy(float)
    reach = float(scored["day"].max()) + 1 if len(scored) else 1.0
    place = np.searchsorted(  # how many of all scores lie before or on the row's day, in order of referral and day
        ordered["who"].to_numpy(float) * 2 * reach + ordered.groupby("who")["day"].cummax().to_numpy(float),
        np.nan_to_num(who, nan=-1.0) * 2 * reach + np.minimum(stack.rows["day"].to_numpy(float), reach),
        side="right",
    )
    wanted = place + ahead - 1
    end = (beside["start"] + beside["size"]).to_numpy(dtype=float, na_value=-1.0)
    there = wanted < end
    values = scored[key].to_numpy(dtype=float)
    return np.where(there, values[np.minimum(wanted, max(values.size - 1, 0))] if values.size else np.nan, np.nan)


def all_later(
    courses: Courses,
    stack: Stack,
    instruments: Sequence[str],
    ahead: Sequence[int] = AHEAD,
    *,
    filled: pd.DataFrame | None = None,
) -> dict[tuple[str, int], Floats]:
    """Say what each row scored at every later questionnaire that is foretold.

    Parameters
    ----------
    courses : Courses
        The tables.
    stack : Stack
        Rows at risk.
    instruments : sequence of str
        Columns of the totals.
    ahead : sequence of int
        Questionnaires after the landmark.
    filled : DataFrame, optional
        The result of `sittings(courses)`, or of some of them.

    Returns
    -------
    dict
        One array of `later_scores` a pair of instrument and questionnaires ahead.
    """
    answered = sittings(courses) if filled is None else filled
    pairs = [(key, number) for number in ahead for key in instruments]
    return {(key, number): later_scores(courses, stack, key, number, filled=answered) for key, number in pairs}


def learn_scores(
    courses: Courses,
    stack: Stack,
    instruments: Sequence[str],
    *,
    ahead: Sequence[int] = AHEAD,
    level: float = LEVEL,
    random_state: int = 0,
    later: Later | None = None,
) -> FutureScores:
    """Learn what to expect at later sessions, and how far off that is for patients who did not teach.

    Parameters
    ----------
    courses : Courses
        The tables.
    stack : Stack
        Rows at risk that may teach.
    instruments : sequence of str
        Columns of the totals.
    ahead : sequence of int
        Questionnaires after the landmark.
    level : float
        Share of later scores that the intervals are to cover.
    random_state : int
        Seed of the calibration split.
    later : mapping, optional
        What each row scored later (see `all_later`), to spare its making.

    Returns
    -------
    FutureScores
        Pairs with at least 100 patients; the others are left out. Where there are very many rows, some 60,000 teach:
        those of patients drawn by chance.

    Raises
    ------
    ConfigError
        If the level is not strictly between 0 and 1.
    DataError
        If no pair of instrument and sessions ahead has 100 patients.

    References
    ----------
    Lei J et al. (2018). Distribution-free predictive inference for regression. JASA 113, 1094-1111.
    Robins JM, Rotnitzky A, Zhao LP (1995). Analysis of semiparametric regression models for repeated outcomes in the
    presence of missing data. JASA 90, 106-121.
    """
    if not 0 < level < 1:
        raise ConfigError(f"level must be strictly between 0 and 1, got {level}")
    encoding = Encoding.learn(stack.table.frame)
    who = pd.factorize(stack.table.keys["pseudonym"], sort=True)[0].astype(np.int64)
    answers = all_later(courses, stack, instruments, ahead) if later is None else later
    if who.size > ENOUGH:
        # drawn apart from the folds below
        drawn = held_out(who, -(-who.size // ENOUGH), random_state + 1) == 0
        stack, who, answers = stack.take(drawn), who[drawn], {pair: y[drawn] for pair, y in answers.items()}
    apart = held_out(who, CALIBRATION_FOLDS, random_state) == 0
    models: dict[tuple[str, int], ScoreModel] = {}
    stayed: dict[bytes, Floats] = {}  # two instruments of one sitting have the same people: one model of staying
    with single_thread():
        encoded, bands = encoding.apply(stack.table.frame), _bands(stack)
        for pair, y in answers.items():
            there = np.isfinite(y)
            if np.unique(who[there]).size < FEWEST:
                continue
            packed = np.packbits(there).tobytes()
            if packed not in stayed:
                stayed[packed] = _stand_for(encoded, there, who)[there]
            weights = {ATTENDING: np.ones(int(there.sum())), CONTINUED: stayed[packed]}
            part = _Part(encoded[there], y[there], who[there], apart[there], bands[there])
            models[pair] = _one(pair, part, weights, level)
    if not models:
        raise DataError(
            f"fewer than {FEWEST} patients have a later score; no course can be foretold (rule enough people)"
        )
    return FutureScores(encoding, models, level)


def coverage(predicted: pd.DataFrame, observed: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count how many later scores lay inside their intervals.

    Parameters
    ----------
    predicted : DataFrame
        From `FutureScores.predict`, for patients who did not teach.
    observed : DataFrame
        row, instrument, ahead, observed (NaN where there was none), and the columns of `by`.
    by : sequence of str
        What to break down by: a landmark, a group, a period.

    Returns
    -------
    DataFrame
        `by`, instrument, ahead, estimand, level, n, n_patients, n_inside, coverage, low, high (Wilson at the number of
        patients), mean_width; cells of fewer than ten patients are left out.
    """
    beside = predicted.merge(observed, on=["row", "instrument", "ahead"], how="inner")
    seen = beside.loc[beside["observed"].notna()]
    inside = seen["observed"].between(seen["low"], seen["high"])
    keys = [*by, "instrument", "ahead", "estimand", "level"]
    cells = seen.assign(inside=inside.astype(int), width=seen["high"] - seen["low"]).groupby(keys, sort=True)
    table = cells.agg(
        n=("inside", "size"),
        n_patients=("pseudonym", "nunique"),
        n_inside=("inside", "sum"),
        mean_width=("width", "mean"),
    ).reset_index()
    fewest = 10
    table = table.loc[table["n_patients"].ge(fewest)].reset_index(drop=True)
    share = table["n_inside"] / table["n"]
    bounds = wilson(share.to_numpy() * table["n_patients"].to_numpy(), table["n_patients"].to_numpy())
    return table.assign(coverage=share, low=np.asarray(bounds.low), high=np.asarray(bounds.high))


def _stand_for(encoded: Floats, there: NDArray[np.bool_], who: NDArray[np.int64]) -> Floats:
    # inverse probability of having that later questionnaire, given what was known at the landmark
    if there.all():
        return np.ones(there.size)
    model = PenalisedLogistic(penalties=(0.01,), n_folds=2).fit(encoded, there.astype(int), groups=who)
    likely = model.predict_proba(encoded)[:, 1]
    return np.asarray(np.minimum(there.mean() / np.maximum(likely, 1e-3), MOST_WEIGHT), dtype=float)


@dataclass(frozen=True)
class _Part:
    X: Floats
    y: Floats
    who: NDArray[np.int64]
    apart: NDArray[np.bool_]
    bands: NDArray[np.int64]


def _one(name: tuple[str, int], part: _Part, weights: Mapping[str, Floats], level: float) -> ScoreModel:
    lines, half = {}, {}
    apart, bands = part.apart, part.bands[part.apart]
    _, codes, times = np.unique(part.who[apart], return_inverse=True, return_counts=True)
    for estimand, weight in weights.items():
        teaching = ridge(part.X[~apart], part.y[~apart], weight[~apart])
        distance = np.abs(part.y[apart] - teaching.predict(part.X[apart]))
        counted = weight[apart] / times[codes]
        whole = _quantile(distance, counted, level)
        half[estimand] = np.array(
            [
                _quantile(distance[bands == band], counted[bands == band], level)
                if np.unique(codes[bands == band]).size >= FEWEST_BAND
                else whole
                for band in range(BANDS)
            ]
        )
        lines[estimand] = teaching  # the line whose residuals were calibrated, not a refit
    return ScoreModel(name[0], name[1], lines, half, int(np.unique(part.who).size))


def _bands(stack: Stack) -> NDArray[np.int64]:
    so_far = stack.table.frame["questionnaires_so_far"].to_numpy(dtype=float)
    return np.asarray(np.clip(so_far - 1, 0, BANDS - 1), dtype=np.int64)


def _quantile(distance: Floats, weights: Floats, level: float) -> float:
    # split conformal: the smallest distance that `level` of the weight, and one more patient at infinity, does not pass
    order = np.argsort(distance, kind="stable")
    one_more = float(weights.mean())
    reached = np.cumsum(weights[order]) / (weights.sum() + one_more)
    place = int(np.searchsorted(reached, level, side="left"))
    return float(distance[order][min(place, distance.size - 1)])
