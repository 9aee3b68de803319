"""Which hidden states stand behind ragged sequences of item answers: the latent Markov model and its EM sweep.

Sequences may have any length and any missing answer; both are summed out of the likelihood, nothing is padded or
imputed. One
occasion a sequence is latent class analysis. Start values and the search over them are in `latent_markov_starts`,
decoding in
`latent_markov_decoding`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.ascent import Improvement
from outcomes.kernel.emissions import Emission, Nominal, shares
from outcomes.kernel.latent_markov_packing import Observations
from outcomes.kernel.latent_markov_passes import IMPOSSIBLE, LANES, collect_items, fill_tables, sweep

# sequences added up together; blocks are joined in order, so that the sum does not depend on who computed them
BLOCK = 4096

# a longer extrapolation than so many sweeps is never a good guess and could overflow
LONGEST_LEAP = 1e3


@dataclass(frozen=True)
class LatentMarkovParameters:
    """Probabilities of a latent Markov model.

    Attributes
    ----------
    initial : NDArray[np.float64], shape (n_states,)
        Probability of each state at the first occasion.
    transition : NDArray[np.float64], shape (n_periods, n_states, n_states)
        Probability of moving from (rows) to (columns); one period when transitions are the same at all times, else one
        for each step between occasions, the last serving all later ones.
    response : tuple of NDArray[np.float64], each of shape (n_states, n_answers)
        Probability of each answer of each item in each state.
    """

    initial: NDArray[np.float64]
    transition: NDArray[np.float64]
    response: tuple[NDArray[np.float64], ...]

    @property
    def n_states(self) -> int:
        """Return the number of states."""
        return int(self.initial.shape[0])

    def reordered(self, order: NDArray[np.integer]) -> "LatentMarkovParameters":
        """Say the same with the states in another order.

        Parameters
        ----------
        order : NDArray[np.integer], shape (n_states,)
            Old number of each new state.

        Returns
        -------
        LatentMarkovParameters
            The relabelled model.
        """
        moved = self.transition[:, order][:, :, order]
        return LatentMarkovParameters(self.initial[order], moved, tuple(p[order] for p in self.response))


@dataclass(frozen=True)
class Structure:
    """Which states share their answers, and which moves cannot happen.

    Trajectory classes with states inside, movers and stayers, and plain latent classes are all of this kind: states are
    pairs of class and level, answers belong to levels, and nobody changes class.

    Attributes
    ----------
    level : tuple of int, length n_states
        Row of answer probabilities of each state, from 0; states with the same number answer alike.
    initial : NDArray[np.bool_], shape (n_states,)
        Where a sequence can begin.
    moves : NDArray[np.bool_], shape (n_states, n_states)
        Which moves from (rows) to (columns) can happen; each row has at least one.
    """

    level: tuple[int, ...]
    initial: NDArray[np.bool_]
    moves: NDArray[np.bool_]

    @property
    def n_levels(self) -> int:
        """Return the number of different rows of answer probabilities."""
        return max(self.level) + 1

    @property
    def first(self) -> NDArray[np.int64]:
        """Return the first state of each level, shape (n_levels,)."""
        return np.array([self.level.index(level) for level in range(self.n_levels)])

    def gather(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up rows of states that answer alike.

        Parameters
        ----------
        counts : NDArray[np.float64], shape (n_states, n)
            Counts by state.

        Returns
        -------
        NDArray[np.float64], shape (n_levels, n)
            Counts by level.
        """
        together = np.zeros((self.n_levels, counts.shape[1]))
        np.add.at(together, np.array(self.level), counts)
        return together


def classes_of_states(n_classes: int, n_states: int, *, stayers: int = 0) -> Structure:
    """Which structure has trajectory classes, each with all states inside.

    Parameters
    ----------
    n_classes : int
        Number of classes, stayers included.
    n_states : int
        Number of states (rows of answers) in each class; state ``c * n_states + s`` is state s of class c.
    stayers : int, default 0
        How many of the last classes never move; with as many as there are classes, and one class, people belong to
        one state for good: plain latent classes of whole sequences.

    Returns
    -------
    Structure
        Block by block.
    """
    block = np.ones((n_states, n_states), dtype=np.bool_)
    still = np.eye(n_states, dtype=np.bool_)
    moves = np.zeros((n_classes * n_states,) * 2, dtype=np.bool_)
    for number in range(n_classes):
        place = slice(number * n_states, (number + 1) * n_states)
        moves[place, place] = still if number >= n_classes - stayers else block
    level = tuple(range(n_states)) * n_classes
    return Structure(level, np.ones(len(level), dtype=np.bool_), moves)


