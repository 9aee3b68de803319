"""What do all estimators of this room share? Checking, encoding, and probabilities from log-odds.

They follow scikit-learn, take a DataFrame (categories as text, NaN for missing numbers) or an array, encode inside
`fit`, and give the same bits on any number of threads. Nothing is pickled; see `packing`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from outcomes.errors import DataError
from outcomes.prognosis.encoding import Encoding
from outcomes.prognosis.threads import single_thread

Floats = NDArray[np.float64]

TWO = 2


class OneOutcomeError(DataError, ValueError):
    """Training rows hold one outcome only; scikit-learn expects a ValueError here."""


class Forecaster(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """What all estimators of this room share: checking, encoding, probabilities from a margin in log-odds."""

    kind: ClassVar[str] = ""
    needs_two_outcomes: ClassVar[bool] = True
    baseline: ClassVar[bool] = False

    def fit(self, X: pd.DataFrame | ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn from rows with a known outcome.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, n_features)
            Numbers (NaN for missing) and, in a DataFrame, text for categories.
        y : array_like, shape (n,)
            Two classes; the second in sorted order (True, 1) is the outcome.
        groups : array_like, shape (n,), optional
            Patient of each row, for the splits made inside. Without it every row is a patient.

        Returns
        -------
        Forecaster
            Itself, fitted.

        Raises
        ------
        OneOutcomeError
            If the rows hold one outcome only.
        ValueError
            If `y` has more than two classes (scikit-learn's rule for such a mistake).
        """
        frame, labels = self._checked(X, y)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if self.classes_.size > TWO:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(labels)}."
            )
        if self.classes_.size < TWO and self.needs_two_outcomes:
            raise OneOutcomeError(
                f"outcome: all {codes.size} training rows are of one class; a forecast needs both (rule two outcomes)"
            )
        who = np.arange(codes.size) if groups is None else pd.factorize(np.asarray(groups))[0]
        self.encoding_ = Encoding.learn(frame)
        with single_thread():
            self._learn(self.encoding_.apply(frame), codes.astype(float), who.astype(np.int64))
        return self

    def decision_function(self, X: pd.DataFrame | ArrayLike) -> Floats:
        """Say how many log-odds speak for the outcome.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, n_features)
            As in `fit`.

        Returns
        -------
        ndarray of float, shape (n,)
            Log-odds.
        """
        check_is_fitted(self)
        with single_thread():
            return self._margin(self.encoding_.apply(self._frame(X, reset=False)))

    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> Floats:
        """Say how probable the outcome is.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, n_features)
            As in `fit`.

        Returns
        -------
        ndarray of float, shape (n, 2)
            Probability of the first and of the second class.
        """
        probability = expit(self.decision_function(X))
        return np.column_stack([1 - probability, probability])

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray[Any]:
        """Say which class is the more probable one; for scikit-learn's sake, nothing here reports it.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, n_features)
            As in `fit`.

        Returns
        -------
        ndarray, shape (n,)
            One of `classes_`.
        """
        second = (self.decision_function(X) > 0).astype(int)
        return np.asarray(self.classes_[np.minimum(second, self.classes_.size - 1)])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = self.baseline
        tags.input_tags.allow_nan = True
        return tags

    @abstractmethod
    def _learn(self, X: Floats, y: Floats, groups: NDArray[np.int64]) -> None:
        """Learn from encoded rows."""

    @abstractmethod
    def _margin(self, X: Floats) -> Floats:
        """Give the log-odds of encoded rows."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Give what was learnt, as JSON knows it (see `packing`).

        Returns
        -------
        dict
            Numbers, lists and texts.
        """

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what was learnt elsewhere.

        Parameters
        ----------
        state : mapping
            The result of `state`.
        """

    def _checked(self, X: pd.DataFrame | ArrayLike, y: ArrayLike) -> tuple[pd.DataFrame, NDArray[Any]]:
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        frame = self._frame(X, reset=True)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        plain = y.to_numpy(dtype=object) if isinstance(y, pd.Series) and y.dtype == "boolean" else y
        labels = column_or_1d(plain, warn=True)
        if labels.dtype == object and not pd.isna(labels).any():
            labels = np.array(labels.tolist())
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        check_consistent_length(frame, labels)
        return frame, labels

    def _frame(self, X: pd.DataFrame | ArrayLike, *, reset: bool) -> pd.DataFrame:
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X.set_axis([str(name) for name in X.columns], axis="columns")
        values = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        names = [str(number) for number in range(values.shape[1])] if reset else list(self.encoding_.levels)
        return pd.DataFrame(values, columns=names)
