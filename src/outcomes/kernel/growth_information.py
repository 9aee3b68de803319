"""How sure is a growth mixture: the score of each person, the observed information, and errors of what it implies.

The score is exact (Fisher's identity; the person effects are integrated out, so that none of it divides by their
covariance); the information is its slope by central differences; what is reported follows by the delta method. The
robust covariance (sandwich) stays right where people of a class are not quite as the model says.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.kernel.growth_mixture import SMALL, Courses, GrowthParameters, expect_growth
from outcomes.kernel.latent_markov_information import covariance, observed_information

Floats = NDArray[np.float64]
DELTA = 1e-5  # step of the differences behind the delta method, on the scale of the free parameters
EDGE = 1e-4  # a share, or a variance beside that of the totals, that is nearer to 0 lies on the edge


@dataclass(frozen=True)
class GrowthErrors:
    """Standard errors; NaN where an estimate lies on the edge or the data do not say.

    Attributes
    ----------
    share : NDArray[np.float64], shape (n_classes,)
        Of the classes.
    coefficients : NDArray[np.float64], shape (n_classes, p)
        Of the powers of time.
    variance : NDArray[np.float64], shape (n_classes,)
        Of the error variance.
    effects : NDArray[np.float64], shape (n_classes, r, r)
        Of the covariance of person effects.
    """

    share: Floats
    coefficients: Floats
    variance: Floats
    effects: Floats


def free_parameters(parameters: GrowthParameters, *, by_class: bool) -> Floats:
    """Which free parameters has the model, one after the other.

    Parameters
    ----------
    parameters : GrowthParameters
        The model.
    by_class : bool
        Whether variances are each class's own.

    Returns
    -------
    NDArray[np.float64], shape (n_parameters,)
        Log-odds of classes against the first, coefficients, entries of the lower root of person effects, logarithm of
        error variances; the last two once where classes share them.
    """
    logs = np.log(np.maximum(parameters.share, SMALL))
    low = np.tril_indices(parameters.root.shape[1])
    own = slice(None) if by_class else slice(1)
    roots = parameters.root[own][:, low[0], low[1]]
    return np.concatenate(
        ((logs - logs[0])[1:], parameters.beta.ravel(), roots.ravel(), np.log(parameters.variance[own]))
    )


def with_free_parameters(values: Floats, like: GrowthParameters, *, by_class: bool) -> GrowthParameters:
    """Which model has these free parameters.

    Parameters
    ----------
    values : NDArray[np.float64], shape (n_parameters,)
        As `free_parameters` gives them.
    like : GrowthParameters
        Of the same sizes.
    by_class : bool
        Likewise.

    Returns
    -------
    GrowthParameters
        The model.
    """
    n, r = like.share.size, like.root.shape[1]
    low = np.tril_indices(r)
    owners = n if by_class else 1
    logs, beta, roots, variance = np.split(
        values, np.cumsum([n - 1, like.beta.size, owners * low[0].size]).astype(np.int64)
    )
    odds = np.exp(np.concatenate(([0.0], logs)))
    root = np.zeros((owners, r, r))
    root[:, low[0], low[1]] = roots.reshape(owners, -1)
    times = 1 if by_class else n
    return GrowthParameters(
        odds / odds.sum(),
        beta.reshape(like.beta.shape),
        np.repeat(root, times, axis=0),
        np.repeat(np.exp(variance), times),
    )


def person_scores(data: Courses, parameters: GrowthParameters, *, by_class: bool) -> Floats:
    """How would each person's log-likelihood change with every free parameter.

    Parameters
    ----------
    data : Courses
        The persons.
    parameters : GrowthParameters
        The model.
    by_class : bool
        Whether variances are each class's own.

    Returns
    -------
    NDArray[np.float64], shape (n_persons, n_parameters)
        Without the persons' weights.
    """
    found = expect_growth(data, parameters)
    n, r = parameters.share.size, parameters.root.shape[1]
    low = np.tril_indices(r)
    classes, betas, roots, variances = [], [], [], []
    for k in range(n):
        member, effect, spread = found.member[:, k], found.effect[k], found.spread[k]
        variance, beta = parameters.variance[k], parameters.beta[k]
        own = data.xx[:, :r, :r]
        left = data.xy - data.xx @ beta  # X'(y - X beta)
        within = left - np.einsum("npr,nr->np", data.xx[:, :, :r], effect)
        classes.append(member - parameters.share[k])
        betas.append(member[:, None] * within / variance)
        squares = data.yy - 2 * data.xy @ beta + np.einsum("p,npq,q->n", beta, data.xx, beta)
        squares += np.einsum("ni,nij,nj->n", effect, own, effect) - 2 * np.einsum("ni,ni->n", effect, left[:, :r])
        squares += np.einsum("nij,nji->n", own, spread)
        variances.append(member * (squares / variance - data.n) / 2)
        pull = within[:, :r] / variance  # Z'V^-1(y - X beta)
        weight = (own - own @ spread @ own / variance) / variance  # Z'V^-1Z
        slope = (pull[:, :, None] * pull[:, None, :] - weight) @ parameters.root[k]
        roots.append(member[:, None] * slope[:, low[0], low[1]])
    parts = [np.column_stack(classes)[:, 1:], np.hstack(betas)]
    parts += (
        [np.hstack(roots), np.column_stack(variances)]
        if by_class
        else [np.sum(roots, axis=0), np.sum(variances, axis=0)[:, None]]
    )
    return np.hstack(parts)


def parameter_covariance(
    data: Courses, parameters: GrowthParameters, *, by_class: bool, robust: bool = False
) -> Floats:
    """How do the estimates vary, as far as the data say.

    Parameters
    ----------
    data : Courses
        The persons of the fit, with their weights.
    parameters : GrowthParameters
        The estimates.
    by_class : bool
        Whether variances are each class's own.
    robust : bool, default False
        Sandwich of the observed information around the scores of persons, in place of the information's inverse.

    Returns
    -------
    NDArray[np.float64], shape (n_parameters, n_parameters)
        Of the free parameters; NaN for those of which the data say nothing.
    """
    size = np.sqrt(data.variance)  # so that a step is as small beside any totals
    at = free_parameters(parameters, by_class=by_class)
    n, r = parameters.share.size, parameters.root.shape[1]
    owners = n if by_class else 1
    scaled = parameters.beta.size + owners * r * (r + 1) // 2
    scale = np.concatenate((np.ones(n - 1), np.full(scaled, size), np.ones(owners)))

    def score(values: Floats) -> Floats:
        here = with_free_parameters(values * scale, parameters, by_class=by_class)
        return np.asarray(data.weights @ person_scores(data, here, by_class=by_class) * scale, dtype=np.float64)

    inverse = covariance(observed_information(score, at / scale)) * np.outer(scale, scale)
    if not robust:
        return inverse
    scores = data.weights[:, None] * person_scores(data, parameters, by_class=by_class)
    known = ~np.isnan(np.diag(inverse))
    bread = inverse[np.ix_(known, known)]
    found = np.full_like(inverse, np.nan)
    found[np.ix_(known, known)] = bread @ (scores[:, known].T @ scores[:, known]) @ bread
    return found


def growth_errors(
    data: Courses, parameters: GrowthParameters, powers: Floats, *, by_class: bool, robust: bool = False
) -> GrowthErrors:
    """How sure is everything that a growth mixture reports.

    Parameters
    ----------
    data : Courses
        The persons of the fit, with their weights.
    parameters : GrowthParameters
        The estimates, in the time of the fit.
    powers : NDArray[np.float64], shape (p, p)
        Brings coefficients to the time of the reader: ``beta @ powers``.
    by_class : bool
        Whether variances are each class's own.
    robust : bool, default False
        As in `parameter_covariance`.

    Returns
    -------
    GrowthErrors
        In the order and the units of the reader.
    """
    n, r = parameters.share.size, parameters.root.shape[1]
    at = free_parameters(parameters, by_class=by_class)
    spread = parameter_covariance(data, parameters, by_class=by_class, robust=robust)

    def told(values: Floats) -> Floats:
        here = with_free_parameters(values, parameters, by_class=by_class)
        effects = powers[:r, :r].T @ here.covariance @ powers[:r, :r]
        return np.concatenate((here.share, (here.beta @ powers).ravel(), here.variance, effects.ravel()))

    slope = np.empty((told(at).size, at.size))
    for place in range(at.size):
        move = np.zeros(at.size)
        move[place] = DELTA
        slope[:, place] = (told(at + move) - told(at - move)) / (2 * DELTA)
    slope[np.abs(slope) < SMALL] = 0.0
    error = np.array([_error(row, spread) for row in slope])
    share, coefficients, variance, effects = np.split(error, np.cumsum([n, parameters.beta.size, n]))
    edge = np.einsum("kii->ki", parameters.covariance) < EDGE * data.variance
    return GrowthErrors(
        np.where((parameters.share > EDGE) & (n > 1), share, np.nan),
        coefficients.reshape(parameters.beta.shape),
        np.where(parameters.variance > EDGE * data.variance, variance, np.nan),
        np.where(edge[:, :, None] | edge[:, None, :], np.nan, effects.reshape(n, r, r)),
    )


def _error(row: Floats, spread: Floats) -> float:
    # what does not hang on a parameter does not mind that it is not known
    used = np.flatnonzero(row)
    if used.size == 0:
        return float("nan")
    value = float(row[used] @ spread[np.ix_(used, used)] @ row[used])
    return float(np.sqrt(value)) if value > 0 else float("nan")