@dataclass(frozen=True)
class Form:
    """What is assumed besides the number of states.

    Attributes
    ----------
    families : tuple of Emission
        Family of each item.
    time_varying : bool
        Whether each step between occasions has transition probabilities of its own.
    penalty : float
        Pseudo-observations added to every probability vector (each state's answers to each item, spread as in the
        whole sample;
        the initial state and each row of each transition matrix, spread evenly). Keeps estimates away from zero; 0 is
        maximum
        likelihood.
    structure : Structure, optional
        Shared answers and impossible moves; by default every state answers in its own way and every move can happen.
    """

    families: tuple[Emission, ...]
    time_varying: bool = False
    penalty: float = 0.0
    structure: Structure | None = None

    def n_periods(self, observations: Observations) -> int:
        """How many transition matrices do these sequences call for.

        Parameters
        ----------
        observations : Observations
            The longest sequence decides.

        Returns
        -------
        int
            At least one, which nothing uses where every sequence has one occasion.
        """
        return max(observations.longest - 1, 1) if self.time_varying else 1

    def n_parameters(self, observations: Observations, n_states: int) -> int:
        """How many probabilities are free.

        Parameters
        ----------
        observations : Observations
            Decides the answers and the number of steps in time; with one occasion a sequence nothing moves.
        n_states : int
            Number of states.

        Returns
        -------
        int
            Initial, transition and response parameters together.
        """
        free, moving, levels = n_states - 1, n_states * (n_states - 1), n_states
        if self.structure is not None:
            free = int(self.structure.initial.sum()) - 1
            moving = int((self.structure.moves.sum(axis=1) - 1).sum())
            levels = self.structure.n_levels
        moving *= self.n_periods(observations) if observations.longest > 1 else 0
        answers = zip(self.families, observations.packing.n_categories, strict=True)
        return free + moving + sum(family.n_parameters(levels, n) for family, n in answers)


def nominal(n_items: int, *, time_varying: bool = False, penalty: float = 0.0) -> Form:
    """Which form has free answers for every item.

    Parameters
    ----------
    n_items : int
        Number of items.
    time_varying : bool, default False
        Whether each step has transitions of its own.
    penalty : float, default 0.0
        Pseudo-observations per probability vector.

    Returns
    -------
    Form
        The form.
    """
    return Form((Nominal(),) * n_items, time_varying=time_varying, penalty=penalty)


@dataclass(frozen=True)
class Expectation:
    """What the data are expected to have counted under given parameters.

    Attributes
    ----------
    log_likelihood : float
        Weighted log-likelihood of all sequences.
    initial : NDArray[np.float64], shape (n_states,)
        Expected first states.
    transition : NDArray[np.float64], shape (n_periods, n_states, n_states)
        Expected moves.
    response : tuple of NDArray[np.float64], each of shape (n_states, n_answers)
        Expected answers.
    """

    log_likelihood: float
    initial: NDArray[np.float64]
    transition: NDArray[np.float64]
    response: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True)
class Padded:
    """Parameters in the layout of the compiled passes: states padded to whole vector registers.

    Attributes
    ----------
    initial : NDArray[np.float64], shape (width,)
        Padding has probability zero.
    transition : NDArray[np.float64], shape (n_periods, width, width)
        From (rows) to (columns).
    table : NDArray[np.float64], shape (n_rows, width)
        Relative probability of each pack of answers.
    shift : NDArray[np.float64], shape (n_rows,)
        Logarithm taken out of each table row.
    lanes : tuple of int
        As long as the padded width.
    """

    initial: NDArray[np.float64]
    transition: NDArray[np.float64]
    table: NDArray[np.float64]
    shift: NDArray[np.float64]
    lanes: tuple[int, ...] = field(repr=False)


