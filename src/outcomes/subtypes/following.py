"""What goes with a patient's first state: outcomes after it and covariates before it, naive and bias-adjusted.

Only for variables that are not scored from the items; for those that are, see `implied`.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import DataError
from outcomes.kernel.intervals import normal_quantile
from outcomes.kernel.three_step import StateMeans, bch_weights, naive_weights, state_means
from outcomes.kernel.three_step_likelihood import membership_logits, ml_means
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.sequences import sequences

METHODS = ("naive", "bch", "ml")
FEWEST = 30  # people of a level that has an odds ratio of its own; smaller ones stand together
REST = "a rarer level"
LARGEST_LOGIT = 10.0  # an odds ratio, or a bound of it, beyond exp of this says only that there is none


def outcome_by_initial_state(model: LatentMarkov, X: Source, outcome: ArrayLike) -> pd.DataFrame:
    """How high is an outcome after each initial state, naively and corrected for wrong assignment.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The patients it was fitted on.
    outcome : array-like, shape (n_sequences,)
        A number or yes/no for each sequence, in the order of `sequences`; missing where not assessable. It must not be
        scored from the items (recovery is):
        the correction takes outcome and answers as independent given the state.

    Returns
    -------
    DataFrame
        state, method ("naive" puts people into the likeliest state; "bch" corrects for it by weights, "ml" by maximum
        likelihood, which takes a number that is not yes or no as normal in each state), mean, standard_error,
        n_expected (size of the
        state among people with the outcome), n (people with the outcome), outside_range (a corrected rate below 0 or
        above 1, or a mean beyond
        all values: too little to say). Corrected means are NaN where nobody is put into one of the states, or states
        cannot be told apart.

    Raises
    ------
    DataError
        If the outcome has not one value for each sequence, or nobody has one.
    """
    data = sequences(X)
    values = pd.Series(np.asarray(outcome).ravel()).astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    if values.shape != (data.starts.size - 1,):
        n = data.starts.size - 1
        raise DataError(f"outcome: one value for each of the {n} sequences is needed, got {values.size}")
    known = np.isfinite(values)
    if not known.any():
        raise DataError("outcome: nobody has one")
    posterior = model.smoothed(data)[data.starts[:-1]][known]
    low, high = values[known].min(), values[known].max()
    rows = []
    for method in METHODS:
        found = _means(method, posterior, values[known].astype(np.float64))
        rows.append(
            pd.DataFrame(
                {
                    "state": np.arange(1, model.n_states + 1),
                    "method": method,
                    "mean": found.mean,
                    "standard_error": found.standard_error,
                    "n_expected": found.weight,
                    "n": int(known.sum()),
                    "outside_range": (found.mean < low) | (found.mean > high),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def _means(method: str, posterior: NDArray[np.float64], values: NDArray[np.float64]) -> StateMeans:
    try:
        if method == "ml":
            return ml_means(posterior, values)
        return state_means((bch_weights if method == "bch" else naive_weights)(posterior), values)
    except DataError:  # nobody is put into one of the states: what is not corrected still stands
        nothing = np.full(posterior.shape[1], np.nan)
        return StateMeans(nothing, nothing, posterior.sum(axis=0))


def membership(
    model: LatentMarkov, X: Source, covariates: pd.DataFrame, *, level: float = 0.95
) -> tuple[pd.DataFrame, int]:
    """How do characteristics known before treatment go with the first state.

    Multinomial logits against the first (mildest) state, by three steps: naive (which shrinks effects), BCH and maximum
    likelihood. The covariates are not in the measurement model; states mean the same whatever they are.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The patients it was fitted on.
    covariates : DataFrame
        One row a sequence, in the order of `sequences`; numbers are used as they are, text, categories and booleans as
        indicators against their most frequent level, levels of fewer than 30 people together. A person without one of
        them is left out.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    table : DataFrame
        One row a state after the first, term and method: state, term ("constant" or a covariate), method, log_odds,
        standard_error, odds_ratio, low, high, converged (False where the odds ratio has no bounds, as when nobody with
        a characteristic is in a state), n_with (people with the characteristic; all of them for a number).
    n : int
        People in the fit.

    Raises
    ------
    DataError
        If the covariates have not one row for each sequence, nobody has all of them, or one follows from the others.
    """
    data = sequences(X)
    n_sequences = data.starts.size - 1
    if len(covariates) != n_sequences:
        raise DataError(f"covariates: one row for each of the {n_sequences} sequences is needed, got {len(covariates)}")
    design = _design(covariates)
    known = np.isfinite(design.to_numpy()).all(axis=1)
    if not known.any():
        raise DataError("covariates: nobody has all of them")
    posterior = model.smoothed(data)[data.starts[:-1]][known]
    reach = normal_quantile(level)
    values = design.to_numpy()[known]
    indicator = np.isin(values, (0.0, 1.0)).all(axis=0)
    n_with = np.where(indicator, values.sum(axis=0), values.shape[0]).astype(np.int64)
    rows = []
    for method in METHODS:
        found = membership_logits(posterior, values, method=method)
        log_odds, error = found.coefficient.ravel(), found.standard_error.ravel()
        settled = np.abs(log_odds) + reach * error < LARGEST_LOGIT
        rows.append(
            pd.DataFrame(
                {
                    "state": np.repeat(np.arange(2, model.n_states + 1), design.shape[1]),
                    "term": list(design.columns) * (model.n_states - 1),
                    "method": method,
                    "log_odds": log_odds,
                    "standard_error": error,
                    "odds_ratio": np.where(settled, _ratio(log_odds), np.nan),
                    "low": np.where(settled, _ratio(log_odds - reach * error), np.nan),
                    "high": np.where(settled, _ratio(log_odds + reach * error), np.nan),
                    "n_with": np.tile(n_with, model.n_states - 1),
                    "converged": settled & (found.converged | (error > 0)),
                }
            )
        )
    return pd.concat(rows, ignore_index=True), int(known.sum())


def _ratio(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.exp(np.clip(log_odds, -LARGEST_LOGIT, LARGEST_LOGIT))
    return found


def _design(covariates: pd.DataFrame) -> pd.DataFrame:
    parts: dict[str, NDArray[np.float64]] = {"constant": np.ones(len(covariates))}
    for name, column in covariates.items():
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            parts[str(name)] = column.to_numpy(dtype=np.float64, na_value=np.nan)
            continue
        size = column.astype(object).value_counts()
        rare = size.index[size < FEWEST].tolist()
        merged = column.astype(object).where(~column.isin(rare) | column.isna(), REST)
        for value in sorted(merged.value_counts().index.tolist()[1:], key=str):
            parts[f"{name} = {value}"] = np.where(column.isna(), np.nan, merged.eq(value).to_numpy(dtype=np.float64))
    return pd.DataFrame(parts)
