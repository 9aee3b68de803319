"""One probability for each of several endings, adding up to one: boosted trees with a softmax."""

import base64
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from outcomes.errors import ConfigError
from outcomes.prognosis.encoding import Encoding
from outcomes.prognosis.forecaster import Floats, Forecaster, OneOutcomeError
from outcomes.prognosis.models import FEWEST_TO_SPLIT, held_out
from outcomes.prognosis.threads import single_thread

Singles = NDArray[np.float32]
TWO = 2


class MulticlassTrees(Forecaster):
    """Boosted trees for several classes (xgboost's ``multi:softprob``), as shallow as `models.BoostedTrees`.

    The number of rounds is chosen by early stopping on a fifth of the training patients; then all rows are fitted with
    it. Predictions use these trees and no others.

    Parameters
    ----------
    max_rounds, patience : int
        Largest number of rounds (one tree a class each); rounds without gain after which the search stops.
    learning_rate, max_depth, min_child_weight, subsample : float, int, float, float
        As xgboost names them.
    random_state : int
        Seed.

    Attributes
    ----------
    n_trees_ : int
        Rounds in the model.
    booster_ : xgboost.Booster
        The model.

    Examples
    --------
    >>> x = np.repeat([[0.0], [1.0], [2.0]], 40, axis=0)
    >>> model = MulticlassTrees(max_rounds=20).fit(x, np.repeat(["a", "b", "c"], 40))
    >>> model.predict_proba(x[:1]).sum(axis=1).round(6).tolist()
    [1.0]
    """

    kind = "multiclass_trees"

    def __init__(
        self,
        *,
        max_rounds: int = 120,
        patience: int = 6,
        learning_rate: float = 0.15,
        max_depth: int = 3,
        min_child_weight: float = 10.0,
        subsample: float = 0.7,
        random_state: int = 0,
    ) -> None:
        self.max_rounds = max_rounds
        self.patience = patience
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.subsample = subsample
        self.random_state = random_state

    def fit(self, X: pd.DataFrame | ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn from rows with a known class.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, n_features)
            As in `Forecaster.fit`.
        y : array_like, shape (n,)
            Two or more classes.
        groups : array_like, shape (n,), optional
            Patient of each row.

        Returns
        -------
        MulticlassTrees
            Itself, fitted.

        Raises
        ------
        OneOutcomeError
            If all rows are of one class.
        """
        frame, labels = self._checked(X, y)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self._several(codes.size)
        who = np.arange(codes.size) if groups is None else pd.factorize(np.asarray(groups))[0]
        self.encoding_ = Encoding.learn(frame)
        with single_thread():
            self._learn(self.encoding_.apply(frame), codes.astype(float), who.astype(np.int64))
        return self

    def learn_rows(self, X: Floats | Singles, y: ArrayLike, groups: NDArray[np.int64]) -> Self:
        """Learn from numbers that have been encoded elsewhere.

        Parameters
        ----------
        X : ndarray of float, shape (n, n_encoded)
            Encoded rows.
        y : array_like, shape (n,)
            Two or more classes.
        groups : ndarray of int, shape (n,)
            Patient of each row.

        Returns
        -------
        MulticlassTrees
            Itself, with `classes_`, `n_trees_` and `booster_`.

        Raises
        ------
        OneOutcomeError
            If all rows are of one class.
        """
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        self._several(codes.size)
        self._learn(X, codes, pd.factorize(groups)[0].astype(np.int64))
        return self

    def refit(self, X: Floats | Singles, y: ArrayLike, weights: Floats) -> "MulticlassTrees":
        """Learn as many rounds from the same rows, weighed otherwise: for resamples of patients, without a search.

        Parameters
        ----------
        X : ndarray of float, shape (n, n_encoded)
            Encoded rows.
        y : array_like, shape (n,)
            Class of each row; rows of a class that this model does not know are left out.
        weights : ndarray of float, shape (n,)
            How often each row counts.

        Returns
        -------
        MulticlassTrees
            A twin.
        """
        twin: MulticlassTrees = clone(self)
        twin.classes_, twin.n_trees_ = self.classes_, self.n_trees_
        known = np.isin(y, self.classes_)
        codes = np.searchsorted(self.classes_, np.asarray(y)[known])
        matrix = xgb.QuantileDMatrix(X[known], label=codes, weight=weights[known], nthread=1)
        twin.booster_ = xgb.train(self._settings(), matrix, num_boost_round=self.n_trees_, verbose_eval=False)
        return twin

    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> Floats:
        """Say how probable each class is.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, n_features)
            As in `fit`.

        Returns
        -------
        ndarray of float, shape (n, n_classes)
            Rows add up to 1 to the last bit that float64 has.
        """
        check_is_fitted(self)
        with single_thread():
            return softmax(self._margin(self.encoding_.apply(self._frame(X, reset=False))))

    def decision_function(self, X: pd.DataFrame | ArrayLike) -> Floats:
        """Say how much speaks for each class, in log-odds against each other.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, n_features)
            As in `fit`.

        Returns
        -------
        ndarray of float
            Shape (n, n_classes); with two classes (n,), for the second.
        """
        check_is_fitted(self)
        with single_thread():
            margin = self._margin(self.encoding_.apply(self._frame(X, reset=False)))
        return margin[:, 1] - margin[:, 0] if margin.shape[1] == TWO else margin

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[Any]:
        """Say which class is the most probable one; for scikit-learn's sake, nothing here reports it.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, n_features)
            As in `fit`.

        Returns
        -------
        ndarray, shape (n,)
            One of `classes_`.
        """
        check_is_fitted(self)
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = True
        return tags

    def _several(self, n_rows: int) -> None:
        if self.classes_.size < TWO:
            raise OneOutcomeError(
                f"outcome: all {n_rows} training rows are of one class; a forecast needs two (rule two outcomes)"
            )

    def _settings(self) -> dict[str, Any]:
        return {
            "objective": "multi:softprob",
            "num_class": self.classes_.size,
            "eval_metric": "mlogloss",
            "tree_method": "hist",  # one tree a class: trees for all classes at once have leaves of one person
            "nthread": 1,
            "seed": int(self.random_state),
            "eta": self.learning_rate,
            "max_depth": self.max_depth,
            "min_child_weight": self.min_child_weight / TWO,  # the softmax's curvature is twice the logistic one's
            "subsample": self.subsample,
        }

    def _learn(self, X: Floats | Singles, y: Floats | NDArray[np.int64], groups: NDArray[np.int64]) -> None:
        if self.max_rounds < 1 or self.patience < 1:
            raise ConfigError(f"max_rounds and patience must be at least 1, got {self.max_rounds}, {self.patience}")
        codes = y.astype(np.int64)
        self.n_trees_, like = self._rounds(X, codes, groups)
        whole = xgb.QuantileDMatrix(X, label=codes, nthread=1, ref=like)  # the same cut points: found once
        self.booster_ = xgb.train(self._settings(), whole, num_boost_round=self.n_trees_, verbose_eval=False)

    def _rounds(
        self, X: Floats | Singles, codes: NDArray[np.int64], groups: NDArray[np.int64]
    ) -> tuple[int, xgb.QuantileDMatrix | None]:
        apart = held_out(groups, 5, self.random_state) == 0
        if codes.size < FEWEST_TO_SPLIT or np.unique(codes[apart]).size == 1 or np.unique(codes[~apart]).size == 1:
            return min(self.max_rounds, 2 * self.patience), None
        learning = xgb.QuantileDMatrix(X[~apart], label=codes[~apart], nthread=1)
        judging = xgb.DMatrix(X[apart], label=codes[apart], nthread=1)  # the same losses as by bins, sooner
        found = xgb.train(
            self._settings(),
            learning,
            num_boost_round=self.max_rounds,
            evals=[(judging, "judging")],
            early_stopping_rounds=self.patience,
            verbose_eval=False,
        )
        return int(found.best_iteration) + 1, learning

    def _margin(self, X: Floats) -> Floats:
        return margins(self.booster_, X, self.n_trees_)

    def state(self) -> dict[str, Any]:  # noqa: D102  documented in Forecaster
        raw = bytes(self.booster_.save_raw(raw_format="ubj"))
        return {"n_trees": self.n_trees_, "booster_ubjson": base64.b64encode(raw).decode("ascii")}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: D102  documented in Forecaster
        self.n_trees_ = int(state["n_trees"])
        self.booster_ = xgb.Booster({"nthread": 1})
        self.booster_.load_model(bytearray(base64.b64decode(state["booster_ubjson"])))


def margins(booster: xgb.Booster, X: Floats | Singles, rounds: int) -> Floats:
    """Say how much speaks for each class, by the first rounds of a booster.

    Parameters
    ----------
    booster : Booster
        Of several classes.
    X : ndarray of float, shape (n, n_encoded)
        Encoded rows.
    rounds : int
        How many.

    Returns
    -------
    ndarray of float, shape (n, n_classes)
        Log-odds up to a constant.
    """
    found = booster.inplace_predict(X, iteration_range=(0, rounds), predict_type="margin")
    return np.asarray(found, dtype=float).reshape(len(X), -1)


def softmax(margin: Floats) -> Floats:
    """Turn margins into probabilities that add up to one.

    Parameters
    ----------
    margin : ndarray of float, shape (n, n_classes)
        Log-odds up to a constant.

    Returns
    -------
    ndarray of float, shape (n, n_classes)
        In double precision, so that sums are 1 to about 1e-16.
    """
    odds = np.exp(margin - margin.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=float)
