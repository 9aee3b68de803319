"""How sure is each probability of a model: standard errors and intervals from a bootstrap of patients."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from outcomes.kernel.intervals import normal_quantile
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.stability import Stability

_NEAR = 1e-6  # closer to 0 or 1 than this a probability has no usable logit


def probability_interval(
    estimate: ArrayLike, error: ArrayLike, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Between which bounds does a probability lie, given its standard error.

    Normal on the logit scale, so that bounds stay inside 0 to 1; a few dozen resamples are enough for it, which
    percentiles are not.

    Parameters
    ----------
    estimate, error : array-like of float, same shape
        Probabilities and their standard errors.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    low, high : NDArray[np.float64]
        Bounds. Where the estimate is 0 or 1 to six places, the bound on the inner side lies so many errors away.
    """
    p, s = np.asarray(estimate, dtype=np.float64), np.asarray(error, dtype=np.float64)
    reach = normal_quantile(level)
    inside = np.clip(p, _NEAR, 1 - _NEAR)
    width = reach * s / (inside * (1 - inside))
    low, high = expit(logit(inside) - width), expit(logit(inside) + width)
    edge = inside != p
    return np.where(edge, np.maximum(p - reach * s, 0), low), np.where(edge, np.minimum(p + reach * s, 1), high)


def standard_errors(model: LatentMarkov, stability: Stability, *, level: float = 0.95) -> pd.DataFrame:
    """How sure is each probability of the model.

    Parameters
    ----------
    model : LatentMarkov
        The fitted estimator.
    stability : Stability
        Its bootstrap; at least two resamples.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row a probability: kind ("initial", "transition" or "response"), step (of transitions; 0 when all are
        alike), state (from 1), to_state (of transitions), item, answer (of responses), estimate, standard_error (over
        resamples whose states were matched by profile), low, high.
    """
    found = [each.parameters for each in stability.resamples]
    own = model.parameters_
    k = own.n_states
    numbers = np.arange(1, k + 1)
    frames = [
        _frame(own.initial, [p.initial for p in found], {"kind": "initial", "state": numbers}),
        _frame(
            own.transition,
            [p.transition for p in found],
            {
                "kind": "transition",
                "step": np.repeat(np.arange(own.transition.shape[0]) + int(model.time_varying), k * k),
                "state": np.tile(np.repeat(numbers, k), own.transition.shape[0]),
                "to_state": np.tile(numbers, own.transition.shape[0] * k),
            },
        ),
    ]
    for item, (name, seen) in enumerate(zip(model.columns_, model.answers_, strict=True)):
        place = {
            "kind": "response",
            "state": np.repeat(numbers, len(seen)),
            "item": name,
            "answer": np.tile(seen.astype(np.int64), k),
        }
        frames.append(_frame(own.response[item], [p.response[item] for p in found], place))
    table = pd.concat(frames, ignore_index=True)
    table["low"], table["high"] = probability_interval(table["estimate"], table["standard_error"], level)
    for column in ("step", "to_state", "answer"):
        table[column] = table[column].astype("Int64")
    return table


def _frame(
    estimate: NDArray[np.float64], replicates: list[NDArray[np.float64]], place: Mapping[str, object]
) -> pd.DataFrame:
    error = np.std(replicates, axis=0, ddof=1) if len(replicates) > 1 else np.full(estimate.shape, np.nan)
    return pd.DataFrame({**place, "estimate": estimate.ravel(), "standard_error": error.ravel()})