def pad(parameters: LatentMarkovParameters, observations: Observations) -> Padded:
    """How do these parameters look to the compiled passes.

    Parameters
    ----------
    parameters : LatentMarkovParameters
        The model.
    observations : Observations
        Decides the table layout.

    Returns
    -------
    Padded
        Tables ready for a sweep.
    """
    n, layout = parameters.n_states, observations.packing
    width = -(-n // LANES) * LANES
    initial = np.zeros(width)
    initial[:n] = parameters.initial
    transition = np.zeros((parameters.transition.shape[0], width, width))
    transition[:, :n, :n] = parameters.transition
    probability = np.zeros((int(layout.item_slots[-1]) + 1, width))
    probability[:-1, :n] = np.concatenate([p.T for p in parameters.response])
    probability[-1, :n] = 1.0
    table = np.empty((layout.n_rows, width))
    shift = np.empty(layout.n_rows)
    fill_tables(probability, layout.slots, table, shift)
    return Padded(initial, transition, table, shift, (0,) * width)


def expect(
    observations: Observations,
    parameters: LatentMarkovParameters,
    *,
    over: Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]] = map,
) -> Expectation:
    """Which counts does the model expect behind the data (the E step), and how likely are the data.

    Parameters
    ----------
    observations : Observations
        The sequences.
    parameters : LatentMarkovParameters
        The model.
    over : callable, default map
        How blocks of sequences are visited; any map that returns results in order (threads, processes) gives the same
        bits.

    Returns
    -------
    Expectation
        Weighted expected counts and the log-likelihood.
    """
    padded = pad(parameters, observations)
    backward = np.ascontiguousarray(padded.transition.transpose(0, 2, 1))

    def block(first: int) -> tuple[float, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        starts = observations.starts[first : first + BLOCK + 1]
        weights = observations.weights[first : first + BLOCK]
        return sweep(
            observations.packed,
            starts,
            weights,
            padded.table,
            padded.initial,
            padded.transition,
            backward,
            padded.lanes,
        )

    parts = iter(over(block, range(0, observations.n_sequences, BLOCK)))
    log_likelihood, table_counts, first, pairs = next(parts)
    for part in parts:
        log_likelihood += part[0]
        table_counts += part[1]
        first += part[2]
        pairs += part[3]
    log_likelihood += float(padded.shift @ observations.pack_weights)
    layout, n = observations.packing, parameters.n_states
    item_counts = np.zeros((int(layout.item_slots[-1]) + 1, len(padded.lanes)))
    collect_items(table_counts, layout.slots, item_counts)
    bounds = zip(layout.item_slots[:-1], layout.item_slots[1:], strict=True)
    response = tuple(np.ascontiguousarray(item_counts[a:b, :n].T) for a, b in bounds)
    moves = (pairs * padded.transition)[:, :n, :n]
    return Expectation(float(log_likelihood), first[:n], np.ascontiguousarray(moves), response)


@dataclass(frozen=True)
class Pseudo:
    """Pseudo-observations of the penalty, in the shape of the expected counts of one state.

    Attributes
    ----------
    initial : NDArray[np.float64], shape (n_states,)
        Added to the first states.
    moves : NDArray[np.float64], shape (n_states, n_states)
        Added to the moves of every period.
    response : tuple of NDArray[np.float64], each of shape (n_answers,)
        Added to the answers of every state (of every level, where states answer alike).
    """

    initial: NDArray[np.float64]
    moves: NDArray[np.float64]
    response: tuple[NDArray[np.float64], ...]


def pseudo_observations(
    observations: Observations, penalty: float, n_states: int, structure: Structure | None = None
) -> Pseudo:
    """How is the penalty spread over the probabilities.

    Parameters
    ----------
    observations : Observations
        Their marginal answers decide the spread.
    penalty : float
        Pseudo-observations per probability vector.
    n_states : int
        Number of states.
    structure : Structure, optional
        Says which states and moves are possible.

    Returns
    -------
    Pseudo
        ``penalty`` spread evenly over the states or moves that can happen, ``penalty`` times the marginal share for
        answers.
    """
    initial = np.ones(n_states) if structure is None else structure.initial.astype(np.float64)
    moves = np.ones((n_states, n_states)) if structure is None else structure.moves.astype(np.float64)
    return Pseudo(
        penalty * initial / initial.sum(),
        penalty * moves / moves.sum(axis=1, keepdims=True),
        tuple(penalty * share for share in marginal(observations)),
    )


def marginal(observations: Observations) -> tuple[NDArray[np.float64], ...]:
    """Which share of all given answers is each answer, item by item.

    Parameters
    ----------
    observations : Observations
        The sequences.

    Returns
    -------
    tuple of NDArray[np.float64], each of shape (n_answers,)
        Weighted shares; even where an item was never answered.
    """
    weights = observations.occasion_weights
    found = []
    for item, n in enumerate(observations.packing.n_categories):
        codes = observations.codes[:, item]
        given = codes >= 0
        counts = np.bincount(codes[given], weights=weights[given], minlength=n)
        found.append(counts / counts.sum() if counts.sum() > 0 else np.full(n, 1.0 / n))
    return tuple(found)


def log_penalty(parameters: LatentMarkovParameters, pseudo: Pseudo, structure: Structure | None = None) -> float:
    """How much does the penalty take off (or add to) the objective.

    Parameters
    ----------
    parameters : LatentMarkovParameters
        The model.
    pseudo : Pseudo
        Pseudo-observations.
    structure : Structure, optional
        Says which states answer alike; each row of answers counts once.

    Returns
    -------
    float
        Sum of pseudo-observations times log-probability; zero without a penalty.
    """
    if pseudo.initial.sum() == 0.0:
        return 0.0
    begin, go = pseudo.initial > 0, pseudo.moves > 0
    value = float(np.log(parameters.initial[begin]) @ pseudo.initial[begin])
    value += sum(float(np.log(moves[go]) @ pseudo.moves[go]) for moves in parameters.transition)
    rows = slice(None) if structure is None else structure.first
    answers = zip(pseudo.response, parameters.response, strict=True)
    return value + sum(float((np.log(p[rows][:, n > 0]) @ n[n > 0]).sum()) for n, p in answers)


def improver(
    observations: Observations,
    form: Form,
    n_states: int,
    *,
    over: Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]] = map,
) -> Callable[[LatentMarkovParameters], Improvement[LatentMarkovParameters]]:
    """Which function makes one EM sweep, for `ascent.ascend`.

    Parameters
    ----------
    observations : Observations
        The sequences.
    form : Form
        Families, transitions, penalty.
    n_states : int
        Number of states.
    over : callable, default map
        How blocks of sequences are visited.

    Returns
    -------
    callable
        Parameters in; objective (log-likelihood plus penalty), standardised score and better parameters out.

    Raises
    ------
    ConfigError
        If the form has not one family for each item.
    """
    n_items = len(observations.packing.n_categories)
    if len(form.families) != n_items:
        raise ConfigError(f"families: one for each of the {n_items} items is needed, got {len(form.families)}")
    pseudo = pseudo_observations(observations, form.penalty, n_states, form.structure)

    def improve(parameters: LatentMarkovParameters) -> Improvement[LatentMarkovParameters]:
        expected = expect(observations, parameters, over=over)
        better, score = maximise(expected, parameters, form, pseudo)
        return Improvement(expected.log_likelihood + log_penalty(parameters, pseudo, form.structure), score, better)

    return improve


