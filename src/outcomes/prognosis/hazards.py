"""How probable is each way to end, within so many weeks? Multinomial hazards by interval, then the change of scores.

P(ending and change) = P(ending within the horizon) x P(change | that ending), so that all of them and "still open" add
up to one. Features are frozen at the landmark; open referrals are censored where the extract ends.
"""

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.encoding import Encoding
from outcomes.prognosis.endings import CHANGES, ENDINGS, STILL_OPEN, Ended, possible
from outcomes.prognosis.forecaster import Floats
from outcomes.prognosis.multiclass import MulticlassTrees, Singles, margins, softmax
from outcomes.prognosis.stacked import Stack
from outcomes.prognosis.threads import single_thread
from outcomes.prognosis.timeline import KEY

Integers = NDArray[np.int64]

CONTINUE: Final = 0  # class of an interval in which nothing ended; 1.. are `ENDINGS`
DAYS: Final = 7
ENOUGH: Final = 150_000  # rows of an interval: more of the same patients' rows hardly move a probability
FEWEST: Final = 20  # finished referrals below which nothing is fitted
ENDING_KEYS: Final = tuple(ENDINGS)
CHANGE_KEYS: Final = tuple(CHANGES)
COLUMNS: Final = (*(f"{ending}|{change}" for ending in ENDING_KEYS for change in CHANGE_KEYS), STILL_OPEN)


@dataclass(frozen=True)
class Followed:
    """What became of each row of a stack: code of the ending and change (-1 open), weeks until then or last seen.

    `follow_up_weeks` is how far the extract reaches beyond the day of the row, whether or not it had ended by then.
    """

    ending: Integers
    change: Integers
    weeks: Floats
    follow_up_weeks: Floats
    below_caseness: NDArray[np.bool_]

    def take(self, chosen: NDArray[np.generic]) -> "Followed":
        """Give some of the rows.

        Parameters
        ----------
        chosen : ndarray of bool or int
            Which; a position may stand several times.

        Returns
        -------
        Followed
            In their order.
        """
        return Followed(*(getattr(self, part.name)[chosen] for part in fields(self)))

    def within(self, horizon_weeks: int) -> tuple[Integers, NDArray[np.bool_]]:
        """Say in which joint class each row was at the horizon, and who may be judged.

        Parameters
        ----------
        horizon_weeks : int
            Weeks after the landmark.

        Returns
        -------
        code : ndarray of int
            Position in `COLUMNS`.
        judged : ndarray of bool
            True where the extract reaches to the horizon: whoever began too late is left out, ended or not, because
            those who ended early would else be too many among the known.
        """
        over = (self.ending >= 0) & (self.weeks <= horizon_weeks)
        joint = self.ending * len(CHANGE_KEYS) + self.change
        return np.where(over, joint, len(COLUMNS) - 1), self.follow_up_weeks >= horizon_weeks


def followed(stack: Stack, ended: Ended) -> Followed:
    """Say what became of each row of a stack.

    Parameters
    ----------
    stack : Stack
        Rows at risk.
    ended : Ended
        How referrals ended.

    Returns
    -------
    Followed
        In the order of the rows.

    Raises
    ------
    DataError
        If a referral of the stack is not among the endings.
    """
    table = ended.table.assign(**{name: ended.table[name].astype("str") for name in KEY})
    beside = stack.rows.merge(table, on=KEY, how="left", indicator=True)
    lost = int(beside["_merge"].ne("both").sum())
    if lost:
        raise DataError(f"endings: {lost} rows at risk have no entry (rule every episode)")
    code = beside["ending"].map({key: place for place, key in enumerate(ENDING_KEYS)})
    change = beside["change"].map({key: place for place, key in enumerate(CHANGE_KEYS)})
    until = beside["end_day"].where(beside["end_day"].notna(), beside["seen_until"])
    weeks, reach = ((last - beside["day"]).to_numpy(dtype=float) / DAYS for last in (until, beside["seen_until"]))
    return Followed(
        np.asarray(code.fillna(-1), dtype=np.int64),
        np.asarray(change.fillna(-1), dtype=np.int64),
        np.where(np.isfinite(weeks), weeks, 0.0),
        np.where(np.isfinite(reach), reach, 0.0),
        beside["below_caseness"].to_numpy(dtype=bool),
    )


