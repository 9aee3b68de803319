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


@dataclass(frozen=True)
class Chains:
    """Probabilities of first states and moves, and which of them each sequence and occasion has.

    Attributes
    ----------
    initial : NDArray[np.float64], shape (n_initial_patterns, n_states)
        Probabilities of the first state.
    initial_pattern : NDArray[np.int64], shape (n_sequences,)
        Row of ``initial`` of each sequence.
    transition : NDArray[np.float64], shape (n_move_patterns, n_states, n_states)
        From (rows) to (columns); rows may sum to less than one where leaving is told apart.
    move_pattern : NDArray[np.int64], shape (n_occasions,)
        Matrix of the move into each occasion; not looked at for first ones.
    """

    initial: NDArray[np.float64]
    initial_pattern: NDArray[np.int64]
    transition: NDArray[np.float64]
    move_pattern: NDArray[np.int64]

    def part(self, sequences: slice, occasions: slice) -> "Chains":
        """Look at some sequences only.

        Parameters
        ----------
        sequences, occasions : slice
            Which ones.

        Returns
        -------
        Chains
            The same probabilities.
        """
        return Chains(self.initial, self.initial_pattern[sequences], self.transition, self.move_pattern[occasions])


def same_for_all(observations: Observations, parameters: LatentMarkovParameters) -> Chains:
    """Lay out a model in which everybody has the same probabilities.

    Parameters
    ----------
    observations : Observations
        The sequences.
    parameters : LatentMarkovParameters
        The model.

    Returns
    -------
    Chains
        One first row; one matrix a period, the last serving all later ones.
    """
    lengths = np.diff(observations.starts)
    place = np.arange(observations.n_occasions) - np.repeat(observations.starts[:-1], lengths)
    period = np.clip(place - 1, 0, len(parameters.transition) - 1)
    begin = np.zeros(observations.n_sequences, dtype=np.int64)
    return Chains(parameters.initial[None], begin, parameters.transition, period)


