"""Which estimators give the probabilities? Boosted trees, and what they must beat: regression, one variable, nobody."""

import base64
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from outcomes.errors import ConfigError, NotConvergedWarning
from outcomes.prognosis.forecaster import Forecaster
from outcomes.prognosis.metrics import log_odds
from outcomes.prognosis.threads import Unheard

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

PENALTIES = (0.0003, 0.002, 0.01, 0.05, 0.5)  # inverse strengths C, strongest first
FEWEST = 10
FEWEST_TO_SPLIT = 50  # rows below which early stopping has nothing to stop on
UNCONVERGED = Unheard(ConvergenceWarning)
LARGEST_C = 1e6  # as good as unpenalised, and finite where one variable separates the outcomes


class BoostedTrees(Forecaster):
    """Boosted trees with the settings that did not memorise people.

    The number of trees is chosen by early stopping on a fifth of the training patients; then all training rows are
    fitted with that number. The model holds these trees and no others, so predictions and explanations use the same.

    Parameters
    ----------
    max_rounds : int
        Largest number of trees.
    patience : int
        Trees without gain in log-loss after which the search stops.
    learning_rate, max_depth, min_child_weight, subsample : float, int, float, float
        As xgboost names them. Shallow trees, heavy leaves: a membership attack stays near a coin flip.
    random_state : int
        Seed of the subsamples and of the inner split.

    Attributes
    ----------
    n_trees_ : int
        Trees in the model.
    booster_ : xgboost.Booster
        The model.
    encoding_ : Encoding
        How categories became numbers.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.integers(0, 20, size=(400, 2)).astype(float)
    >>> model = BoostedTrees(max_rounds=50).fit(x, x[:, 0] > 10)
    >>> bool(model.predict_proba([[20.0, 3.0]])[0, 1] > 0.8)
    True
    """

    kind = "boosted_trees"

    def __init__(
        self,
        *,
        max_rounds: int = 400,
        patience: int = 25,
        learning_rate: float = 0.05,
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

    def _settings(self) -> dict[str, Any]:
        return {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "nthread": 1,
            "seed": int(self.random_state),
            "eta": self.learning_rate,
            "max_depth": self.max_depth,
            "min_child_weight": self.min_child_weight,
            "subsample": self.subsample,
        }

    def _learn(self, X: Floats, y: Floats, groups: Integers) -> None:
        if self.max_rounds < 1 or self.patience < 1:
            raise ConfigError(f"max_rounds and patience must be at least 1, got {self.max_rounds}, {self.patience}")
        self.n_trees_ = self._rounds(X, y, groups)
        everybody = xgb.QuantileDMatrix(X, label=y, nthread=1)
        self.booster_ = xgb.train(self._settings(), everybody, num_boost_round=self.n_trees_, verbose_eval=False)

    def _rounds(self, X: Floats, y: Floats, groups: Integers) -> int:
        apart = held_out(groups, 5, self.random_state) == 0
        if y.size < FEWEST_TO_SPLIT or np.unique(y[apart]).size == 1 or np.unique(y[~apart]).size == 1:
            return min(self.max_rounds, 2 * self.patience)
        learning = xgb.QuantileDMatrix(X[~apart], label=y[~apart], nthread=1)
        judging = xgb.DMatrix(X[apart], label=y[apart], nthread=1)  # the same losses as by bins, sooner
        found = xgb.train(
            self._settings(),
            learning,
            num_boost_round=self.max_rounds,
            evals=[(judging, "judging")],
            early_stopping_rounds=self.patience,
            verbose_eval=False,
        )
        return int(found.best_iteration) + 1

    def _margin(self, X: Floats) -> Floats:
        matrix = xgb.DMatrix(X, nthread=1)
        margin = self.booster_.predict(matrix, output_margin=True, iteration_range=(0, self.n_trees_))
        return np.asarray(margin, dtype=float)

    def state(self) -> dict[str, Any]:  # noqa: D102  documented in Forecaster
        raw = bytes(self.booster_.save_raw(raw_format="ubj"))
        return {"n_trees": self.n_trees_, "booster_ubjson": base64.b64encode(raw).decode("ascii")}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: D102  documented in Forecaster
        self.n_trees_ = int(state["n_trees"])
        self.booster_ = xgb.Booster({"nthread": 1})
        self.booster_.load_model(bytearray(base64.b64decode(state["booster_ubjson"])))


class PenalisedLogistic(Forecaster):
    """Logistic regression with a ridge penalty chosen inside the training rows: what boosting must beat.

    Missing numbers take the training median and, where ten or more were missing, a column of their own says so; columns
    are standardised; the penalty with the smallest log-loss in inner folds of patients is kept.

    Parameters
    ----------
    penalties : tuple of float
        Inverse strengths (scikit-learn's C) to choose from.
    n_folds : int
        Inner folds.
    random_state : int
        Seed of the inner folds.

    Attributes
    ----------
    chosen_ : float
        The inverse strength kept.
    coefficients_ : ndarray of float
        One per standardised column, missingness columns last.
    intercept_ : float
        Log-odds at the training means.
    """

    kind = "penalised_logistic"

    def __init__(self, *, penalties: tuple[float, ...] = PENALTIES, n_folds: int = 3, random_state: int = 0) -> None:
        self.penalties = penalties
        self.n_folds = n_folds
        self.random_state = random_state

    def _learn(self, X: Floats, y: Floats, groups: Integers) -> None:
        if not self.penalties or min(self.penalties) <= 0:
            raise ConfigError(f"penalties must be positive numbers, got {self.penalties}")
        missing = np.isnan(X)
        known = ~missing
        self.median_ = np.zeros(X.shape[1])
        answered = known.any(axis=0)
        self.median_[answered] = np.nanmedian(X[:, answered], axis=0)
        self.flagged_ = np.flatnonzero((missing.sum(axis=0) >= FEWEST) & (known.sum(axis=0) >= FEWEST))
        self.mean_, self.spread_ = np.zeros(0), np.zeros(0)
        filled = self._filled(X)
        self.mean_, spread = filled.mean(axis=0), filled.std(axis=0)
        self.spread_ = np.where(spread > 0, spread, 1.0)
        design = (filled - self.mean_) / self.spread_
        self.chosen_ = self._strength(design, y, groups)
        fitted = _ridge(design, y, self.chosen_)
        self.coefficients_, self.intercept_ = fitted.coef_[0], float(fitted.intercept_[0])

    def _strength(self, design: Floats, y: Floats, groups: Integers) -> float:
        if len(self.penalties) == 1:
            return float(self.penalties[0])  # nothing to choose
        folds = held_out(groups, self.n_folds, self.random_state)
        losses = np.zeros(len(self.penalties))
        for fold in range(self.n_folds):
            apart = folds == fold
            if np.unique(y[~apart]).size == 1 or not apart.any():
                continue
            for number, strength in enumerate(self.penalties):
                margin = _ridge(design[~apart], y[~apart], strength, solver="lbfgs").decision_function(design[apart])
                losses[number] += np.logaddexp(0, np.where(y[apart] > 0, -margin, margin)).sum()
        return float(self.penalties[int(np.argmin(losses))])

    def _filled(self, X: Floats) -> Floats:
        missing = np.isnan(X)
        return np.hstack([np.where(missing, self.median_, X), missing[:, self.flagged_].astype(float)])

    def _margin(self, X: Floats) -> Floats:
        design = (self._filled(X) - self.mean_) / self.spread_
        return np.asarray(design @ self.coefficients_ + self.intercept_, dtype=float)

    def state(self) -> dict[str, Any]:  # noqa: D102  documented in Forecaster
        arrays = {
            name: getattr(self, name).tolist() for name in ("median_", "flagged_", "mean_", "spread_", "coefficients_")
        }
        return {**arrays, "intercept_": self.intercept_, "chosen_": self.chosen_}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: D102  documented in Forecaster
        for name, value in state.items():
            kind = np.int64 if name == "flagged_" else np.float64
            setattr(self, name, np.array(value, dtype=kind) if isinstance(value, list) else float(value))


class OneVariable(Forecaster):
    """One column alone, in a logistic curve: the baseline with a name.

    Parameters
    ----------
    column : str, optional
        Which column; the first one if not given. Rows in which it is missing get the prevalence of such rows.

    Attributes
    ----------
    intercept_, coefficient_, when_missing_ : float
        Log-odds at zero, per unit, and where the column is missing.
    """

    kind = "one_variable"
    baseline = True

    def __init__(self, column: str | None = None) -> None:
        self.column = column

    def _learn(self, X: Floats, y: Floats, groups: Integers) -> None:
        self.place_ = 0 if self.column is None else self._place(self.column)
        x = X[:, self.place_]
        known = ~np.isnan(x)
        absent = y[~known] if (~known).sum() >= FEWEST else y
        self.when_missing_ = float(log_odds(np.array(absent.mean())))
        self.intercept_, self.coefficient_ = float(log_odds(np.array(y.mean()))), 0.0
        if np.unique(y[known]).size > 1 and np.unique(x[known]).size > 1:
            fitted = _ridge(x[known, None], y[known], LARGEST_C)
            self.intercept_, self.coefficient_ = float(fitted.intercept_[0]), float(fitted.coef_[0, 0])

    def _place(self, column: str) -> int:
        if column not in self.encoding_.names:
            raise ConfigError(f"column must be a number among the features, got {column!r}")
        return self.encoding_.names.index(column)

    def _margin(self, X: Floats) -> Floats:
        x = X[:, self.place_]
        return np.where(np.isnan(x), self.when_missing_, self.intercept_ + self.coefficient_ * x)

    def state(self) -> dict[str, Any]:  # noqa: D102  documented in Forecaster
        return {name: getattr(self, name) for name in ("place_", "when_missing_", "intercept_", "coefficient_")}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: D102  documented in Forecaster
        for name, value in state.items():
            setattr(self, name, value)


class Prevalence(Forecaster):
    """The share with the outcome, the same for everybody: what any model must beat.

    Attributes
    ----------
    log_odds_ : float
        Of the outcome among the training rows.
    """

    kind = "prevalence"
    baseline = True
    needs_two_outcomes = False

    def _learn(self, X: Floats, y: Floats, groups: Integers) -> None:
        self.log_odds_ = float(log_odds(np.array(y.mean())))

    def _margin(self, X: Floats) -> Floats:
        return np.full(len(X), self.log_odds_)

    def state(self) -> dict[str, Any]:  # noqa: D102  documented in Forecaster
        return {"log_odds_": self.log_odds_}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: D102  documented in Forecaster
        self.log_odds_ = float(state["log_odds_"])


def held_out(groups: Integers, n_folds: int, seed: int) -> Integers:
    """Say in which inner fold each row is, patients never parted.

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        Patient of each row, numbered from 0.
    n_folds : int
        Number of folds.
    seed : int
        Seed of the shuffle.

    Returns
    -------
    ndarray of int, shape (n,)
        Fold from 0 to ``n_folds - 1``; sizes in patients differ by at most one.
    """
    n_patients = int(groups.max()) + 1 if groups.size else 0
    return np.asarray(np.random.default_rng(seed).permutation(n_patients)[groups] % n_folds, dtype=np.int64)


def _ridge(design: Floats, y: Floats, strength: float, solver: str = "newton-cholesky") -> LogisticRegression:
    # the quicker solver compares penalties, the exact one makes the model; our own warning says more
    with UNCONVERGED:
        fitted = LogisticRegression(C=strength, solver=solver, max_iter=200).fit(design, y)
    if int(fitted.n_iter_[0]) >= fitted.max_iter:
        warnings.warn(
            f"ridge regression at C = {strength} hit its cap of iterations", NotConvergedWarning, stacklevel=2
        )
    return fitted
