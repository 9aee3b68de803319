"""The compiled passes of a latent Markov model whose probabilities depend on covariates.

The recursions are those of `latent_markov_passes.sweep`; each sequence and each move looks up the probabilities of its
own covariate pattern. Nothing else in this module knows about answers.
"""

import numpy as np
from numpy.typing import NDArray

from outcomes.kernel.compiled import compiled
from outcomes.kernel.lanes import add, add_outer, combine, multiply, scale, total
from outcomes.kernel.latent_markov_passes import IMPOSSIBLE, SMALL, emit

HALVINGS = 30  # a Newton step that overshoots is halved at most so often; 2**-30 is no step at all
RIDGE = 1e-9  # added to the information, relative to its diagonal, so that a useless covariate cannot make it singular


@compiled
def sweep_patterns(  # noqa: C901, PLR0913, PLR0917  compiled code takes its arrays by position
    packed: NDArray[np.uint16] | NDArray[np.uint32],
    starts: NDArray[np.int64],
    weights: NDArray[np.float64],
    table: NDArray[np.float64],
    initial: NDArray[np.float64],
    initial_pattern: NDArray[np.int64],
    transition: NDArray[np.float64],
    move_pattern: NDArray[np.int64],
    first_counts: NDArray[np.float64],
    pair_counts: NDArray[np.float64],
    lanes: tuple[int, ...],
) -> tuple[float, NDArray[np.float64]]:
    """Count what is expected, pattern by pattern.

    Parameters
    ----------
    packed, starts, weights, table, lanes
        As in `latent_markov_passes.sweep`.
    initial : NDArray[np.float64], shape (n_initial_patterns, width)
        Probabilities of the first state.
    initial_pattern : NDArray[np.int64], shape (n_sequences,)
        Row of ``initial`` of each sequence.
    transition : NDArray[np.float64], shape (n_move_patterns, width, width)
        From (rows) to (columns).
    move_pattern : NDArray[np.int64], shape (n_occasions,)
        Matrix of the move into each occasion; not looked at for first ones.
    first_counts : NDArray[np.float64], shape (n_initial_patterns, width)
        Added to: expected first states.
    pair_counts : NDArray[np.float64], shape (n_move_patterns, width, width)
        Added to: expected moves, each still to be multiplied by its probability.

    Returns
    -------
    log_likelihood : float
        Weighted, without the shifts of the table rows.
    table_counts : NDArray[np.float64], shape (n_rows, width)
        Expected occasions of each table row in each state.
    """
    width = len(lanes)
    square = width * width
    flat_table, flat_initial, onward = table.ravel(), initial.ravel(), transition.ravel()
    flat_first, flat_pairs = first_counts.ravel(), pair_counts.ravel()
    table_counts = np.zeros(table.size)
    longest = 0
    for sequence in range(starts.shape[0] - 1):
        longest = max(longest, starts[sequence + 1] - starts[sequence])
    forward, emission = np.empty(longest * width), np.empty(longest * width)
    work, behind, back = np.empty(width), np.empty(width), np.empty(square)
    log_likelihood = 0.0
    for sequence in range(starts.shape[0] - 1):
        begin = starts[sequence]
        length = starts[sequence + 1] - begin
        log_sequence, product = 0.0, 1.0
        for t in range(length):
            here = t * width
            log_sequence += emit(packed, begin + t, flat_table, emission, here, lanes)
            if t == 0:
                multiply(work, 0, flat_initial, initial_pattern[sequence] * width, emission, here, lanes)
            else:
                combine(work, 0, forward, here - width, onward, move_pattern[begin + t] * square, lanes)
                multiply(work, 0, work, 0, emission, here, lanes)
            scaling = max(total(work, 0, lanes), IMPOSSIBLE)
            scale(forward, here, work, 0, 1.0 / scaling, lanes)
            scale(emission, here, emission, here, 1.0 / scaling, lanes)
            if scaling < SMALL or product < SMALL:
                log_sequence += np.log(product)
                product = 1.0
            product *= scaling
        log_likelihood += weights[sequence] * (log_sequence + np.log(product))
        behind[:] = weights[sequence]
        for step in range(length):
            t = length - 1 - step
            here = t * width
            multiply(work, 0, forward, here, behind, 0, lanes)
            for pack in range(packed.shape[1]):
                add(table_counts, np.int64(packed[begin + t, pack]) * width, work, 0, lanes)
            if t == 0:
                add(flat_first, initial_pattern[sequence] * width, work, 0, lanes)
            else:
                place = move_pattern[begin + t] * square
                multiply(work, 0, emission, here, behind, 0, lanes)
                add_outer(flat_pairs, place, forward, here - width, work, 0, lanes)
                for i in range(width):
                    for j in range(width):
                        back[j * width + i] = onward[place + i * width + j]
                combine(behind, 0, work, 0, back, 0, lanes)
    return log_likelihood, table_counts.reshape(table.shape)


