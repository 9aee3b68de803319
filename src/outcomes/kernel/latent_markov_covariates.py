"""How the first state and the moves depend on covariates: multinomial logits inside the latent Markov model.

The first state is told against state 0, a move against staying, so that every coefficient is a log-odds of its own
(Bartolucci, Farcomeni and Pennoni 2013, chapter 5). With a constant alone the model is that of `latent_markov`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.ascent import Improvement
from outcomes.kernel.latent_markov import (
    BLOCK,
    LONGEST_LEAP,
    Form,
    LatentMarkovParameters,
    Pseudo,
    maximise_answers,
    pad,
    pseudo_observations,
)
from outcomes.kernel.latent_markov_covariate_passes import climb_logit, logit_gradient, logit_rows, sweep_patterns
from outcomes.kernel.latent_markov_packing import Observations
from outcomes.kernel.latent_markov_passes import IMPOSSIBLE, collect_items


@dataclass(frozen=True)
class Design:
    """Covariates, each different row once.

    Attributes
    ----------
    initial : NDArray[np.float64], shape (n_initial_patterns, p)
        Covariates of the first state, the constant first.
    initial_pattern : NDArray[np.int64], shape (n_sequences,)
        Row of ``initial`` of each sequence.
    moves : NDArray[np.float64], shape (n_move_patterns, q)
        Covariates of moves, the constant first.
    move_pattern : NDArray[np.int64], shape (n_occasions,)
        Row of ``moves`` of the move into each occasion; says nothing at first occasions.
    initial_share, move_share : NDArray[np.float64]
        Weighted share of each pattern: how the penalty is spread.
    """

    initial: NDArray[np.float64]
    initial_pattern: NDArray[np.int64]
    moves: NDArray[np.float64]
    move_pattern: NDArray[np.int64]
    initial_share: NDArray[np.float64]
    move_share: NDArray[np.float64]


def design(
    observations: Observations,
    initial: NDArray[np.float64] | None,
    moves: NDArray[np.float64] | None,
    *,
    fitted: bool = False,
) -> Design:
    """How do covariates look to the passes.

    Parameters
    ----------
    observations : Observations
        The sequences.
    initial : NDArray[np.float64], shape (n_sequences, p - 1), optional
        Covariates of the first state, without a constant; none by default.
    moves : NDArray[np.float64], shape (n_occasions, q - 1), optional
        Covariates of the move into each occasion, without a constant; rows of first occasions are not looked at.
    fitted : bool, default False
        Whether the coefficients are known already, so that covariates need not vary.

    Returns
    -------
    Design
        With a constant in front.

    Raises
    ------
    DataError
        If a table has not one row for each sequence or occasion, a covariate is not finite, or covariates are
        collinear.
    """
    n, first = observations.n_sequences, observations.starts[:-1]
    begin = np.ones((n, 1)) if initial is None else np.column_stack((np.ones(n), initial))
    later = np.ones(observations.n_occasions, dtype=np.bool_)
    later[first] = False
    rows = observations.n_occasions
    go = np.ones((rows, 1)) if moves is None else np.column_stack((np.ones(rows), moves))
    _check("first state", begin, fitted=fitted)
    _check("moves", go[later], fitted=fitted)
    initial_rows, initial_pattern = np.unique(begin, axis=0, return_inverse=True)
    move_pattern = np.zeros(rows, dtype=np.int64)
    move_rows, found = np.unique(go[later] if later.any() else go[:1] * 0 + 1, axis=0, return_inverse=True)
    if later.any():
        move_pattern[later] = found.ravel()
    weights = observations.weights
    people = np.bincount(initial_pattern.ravel(), weights=weights, minlength=len(initial_rows))
    steps = np.bincount(move_pattern[later], weights=observations.occasion_weights[later], minlength=len(move_rows))
    return Design(
        initial_rows,
        initial_pattern.ravel().astype(np.int64),
        move_rows,
        move_pattern,
        people / max(people.sum(), IMPOSSIBLE),
        steps / max(steps.sum(), IMPOSSIBLE),
    )


def _check(what: str, rows: NDArray[np.float64], *, fitted: bool) -> None:
    wrong = int((~np.isfinite(rows)).any(axis=1).sum())
    if wrong:
        raise DataError(
            f"covariates of the {what}: {wrong} of {len(rows)} rows hold a missing or infinite value "
            "(rule covariate_given); impute them, or add an indicator of missingness"
        )
    if not fitted and rows.size and np.linalg.matrix_rank(rows) < rows.shape[1]:
        raise DataError(
            f"covariates of the {what}: with the constant they are collinear or do not vary (rule covariate_rank); "
            "leave one out"
        )


@dataclass(frozen=True)
class CovariateParameters:
    """Coefficients and answer probabilities.

    Attributes
    ----------
    initial : NDArray[np.float64], shape (n_states, p)
        Log-odds of each first state against the reference, whose row is zero.
    moves : NDArray[np.float64], shape (n_states, n_states, q)
        Log-odds of moving from (first axis) to (second axis), against staying, whose entries are zero.
    response : tuple of NDArray[np.float64], each of shape (n_states, n_answers)
        Probability of each answer of each item.
    """

    initial: NDArray[np.float64]
    moves: NDArray[np.float64]
    response: tuple[NDArray[np.float64], ...]

    @property
    def n_states(self) -> int:
        """Return the number of states."""
        return int(self.initial.shape[0])

    def reordered(self, order: NDArray[np.integer]) -> "CovariateParameters":
        """Say the same with the states in another order.

        Parameters
        ----------
        order : NDArray[np.integer], shape (n_states,)
            Old number of each new state.

        Returns
        -------
        CovariateParameters
            With the new first state as reference.
        """
        initial = self.initial[order]
        return CovariateParameters(
            initial - initial[0], self.moves[order][:, order], tuple(p[order] for p in self.response)
        )


def from_homogeneous(parameters: LatentMarkovParameters, plan: Design) -> CovariateParameters:
    """Where does a climb begin that knows the model without covariates.

    Parameters
    ----------
    parameters : LatentMarkovParameters
        A fit without covariates and without time-varying transitions.
    plan : Design
        The covariates.

    Returns
    -------
    CovariateParameters
        The same probabilities for everybody; all slopes zero.
    """
    n = parameters.n_states
    initial = np.zeros((n, plan.initial.shape[1]))
    logs = np.log(np.maximum(parameters.initial, 1e-12))
    initial[:, 0] = logs - logs[0]
    moves = np.zeros((n, n, plan.moves.shape[1]))
    logs = np.log(np.maximum(parameters.transition[0], 1e-12))
    moves[:, :, 0] = logs - np.diag(logs)[:, None]
    return CovariateParameters(initial, moves, parameters.response)


@dataclass(frozen=True)
class PatternCounts:
    """What is expected under given coefficients, pattern by pattern.

    Attributes
    ----------
    log_likelihood : float
        Weighted log-likelihood of all sequences.
    initial : NDArray[np.float64], shape (n_initial_patterns, n_states)
        Expected first states.
    moves : NDArray[np.float64], shape (n_states, n_move_patterns, n_states)
        Expected moves, by the state they leave.
    response : tuple of NDArray[np.float64], each of shape (n_states, n_answers)
        Expected answers.
    """

    log_likelihood: float
    initial: NDArray[np.float64]
    moves: NDArray[np.float64]
    response: tuple[NDArray[np.float64], ...]


def pattern_probabilities(
    parameters: CovariateParameters, plan: Design
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Which probabilities has each covariate pattern.

    Parameters
    ----------
    parameters : CovariateParameters
        The model.
    plan : Design
        The covariates.

    Returns
    -------
    initial : NDArray[np.float64], shape (n_initial_patterns, n_states)
        First states.
    moves : NDArray[np.float64], shape (n_move_patterns, n_states, n_states)
        Moves from (second axis) to (third axis).
    """
    n = parameters.n_states
    every = np.ones(n, dtype=np.bool_)
    initial = logit_rows(plan.initial, parameters.initial, every)
    moves = np.stack([logit_rows(plan.moves, parameters.moves[i], every) for i in range(n)], axis=1)
    return initial, moves


