"""Which state is one patient in now: a frozen model applied session by session, in microseconds.

For one person at a time, as a service would call it; many at once go through `LatentMarkov.filtered`, which gives the
same numbers. Filtered only: nothing here looks at later sessions.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from outcomes.errors import DataError
from outcomes.kernel.latent_markov_decoding import advance
from outcomes.subtypes.covariates import PLACES, CovariateLatentMarkov, check_names
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.sequences import LARGEST_CODE, MISSING

UNSEEN = -2
NOWHERE = np.zeros((0, 0))
Answers = Sequence[int] | Mapping[str, int]
Covariates = Mapping[str, float] | None


class StateScorer:
    """Score sessions one by one.

    Parameters
    ----------
    model : LatentMarkov
        Fitted or thawed: `LatentMarkov`, `MixedLatentMarkov` (whose pairs of class and state are told),
        `LatentMarkovWithEndings` or `CovariateLatentMarkov`.

    Attributes
    ----------
    columns : tuple of str
        Items, in the order in which answers are given.
    covariates : tuple of tuple of str
        Covariates of the first state, and of moves; empty for a model without.

    Examples
    --------
    >>> import numpy as np
    >>> from outcomes.subtypes.latent_markov import LatentMarkov
    >>> answers = np.array([[0, 0, 0], [0, 0, 1], [3, 3, 3], [3, 2, 3]] * 5)
    >>> scorer = StateScorer(LatentMarkov(n_states=2, n_starts=5).fit(answers))
    >>> first = scorer.first([0, 0, 1])
    >>> scorer.next(first, [3, -1, 3], session=2).round(2).tolist()
    [0.0, 1.0]
    """

    def __init__(self, model: LatentMarkov) -> None:
        check_is_fitted(model, "parameters_")
        self.columns = model.columns_
        parameters = model.parameters_
        self.covariates: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._logits = None
        if isinstance(model, CovariateLatentMarkov):
            self.covariates = (tuple(model.covariates_[0]), tuple(model.covariates_[1]))
            self._logits = model.logits_
        self._initial = np.ascontiguousarray(parameters.initial)
        self._moves = [np.ascontiguousarray(moves) for moves in parameters.transition]
        self._probability = np.ascontiguousarray(np.concatenate([p.T for p in parameters.response]))
        self._slots = np.concatenate(([0], np.cumsum([len(seen) for seen in model.answers_]))).astype(np.int64)
        self._codes = np.full((len(self.columns), LARGEST_CODE + 2), UNSEEN, dtype=np.int64)
        self._codes[:, MISSING] = MISSING  # the last place
        for item, seen in enumerate(model.answers_):
            self._codes[item, seen] = np.arange(len(seen))
        self._rows = np.arange(len(self.columns))

    def first(self, answers: Answers, *, covariates: Covariates = None) -> NDArray[np.float64]:
        """Which state is a person in at the first session.

        Parameters
        ----------
        answers : sequence of int, or mapping of item name to int
            Answers as scored, in the order of ``columns``; -1 (or a name that is absent) is missing.
        covariates : mapping of str to float, optional
            Those of the first state, where the model has some: all of them and no others.

        Returns
        -------
        NDArray[np.float64], shape (n_hidden,)
            Filtered probabilities; keep them for `next`.

        Raises
        ------
        DataError
            If an answer was never seen in the fit, there are too many or too few, or a covariate is missing, unknown
            or no number.
        """
        initial = self._initial
        row = self._row(covariates, 0)
        if self._logits is not None:
            initial = _softmax(self._logits.initial @ row)
        return advance(initial, NOWHERE, self._coded(answers), self._slots, self._probability)

    def next(
        self, before: NDArray[np.float64], answers: Answers, *, session: int, covariates: Covariates = None
    ) -> NDArray[np.float64]:
        """Which state is the person in one session later.

        Parameters
        ----------
        before : NDArray[np.float64], shape (n_hidden,)
            What `first` or `next` said of the session before.
        answers : sequence of int, or mapping of item name to int
            As in `first`; all missing for a session without answers.
        session : int
            Number of this session, from 2; matters where moves change with time.
        covariates : mapping of str to float, optional
            Those of the move into this session, where the model has some: all of them and no others.

        Returns
        -------
        NDArray[np.float64], shape (n_hidden,)
            Filtered probabilities.

        Raises
        ------
        DataError
            If an answer was never seen in the fit, the session is not a later one, or a covariate is missing, unknown
            or no number.
        """
        second = 2
        if session < second:
            raise DataError(f"session must be at least 2 (the first one goes through first), got {session!r}")
        moves = self._moves[min(session - second, len(self._moves) - 1)]
        row = self._row(covariates, 1)
        if self._logits is not None:
            moves = _softmax(self._logits.moves @ row)
        return advance(before, moves, self._coded(answers), self._slots, self._probability)

    def _row(self, covariates: Covariates, place: int) -> NDArray[np.float64]:
        # the constant and the covariates of one place, in the order of the fit
        names, given = self.covariates[place], covariates or {}
        check_names(names, list(given), PLACES[place])
        try:
            row = np.array([1.0, *(given[name] for name in names)], dtype=np.float64)
        except (TypeError, ValueError):
            row = np.array([np.nan])
        if not np.isfinite(row).all():
            raise DataError(f"covariates of the {PLACES[place]}: finite numbers are needed (rule covariate_numeric)")
        return row

    def _coded(self, answers: Answers) -> NDArray[np.int64]:
        if isinstance(answers, Mapping):
            strange = len(set(answers) - set(self.columns))
            if strange:
                raise DataError(f"answers: {strange} names are not items of the model ({', '.join(self.columns)})")
            answers = [answers.get(name, MISSING) for name in self.columns]
        given = np.asarray(answers)
        if given.shape != self._rows.shape or given.dtype.kind not in "iu":
            raise DataError(f"answers: {self._rows.size} whole numbers are needed, -1 for missing (rule item_code)")
        if given.min() < MISSING or given.max() > LARGEST_CODE:
            raise DataError("answers: a number that no item can have (rule item_code)")
        codes: NDArray[np.int64] = self._codes[self._rows, given]
        if codes.min() == UNSEEN:
            item = self.columns[int(codes.argmin())]
            raise DataError(f"{item}: an answer of a kind that the fit has never seen (rule item_answer_known)")
        return codes


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    # along the last axis
    weight: NDArray[np.float64] = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.ascontiguousarray(weight / weight.sum(axis=-1, keepdims=True))
