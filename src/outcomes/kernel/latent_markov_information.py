"""How sure are the estimates: observed information of the latent Markov model, and standard errors of what it implies.

By Fisher's identity one E step gives the exact gradient of the log-likelihood; the information is its slope, taken by
central differences: two E steps for each free parameter. Where a penalty was used it is part of the curve.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.kernel.latent_markov import (
    Expectation,
    Form,
    LatentMarkovParameters,
    Pseudo,
    expect,
    pseudo_observations,
)
from outcomes.kernel.latent_markov_packing import Observations

STEP = 1e-3  # of a log-odds: the error of a central difference is a millionth
FLAT = 1e-7  # an eigenvalue of the scaled information below it is a direction of which the data say nothing
TOUCHED = 1e-2  # a parameter that has so much of a flat direction has no standard error
EDGE = 1e-5  # a probability nearer to 0 or 1 lies on the edge, where a standard error means nothing


def observed_information(
    score: Callable[[NDArray[np.float64]], NDArray[np.float64]], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How sharply does the objective bend at its top.

    Parameters
    ----------
    score : callable
        Free parameters in, exact gradient of the objective out.
    at : NDArray[np.float64], shape (n_parameters,)
        The estimate.

    Returns
    -------
    NDArray[np.float64], shape (n_parameters, n_parameters)
        Minus the second derivatives, symmetric.
    """
    rows = np.empty((at.size, at.size))
    for place in range(at.size):
        move = np.zeros(at.size)
        move[place] = STEP
        rows[place] = (score(at - move) - score(at + move)) / (2 * STEP)
    information: NDArray[np.float64] = (rows + rows.T) / 2
    return information


def covariance(information: NDArray[np.float64]) -> NDArray[np.float64]:
    """How do the estimates vary, as far as the data say.

    Parameters
    ----------
    information : NDArray[np.float64], shape (n_parameters, n_parameters)
        Observed information.

    Returns
    -------
    NDArray[np.float64], shape (n_parameters, n_parameters)
        Its inverse; rows and columns of parameters of which the data say nothing are NaN.

    Examples
    --------
    >>> covariance(np.array([[4.0, 0.0], [0.0, 0.0]])).tolist()
    [[0.25, nan], [nan, nan]]
    """
    found = np.full(information.shape, np.nan)
    diagonal = np.diag(information)
    kept = np.flatnonzero(diagonal > FLAT)
    if kept.size == 0:
        return found
    scale = np.sqrt(diagonal[kept])
    values, vectors = np.linalg.eigh(information[np.ix_(kept, kept)] / np.outer(scale, scale))
    flat = values < FLAT
    known = ~(np.abs(vectors[:, flat]) > TOUCHED).any(axis=1)
    whole = (vectors[:, ~flat] / values[~flat]) @ vectors[:, ~flat].T / np.outer(scale, scale)
    sure = kept[known]
    found[np.ix_(sure, sure)] = whole[np.ix_(known, known)]
    return found


@dataclass(frozen=True)
class ProbabilityErrors:
    """Standard errors of every probability; NaN where a probability is on the edge or the data do not say.

    Attributes
    ----------
    initial : NDArray[np.float64], shape (n_states,)
        Of the first state.
    transition : NDArray[np.float64], shape (n_periods, n_states, n_states)
        Of moves; zero where a move is impossible by assumption.
    response : tuple of NDArray[np.float64], each of shape (n_states, n_answers)
        Of answers.
    """

    initial: NDArray[np.float64]
    transition: NDArray[np.float64]
    response: tuple[NDArray[np.float64], ...]


def _row_parts(parameters: LatentMarkovParameters) -> list[NDArray[np.float64]]:
    return [parameters.initial, *parameters.transition.reshape(-1, parameters.n_states)]


def _flat(parameters: LatentMarkovParameters, form: Form) -> NDArray[np.float64]:
    # log-odds against the likeliest state of each row, over what is possible; then coefficients of items
    parts = []
    for row in _row_parts(parameters):
        logs = np.log(row[row > 0])
        parts.append(np.delete(logs - logs.max(), int(logs.argmax())))
    rows = slice(None) if form.structure is None else form.structure.first
    parts += [family.coefficients(p[rows]) for family, p in zip(form.families, parameters.response, strict=True)]
    return np.concatenate(parts)


