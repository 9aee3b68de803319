"""The loops behind the graded response model, compiled: answers at each node, people over nodes, one item's ascent."""

import numpy as np
from numpy.typing import NDArray

from outcomes.kernel.compiled import compiled
from outcomes.kernel.latent_markov_passes import IMPOSSIBLE, RESCALE

NEWTON_STEPS = 3  # inner steps per sweep; EM needs an improvement, not the inner maximum
HALVINGS = 30  # a Newton step that overshoots is halved at most so often; 2**-30 is no step at all
SETTLED = 1e-9  # a squared Newton decrement below this leaves nothing to gain
RIDGE = 1e-9  # added to the information, relative to its diagonal, so that it can always be solved


@compiled
def answers_at_nodes(
    nodes: NDArray[np.float64], slopes: NDArray[np.float64], intercepts: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    r"""How probable is each answer of one item at each node.

    :math:`P(y \ge k) = \sigma(d_k + a \cdot \theta)` (Samejima 1969). The difference of two neighbours is written as
    :math:`\sigma(x_k)\,\sigma(-x_{k+1})\,(1 - e^{-(d_k - d_{k+1})})`, which loses no digits in the tails.

    Parameters
    ----------
    nodes : NDArray[np.float64], shape (n_nodes, n_dimensions)
        Places of severity.
    slopes : NDArray[np.float64], shape (n_dimensions,)
        The vector a.
    intercepts : NDArray[np.float64], shape (n_answers - 1,)
        The d, falling.
    out : NDArray[np.float64], shape (n_answers, n_nodes)
        Written.
    """
    top = intercepts.size
    for node in range(nodes.shape[0]):
        place = 0.0
        for dimension in range(slopes.size):
            place += slopes[dimension] * nodes[node, dimension]
        reached = 1.0
        for answer in range(top):
            beyond = 1.0 / (1.0 + np.exp(-(intercepts[answer] + place)))
            stays = 1.0 / (1.0 + np.exp(intercepts[answer] + place))
            share = reached * stays
            if answer > 0:
                share *= -np.expm1(intercepts[answer] - intercepts[answer - 1])
            out[answer, node] = share
            reached = beyond
        out[top, node] = reached


@compiled
def people_over_nodes(
    packed: NDArray[np.int64],
    weights: NDArray[np.float64],
    table: NDArray[np.float64],
    prior: NDArray[np.float64],
    table_counts: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Where do people stand given their answers, and how likely are these.

    Parameters
    ----------
    packed : NDArray[np.int64], shape (n_people, n_packs)
        Table rows of each person.
    weights : NDArray[np.float64], shape (n_people,)
        How many people each row stands for.
    table : NDArray[np.float64], shape (n_rows, n_nodes)
        Relative probabilities of `latent_markov_passes.fill_tables`.
    prior : NDArray[np.float64], shape (n_nodes,)
        Probability of each node.
    table_counts : NDArray[np.float64], shape (n_rows, n_nodes)
        Added to: expected people of each table row at each node.

    Returns
    -------
    log_likelihood : float
        Weighted, without the shifts of the table rows.
    node_counts : NDArray[np.float64], shape (n_nodes,)
        Expected people at each node.
    """
    n_nodes = prior.size
    n_packs = packed.shape[1]
    node_counts = np.zeros(n_nodes)
    place = np.empty(n_nodes)
    log_likelihood = 0.0
    for person in range(packed.shape[0]):
        taken = 0.0
        for node in range(n_nodes):
            place[node] = prior[node]
        for pack in range(n_packs):
            row = packed[person, pack]
            for node in range(n_nodes):
                place[node] *= table[row, node]
            if pack % RESCALE == RESCALE - 1:
                top = max(place.max(), IMPOSSIBLE)
                place /= top
                taken += np.log(top)
        total = max(place.sum(), IMPOSSIBLE)
        log_likelihood += weights[person] * (taken + np.log(total))
        factor = weights[person] / total
        for node in range(n_nodes):
            place[node] *= factor
            node_counts[node] += place[node]
        for pack in range(n_packs):
            row = packed[person, pack]
            for node in range(n_nodes):
                table_counts[row, node] += place[node]
    return log_likelihood, node_counts


@compiled
def place_people(
    packed: NDArray[np.int64], table: NDArray[np.float64], prior: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Which value does each person expect of something that depends on where they stand.

    Parameters
    ----------
    packed : NDArray[np.int64], shape (n_people, n_packs)
        Table rows of each person.
    table : NDArray[np.float64], shape (n_rows, n_nodes)
        Relative probabilities of `latent_markov_passes.fill_tables`.
    prior : NDArray[np.float64], shape (n_nodes,)
        Probability of each node.
    values : NDArray[np.float64], shape (n_values, n_nodes)
        Values at each node.

    Returns
    -------
    NDArray[np.float64], shape (n_people, n_values)
        Posterior means.
    """
    means = np.empty((packed.shape[0], values.shape[0]))
    place = np.empty(prior.size)
    for person in range(packed.shape[0]):
        place[:] = prior
        for pack in range(packed.shape[1]):
            place *= table[packed[person, pack]]
            if pack % RESCALE == RESCALE - 1:
                place /= max(place.max(), IMPOSSIBLE)
        total = max(place.sum(), IMPOSSIBLE)
        for value in range(values.shape[0]):
            means[person, value] = (place * values[value]).sum() / total
    return means


@compiled
def _expected(counts: NDArray[np.float64], nodes: NDArray[np.float64], x: NDArray[np.float64], penalty: float) -> float:
    # sum of counts times log-probability; x holds intercepts, then slopes
    top = counts.shape[0] - 1
    n_dimensions = nodes.shape[1]
    value = 0.0
    for answer in range(1, top):
        gap = x[answer - 1] - x[answer]
        if gap <= 0.0:
            return -np.inf
        value += counts[answer].sum() * np.log(-np.expm1(-gap))
    for node in range(nodes.shape[0]):
        place = 0.0
        for dimension in range(n_dimensions):
            place += x[top + dimension] * nodes[node, dimension]
        for step in range(top):
            above, below = counts[step + 1, node], counts[step, node]
            z = x[step] + place
            soft = max(z, 0.0) + np.log1p(np.exp(-abs(z)))  # -log sigma(-z)
            value += above * z - (above + below) * soft
    for dimension in range(n_dimensions):
        value -= 0.5 * penalty * x[top + dimension] ** 2
    return value


@compiled
def _keep_order(
    counts: NDArray[np.float64],
    x: NDArray[np.float64],
    gradient: NDArray[np.float64],
    information: NDArray[np.float64],
) -> None:
    # what the answers between the lowest and the highest add: they hold neighbouring intercepts apart
    for answer in range(1, counts.shape[0] - 1):
        people = counts[answer].sum()
        growth = np.expm1(x[answer - 1] - x[answer])
        gradient[answer - 1] += people / growth
        gradient[answer] -= people / growth
        bend = people * (growth + 1.0) / growth**2
        information[answer - 1, answer - 1] += bend
        information[answer, answer] += bend
        information[answer - 1, answer] -= bend
        information[answer, answer - 1] -= bend


@compiled
def _derivatives(
    counts: NDArray[np.float64], nodes: NDArray[np.float64], x: NDArray[np.float64], penalty: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # gradient and information of `_expected`, which is concave, so that the information is never negative
    top = counts.shape[0] - 1
    n_dimensions = nodes.shape[1]
    gradient = np.zeros(x.size)
    information = np.zeros((x.size, x.size))
    for node in range(nodes.shape[0]):
        place = 0.0
        for dimension in range(n_dimensions):
            place += x[top + dimension] * nodes[node, dimension]
        pull, weight = 0.0, 0.0
        for step in range(top):
            both = counts[step + 1, node] + counts[step, node]
            chance = 1.0 / (1.0 + np.exp(-(x[step] + place)))
            own_pull = counts[step + 1, node] - both * chance
            own_weight = both * chance * (1.0 - chance)
            gradient[step] += own_pull
            information[step, step] += own_weight
            for dimension in range(n_dimensions):
                information[step, top + dimension] += own_weight * nodes[node, dimension]
            pull += own_pull
            weight += own_weight
        for one in range(n_dimensions):
            gradient[top + one] += pull * nodes[node, one]
            for other in range(n_dimensions):
                information[top + one, top + other] += weight * nodes[node, one] * nodes[node, other]
    information[top:, :top] = information[:top, top:].T
    _keep_order(counts, x, gradient, information)
    for dimension in range(n_dimensions):
        gradient[top + dimension] -= penalty * x[top + dimension]
        information[top + dimension, top + dimension] += penalty
    mean_diagonal = np.trace(information) / x.size
    for row in range(x.size):
        information[row, row] += RIDGE * (information[row, row] + mean_diagonal)
    return gradient, information


@compiled
def climb_item(
    counts: NDArray[np.float64], nodes: NDArray[np.float64], x: NDArray[np.float64], penalty: float
) -> tuple[NDArray[np.float64], float]:
    """Which intercepts and slopes suit the expected answers of one item better, and how far off were the old ones.

    Parameters
    ----------
    counts : NDArray[np.float64], shape (n_answers, n_nodes)
        Expected answers at each node; every answer was given by somebody.
    nodes : NDArray[np.float64], shape (n_nodes, n_dimensions)
        Places of severity.
    x : NDArray[np.float64], shape (n_answers - 1 + n_dimensions,)
        Falling intercepts, then slopes.
    penalty : float
        Half of it times the squared slopes is taken off.

    Returns
    -------
    better : NDArray[np.float64], shape (n_answers - 1 + n_dimensions,)
        A few guarded Newton steps on.
    squared_score : float
        Squared Newton decrement at ``x``.
    """
    value = _expected(counts, nodes, x, penalty)
    first_decrement = 0.0
    for step in range(NEWTON_STEPS):
        gradient, information = _derivatives(counts, nodes, x, penalty)
        direction = np.linalg.solve(information, gradient)
        decrement = (gradient * direction).sum()
        if step == 0:
            first_decrement = decrement
        if decrement < SETTLED:
            break
        moved = False
        length = 1.0
        for _ in range(HALVINGS):
            trial = x + length * direction
            new_value = _expected(counts, nodes, trial, penalty)
            if new_value >= value:
                x, value, moved = trial, new_value, True
                break
            length *= 0.5
        if not moved:
            break
    return x, first_decrement
