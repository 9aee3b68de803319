"""Which state of one fit is which state of another: numbers are arbitrary, profiles are not."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov import LatentMarkovParameters


def profile_distance(
    first: Sequence[NDArray[np.float64]], second: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """How differently do two states answer, for every pair of a state of one fit and a state of another.

    Parameters
    ----------
    first, second : sequence of NDArray[np.float64], each of shape (n_states, n_answers)
        Answer probabilities of both fits, item by item.

    Returns
    -------
    NDArray[np.float64], shape (n_states_first, n_states_second)
        Mean over items of the total variation distance: 0 the same answers, 1 never the same answer.

    Raises
    ------
    ConfigError
        If the fits have not the same items and answers.
    """
    if [p.shape[1] for p in first] != [q.shape[1] for q in second]:
        raise ConfigError("two fits can be matched only if they have the same items with the same answers")
    apart = np.zeros((first[0].shape[0], second[0].shape[0]))
    for p, q in zip(first, second, strict=True):
        apart += np.abs(p[:, None, :] - q[None, :, :]).sum(axis=2) / 2
    return apart / len(first)


def match_states(reference: LatentMarkovParameters, other: LatentMarkovParameters) -> NDArray[np.int64]:
    """In which order do the states of another fit stand beside those of the reference.

    Label switching is solved by the pairing with the smallest summed `profile_distance`: answers decide, not sizes or
    moves, so that a state keeps its name when it becomes rarer.

    Parameters
    ----------
    reference, other : LatentMarkovParameters
        Two fits with the same number of states.

    Returns
    -------
    NDArray[np.int64], shape (n_states,)
        For each state of the reference the number of its twin, from 0; for `LatentMarkovParameters.reordered`.

    Raises
    ------
    ConfigError
        If the fits differ in states, items or answers.

    References
    ----------
    Stephens M (2000). Dealing with label switching in mixture models. Journal of the Royal Statistical Society B 62,
    795-809.
    """
    if reference.n_states != other.n_states:
        raise ConfigError(f"fits with {reference.n_states} and {other.n_states} states have no one-to-one match")
    _, twin = linear_sum_assignment(profile_distance(reference.response, other.response))
    return np.asarray(twin, dtype=np.int64)


def overlap(reference: NDArray[np.int64], other: NDArray[np.int64], n_states: int) -> NDArray[np.float64]:
    """How much do two partitions of the same occasions agree, state by state.

    Parameters
    ----------
    reference, other : NDArray[np.int64], shape (n_occasions,)
        States from 0, matched.
    n_states : int
        Number of states.

    Returns
    -------
    NDArray[np.float64], shape (n_states,)
        Jaccard similarity: occasions that both put into the state, of those that either does. NaN where the reference
        puts none.
    """
    both = np.bincount(reference[reference == other], minlength=n_states).astype(np.float64)
    ours, theirs = (np.bincount(each, minlength=n_states) for each in (reference, other))
    either = ours + theirs - both
    return np.where(ours > 0, both / np.where(either > 0, either, 1.0), np.nan)
