"""The two passes over every sequence, compiled: what the whole EM costs.

States are padded with impossible ones to a multiple of four, and the padded width travels as the length of a tuple, so
that the
compiler knows it and turns each loop over states into vector instructions.
"""

import numpy as np
from numpy.typing import NDArray

from outcomes.kernel.compiled import compiled
from outcomes.kernel.lanes import add, add_outer, combine, multiply, scale, total

LANES = 4  # doubles in one 256-bit register
IMPOSSIBLE = 1e-300  # stands for the probability of a row that no state can give, so that its logarithm exists
SMALL = 1e-150  # below it a running product is turned into its logarithm
RESCALE = (
    8  # packs multiplied before the product is brought back to one: 8 packs of 4 items at 1e-9 each stay above 1e-300
)


@compiled
def fill_tables(
    probability: NDArray[np.float64],
    slots: NDArray[np.int64],
    table: NDArray[np.float64],
    shift: NDArray[np.float64],
) -> None:
    """How probable is each pack of answers in each state, relative to the likeliest state.

    Parameters
    ----------
    probability : NDArray[np.float64], shape (n_slots + 1, width)
        Probability of each (item, answer) slot in each state; the last slot is one.
    slots : NDArray[np.int64], shape (n_rows, most_items)
        Slots of each table row.
    table : NDArray[np.float64], shape (n_rows, width)
        Written: products of the slots, divided by the largest of the row.
    shift : NDArray[np.float64], shape (n_rows,)
        Written: logarithm of what each row was divided by.
    """
    n_rows, n_places = slots.shape
    width = table.shape[1]
    for row in range(n_rows):
        for state in range(width):
            table[row, state] = probability[slots[row, 0], state]
        for place in range(1, n_places):
            slot = slots[row, place]
            for state in range(width):
                table[row, state] *= probability[slot, state]
        top = IMPOSSIBLE
        for state in range(width):
            top = max(top, table[row, state])
        for state in range(width):
            table[row, state] /= top
        shift[row] = np.log(top)


@compiled
def collect_items(
    table_counts: NDArray[np.float64], slots: NDArray[np.int64], item_counts: NDArray[np.float64]
) -> None:
    """How often is each answer expected in each state, given how often each pack of answers is.

    Parameters
    ----------
    table_counts : NDArray[np.float64], shape (n_rows, width)
        Expected number of occasions of each table row in each state.
    slots : NDArray[np.int64], shape (n_rows, most_items)
        Slots of each table row.
    item_counts : NDArray[np.float64], shape (n_slots + 1, width)
        Added to: expected counts of each slot; the last slot collects missing answers.
    """
    n_rows, n_places = slots.shape
    width = table_counts.shape[1]
    for row in range(n_rows):
        for place in range(n_places):
            slot = slots[row, place]
            for state in range(width):
                item_counts[slot, state] += table_counts[row, state]


@compiled
def emit(  # noqa: PLR0917  compiled code takes its arrays by position
    packed: NDArray[np.uint16] | NDArray[np.uint32],
    row: int,
    table: NDArray[np.float64],
    out: NDArray[np.float64],
    offset: int,
    lanes: tuple[int, ...],
) -> float:
    """How probable is one occasion in each state, up to a returned logarithm.

    Parameters
    ----------
    packed : NDArray, shape (n_occasions, n_packs)
        Table rows of each occasion.
    row : int
        Number of the occasion.
    table : NDArray[np.float64], shape (n_rows * width,)
        Relative probabilities of `fill_tables`, flat.
    out : NDArray[np.float64], flat
        Written from ``offset``: relative probability of the occasion in each state.
    offset : int
        Where to write.
    lanes : tuple of int
        Its length is the width.

    Returns
    -------
    float
        Logarithm that was taken out on the way (zero unless there are more packs than ``RESCALE``).
    """
    width = len(lanes)
    n_packs = packed.shape[1]
    if n_packs == 1:
        scale(out, offset, table, np.int64(packed[row, 0]) * width, 1.0, lanes)
        return 0.0
    multiply(out, offset, table, np.int64(packed[row, 0]) * width, table, np.int64(packed[row, 1]) * width, lanes)
    taken = 0.0
    for pack in range(2, n_packs):
        multiply(out, offset, out, offset, table, np.int64(packed[row, pack]) * width, lanes)
        if pack % RESCALE == 0:
            top = max(total(out, offset, lanes), IMPOSSIBLE)
            scale(out, offset, out, offset, 1.0 / top, lanes)
            taken += np.log(top)
    return taken