def expect_patterns(observations: Observations, parameters: CovariateParameters, plan: Design) -> PatternCounts:
    """Which counts does the model expect behind the data.

    Parameters
    ----------
    observations : Observations
        The sequences.
    parameters : CovariateParameters
        The model.
    plan : Design
        The covariates.

    Returns
    -------
    PatternCounts
        Counts and the log-likelihood.
    """
    n = parameters.n_states
    initial, moves = pattern_probabilities(parameters, plan)
    padded = pad(LatentMarkovParameters(initial[0], moves[:1], parameters.response), observations)
    width = len(padded.lanes)
    wide_initial = np.zeros((len(initial), width))
    wide_initial[:, :n] = initial
    wide_moves = np.zeros((len(moves), width, width))
    wide_moves[:, :n, :n] = moves
    first, pairs = np.zeros_like(wide_initial), np.zeros_like(wide_moves)
    log_likelihood, table_counts = float(padded.shift @ observations.pack_weights), np.zeros_like(padded.table)
    for number in range(0, observations.n_sequences, BLOCK):
        value, counts = sweep_patterns(
            observations.packed,
            observations.starts[number : number + BLOCK + 1],
            observations.weights[number : number + BLOCK],
            padded.table,
            wide_initial,
            plan.initial_pattern[number : number + BLOCK],
            wide_moves,
            plan.move_pattern,
            first,
            pairs,
            padded.lanes,
        )
        log_likelihood += value
        table_counts += counts
    layout = observations.packing
    item_counts = np.zeros((int(layout.item_slots[-1]) + 1, width))
    collect_items(table_counts, layout.slots, item_counts)
    bounds = zip(layout.item_slots[:-1], layout.item_slots[1:], strict=True)
    response = tuple(np.ascontiguousarray(item_counts[a:b, :n].T) for a, b in bounds)
    counted = np.ascontiguousarray((pairs[:, :n, :n] * moves).transpose(1, 0, 2))
    return PatternCounts(log_likelihood, np.ascontiguousarray(first[:, :n]), counted, response)


