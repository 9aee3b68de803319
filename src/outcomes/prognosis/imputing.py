"""Would filling in missing numbers have told more than taking them as missing? A regression on imputed copies."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from outcomes.errors import ConfigError
from outcomes.prognosis.forecaster import Forecaster

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

RIDGE = 1.0  # keeps the imputation models solvable where columns repeat each other


class ImputedLogistic(Forecaster):
    """Penalised logistic regression on several imputed copies of the training rows, averaged in log-odds.

    Each column with missing numbers is drawn in turn from a normal regression on all others and the outcome (chained
    equations), within the range that was observed. People to be predicted have no outcome: their gaps take the expected
    value given what is known, from the same chain without it. The missing value itself tells nothing here; the model
    that takes missing values as they are stands beside.

    Parameters
    ----------
    n_imputations : int
        Copies.
    n_sweeps : int
        Rounds of the chain.
    strength : float
        Inverse penalty (scikit-learn's C) on standardised columns.
    random_state : int
        Seed.

    References
    ----------
    van Buuren S, Groothuis-Oudshoorn K (2011). mice: multivariate imputation by chained equations in R. Journal of
    Statistical Software 45(3). Sisk R et al. (2023). Imputation and missing indicators for handling missing data in the
    development and deployment of clinical prediction models. Statistical Methods in Medical Research 32, 1461-1477.
    """

    kind = "imputed_logistic"

    def __init__(
        self, *, n_imputations: int = 5, n_sweeps: int = 4, strength: float = 0.01, random_state: int = 0
    ) -> None:
        self.n_imputations = n_imputations
        self.n_sweeps = n_sweeps
        self.strength = strength
        self.random_state = random_state

    def _learn(self, X: Floats, y: Floats, groups: Integers) -> None:
        if self.n_imputations < 1 or self.n_sweeps < 1 or self.strength <= 0:
            raise ConfigError("n_imputations and n_sweeps must be at least 1, strength above 0")
        missing = np.isnan(X)
        answered = (~missing).any(axis=0)
        self.mean_ = np.zeros(X.shape[1])
        self.mean_[answered] = np.nanmean(X[:, answered], axis=0)
        spread = np.zeros(X.shape[1])
        spread[answered] = np.nanstd(X[:, answered], axis=0)
        self.spread_ = np.where(spread > 0, spread, 1.0)
        standard = (X - self.mean_) / self.spread_
        self.holes_ = np.flatnonzero(missing.any(axis=0) & answered)
        low, high = np.zeros(X.shape[1]), np.zeros(X.shape[1])
        low[answered], high[answered] = (
            np.nanmin(standard[:, answered], axis=0),
            np.nanmax(standard[:, answered], axis=0),
        )
        self.range_ = np.column_stack([low, high])
        self.chain_ = self._chain(standard, missing)
        rng = np.random.default_rng(self.random_state)
        fits = [self._copy(standard, missing, y, rng) for _ in range(self.n_imputations)]
        self.coefficients_ = np.mean([one[:-1] for one in fits], axis=0)
        self.intercept_ = float(np.mean([one[-1] for one in fits]))

    def _copy(self, standard: Floats, missing: NDArray[np.bool_], y: Floats, rng: np.random.Generator) -> Floats:
        filled = np.where(missing, 0.0, standard)
        outcome = ((y - y.mean()) / max(float(y.std()), 1e-9))[:, None]
        for _ in range(self.n_sweeps):
            for hole in self.holes_:
                gone = missing[:, hole]
                others = np.hstack([np.ones((len(y), 1)), np.delete(filled, hole, axis=1), outcome])
                known = others[~gone]
                gram = known.T @ known + RIDGE * np.eye(known.shape[1])
                beta = np.linalg.solve(gram, known.T @ filled[~gone, hole])
                rest = filled[~gone, hole] - known @ beta
                free = max(rest.size - beta.size, 1)
                sigma = np.sqrt(float(rest @ rest) / max(float(rng.chisquare(free)), 1e-9))
                drawn = beta + sigma * np.linalg.solve(np.linalg.cholesky(gram).T, rng.standard_normal(beta.size))
                value = others[gone] @ drawn + sigma * rng.standard_normal(int(gone.sum()))
                filled[gone, hole] = np.clip(value, *self.range_[hole])
        fitted = LogisticRegression(C=self.strength, max_iter=500).fit(filled, y)
        return np.asarray(np.r_[fitted.coef_[0], fitted.intercept_[0]], dtype=float)

    def _chain(self, standard: Floats, missing: NDArray[np.bool_]) -> Floats:
        # expected value of each column with holes, given all others: one row a column, intercept last
        filled, lines = np.where(missing, 0.0, standard), np.zeros((len(self.holes_), standard.shape[1] + 1))
        for _ in range(self.n_sweeps):
            for place, hole in enumerate(self.holes_):
                others = np.column_stack([filled, np.ones(len(filled))])
                others[:, hole] = 0.0
                known = others[~missing[:, hole]]
                gram = known.T @ known + RIDGE * np.eye(known.shape[1])
                lines[place] = np.linalg.solve(gram, known.T @ filled[~missing[:, hole], hole])
                filled[missing[:, hole], hole] = np.clip(others[missing[:, hole]] @ lines[place], *self.range_[hole])
        return lines

    def _margin(self, X: Floats) -> Floats:
        missing = np.isnan(X)
        filled = np.where(missing, 0.0, (X - self.mean_) / self.spread_)
        for _ in range(self.n_sweeps):
            for place, hole in enumerate(self.holes_):
                gone = missing[:, hole]
                if gone.any():
                    others = np.column_stack([filled[gone], np.ones(int(gone.sum()))])
                    others[:, hole] = 0.0
                    filled[gone, hole] = np.clip((others * self.chain_[place]).sum(axis=1), *self.range_[hole])
        return np.asarray((filled * self.coefficients_).sum(axis=1) + self.intercept_, dtype=float)

    def state(self) -> dict[str, Any]:  # noqa: D102  documented in Forecaster
        names = ("mean_", "spread_", "holes_", "range_", "chain_", "coefficients_")
        return {**{name: getattr(self, name).tolist() for name in names}, "intercept_": self.intercept_}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: D102  documented in Forecaster
        for name, value in state.items():
            kind = np.int64 if name == "holes_" else np.float64
            setattr(self, name, np.array(value, dtype=kind) if isinstance(value, list) else float(value))
        self.chain_ = self.chain_.reshape(len(self.holes_), len(self.mean_) + 1)