@compiled
def sweep(  # noqa: PLR0917  compiled code takes its arrays by position
    packed: NDArray[np.uint16] | NDArray[np.uint32],
    starts: NDArray[np.int64],
    weights: NDArray[np.float64],
    table: NDArray[np.float64],
    initial: NDArray[np.float64],
    transition: NDArray[np.float64],
    backward_transition: NDArray[np.float64],
    lanes: tuple[int, ...],
) -> tuple[float, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    r"""Which counts does the model expect: one scaled forward-backward pass over every sequence.

    With :math:`b_t` the probabilities of occasion t, forward :math:`\alpha_t \propto (A^\top \alpha_{t-1}) b_t` scaled
    to sum to
    one by :math:`1/c_t`, backward :math:`\beta_{t-1} = A (b_t \beta_t / c_t)`; the log-likelihood is the sum of
    :math:`\log c_t` (Rabiner 1989, equations 90-95). The backward pass starts from the sequence's weight, so that all
    that it
    adds up is weighted.

    Parameters
    ----------
    packed : NDArray, shape (n_occasions, n_packs)
        Table rows of each occasion.
    starts : NDArray[np.int64], shape (n_sequences + 1,)
        Bounds of the sequences.
    weights : NDArray[np.float64], shape (n_sequences,)
        Weight of each sequence.
    table : NDArray[np.float64], shape (n_rows, width)
        Relative probabilities of `fill_tables`.
    initial : NDArray[np.float64], shape (width,)
        Probabilities of the first state.
    transition : NDArray[np.float64], shape (n_periods, width, width)
        From (rows) to (columns); the last period serves all later ones.
    backward_transition : NDArray[np.float64], shape (n_periods, width, width)
        The same with each period transposed.
    lanes : tuple of int
        Its length is the width.

    Returns
    -------
    log_likelihood : float
        Weighted, without the shifts of the table rows.
    table_counts : NDArray[np.float64], shape (n_rows, width)
        Expected occasions of each table row in each state.
    first_counts : NDArray[np.float64], shape (width,)
        Expected first states.
    pair_counts : NDArray[np.float64], shape (n_periods, width, width)
        Expected moves between states, each still to be multiplied by its transition probability.
    """
    width = len(lanes)
    square = width * width
    n_periods = transition.shape[0]
    n_packs = packed.shape[1]
    flat_table = table.ravel()
    onward = transition.ravel()
    back = backward_transition.ravel()
    table_counts = np.zeros(table.size)
    first_counts = np.zeros(width)
    pair_counts = np.zeros(transition.size)
    longest = 0
    for sequence in range(starts.shape[0] - 1):
        longest = max(longest, starts[sequence + 1] - starts[sequence])
    forward = np.empty(longest * width)
    emission = np.empty(longest * width)
    work = np.empty(width)
    behind = np.empty(width)
    log_likelihood = 0.0
    for sequence in range(starts.shape[0] - 1):
        begin = starts[sequence]
        length = starts[sequence + 1] - begin
        log_sequence = 0.0
        product = 1.0
        for t in range(length):
            here = t * width
            log_sequence += emit(packed, begin + t, flat_table, emission, here, lanes)
            if t == 0:
                multiply(work, 0, initial, 0, emission, here, lanes)
            else:
                combine(work, 0, forward, here - width, onward, min(t - 1, n_periods - 1) * square, lanes)
                multiply(work, 0, work, 0, emission, here, lanes)
            scaling = max(total(work, 0, lanes), IMPOSSIBLE)
            scale(forward, here, work, 0, 1.0 / scaling, lanes)
            scale(emission, here, emission, here, 1.0 / scaling, lanes)
            # one logarithm for several occasions: taken before the product could vanish
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
            for pack in range(n_packs):
                add(table_counts, np.int64(packed[begin + t, pack]) * width, work, 0, lanes)
            if t == 0:
                add(first_counts, 0, work, 0, lanes)
            else:
                period = min(t - 1, n_periods - 1) * square
                multiply(work, 0, emission, here, behind, 0, lanes)
                add_outer(pair_counts, period, forward, here - width, work, 0, lanes)
                combine(behind, 0, work, 0, back, period, lanes)
    return log_likelihood, table_counts.reshape(table.shape), first_counts, pair_counts.reshape(transition.shape)