def improver_with_covariates(
    observations: Observations, form: Form, n_states: int, plan: Design
) -> Callable[[CovariateParameters], Improvement[CovariateParameters]]:
    """Which function makes one EM sweep, for `ascent.ascend`.

    Parameters
    ----------
    observations : Observations
        The sequences.
    form : Form
        Families and penalty; time and structure play no part.
    n_states : int
        Number of states.
    plan : Design
        The covariates.

    Returns
    -------
    callable
        Parameters in; objective, standardised score and better parameters out.

    Raises
    ------
    ConfigError
        If the form has a structure or transitions for each step, which covariates express themselves.
    """
    if form.structure is not None or form.time_varying:
        raise ConfigError("covariates: neither a structure nor time_varying goes with them; use covariates of time")
    pseudo = pseudo_observations(observations, form.penalty, n_states)

    def improve(parameters: CovariateParameters) -> Improvement[CovariateParameters]:
        expected, value = penalised(observations, parameters, plan, pseudo)
        every = np.ones(n_states, dtype=np.bool_)
        initial, squared = climb_logit(plan.initial, expected.initial, parameters.initial, every, 0)
        moves = np.zeros_like(parameters.moves)
        for state in range(n_states):
            moves[state], more = climb_logit(plan.moves, expected.moves[state], parameters.moves[state], every, state)
            squared += more
        response, more = maximise_answers(expected.response, parameters.response, form, pseudo)
        return Improvement(value, float(np.sqrt(squared + more)), CovariateParameters(initial, moves, response))

    return improve


def penalised(
    observations: Observations, parameters: CovariateParameters, plan: Design, pseudo: Pseudo
) -> tuple[PatternCounts, float]:
    """Count with pseudo-observations of states (not of answers) added, and say how high the penalised objective is.

    Parameters
    ----------
    observations : Observations
        The sequences.
    parameters : CovariateParameters
        The model.
    plan : Design
        The covariates.
    pseudo : Pseudo
        Pseudo-observations: those of first states and moves are spread over covariate patterns by their share.

    Returns
    -------
    expected : PatternCounts
        Counts.
    objective : float
        Log-likelihood plus penalty.
    """
    found = expect_patterns(observations, parameters, plan)
    value = found.log_likelihood
    if pseudo.initial.sum() == 0.0:
        return found, value
    initial, moves = (np.log(np.maximum(p, IMPOSSIBLE)) for p in pattern_probabilities(parameters, plan))
    extra = plan.initial_share[:, None] * pseudo.initial
    more = plan.move_share[None, :, None] * pseudo.moves[:, None, :]
    value += float((extra * initial).sum() + (more * moves.transpose(1, 0, 2)).sum())
    answers = zip(pseudo.response, parameters.response, strict=True)
    value += sum(float((np.log(p[:, n > 0]) @ n[n > 0]).sum()) for n, p in answers)
    return PatternCounts(found.log_likelihood, found.initial + extra, found.moves + more, found.response), value