def maximise(
    expected: Expectation, parameters: LatentMarkovParameters, form: Form, pseudo: Pseudo
) -> tuple[LatentMarkovParameters, float]:
    """Which parameters suit the expected counts best (the M step), and how steep was the ascent at the old ones.

    Parameters
    ----------
    expected : Expectation
        Expected counts under ``parameters``.
    parameters : LatentMarkovParameters
        Current model.
    form : Form
        Families of the items.
    pseudo : Pseudo
        Pseudo-observations of the penalty.

    Returns
    -------
    better : LatentMarkovParameters
        Parameters that raise the objective.
    score : float
        Root of the summed g' I^-1 g over all probability vectors.
    """
    n = parameters.n_states
    initial, squared = shares((expected.initial + pseudo.initial)[None], parameters.initial[None])
    rows = (-1, n)
    moves, more = shares((expected.transition + pseudo.moves).reshape(rows), parameters.transition.reshape(rows))
    squared += more
    response, more = maximise_answers(expected.response, parameters.response, form, pseudo)
    better = LatentMarkovParameters(initial[0], moves.reshape(parameters.transition.shape), response)
    return better, float(np.sqrt(squared + more))


def maximise_answers(
    counts: tuple[NDArray[np.float64], ...], old: tuple[NDArray[np.float64], ...], form: Form, pseudo: Pseudo
) -> tuple[tuple[NDArray[np.float64], ...], float]:
    """Which answer probabilities suit the expected answers best.

    Parameters
    ----------
    counts : tuple of NDArray[np.float64], each of shape (n_states, n_answers)
        Expected answers.
    old : tuple of NDArray[np.float64], each of shape (n_states, n_answers)
        Current probabilities.
    form : Form
        Families of the items, and which states answer alike.
    pseudo : Pseudo
        Pseudo-observations of the penalty.

    Returns
    -------
    better : tuple of NDArray[np.float64], each of shape (n_states, n_answers)
        Probabilities that raise the objective.
    squared_score : float
        Summed g' I^-1 g.
    """
    structure = form.structure
    response, squared = [], 0.0
    for family, count, extra, p in zip(form.families, counts, pseudo.response, old, strict=True):
        if structure is None:
            update = family.maximise(count + extra, p)
            response.append(update.probability)
        else:
            update = family.maximise(structure.gather(count) + extra, p[structure.first])
            response.append(update.probability[list(structure.level)])
        squared += update.squared_score
    return tuple(response), squared