def _unflat(values: NDArray[np.float64], like: LatentMarkovParameters, form: Form) -> LatentMarkovParameters:
    place, rows = 0, []
    for row in _row_parts(like):
        possible = np.flatnonzero(row > 0)
        top = int(row[possible].argmax())
        odds = np.insert(values[place : place + possible.size - 1], top, 0.0)
        place += possible.size - 1
        p: NDArray[np.float64] = np.zeros(row.size)
        p[possible] = np.exp(odds - odds.max()) / np.exp(odds - odds.max()).sum()
        rows.append(p)
    response = []
    first = np.arange(like.n_states) if form.structure is None else form.structure.first
    level = list(range(like.n_states)) if form.structure is None else list(form.structure.level)
    for family, old in zip(form.families, like.response, strict=True):
        size = family.n_parameters(first.size, old.shape[1])
        response.append(family.probabilities(values[place : place + size], (first.size, old.shape[1]))[level])
        place += size
    return LatentMarkovParameters(rows[0], np.array(rows[1:]).reshape(like.transition.shape), tuple(response))


def _gradient(
    expected: Expectation, here: LatentMarkovParameters, like: LatentMarkovParameters, form: Form, pseudo: Pseudo
) -> NDArray[np.float64]:
    # the reference of each row is that of the estimate, even where a small move made another state likelier
    counts = [expected.initial + pseudo.initial]
    counts += list((expected.transition + pseudo.moves).reshape(-1, here.n_states))
    parts = []
    for count, row, old in zip(counts, _row_parts(here), _row_parts(like), strict=True):
        possible = old > 0
        surplus = count[possible] - count[possible].sum() * row[possible]
        parts.append(np.delete(surplus, int(old[possible].argmax())))
    for family, count, extra, p in zip(form.families, expected.response, pseudo.response, here.response, strict=True):
        if form.structure is None:
            parts.append(family.gradient(count + extra, p))
        else:
            parts.append(family.gradient(form.structure.gather(count) + extra, p[form.structure.first]))
    return np.concatenate(parts)


def probability_errors(
    observations: Observations,
    parameters: LatentMarkovParameters,
    form: Form,
    *,
    on_step: Callable[[int, int], None] | None = None,
) -> ProbabilityErrors:
    """How sure is every probability of a fitted model.

    Parameters
    ----------
    observations : Observations
        What it was fitted to.
    parameters : LatentMarkovParameters
        The estimate.
    form : Form
        What was assumed.
    on_step : callable, optional
        Told how many of how many E steps are done.

    Returns
    -------
    ProbabilityErrors
        Standard errors by the delta method, from the observed information.
    """
    pseudo = pseudo_observations(observations, form.penalty, parameters.n_states, form.structure)
    at = _flat(parameters, form)
    done = 0

    def score(values: NDArray[np.float64]) -> NDArray[np.float64]:
        nonlocal done
        here = _unflat(values, parameters, form)
        done += 1
        if on_step is not None:
            on_step(done, 2 * at.size)
        return _gradient(expect(observations, here), here, parameters, form, pseudo)

    spread = covariance(observed_information(score, at))
    return _errors(at, spread, parameters, form)


def _errors(
    at: NDArray[np.float64], spread: NDArray[np.float64], parameters: LatentMarkovParameters, form: Form
) -> ProbabilityErrors:
    # the delta method, by central differences of the probabilities themselves
    known = ~np.isnan(np.diag(spread))
    clean = np.where(np.isnan(spread), 0.0, spread)
    slopes, unsure = [], []
    for place in range(at.size):
        move = np.zeros(at.size)
        move[place] = STEP
        up, down = (_vector(_unflat(at + sign * move, parameters, form)) for sign in (1.0, -1.0))
        slope = (up - down) / (2 * STEP)
        slopes.append(slope)
        if not known[place]:
            unsure.append(np.abs(slope) > EDGE)
    jacobian = np.array(slopes)
    variance = np.einsum("ip,ij,jp->p", jacobian, clean, jacobian, optimize=True)
    errors = np.sqrt(np.maximum(variance, 0.0))
    if unsure:
        errors[np.any(unsure, axis=0)] = np.nan
    p = _vector(parameters)
    fixed = np.concatenate([np.full(row.size, (row > 0).sum() == 1) for row in _row_parts(parameters)])
    possible = np.zeros(p.size, dtype=np.bool_)
    possible[fixed.size :] = True
    possible[: fixed.size] = (p[: fixed.size] > 0) & ~fixed
    errors[possible & ((p < EDGE) | (p > 1 - EDGE))] = np.nan
    sizes = [parameters.n_states, parameters.transition.size, *(r.size for r in parameters.response)]
    cuts = np.split(errors, np.cumsum(sizes)[:-1])
    shapes = zip(cuts[2:], parameters.response, strict=True)
    return ProbabilityErrors(
        cuts[0], cuts[1].reshape(parameters.transition.shape), tuple(cut.reshape(r.shape) for cut, r in shapes)
    )


def _vector(parameters: LatentMarkovParameters) -> NDArray[np.float64]:
    return np.concatenate(
        [parameters.initial, parameters.transition.ravel(), *(p.ravel() for p in parameters.response)]
    )
