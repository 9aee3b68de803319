"""How patients move: expected numbers in each state by occasion, and moves within patients."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.kernel.intervals import normal_quantile
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.sequences import MISSING, Sequences, sequences


def flow_table(model: LatentMarkov, X: Source) -> pd.DataFrame:
    """How many patients are in each state at each occasion, and where do they stand next.

    Both ends of a move come from the smoothed joint probability of two successive occasions, so that uncertain states
    are not rounded to the
    likeliest one. Patients without a further occasion are counted as leaving, not as staying.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The patients.

    Returns
    -------
    DataFrame
        occasion (from 1, place in the sequence), from_state, to_state (0 = no further occasion), n_expected,
        n_sequences (those with this
        occasion).
    """
    data = sequences(X)
    joint, position = _joint(model, data)
    smoothed = model.smoothed(data)
    last = np.zeros(data.items.shape[0], dtype=bool)
    last[data.starts[1:] - 1] = True
    k = model.n_states
    rows = []
    for occasion in range(int(data.lengths.max())):
        here = data.position == occasion
        moves = joint[position == occasion].sum(axis=0)
        leaving = smoothed[here & last].sum(axis=0)
        rows.append(
            pd.DataFrame(
                {
                    "occasion": occasion + 1,
                    "from_state": np.repeat(np.arange(1, k + 1), k + 1),
                    "to_state": np.tile(np.arange(k + 1), k),
                    "n_expected": np.column_stack((leaving, moves)).ravel(),
                    "n_sequences": int(here.sum()),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def transition_counts(model: LatentMarkov, X: Source) -> pd.DataFrame:
    """How many moves within patients were there between states, over all occasions.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The patients.

    Returns
    -------
    DataFrame
        from_state, to_state, n_expected (moves, smoothed), n_from (expected occasions in from_state that have a next
        one), share
        (n_expected / n_from), n_viterbi (moves on the likeliest paths, which show fewer moves than there are).
    """
    data = sequences(X)
    joint, _ = _joint(model, data)
    k = model.n_states
    expected = joint.sum(axis=0)
    leaving = expected.sum(axis=1, keepdims=True)
    path = model.viterbi(data) - 1
    same = data.sequence[1:] == data.sequence[:-1]
    counted = np.zeros((k, k), dtype=np.int64)
    np.add.at(counted, (path[:-1][same], path[1:][same]), 1)
    return pd.DataFrame(
        {
            "from_state": np.repeat(np.arange(1, k + 1), k),
            "to_state": np.tile(np.arange(1, k + 1), k),
            "n_expected": expected.ravel(),
            "n_from": np.repeat(leaving.ravel(), k),
            "share": (expected / np.where(leaving > 0, leaving, np.nan)).ravel(),
            "n_viterbi": counted.ravel(),
        }
    )


def _joint(model: LatentMarkov, data: Sequences) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    # P(state t, state t+1 | all answers) = filtered_t A smoothed_{t+1} / predicted_{t+1}, and the place of t
    first = np.flatnonzero(data.sequence[1:] == data.sequence[:-1])
    position = data.position[first]
    transition = model.parameters_.transition[np.minimum(position, model.parameters_.transition.shape[0] - 1)]
    filtered, smoothed = model.filtered(data)[first], model.smoothed(data)[first + 1]
    predicted = (filtered[:, None, :] @ transition)[:, 0, :]
    ratio = np.where(predicted > 0, smoothed / np.where(predicted > 0, predicted, 1.0), 0.0)
    joint: NDArray[np.float64] = filtered[:, :, None] * transition * ratio[:, None, :]
    return joint, position


def joint_states(model: LatentMarkov, longest: int) -> NDArray[np.float64]:
    """How probable is each pair of successive states at each place of a sequence, before any answer is known.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    longest : int
        Number of occasions to look ahead.

    Returns
    -------
    NDArray[np.float64], shape (longest - 1, n_states, n_states)
        P(state at place t, state at place t + 1); at least one place.
    """
    steps = max(longest - 1, 1)
    transition = model.parameters_.transition
    state = model.parameters_.initial
    joint = np.empty((steps, state.size, state.size))
    for step in range(steps):
        joint[step] = state[:, None] * transition[min(step, transition.shape[0] - 1)]
        state = joint[step].sum(axis=0)
    return joint


def courses_by_first_state(model: LatentMarkov, X: Source, *, longest: int = 12) -> pd.DataFrame:
    """How do totals go on after each first state, among those who still attend.

    People are put into the likeliest state at their first occasion, given that occasion alone, so that the first point
    is not known from later ones. Later points describe those who are still there, not everybody who began.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The patients.
    longest : int, default 12
        Occasions shown.

    Returns
    -------
    DataFrame
        first_state, occasion (from 1), n (people with a complete questionnaire), mean (of the totals), low, high (95 %
        bounds of the mean, normal).
    """
    data = sequences(X)
    first = model.filtered(data)[data.starts[:-1]].argmax(axis=1) + 1
    whole = (data.items != MISSING).all(axis=1) & (data.position < longest)
    table = pd.DataFrame(
        {
            "first_state": first[data.sequence][whole],
            "occasion": data.position[whole] + 1,
            "total": data.items[whole].sum(axis=1).astype(np.float64),
        }
    )
    found = table.groupby(["first_state", "occasion"])["total"].agg(["size", "mean", "std"]).reset_index()
    reach = normal_quantile(0.95) * found["std"].fillna(0.0) / np.sqrt(found["size"])
    return (
        found.rename(columns={"size": "n"})
        .drop(columns="std")
        .assign(low=found["mean"] - reach, high=found["mean"] + reach)
    )
