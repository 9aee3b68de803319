"""How many people stand behind each state, and behind each row of the transition matrix."""

from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.sequences import Trajectories


class Ragged(Trajectories, Protocol):
    """Sequences that know to which one each occasion belongs."""

    @property
    def sequence(self) -> NDArray[np.int64]:
        """Number of the sequence of each occasion."""


def occupancy(model: LatentMarkov, sequences: Ragged) -> pd.DataFrame:
    """Count the people behind each state.

    Parameters
    ----------
    model : LatentMarkov
        Fitted.
    sequences : Ragged
        The sequences to count; one a referral.

    Returns
    -------
    DataFrame
        One row a state: state, people_ever (sequences whose most likely path visits it), people_staying (those that
        have a next occasion after a visit), first_share and occasion_share (expected shares of first occasions and of
        all occasions, from smoothed probabilities).

    Examples
    --------
    >>> occupancy(model, sequences)  # doctest: +SKIP
    """
    path = np.asarray(model.viterbi(sequences)) - 1
    smoothed = np.asarray(model.smoothed(sequences))
    owner, starts = np.asarray(sequences.sequence), np.asarray(sequences.starts)
    is_last = np.zeros(path.size, dtype=bool)
    is_last[starts[1:] - 1] = True
    firsts = smoothed[starts[:-1]]
    return pd.DataFrame(
        {
            "state": np.arange(1, model.n_states + 1),
            "people_ever": _people(path, owner, model.n_states),
            "people_staying": _people(path[~is_last], owner[~is_last], model.n_states),
            "first_share": firsts.mean(axis=0),
            "occasion_share": smoothed.mean(axis=0),
        }
    )


def first_states(model: LatentMarkov, sequences: Ragged) -> NDArray[np.int64]:
    """Give the most probable state at the first occasion, knowing that occasion alone.

    Parameters
    ----------
    model : LatentMarkov
        Fitted.
    sequences : Ragged
        The sequences.

    Returns
    -------
    ndarray of int, shape (n_sequences,)
        States from 1.
    """
    filtered = np.asarray(model.filtered(sequences))[np.asarray(sequences.starts)[:-1]]
    states: NDArray[np.int64] = filtered.argmax(axis=1).astype(np.int64) + 1
    return states


def _people(path: NDArray[np.int64], owner: NDArray[np.int64], n_states: int) -> NDArray[np.int64]:
    visits = np.unique(np.column_stack([path, owner]), axis=0)
    counts: NDArray[np.int64] = np.bincount(visits[:, 0], minlength=n_states).astype(np.int64)
    return counts