@compiled
def logit_rows(
    covariates: NDArray[np.float64], coefficients: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Which probabilities does a multinomial logit give each pattern.

    Parameters
    ----------
    covariates : NDArray[np.float64], shape (n_patterns, p)
        With the constant.
    coefficients : NDArray[np.float64], shape (n_states, p)
        Zero for the state of reference.
    allowed : NDArray[np.bool_], shape (n_states,)
        Others have probability zero.

    Returns
    -------
    NDArray[np.float64], shape (n_patterns, n_states)
        Rows sum to one.
    """
    n = coefficients.shape[0]
    p = np.zeros((covariates.shape[0], n))
    for row in range(covariates.shape[0]):
        top = -np.inf
        for j in range(n):
            if allowed[j]:
                for a in range(covariates.shape[1]):
                    p[row, j] += covariates[row, a] * coefficients[j, a]
                top = max(top, p[row, j])
        whole = 0.0
        for j in range(n):
            p[row, j] = np.exp(p[row, j] - top) if allowed[j] else 0.0
            whole += p[row, j]
        for j in range(n):
            p[row, j] /= whole
    return p


@compiled
def _value(counts: NDArray[np.float64], probability: NDArray[np.float64]) -> float:
    value = 0.0
    for row in range(counts.shape[0]):
        for j in range(counts.shape[1]):
            if counts[row, j] > 0.0:
                value += counts[row, j] * np.log(max(probability[row, j], IMPOSSIBLE))
    return value


@compiled
def logit_gradient(
    covariates: NDArray[np.float64], counts: NDArray[np.float64], probability: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How does the expected log-likelihood change with the coefficients.

    Parameters
    ----------
    covariates : NDArray[np.float64], shape (n_patterns, p)
        With the constant.
    counts, probability : NDArray[np.float64], shape (n_patterns, n_states)
        Expected counts and current probabilities.

    Returns
    -------
    NDArray[np.float64], shape (n_states, p)
        Derivatives, the reference included.
    """
    n, size = counts.shape[1], covariates.shape[1]
    gradient = np.zeros((n, size))
    for row in range(counts.shape[0]):
        people = counts[row].sum()
        for j in range(n):
            surplus = counts[row, j] - people * probability[row, j]
            for a in range(size):
                gradient[j, a] += surplus * covariates[row, a]
    return gradient


@compiled
def _information(
    covariates: NDArray[np.float64],
    counts: NDArray[np.float64],
    probability: NDArray[np.float64],
    free: NDArray[np.int64],
) -> NDArray[np.float64]:
    size, n_free = covariates.shape[1], free.size
    information = np.zeros((n_free * size, n_free * size))
    for row in range(counts.shape[0]):
        people = counts[row].sum()
        for i in range(n_free):
            for k in range(i + 1):
                own = probability[row, free[i]]
                part = people * (own * (1.0 if i == k else 0.0) - own * probability[row, free[k]])
                for a in range(size):
                    for b in range(size):
                        information[i * size + a, k * size + b] += part * covariates[row, a] * covariates[row, b]
    for i in range(n_free * size):
        for k in range(i):
            information[k, i] = information[i, k]
    mean_diagonal = np.trace(information) / information.shape[0]
    for i in range(information.shape[0]):
        information[i, i] += RIDGE * (information[i, i] + mean_diagonal) + IMPOSSIBLE
    return information


@compiled
def climb_logit(
    covariates: NDArray[np.float64],
    counts: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    allowed: NDArray[np.bool_],
    reference: int,
) -> tuple[NDArray[np.float64], float]:
    """Which coefficients suit the expected counts better: one Newton step, halved until nothing is lost.

    Parameters
    ----------
    covariates : NDArray[np.float64], shape (n_patterns, p)
        With the constant.
    counts : NDArray[np.float64], shape (n_patterns, n_states)
        Expected counts, pseudo-observations included.
    coefficients : NDArray[np.float64], shape (n_states, p)
        Current ones; zero for the reference.
    allowed : NDArray[np.bool_], shape (n_states,)
        States that can be reached.
    reference : int
        State whose coefficients stay zero.

    Returns
    -------
    better : NDArray[np.float64], shape (n_states, p)
        Better coefficients.
    decrement : float
        g' I^-1 g at the old ones.
    """
    n, size = coefficients.shape
    free = np.empty(n, dtype=np.int64)
    n_free = 0
    for j in range(n):
        if allowed[j] and j != reference:
            free[n_free] = j
            n_free += 1
    if n_free == 0:
        return coefficients, 0.0
    probability = logit_rows(covariates, coefficients, allowed)
    value = _value(counts, probability)
    every = logit_gradient(covariates, counts, probability)
    gradient = np.empty(n_free * size)
    for i in range(n_free):
        for a in range(size):
            gradient[i * size + a] = every[free[i], a]
    direction = np.linalg.solve(_information(covariates, counts, probability, free[:n_free]), gradient)
    decrement = (gradient * direction).sum()
    length = 1.0
    for _ in range(HALVINGS):
        trial = coefficients.copy()
        for i in range(n_free):
            for a in range(size):
                trial[free[i], a] += length * direction[i * size + a]
        if _value(counts, logit_rows(covariates, trial, allowed)) >= value:
            return trial, decrement
        length *= 0.5
    return coefficients, decrement
