"""What follows from, or leads to, a hidden state, by maximum likelihood with the errors of assignment held fixed.

The ML variant of three steps: people were put into a state W, which is wrong as often as the table D says; what is
wanted is the distribution of an outcome given the true state, or of the true state given covariates.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import DataError
from outcomes.kernel.three_step import StateMeans, assignment_errors, bch_weights, naive_weights

SWEEPS = 2000
SMALL = 1e-9
HALVINGS = 30
STEPS = 100
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Logits:
    """Multinomial logits of the state on covariates, the first state being the reference.

    Attributes
    ----------
    coefficient : NDArray[np.float64], shape (n_states - 1, n_covariates)
        Log-odds against the first state, for each covariate (the first of them usually a constant).
    standard_error : NDArray[np.float64], same shape
        Sandwich errors; take the assignment table as known.
    covariance : NDArray[np.float64], shape (n, n)
        Of the coefficients, row by row.
    log_likelihood : float
        Of the assigned states; NaN for corrected weights, which have none.
    converged : bool
        Whether the last step was small.
    """

    coefficient: Floats
    standard_error: Floats
    covariance: Floats
    log_likelihood: float
    converged: bool


def ml_means(posterior: Floats, outcome: NDArray[np.floating]) -> StateMeans:
    """How high is a variable in each state, by maximum likelihood given wrong assignment.

    A variable of zeros and ones is Bernoulli given the state, any other one normal with one variance for all states,
    which is what goes wrong when the variable is skewed or its spread differs (BCH does not need it).

    Parameters
    ----------
    posterior : NDArray[np.float64], shape (n_people, n_states)
        State probabilities.
    outcome : NDArray[np.floating], shape (n_people,)
        The variable; people without it must be left out before.

    Returns
    -------
    StateMeans
        Means with errors from the outer product of scores; weights are the expected numbers of people.

    Raises
    ------
    DataError
        If the outcome has missing values, or a state is expected to hold nobody.

    References
    ----------
    Vermunt JK (2010). Latent class modeling with covariates: two improved three-step approaches. Political Analysis
    18, 450-469. Bakk Z, Tekle FB, Vermunt JK (2013). Estimating the association between latent class membership and
    external variables using bias-adjusted three-step approaches. Sociological Methodology 43, 272-311.
    """
    y = np.asarray(outcome, dtype=np.float64)
    if not np.isfinite(y).all():
        raise DataError(f"outcome: {int((~np.isfinite(y)).sum())} of {y.size} people have none; leave them out first")
    assigned = posterior.argmax(axis=1)
    of_assigned = assignment_errors(posterior, assigned).T[assigned]
    binary = bool(np.isin(y, (0.0, 1.0)).all())
    share = posterior.mean(axis=0)
    mean = (posterior.T @ y) / posterior.sum(axis=0)
    variance = float(y.var()) or 1.0
    member = posterior
    for _ in range(SWEEPS):
        member = _members(share * of_assigned, _log_density(y, mean, variance, binary=binary))
        size = member.sum(axis=0)
        better = member.T @ y / np.maximum(size, SMALL)
        if not binary:
            variance = max(float((member * (y[:, None] - better) ** 2).sum() / y.size), SMALL)
        step = max(np.abs(better - mean).max() / max(float(np.ptp(y)), SMALL), np.abs(size / y.size - share).max())
        mean, share = better, size / y.size
        if step < SMALL:
            break
    scale = np.clip(mean * (1 - mean), SMALL, None) if binary else np.full(mean.size, variance)
    scores = [
        member * (y[:, None] - mean) / scale,
        (member / np.maximum(share, SMALL))[:, 1:] - member[:, :1] / share[0],
    ]
    if not binary:
        off = (member * (y[:, None] - mean) ** 2).sum(axis=1, keepdims=True)
        scores.append((off / variance - 1) / (2 * variance))
    every = np.concatenate(scores, axis=1)
    errors = np.sqrt(np.clip(np.diagonal(np.linalg.pinv(every.T @ every)), 0, None))[: mean.size]
    return StateMeans(mean, errors, member.sum(axis=0))


def _log_density(y: Floats, mean: Floats, variance: float, *, binary: bool) -> Floats:
    if binary:
        p = np.clip(mean, SMALL, 1 - SMALL)
        found: Floats = np.where(y[:, None] > 0, np.log(p), np.log1p(-p))
        return found
    return -((y[:, None] - mean) ** 2) / (2 * variance)


def _members(weight: Floats, log_density: Floats) -> Floats:
    joint = weight * np.exp(log_density - log_density.max(axis=1, keepdims=True))
    found: Floats = joint / joint.sum(axis=1, keepdims=True)
    return found


def membership_logits(posterior: Floats, covariates: Floats, *, method: str = "ml") -> Logits:
    """How do covariates go with membership in each state.

    Parameters
    ----------
    posterior : NDArray[np.float64], shape (n_people, n_states)
        State probabilities from the answers alone.
    covariates : NDArray[np.float64], shape (n_people, n_covariates)
        Finite numbers, a constant among them.
    method : {"naive", "bch", "ml"}
        Likeliest state taken as certain; weights in which wrong assignment cancels out; maximum likelihood with the
        errors of assignment held fixed.

    Returns
    -------
    Logits
        Against the first state.

    Raises
    ------
    DataError
        If a covariate is missing or not finite, or follows from the others, or states cannot be told apart.

    References
    ----------
    Vermunt JK (2010). Latent class modeling with covariates: two improved three-step approaches. Political Analysis
    18, 450-469.
    """
    z = np.asarray(covariates, dtype=np.float64)
    if not np.isfinite(z).all():
        raise DataError("covariates: every person needs every covariate; leave the others out first")
    if np.linalg.matrix_rank(z) < z.shape[1]:
        raise DataError("covariates: one of them follows from the others; leave it out")
    k = posterior.shape[1]
    if method == "ml":
        assigned = posterior.argmax(axis=1)
        of_assigned = assignment_errors(posterior, assigned).T[assigned]
        return _climb(z, k, of_assigned, None)
    return _climb(z, k, None, (bch_weights if method == "bch" else naive_weights)(posterior))


def _climb(z: Floats, k: int, of_assigned: Floats | None, fixed: Floats | None) -> Logits:
    n_free = (k - 1) * z.shape[1]
    beta = np.zeros(n_free)
    value, p, member = _at(z, k, beta, of_assigned, fixed)
    converged = n_free == 0
    for _ in range(STEPS if n_free else 0):
        gradient = _scores(z, p, member).sum(axis=0)
        step = np.linalg.solve(_curvature(z, p, None if fixed is not None else member), gradient)
        length = 1.0
        for _ in range(HALVINGS):
            ahead = _at(z, k, beta + length * step, of_assigned, fixed)
            if ahead[0] >= value - SMALL * abs(value):
                break
            length /= 2
        beta = beta + length * step
        value, p, member = ahead
        if np.abs(length * step).max() < 1e-8 * (1 + np.abs(beta).max()):
            converged = True
            break
    curvature = _information(z, p)
    if of_assigned is not None:
        curvature = curvature - _information(z, member)
    scores = _scores(z, p, member)
    inverse = np.linalg.pinv(curvature)
    covariance = inverse @ (scores.T @ scores) @ inverse
    shape = (k - 1, z.shape[1])
    error = np.sqrt(np.clip(np.diagonal(covariance), 0, None)).reshape(shape)
    return Logits(beta.reshape(shape), error, covariance, value if fixed is None else float("nan"), converged)


def _at(
    z: Floats, k: int, beta: Floats, of_assigned: Floats | None, fixed: Floats | None
) -> tuple[float, Floats, Floats]:
    # objective, P(state | covariates), and membership given the assigned state too
    score = np.concatenate((np.zeros((z.shape[0], 1)), z @ beta.reshape(k - 1, z.shape[1]).T), axis=1)
    score -= score.max(axis=1, keepdims=True)
    logs = score - np.log(np.exp(score).sum(axis=1, keepdims=True))
    p = np.exp(logs)
    if fixed is not None:
        return float((fixed * logs).sum()), p, fixed
    joint = p * of_assigned
    whole = joint.sum(axis=1, keepdims=True)
    return float(np.log(whole).sum()), p, joint / whole


def _scores(z: Floats, p: Floats, member: Floats) -> Floats:
    found: Floats = ((member - p)[:, 1:, None] * z[:, None, :]).reshape(z.shape[0], -1)
    return found


def _curvature(z: Floats, p: Floats, member: Floats | None) -> Floats:
    # Newton's where the likelihood bends down, else that of the complete data, which always does
    whole = _information(z, p)
    ridge = SMALL * np.eye(whole.shape[0])
    if member is not None:
        observed = whole - _information(z, member)
        if np.linalg.eigvalsh(observed)[0] > SMALL:
            return observed + ridge
    return whole + ridge


def _information(z: Floats, p: Floats) -> Floats:
    # sum over people of (diag(p) - p p') x z z', for the states after the first
    k, d = p.shape[1] - 1, z.shape[1]
    found = np.zeros((k, d, k, d))
    for a in range(k):
        for b in range(a, k):
            weight = p[:, a + 1] * ((a == b) - p[:, b + 1])
            found[a, :, b, :] = found[b, :, a, :] = (z * weight[:, None]).T @ z
    return found.reshape(k * d, k * d)
