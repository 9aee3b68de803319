"""What follows from a patient's first state: an outcome by initial state, naive and bias-adjusted side by side."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from outcomes.errors import DataError
from outcomes.kernel.three_step import bch_weights, naive_weights, state_means
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.sequences import sequences


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
        state, method ("naive" puts people into the likeliest state; "bch" corrects for it), mean, standard_error,
        n_expected (size of the
        state among people with the outcome), n (people with the outcome), outside_range (a corrected rate below 0 or
        above 1, or a mean beyond
        all values: too little to say).

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
    for method, weigh in (("naive", naive_weights), ("bch", bch_weights)):
        found = state_means(weigh(posterior), values[known])
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