@compiled
def _posterior_pass(  # noqa: PLR0913, PLR0917  compiled code takes its arrays by position
    packed: NDArray[np.uint16] | NDArray[np.uint32],
    starts: NDArray[np.int64],
    table: NDArray[np.float64],
    shift: NDArray[np.float64],
    initial: NDArray[np.float64],
    initial_pattern: NDArray[np.int64],
    transition: NDArray[np.float64],
    backward_transition: NDArray[np.float64],
    move_pattern: NDArray[np.int64],
    lanes: tuple[int, ...],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    # the recursions of `latent_markov_passes.sweep`, keeping every occasion instead of adding up
    width = len(lanes)
    square = width * width
    flat_initial = initial.ravel()
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
                multiply(work, 0, flat_initial, initial_pattern[sequence] * width, emission, here, lanes)
            else:
                combine(work, 0, filtered, here - width, onward, move_pattern[t] * square, lanes)
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
                combine(behind, 0, work, 0, back, move_pattern[t] * square, lanes)
    return filtered, smoothed, log_occasion


@compiled
def _viterbi_pass(  # noqa: PLR0917  compiled code takes its arrays by position
    packed: NDArray[np.uint16] | NDArray[np.uint32],
    starts: NDArray[np.int64],
    log_table: NDArray[np.float64],
    log_initial: NDArray[np.float64],
    initial_pattern: NDArray[np.int64],
    log_transition: NDArray[np.float64],
    move_pattern: NDArray[np.int64],
) -> NDArray[np.int64]:
    # ties go to the lower number
    n_rows = packed.shape[0]
    n_states = log_initial.shape[1]
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
                    value[j] = log_initial[initial_pattern[sequence], j]
                else:
                    period = move_pattern[t]
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


def posterior(
    observations: Observations, parameters: LatentMarkovParameters, chains: Chains | None = None
) -> Posterior:
    """Which state is each occasion in, with the past only and with everything.

    Parameters
    ----------
    observations : Observations
        The sequences; their weights play no part.
    parameters : LatentMarkovParameters
        The model.
    chains : Chains, optional
        Probabilities of states that differ between people; those of ``parameters`` are then not looked at.

    Returns
    -------
    Posterior
        Filtered and smoothed probabilities and log-likelihoods.
    """
    padded = pad(parameters, observations)
    found = same_for_all(observations, parameters) if chains is None else chains
    n, width = parameters.n_states, len(padded.lanes)
    initial = np.zeros((len(found.initial), width))
    initial[:, :n] = found.initial
    transition = np.zeros((len(found.transition), width, width))
    transition[:, :n, :n] = found.transition
    filtered, smoothed, log_occasion = _posterior_pass(
        observations.packed,
        observations.starts,
        padded.table,
        padded.shift,
        initial,
        found.initial_pattern,
        transition,
        np.ascontiguousarray(transition.transpose(0, 2, 1)),
        found.move_pattern,
        padded.lanes,
    )
    shape = (observations.n_occasions, width)
    log_sequence = np.add.reduceat(log_occasion, observations.starts[:-1])
    filtered, smoothed = (np.ascontiguousarray(p.reshape(shape)[:, :n]) for p in (filtered, smoothed))
    return Posterior(filtered, smoothed, log_occasion, log_sequence)


def viterbi(
    observations: Observations, parameters: LatentMarkovParameters, chains: Chains | None = None
) -> NDArray[np.int64]:
    """Which path of states is the likeliest as a whole.

    Parameters
    ----------
    observations : Observations
        The sequences.
    parameters : LatentMarkovParameters
        The model.
    chains : Chains, optional
        As in `posterior`.

    Returns
    -------
    NDArray[np.int64], shape (n_occasions,)
        State of each occasion.
    """
    padded = pad(parameters, observations)
    found = same_for_all(observations, parameters) if chains is None else chains
    log_table = _logarithm(padded.table[:, : parameters.n_states]) + padded.shift[:, None]
    return _viterbi_pass(
        observations.packed,
        observations.starts,
        log_table,
        _logarithm(found.initial),
        found.initial_pattern,
        _logarithm(found.transition),
        found.move_pattern,
    )


def _logarithm(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.log(np.maximum(probability, IMPOSSIBLE))
    return logs


@compiled
def advance(
    before: NDArray[np.float64],
    transition: NDArray[np.float64],
    codes: NDArray[np.int64],
    item_slots: NDArray[np.int64],
    probability: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Which state is one person in after one more occasion.

    Parameters
    ----------
    before : NDArray[np.float64], shape (n_states,)
        Probabilities at the occasion before, or of the first state.
    transition : NDArray[np.float64], shape (n_states, n_states) or (0, 0)
        From (rows) to (columns); empty at a first occasion.
    codes : NDArray[np.int64], shape (n_items,)
        Answers numbered from 0; -1 is missing.
    item_slots : NDArray[np.int64], shape (n_items + 1,)
        First row of each item in ``probability``.
    probability : NDArray[np.float64], shape (n_slots, n_states)
        Probability of each answer in each state.

    Returns
    -------
    NDArray[np.float64], shape (n_states,)
        Filtered probabilities.
    """
    n = before.shape[0]
    now = np.zeros(n)
    if transition.shape[0] == 0:
        now[:] = before
    else:
        for i in range(n):
            for j in range(n):
                now[j] += before[i] * transition[i, j]
    for item in range(codes.shape[0]):
        if codes[item] >= 0:
            slot = item_slots[item] + codes[item]
            whole = 0.0
            for j in range(n):
                now[j] *= probability[slot, j]
                whole += now[j]
            # brought back to one at each item, so that nothing vanishes
            whole = max(whole, IMPOSSIBLE)
            for j in range(n):
                now[j] /= whole
    now /= max(now.sum(), IMPOSSIBLE)
    return now
