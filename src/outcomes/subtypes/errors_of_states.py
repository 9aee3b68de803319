"""Standard errors of a latent Markov model as one table."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.kernel.latent_markov_information import ProbabilityErrors

NORMAL = 1.959963984540054  # 97.5 % point of the standard normal distribution


def error_table(
    parameters: LatentMarkovParameters,
    errors: ProbabilityErrors,
    answers: tuple[NDArray[np.int8], ...],
    columns: tuple[str, ...],
) -> pd.DataFrame:
    """Lay out every probability with its standard error.

    Parameters
    ----------
    parameters : LatentMarkovParameters
        The model.
    errors : ProbabilityErrors
        Of the same shapes.
    answers : tuple of NDArray[np.int8]
        Answers of each item.
    columns : tuple of str
        Item names.

    Returns
    -------
    DataFrame
        One row a probability: part, step (0 where it does not apply), from_state (0 likewise), state, item, answer,
        probability, standard_error, low, high.
    """
    rows: list[tuple[object, ...]] = []
    for state, p in enumerate(parameters.initial):
        rows.append(("initial", 0, 0, state + 1, "", pd.NA, p, errors.initial[state]))
    several = len(parameters.transition) > 1
    for (period, origin, state), p in np.ndenumerate(parameters.transition):
        step = period + 1 if several else 0
        rows.append(("transition", step, origin + 1, state + 1, "", pd.NA, p, errors.transition[period, origin, state]))
    for item, (p_item, e_item) in enumerate(zip(parameters.response, errors.response, strict=True)):
        for (state, answer), p in np.ndenumerate(p_item):
            rows.append(
                ("response", 0, 0, state + 1, columns[item], int(answers[item][answer]), p, e_item[state, answer])
            )
    names = ["part", "step", "from_state", "state", "item", "answer", "probability", "standard_error"]
    table = pd.DataFrame(rows, columns=names).astype({"answer": "Int64"})
    p = table["probability"].to_numpy(dtype=float)
    error = table["standard_error"].to_numpy(dtype=float)
    table["low"], table["high"] = logit_interval(p, error)
    return table


def logit_interval(
    p: NDArray[np.float64], error: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Say within which bounds a probability lies: symmetric on the scale of log-odds, so never below 0 or above 1.

    Parameters
    ----------
    p, error : NDArray[np.float64], shape (n,)
        Probabilities and standard errors.

    Returns
    -------
    low, high : NDArray[np.float64], shape (n,)
        95 % bounds; NaN without a standard error.
    """
    inside = np.clip(p, 1e-12, 1 - 1e-12)
    odds, half = np.log(inside / (1 - inside)), NORMAL * error / (inside * (1 - inside))
    with np.errstate(over="ignore"):
        low, high = 1 / (1 + np.exp(half - odds)), 1 / (1 + np.exp(-half - odds))
    sure = error == 0
    return np.where(sure, p, low), np.where(sure, p, high)
