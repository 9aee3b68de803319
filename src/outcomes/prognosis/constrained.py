"""Can training itself give every group the same chance to be noticed? Nobody's group is asked for afterwards.

An experiment, shown beside the model that is as it is: the ledger of remedies says who gains and who loses by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from outcomes.errors import ConfigError
from outcomes.prognosis import metrics
from outcomes.prognosis.models import BoostedTrees, held_out

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FEWEST: Final = 50  # people of a group with the adverse ending below whom the group is not constrained
EDGE: Final = 1e-3  # chances are kept this far from 0 and 1 where odds are taken of them


@dataclass(frozen=True)
class Try:
    """One set of weights: multipliers by group, the common recalibration, each group's chance to be noticed."""

    strengths: Floats
    slope: float
    shift: float
    chances: Floats
    distance: float


class ConstrainedTrees(BoostedTrees):
    """Boosted trees whose training rows are weighed so that those who need help have one chance to be noticed.

    Equal opportunity is a constraint of the training: rows of the adverse ending count exp(multiplier of their group)
    times as much as others. The multipliers are found on inner folds of patients: where a group's chance lies below
    everybody's, its multiplier grows by the difference in log-odds, and the other way round; then all margins are
    recalibrated by one intercept and slope, the same for everybody. A difference that chance explains is not followed:
    it is shrunk by its own standard error. Kept is the set of weights with the smallest largest difference; where none
    is better than no weights, the model is that of `BoostedTrees`, bit for bit. The group is asked for in `fit` only.

    No row counts more than once (the largest weight is 1), so that leaves are as heavy as without a constraint.

    Parameters
    ----------
    threshold : float
        Probability of the adverse ending from which on somebody is noticed.
    adverse : int
        1 if the second class is the adverse ending, 0 if the first is.
    strongest : float
        How many times as much as another a group may count at most.
    steps : int
        Changes of the multipliers that are tried.
    n_folds : int
        Inner folds on which chances are counted.
    max_rounds, patience, learning_rate, max_depth, min_child_weight, subsample, random_state
        As in `BoostedTrees`.

    Attributes
    ----------
    strengths_ : dict
        Group to multiplier in log-odds; 0 for a group with fewer than 50 people of the adverse ending.
    slope_, shift_ : float
        The common recalibration; 1 and 0 without a constraint at work.

    References
    ----------
    Hardt M, Price E, Srebro N (2016). Equality of opportunity in supervised learning. NeurIPS 29.
    Jiang H, Nachum O (2020). Identifying and correcting label bias in machine learning. AISTATS, PMLR 108, 702-712,
    Algorithm 1 (weights that are exponential in multipliers, moved by the violation of the constraint).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> group, need = np.repeat(["a", "b"], 1000), rng.normal(0, 1.5, 2000)
    >>> overlooked = np.where(group == "b", 1.0, 0.0)  # b looks better than it is
    >>> answers, other = need - overlooked + rng.normal(0, 0.4 + overlooked), overlooked + rng.normal(0, 0.5, 2000)
    >>> x = np.column_stack([answers, other])
    >>> found = ConstrainedTrees().fit(x, rng.random(2000) < 1 / (1 + np.exp(-need)), alike=group).strengths_
    >>> found["b"] > 0 > found["a"]
    True
    """

    kind = "constrained_trees"

    def __init__(  # noqa: PLR0913  scikit-learn wants every setting by name
        self,
        *,
        threshold: float = 0.5,
        adverse: int = 1,
        strongest: float = 4.0,
        steps: int = 5,
        n_folds: int = 3,
        max_rounds: int = 400,
        patience: int = 25,
        learning_rate: float = 0.05,
        max_depth: int = 3,
        min_child_weight: float = 10.0,
        subsample: float = 0.7,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            max_rounds=max_rounds,
            patience=patience,
            learning_rate=learning_rate,
            max_depth=max_depth,
            min_child_weight=min_child_weight,
            subsample=subsample,
            random_state=random_state,
        )
        self.threshold = threshold
        self.adverse = adverse
        self.strongest = strongest
        self.steps = steps
        self.n_folds = n_folds

    def fit(
        self,
        X: pd.DataFrame | ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        alike: ArrayLike | None = None,
    ) -> Self:
        """Learn from rows with a known outcome.

        Parameters
        ----------
        X, y, groups
            As in `Forecaster.fit`.
        alike : array_like, shape (n,), optional
            Group of each row that is to have the same chance as the others; missing is a group of its own. Without it
            nothing is constrained.

        Returns
        -------
        ConstrainedTrees
            Itself, fitted; nobody's group is kept.

        Raises
        ------
        ConfigError
            If a setting makes no sense, or `alike` has another length than the rows.
        OneOutcomeError
            If the rows hold one outcome only.
        """
        self._settled()
        codes, names = (None, []) if alike is None else _coded(alike)
        self._alike = codes
        try:
            super().fit(X, y, groups)
        finally:
            del self._alike
        found = dict.fromkeys(names, 0.0) if self._found is None else dict(zip(names, self._found, strict=True))
        self.strengths_ = {name: float(value) for name, value in found.items()}
        del self._found
        return self

    def _settled(self) -> None:
        if not 0 < self.threshold < 1 or self.adverse not in {0, 1}:
            raise ConfigError(
                f"threshold must be strictly between 0 and 1 and adverse 0 or 1, got {self.threshold}, {self.adverse}"
            )
        if self.strongest < 1 or self.steps < 1 or self.n_folds <= 1:
            raise ConfigError(
                f"strongest and steps must be at least 1 and n_folds at least 2, got {self.strongest}, {self.steps}, "
                f"{self.n_folds}"
            )

    def _learn(self, X: Floats, y: Floats, groups: Integers) -> None:
        super()._learn(X, y, groups)
        self.slope_, self.shift_, self._found = 1.0, 0.0, None
        if self._alike is None:
            return
        if self._alike.size != y.size:
            raise ConfigError(f"alike has {self._alike.size} values for {y.size} rows")
        best = self._best(X, y, groups, self._alike)
        if best is not None and best.strengths.any():
            self._found, self.slope_, self.shift_ = best.strengths, best.slope, best.shift
            self.booster_ = self._grown(X, y, self._weights(y, self._alike, best.strengths))

    def _best(self, X: Floats, y: Floats, groups: Integers, alike: Integers) -> Try | None:
        needed = y == self.adverse
        many = np.bincount(alike[needed], minlength=int(alike.max()) + 1) >= FEWEST
        folds = held_out(groups, self.n_folds, self.random_state + 1)
        if many.sum() <= 1 or any(np.unique(y[folds != fold]).size == 1 for fold in range(self.n_folds)):
            return None
        strengths, best = np.zeros(many.size), None
        for _ in range(self.steps + 1):
            tried = self._tried(X, y, folds, alike, many, strengths)
            if best is None or tried.distance < best.distance:
                best = tried
            if tried.distance <= 0:
                break
            everyone = _odds(_share(tried.chances, needed, alike, many))
            step = np.where(many, everyone - _odds(tried.chances), 0.0)
            strengths = np.clip(strengths + step, -np.log(self.strongest), np.log(self.strongest))
        return best

    def _tried(  # noqa: PLR0917  rows, folds and groups, then the multipliers
        self, X: Floats, y: Floats, folds: Integers, alike: Integers, many: NDArray[np.bool_], strengths: Floats
    ) -> Try:
        weights, margin = self._weights(y, alike, strengths), np.empty(y.size)
        for fold in range(self.n_folds):
            apart = folds == fold
            grown = self._grown(X[~apart], y[~apart], weights[~apart])
            margin[apart] = _margins(grown, X[apart])
        slope, shift = _recalibrated(y, margin) if strengths.any() else (1.0, 0.0)
        chance = expit(shift + slope * margin)
        noticed = (chance if self.adverse else 1 - chance) >= self.threshold
        needed = y == self.adverse
        n = np.bincount(alike[needed], minlength=many.size)
        shares = np.bincount(alike[needed & noticed], minlength=many.size) / np.maximum(n, 1)
        everyone = _share(shares, needed, alike, many)
        gap = shares - everyone
        # what a group of this size shows by chance is not followed (positive-part shrinkage)
        noise = np.clip(shares * (1 - shares), EDGE, None) / np.maximum(n, 1)
        kept = np.clip(1 - np.divide(noise, gap**2, out=np.ones(gap.size), where=gap != 0), 0, None)
        believed = np.where(many, everyone + kept * gap, everyone)
        return Try(strengths, slope, shift, believed, float(np.abs(believed - everyone).max()))

    def _weights(self, y: Floats, alike: Integers, strengths: Floats) -> Floats:
        weights = np.where(y == self.adverse, np.exp(strengths[alike]), 1.0)
        return np.asarray(weights / weights.max(), dtype=float)

    def _grown(self, X: Floats, y: Floats, weights: Floats) -> xgb.Booster:
        matrix = xgb.QuantileDMatrix(X, label=y, weight=weights, nthread=1)
        return xgb.train(self._settings(), matrix, num_boost_round=self.n_trees_, verbose_eval=False)

    def _margin(self, X: Floats) -> Floats:
        return np.asarray(self.shift_ + self.slope_ * super()._margin(X), dtype=float)

    def state(self) -> dict[str, Any]:  # noqa: D102  documented in Forecaster
        return {**super().state(), "slope": self.slope_, "shift": self.shift_, "strengths": self.strengths_}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: D102  documented in Forecaster
        super().restore(state)
        self.slope_, self.shift_ = float(state["slope"]), float(state["shift"])
        self.strengths_ = {str(name): float(value) for name, value in state["strengths"].items()}