@dataclass(frozen=True)
class _Lesson:
    X: Singles
    y: Integers
    row: Integers  # of the stack


class EndingModel:
    """Joint probabilities of ending and change within a horizon.

    Parameters
    ----------
    horizon_weeks : int
        How far ahead.
    interval_weeks : int
        Width of an interval; must divide the horizon.
    hazard_trees, change_trees : MulticlassTrees, optional
        Settings of the two models. By default hazards are learnt by deeper trees (depth 4, learning rate .2) where
        there are more than `most_rows`: rows are plenty there, and fewer rounds do.
    random_state : int
        Seed of both by default, and of the rows drawn.
    most_rows : int
        Rows of an interval that teach. Where there are more, rows of the stack are drawn by chance, each with the same
        probability, so that patients, moments and endings keep their shares.

    Attributes
    ----------
    hazard_, change_ : MulticlassTrees
        Class of the next interval; change given the ending.
    drawn_ : ndarray of bool, shape (n_rows,)
        Which rows of the stack taught.
    n_rows_, n_finished_ : int
        Rows and finished rows that taught.
    """

    def __init__(
        self,
        *,
        horizon_weeks: int = 24,
        interval_weeks: int = 6,
        hazard_trees: MulticlassTrees | None = None,
        change_trees: MulticlassTrees | None = None,
        random_state: int = 0,
        most_rows: int = ENOUGH,
    ) -> None:
        if horizon_weeks < 1 or interval_weeks < 1 or horizon_weeks % interval_weeks:
            raise ConfigError(
                f"interval_weeks must divide horizon_weeks, both at least 1, got {interval_weeks}, {horizon_weeks}"
            )
        self.horizon_weeks, self.interval_weeks = horizon_weeks, interval_weeks
        self.hazard_trees, self.change_trees = hazard_trees, change_trees
        self.random_state = random_state
        self.most_rows = most_rows

    @property
    def n_intervals(self) -> int:
        """How many intervals make the horizon."""
        return self.horizon_weeks // self.interval_weeks

    def fit(self, stack: Stack, fate: Followed) -> Self:
        """Learn hazards from everybody at risk, and changes from whoever finished within the horizon.

        Parameters
        ----------
        stack : Stack
            Rows at risk, open ones included.
        fate : Followed
            What became of them.

        Returns
        -------
        EndingModel
            Itself, fitted.

        Raises
        ------
        DataError
            If fewer than 20 rows finished within the horizon, or all of them in one way.
        """
        self.drawn_ = self._drawn(fate)
        taught, part = stack.take(self.drawn_), fate.take(self.drawn_)
        finished = part.ending[self._finished(part)], part.change[self._finished(part)]
        if finished[0].size < FEWEST or np.unique(finished[1]).size == 1:
            raise DataError(
                f"endings: {finished[0].size} rows finished within {self.horizon_weeks} weeks, with "
                f"{np.unique(finished[1]).size} kinds of change; at least {FEWEST} and two kinds are needed "
                "(rule enough endings)"
            )
        self.encoding_ = Encoding.learn(taught.table.frame)
        who = pd.factorize(taught.table.keys["pseudonym"])[0].astype(np.int64)
        with single_thread():
            of_hazard, of_change = self._lessons(taught, part)
            plain = MulticlassTrees(random_state=self.random_state)
            deeper = clone(plain).set_params(max_depth=4, learning_rate=0.2)
            of_hazards = self.hazard_trees or (plain if self.drawn_.all() else deeper)
            self.hazard_ = clone(of_hazards).learn_rows(of_hazard.X, of_hazard.y, who[of_hazard.row])
            self.change_ = clone(self.change_trees or plain).learn_rows(of_change.X, of_change.y, who[of_change.row])
        self.n_rows_, self.n_finished_ = len(taught.rows), int(finished[0].size)
        return self

    def resampled(self, stack: Stack, fate: Followed, *, weights: Integers) -> "EndingModel":
        """Fit the same numbers of trees to a resample of patients.

        Parameters
        ----------
        stack, fate : Stack, Followed
            What taught this model.
        weights : ndarray of int, shape (n_rows,)
            How often each row counts (rows of one patient alike).

        Returns
        -------
        EndingModel
            With the same encoding and numbers of rounds.
        """
        twin = EndingModel(
            horizon_weeks=self.horizon_weeks, interval_weeks=self.interval_weeks, random_state=self.random_state
        )
        chosen = np.flatnonzero(weights * self.drawn_)  # a row drawn twice counts twice, and is read once
        times = weights[chosen].astype(float)
        twin.encoding_ = self.encoding_
        with single_thread():
            of_hazard, of_change = self._lessons(stack.take(chosen), fate.take(chosen))
            twin.hazard_ = self.hazard_.refit(of_hazard.X, of_hazard.y, times[of_hazard.row])
            twin.change_ = self.change_.refit(of_change.X, of_change.y, times[of_change.row])
        return twin

    def predict(
        self, stack: Stack, below_caseness: NDArray[np.bool_], *, encoded: Singles | None = None
    ) -> pd.DataFrame:
        """Say how probable each joint ending is within the horizon, and being still open then.

        Parameters
        ----------
        stack : Stack
            Rows at risk.
        below_caseness : ndarray of bool, shape (n,)
            Known not to have been a case at the start: recovery is impossible.
        encoded : ndarray of float, optional
            The result of `encoded(stack)`, to spare its making where several models of one encoding are asked.

        Returns
        -------
        DataFrame
            One column an entry of `COLUMNS` ("planned|reliable_recovery", ..., "still_open"); rows add up to 1.
        """
        with single_thread():
            rows = self.encoded(stack) if encoded is None else encoded
            reached, surviving = self._reached(rows)
            joint = reached[:, :, None] * self._changed(rows, below_caseness)
        return pd.DataFrame(
            np.column_stack([joint.reshape(len(rows), len(COLUMNS) - 1), surviving]), columns=list(COLUMNS)
        )

    def encoded(self, stack: Stack) -> Singles:
        """Give the features as the trees take them.

        Parameters
        ----------
        stack : Stack
            Rows at risk.

        Returns
        -------
        ndarray of float32, shape (n, n_encoded)
            NaN for missing.
        """
        return self.encoding_.apply(stack.table.frame).astype(np.float32)  # all that the trees can tell apart

    def _reached(self, encoded: Singles) -> tuple[Floats, Floats]:
        # probability of each ending within the horizon, shape (n, n_endings), and of none, by the hazards of intervals
        surviving, reached = np.ones(len(encoded)), np.zeros((len(encoded), len(ENDING_KEYS)))
        timed = _timed(encoded, np.zeros(len(encoded), dtype=np.int64))
        for interval in range(self.n_intervals):
            timed[:, -1] = interval
            hazard = _spread(self.hazard_, timed, 1 + len(ENDING_KEYS))
            reached += surviving[:, None] * hazard[:, 1:]
            surviving = surviving * hazard[:, CONTINUE]
        return reached, surviving

    def _changed(self, encoded: Singles, below_caseness: NDArray[np.bool_]) -> Floats:
        # share of each possible change given each ending, shape (n, n_endings, n_changes)
        allowed, n = possible(below_caseness), len(encoded)
        unlearnt = np.zeros(len(CHANGE_KEYS))
        unlearnt[-1] = 1.0  # where all that was learnt is impossible, nothing can be assessed
        shares = np.zeros((n, len(ENDING_KEYS), len(CHANGE_KEYS)))
        given = _given(encoded, np.zeros(n, dtype=np.int64))
        for ending in range(len(ENDING_KEYS)):
            given[:, -len(ENDING_KEYS) :] = np.arange(len(ENDING_KEYS)) == ending
            told = _spread(self.change_, given, len(CHANGE_KEYS)) * allowed
            total = told.sum(axis=1, keepdims=True)
            shares[:, ending] = np.divide(told, total, out=np.tile(unlearnt, (n, 1)), where=total > 0)
        return shares

    def _periods(self, fate: Followed) -> tuple[NDArray[np.int64], Integers]:
        # (row, interval) pairs with their class; an interval in which somebody was lost from sight is not used
        at = np.minimum(np.maximum(np.ceil(fate.weeks / self.interval_weeks) - 1, 0), self.n_intervals).astype(np.int64)
        seen = np.floor(fate.weeks / self.interval_weeks).astype(np.int64)
        over = fate.ending >= 0
        lengths = np.where(over, np.minimum(at + 1, self.n_intervals), np.clip(seen, 0, self.n_intervals))
        row = np.repeat(np.arange(lengths.size), lengths)
        interval = np.arange(row.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        ends = over[row] & (interval == at[row])
        return np.column_stack([row, interval]), np.where(ends, fate.ending[row] + 1, CONTINUE)

    def _drawn(self, fate: Followed) -> NDArray[np.bool_]:
        # where there are very many rows, every one has the same chance to teach: fewer rows, the same shares of all
        rows, _ = self._periods(fate)
        share = self.most_rows / max(len(rows), 1)
        draw = np.random.default_rng(self.random_state).random(fate.ending.size)
        return np.asarray(draw < share if share < 1 else np.ones(draw.size, dtype=bool))

    def _finished(self, fate: Followed) -> Integers:
        return np.flatnonzero((fate.ending >= 0) & (fate.weeks <= self.horizon_weeks))

    def _lessons(self, stack: Stack, fate: Followed) -> tuple[_Lesson, _Lesson]:
        # what the two models learn from: class of each interval, and change of each finished row given its ending
        encoded, (pairs, classes), finished = self.encoded(stack), self._periods(fate), self._finished(fate)
        row, interval = pairs.T
        return (
            _Lesson(_timed(encoded[row], interval), classes, row),
            _Lesson(_given(encoded[finished], fate.ending[finished]), fate.change[finished], finished),
        )


def marginal(joint: pd.DataFrame, *, endings: tuple[str, ...] = (), changes: tuple[str, ...] = ()) -> Floats:
    """Add up the joint endings of some kinds.

    Parameters
    ----------
    joint : DataFrame
        From `EndingModel.predict`.
    endings, changes : tuple of str
        Keys to be added up; empty means all.

    Returns
    -------
    ndarray of float, shape (n,)
        Probability of any of them within the horizon.
    """
    names = [f"{ending}|{change}" for ending in endings or ENDING_KEYS for change in changes or CHANGE_KEYS]
    return np.asarray(joint[names].to_numpy().sum(axis=1), dtype=float)


def _timed(encoded: Singles, interval: Integers) -> Singles:
    return np.column_stack([encoded, interval.astype(np.float32)])


def _given(encoded: Singles, ending: Integers) -> Singles:
    return np.column_stack([encoded, np.eye(len(ENDING_KEYS), dtype=np.float32)[ending]])


def _spread(model: MulticlassTrees, X: Singles, n_classes: int) -> Floats:
    # probabilities at the places of all classes; classes that taught nobody get none
    spread = np.zeros((len(X), n_classes))
    if not len(X):
        return spread
    found = softmax(margins(model.booster_, X, model.n_trees_))
    spread[:, np.asarray(model.classes_, dtype=np.int64)] = found
    return spread