def gradient(
    expected: PatternCounts, parameters: CovariateParameters, plan: Design, form: Form, pseudo: Pseudo
) -> NDArray[np.float64]:
    """How does the objective change with every free coefficient.

    Parameters
    ----------
    expected : PatternCounts
        Of `penalised`.
    parameters : CovariateParameters
        The model.
    plan : Design
        The covariates.
    form : Form
        Families.
    pseudo : Pseudo
        Pseudo-observations of answers.

    Returns
    -------
    NDArray[np.float64], shape (n_parameters,)
        First states, moves, then items, in the order of `flat`.
    """
    n = parameters.n_states
    initial, moves = pattern_probabilities(parameters, plan)
    parts = [logit_gradient(plan.initial, expected.initial, initial)[1:].ravel()]
    for state in range(n):
        own = logit_gradient(plan.moves, expected.moves[state], np.ascontiguousarray(moves[:, state]))
        parts.append(np.delete(own, state, axis=0).ravel())
    for family, count, extra, p in zip(
        form.families, expected.response, pseudo.response, parameters.response, strict=True
    ):
        parts.append(family.gradient(count + extra, p))
    return np.concatenate(parts)


def flat(parameters: CovariateParameters, form: Form) -> NDArray[np.float64]:
    """Which free coefficients has the model, one after the other.

    Parameters
    ----------
    parameters : CovariateParameters
        The model.
    form : Form
        Families.

    Returns
    -------
    NDArray[np.float64], shape (n_parameters,)
        First states (without the reference), moves by the state left (without staying), items.
    """
    parts = [parameters.initial[1:].ravel()]
    parts += [np.delete(rows, state, axis=0).ravel() for state, rows in enumerate(parameters.moves)]
    parts += [family.coefficients(p) for family, p in zip(form.families, parameters.response, strict=True)]
    return np.concatenate(parts)


def n_free(parameters: CovariateParameters, form: Form, observations: Observations) -> int:
    """How many coefficients are free: with one occasion a sequence nothing moves.

    Parameters
    ----------
    parameters : CovariateParameters
        The model.
    form : Form
        Families.
    observations : Observations
        Says whether anything can move.

    Returns
    -------
    int
        First states, moves and items together.
    """
    n, _, q = parameters.moves.shape
    return int(flat(parameters, form).size) - (n * (n - 1) * q if observations.longest == 1 else 0)


def unflat(values: NDArray[np.float64], like: CovariateParameters, form: Form) -> CovariateParameters:
    """Which model has these free coefficients.

    Parameters
    ----------
    values : NDArray[np.float64], shape (n_parameters,)
        As `flat` gives them.
    like : CovariateParameters
        Of the same sizes.
    form : Form
        Families.

    Returns
    -------
    CovariateParameters
        The model.
    """
    n, q = like.n_states, like.moves.shape[2]
    place = (n - 1) * like.initial.shape[1]
    initial = np.concatenate((np.zeros((1, like.initial.shape[1])), values[:place].reshape(n - 1, -1)))
    moves = np.zeros_like(like.moves)
    for state in range(n):
        others = [j for j in range(n) if j != state]
        moves[state, others] = values[place : place + (n - 1) * q].reshape(n - 1, q)
        place += (n - 1) * q
    response = []
    for family, p in zip(form.families, like.response, strict=True):
        size = family.n_parameters(*p.shape)
        response.append(family.probabilities(values[place : place + size], (p.shape[0], p.shape[1])))
        place += size
    return CovariateParameters(initial, moves, tuple(response))


def leap_with_covariates(
    first: CovariateParameters, second: CovariateParameters, third: CovariateParameters, form: Form
) -> CovariateParameters:
    """Where would three successive sweeps lead if they went on as they began: a guess for `ascent.ascend` to check.

    Parameters
    ----------
    first, second, third : CovariateParameters
        Successive sweeps.
    form : Form
        Families.

    Returns
    -------
    CovariateParameters
        Squared extrapolation of the coefficients (see `latent_markov.leap`).
    """
    a, b, c = (flat(each, form) for each in (first, second, third))
    step, bend = b - a, c - 2 * b + a
    bent = float(np.sqrt((bend**2).sum()))
    length = min(max(float(np.sqrt((step**2).sum())) / bent if bent > 0 else 1.0, 1.0), LONGEST_LEAP)
    guess = unflat(a + 2 * length * step + length**2 * bend, third, form)
    sound = all(np.isfinite(p).all() and (p > 0).all() for p in guess.response)
    return guess if sound else third
