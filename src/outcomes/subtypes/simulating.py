"""What would people answer if the model were true: invented sequences from fitted probabilities."""

import numpy as np
from numpy.typing import NDArray

from outcomes.kernel.latent_markov import LatentMarkovParameters


def draw_rows(probability: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw one category for each row of probabilities.

    Parameters
    ----------
    probability : NDArray[np.float64], shape (n, n_categories)
        Rows sum to one.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    NDArray[np.int64], shape (n,)
        Categories from 0.
    """
    bounds = probability.cumsum(axis=1)[:, :-1]
    chance = np.asarray(rng.random(probability.shape[0]))
    drawn: NDArray[np.int64] = (chance[:, None] > bounds).sum(axis=1)
    return drawn


def draw_states(
    parameters: LatentMarkovParameters,
    starts: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    first: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Draw a path of states for each sequence.

    Parameters
    ----------
    parameters : LatentMarkovParameters
        The model.
    starts : NDArray[np.int64], shape (n_sequences + 1,)
        First occasion of each sequence, and their number.
    rng : numpy.random.Generator
        Source of randomness.
    first : NDArray[np.int64], shape (n_sequences,), optional
        First states, from 0; drawn by default.

    Returns
    -------
    NDArray[np.int64], shape (n_occasions,)
        States from 0.
    """
    lengths = np.diff(starts)
    states = np.empty(int(starts[-1]), dtype=np.int64)
    n = lengths.size
    begin = draw_rows(np.repeat(parameters.initial[None], n, axis=0), rng) if first is None else first
    states[starts[:-1]] = begin
    periods = parameters.transition.shape[0]
    for place in range(1, int(lengths.max())):
        rows = starts[:-1][lengths > place] + place
        states[rows] = draw_rows(parameters.transition[min(place, periods) - 1][states[rows - 1]], rng)
    return states


def draw_answers(
    parameters: LatentMarkovParameters, states: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int8]:
    """Draw the answers of occasions whose states are known.

    Parameters
    ----------
    parameters : LatentMarkovParameters
        The model.
    states : NDArray[np.int64], shape (n_occasions,)
        States from 0.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    NDArray[np.int8], shape (n_occasions, n_items)
        Answers numbered from 0, none missing.
    """
    return np.column_stack([draw_rows(p[states], rng) for p in parameters.response]).astype(np.int8)