def _coded(alike: ArrayLike) -> tuple[Integers, list[str]]:
    codes, names = pd.factorize(pd.Series(np.asarray(alike, dtype=object)), sort=True, use_na_sentinel=True)
    missing = codes < 0
    listed = [str(name) for name in names]
    return np.where(missing, len(listed), codes).astype(np.int64), [*listed, "missing"] if missing.any() else listed


def _margins(booster: xgb.Booster, X: Floats) -> Floats:
    return np.asarray(booster.predict(xgb.DMatrix(X, nthread=1), output_margin=True), dtype=float)


def _recalibrated(y: Floats, margin: Floats) -> tuple[float, float]:
    slope, shift = (float(found[0]) for found in metrics.slope_and_intercept(y, expit(margin), np.ones((1, y.size))))
    return (slope, shift) if np.isfinite(slope) else (1.0, 0.0)


def _share(chances: Floats, needed: NDArray[np.bool_], alike: Integers, many: NDArray[np.bool_]) -> float:
    # the chance of everybody in the constrained groups
    n = np.bincount(alike[needed], minlength=many.size) * many
    return float((chances * n).sum() / n.sum())


def _odds(chance: float | Floats) -> Floats:
    return np.asarray(logit(np.clip(chance, EDGE, 1 - EDGE)), dtype=float)
