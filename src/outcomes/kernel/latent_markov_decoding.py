"""Which state is somebody in: decoding with the past only, with the whole sequence, or as one likeliest path.

Filtered probabilities use answers up to the occasion itself and are the only ones that a prediction made at that
occasion may use.
Smoothed probabilities and the Viterbi path look at later answers too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.kernel.compiled import compiled
from outcomes.kernel.lanes import combine, multiply, scale, total
from outcomes.kernel.latent_markov import LatentMarkovParameters, pad
from outcomes.kernel.latent_markov_packing import Observations
from outcomes.kernel.latent_markov_passes import IMPOSSIBLE, emit


@dataclass(frozen=True)
class Posterior:
    """State probabilities of every occasion, and how likely each occasion and sequence was.

    Attributes
    ----------
    filtered : NDArray[np.float64], shape (n_occasions, n_states)
        Given the answers up to and including the occasion.
    smoothed : NDArray[np.float64], shape (n_occasions, n_states)
        Given all answers of the sequence.
    log_occasion : NDArray[np.float64], shape (n_occasions,)
        Log-probability of the occasion's answers given the earlier ones; zero where nothing was answered.
    log_sequence : NDArray[np.float64], shape (n_sequences,)
        Log-likelihood of each sequence (unweighted).
    """

    filtered: NDArray[np.float64]
    smoothed: NDArray[np.float64]
    log_occasion: NDArray[np.float64]
    log_sequence: NDArray[np.float64]


@compiled
def _posterior_pass(  # noqa: PLR0917  compiled code takes its arrays by position
    packed: NDArray[np.uint16] | NDArray[np.uint32],
    starts: NDArray[np.int64],
    table: NDArray[np.float64],
    shift: NDArray[np.float64],
    initial: NDArray[np.float64],
    transition: NDArray[np.float64],
    backward_transition: NDArray[np.float64],
    lanes: tuple[int, ...],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    # the recursions of `latent_markov_passes.sweep`, keeping every occasion instead of adding up
    width = len(lanes)
    square = width * width
    last_period = transition.shape[0] - 1
    flat_table, onward, back = table.ravel(), transition.ravel(), backward_transition.ravel()
    filtered = np.empty(packed.shape[0] * width)
    smoothed = np.empty(packed.shape[0] * width)
    emission = np.empty(packed.shape[0] * width)
    log_occasion = np.empty(packed.shape[0])
    work, behind = np.empty(width), np.empty(width)
    for sequence in range(starts.shape[0] - 1):
        begin, end = starts[sequence], starts[sequence + 1]
        for t in range(begin, end):
            here = t * width
            log_occasion[t] = emit(packed, t, flat_table, emission, here, lanes)
            for pack in range(packed.shape[1]):
                log_occasion[t] += shift[packed[t, pack]]
            if t == begin:
                multiply(work, 0, initial, 0, emission, here, lanes)
            else:
                combine(work, 0, filtered, here - width, onward, min(t - begin - 1, last_period) * square, lanes)
                multiply(work, 0, work, 0, emission, here, lanes)
            scaling = max(total(work, 0, lanes), IMPOSSIBLE)
            log_occasion[t] += np.log(scaling)
            scale(filtered, here, work, 0, 1.0 / scaling, lanes)
            scale(emission, here, emission, here, 1.0 / scaling, lanes)
        behind[:] = 1.0
        for t in range(end - 1, begin - 1, -1):
            here = t * width
            multiply(smoothed, here, filtered, here, behind, 0, lanes)
            multiply(work, 0, emission, here, behind, 0, lanes)
            if t > begin:
                combine(behind, 0, work, 0, back, min(t - begin - 1, last_period) * square, lanes)
    return filtered, smoothed, log_occasion


@compiled
def _viterbi_pass(
    packed: NDArray[np.uint16] | NDArray[np.uint32],
    starts: NDArray[np.int64],
    log_table: NDArray[np.float64],
    log_initial: NDArray[np.float64],
    log_transition: NDArray[np.float64],
) -> NDArray[np.int64]:
    # ties go to the lower number
    n_rows = packed.shape[0]
    n_states = log_initial.shape[0]
    n_periods = log_transition.shape[0]
    best_from = np.zeros((n_rows, n_states), dtype=np.int64)
    path = np.empty(n_rows, dtype=np.int64)
    value = np.empty(n_states)
    before = np.empty(n_states)
    for sequence in range(starts.shape[0] - 1):
        begin, end = starts[sequence], starts[sequence + 1]
        for t in range(begin, end):
            before[:] = value
            for j in range(n_states):
                if t == begin:
                    value[j] = log_initial[j]
                else:
                    period = min(t - begin - 1, n_periods - 1)
                    best = 0
                    top = before[0] + log_transition[period, 0, j]
                    for i in range(1, n_states):
                        candidate = before[i] + log_transition[period, i, j]
                        if candidate > top:
                            top = candidate
                            best = i
                    best_from[t, j] = best
                    value[j] = top
                for pack in range(packed.shape[1]):
                    value[j] += log_table[packed[t, pack], j]
        path[end - 1] = value.argmax()
        for t in range(end - 1, begin, -1):
            path[t - 1] = best_from[t, path[t]]
    return path


def posterior(observations: Observations, parameters: LatentMarkovParameters) -> Posterior:
    """Which state is each occasion in, with the past only and with everything.

    Parameters
    ----------
    observations : Observations
        The sequences; their weights play no part.
    parameters : LatentMarkovParameters
        The model.

    Returns
    -------
    Posterior
        Filtered and smoothed probabilities and log-likelihoods.
    """
    padded = pad(parameters, observations)
    filtered, smoothed, log_occasion = _posterior_pass(
        observations.packed,
        observations.starts,
        padded.table,
        padded.shift,
        padded.initial,
        padded.transition,
        np.ascontiguousarray(padded.transition.transpose(0, 2, 1)),
        padded.lanes,
    )
    n, shape = parameters.n_states, (observations.n_occasions, len(padded.lanes))
    log_sequence = np.add.reduceat(log_occasion, observations.starts[:-1])
    filtered, smoothed = (np.ascontiguousarray(p.reshape(shape)[:, :n]) for p in (filtered, smoothed))
    return Posterior(filtered, smoothed, log_occasion, log_sequence)


def viterbi(observations: Observations, parameters: LatentMarkovParameters) -> NDArray[np.int64]:
    """Which path of states is the likeliest as a whole.

    Parameters
    ----------
    observations : Observations
        The sequences.
    parameters : LatentMarkovParameters
        The model.

    Returns
    -------
    NDArray[np.int64], shape (n_occasions,)
        State of each occasion.
    """
    padded = pad(parameters, observations)
    n = parameters.n_states
    log_table = _logarithm(padded.table[:, :n]) + padded.shift[:, None]
    return _viterbi_pass(
        observations.packed,
        observations.starts,
        log_table,
        _logarithm(parameters.initial),
        _logarithm(parameters.transition),
    )


def _logarithm(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.log(np.maximum(probability, IMPOSSIBLE))
    return logs