def leap(
    first: LatentMarkovParameters,
    second: LatentMarkovParameters,
    third: LatentMarkovParameters,
    families: tuple[Emission, ...] | None = None,
) -> LatentMarkovParameters:
    """Where would three successive sweeps lead if they went on as they began: a guess for `ascent.ascend` to check.

    Squared extrapolation (scheme S3) of the log-probabilities, brought back to sum to one. Linear combinations of
    log-probabilities stay within the ordinal family as within the free one; the graded one must be told, so that its
    guess is brought back into the family.

    Parameters
    ----------
    first, second, third : LatentMarkovParameters
        Successive sweeps.
    families : tuple of Emission, optional
        Family of each item; needed where one is graded.

    Returns
    -------
    LatentMarkovParameters
        The guess; it may be worse than ``third``.

    References
    ----------
    Varadhan R, Roland C (2008). Simple and globally convergent methods for accelerating the convergence of any EM
    algorithm. Scandinavian Journal of Statistics 35, 335-353.
    """
    points = [_logarithms(each) for each in (first, second, third)]
    step = [b - a for a, b in zip(points[0], points[1], strict=True)]
    bend = [c - b - r for b, c, r in zip(points[1], points[2], step, strict=True)]
    bent = np.sqrt(sum(float((v**2).sum()) for v in bend))
    length = np.sqrt(sum(float((r**2).sum()) for r in step)) / bent if bent > 0 else 1.0
    length = min(max(length, 1.0), LONGEST_LEAP)
    moved = [a + 2 * length * r + length**2 * v for a, r, v in zip(points[0], step, bend, strict=True)]
    initial, transition, *response = (_normalised(each) for each in moved)
    # what cannot happen stays impossible
    initial, transition = initial * (third.initial > 0), transition * (third.transition > 0)
    if families is not None:
        response = [family.member(p) for family, p in zip(families, response, strict=True)]
    return LatentMarkovParameters(initial, transition, tuple(response))


def _logarithms(parameters: LatentMarkovParameters) -> list[NDArray[np.float64]]:
    each = (parameters.initial, parameters.transition, *parameters.response)
    return [np.log(np.maximum(p, IMPOSSIBLE)) for p in each]


def _normalised(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(logs - logs.max(axis=-1, keepdims=True))
    p: NDArray[np.float64] = odds / odds.sum(axis=-1, keepdims=True)
    return p
