r"""Which kinds of course do totals take: mixtures of growth curves with ragged times.

:math:`y_i = X_i \beta_k + Z_i b_i + e_i` for a person of class :math:`k`, with polynomials of time in :math:`X_i`,
normal person effects :math:`b_i \sim N(0, D)` on the first columns of it and independent errors (Muthén and Shedden
1999, Biometrics 55, 463-469). Without person effects this is latent class growth analysis. EM over the sums of squares
and products of each person, so that the length of a course costs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.ascent import Improvement

SMALL = 1e-300
LEAST = 1e-6  # no variance falls below this share of the whole variance; a class that wants to is too small
LONGEST_LEAP = 1e3


@dataclass(frozen=True)
class Courses:
    """Sums of squares and products of each person.

    Attributes
    ----------
    xx : NDArray[np.float64], shape (n_persons, p, p)
        Products of the powers of time.
    xy : NDArray[np.float64], shape (n_persons, p)
        Products with the totals.
    yy : NDArray[np.float64], shape (n_persons,)
        Squared totals.
    n : NDArray[np.float64], shape (n_persons,)
        Occasions.
    weights : NDArray[np.float64], shape (n_persons,)
        How many people each stands for.
    """

    xx: NDArray[np.float64]
    xy: NDArray[np.float64]
    yy: NDArray[np.float64]
    n: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def variance(self) -> float:
        """Return the variance of all totals."""
        n = self.weights @ self.n
        mean = self.weights @ self.xy[:, 0] / n
        return float(self.weights @ self.yy / n - mean**2)


def courses(
    totals: NDArray[np.float64],
    time: NDArray[np.float64],
    starts: NDArray[np.int64],
    degree: int,
    weights: NDArray[np.float64] | None = None,
) -> Courses:
    """Sum up what the fit looks at of each course.

    Parameters
    ----------
    totals, time : NDArray[np.float64], shape (n_occasions,)
        Totals, none missing, and when; bring time to a range of about one first.
    starts : NDArray[np.int64], shape (n_persons + 1,)
        First occasion of each person, and the number of occasions.
    degree : int
        Highest power of time.
    weights : NDArray[np.float64], shape (n_persons,), optional
        One each by default.

    Returns
    -------
    Courses
        Sums of squares and products.

    Raises
    ------
    DataError
        If a value is not finite.
    """
    if not (np.isfinite(totals).all() and np.isfinite(time).all()):
        raise DataError("totals, time: a missing or infinite value; leave such occasions out")
    x = time[:, None] ** np.arange(degree + 1)
    begin = starts[:-1]
    xx = np.add.reduceat(x[:, :, None] * x[:, None, :], begin, axis=0)
    xy = np.add.reduceat(x * totals[:, None], begin, axis=0)
    yy = np.add.reduceat(totals**2, begin)
    people = np.ones(begin.size) if weights is None else weights
    return Courses(xx, xy, yy, np.diff(starts).astype(np.float64), people)


@dataclass(frozen=True)
class GrowthParameters:
    """A growth mixture.

    Attributes
    ----------
    share : NDArray[np.float64], shape (n_classes,)
        Probability of each class.
    beta : NDArray[np.float64], shape (n_classes, p)
        Coefficients of the powers of time.
    root : NDArray[np.float64], shape (n_classes, r, r)
        Lower triangular root of the covariance of person effects; r is 0 without any.
    variance : NDArray[np.float64], shape (n_classes,)
        Variance of errors.
    """

    share: NDArray[np.float64]
    beta: NDArray[np.float64]
    root: NDArray[np.float64]
    variance: NDArray[np.float64]

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Return the covariance of person effects in each class."""
        return self.root @ self.root.transpose(0, 2, 1)

    def reordered(self, order: NDArray[np.integer]) -> "GrowthParameters":
        """Say the same with the classes in another order.

        Parameters
        ----------
        order : NDArray[np.integer], shape (n_classes,)
            Old number of each new class.

        Returns
        -------
        GrowthParameters
            The relabelled model.
        """
        return GrowthParameters(self.share[order], self.beta[order], self.root[order], self.variance[order])

    def n_parameters(self, *, by_class: bool) -> int:
        """How many parameters are free.

        Parameters
        ----------
        by_class : bool
            Whether variances are each class's own.

        Returns
        -------
        int
            Shares, coefficients and variances.
        """
        n, r = int(self.share.size), int(self.root.shape[1])
        return n - 1 + int(self.beta.size) + (1 + r * (r + 1) // 2) * (n if by_class else 1)


@dataclass(frozen=True)
class GrowthExpectation:
    """What is expected of each person.

    Attributes
    ----------
    log_likelihood : NDArray[np.float64], shape (n_persons,)
        Of each person's totals.
    member : NDArray[np.float64], shape (n_persons, n_classes)
        Probability of each class.
    effect : NDArray[np.float64], shape (n_classes, n_persons, r)
        Expected person effects in each class.
    spread : NDArray[np.float64], shape (n_classes, n_persons, r, r)
        Their covariance.
    """

    log_likelihood: NDArray[np.float64]
    member: NDArray[np.float64]
    effect: NDArray[np.float64]
    spread: NDArray[np.float64]


def expect_growth(data: Courses, parameters: GrowthParameters) -> GrowthExpectation:
    """Which class is each person in, and how likely are the courses.

    Parameters
    ----------
    data : Courses
        The persons.
    parameters : GrowthParameters
        The model.

    Returns
    -------
    GrowthExpectation
        Person by person.
    """
    r, density, effects, spreads = parameters.root.shape[1], [], [], []
    for beta, root, variance in zip(parameters.beta, parameters.root, parameters.variance, strict=True):
        rest = data.yy - 2 * data.xy @ beta + np.einsum("p,npq,q->n", beta, data.xx, beta)
        u = data.xy[:, :r] - data.xx[:, :r] @ beta
        inner = np.eye(r) + root.T @ data.xx[:, :r, :r] @ root / variance
        spread = root @ np.linalg.solve(inner, np.broadcast_to(root.T, inner.shape))
        effect = np.einsum("nij,nj->ni", spread, u) / variance
        quadratic = (rest - np.einsum("ni,ni->n", u, effect)) / variance
        logs = data.n * np.log(2 * np.pi * variance) + np.linalg.slogdet(inner)[1]
        density.append(-0.5 * (logs + np.maximum(quadratic, 0.0)))
        effects.append(effect)
        spreads.append(spread)
    joint = np.log(np.maximum(parameters.share, SMALL)) + np.array(density).T
    top = joint.max(axis=1)
    odds = np.exp(joint - top[:, None])
    whole = odds.sum(axis=1)
    return GrowthExpectation(top + np.log(whole), odds / whole[:, None], np.array(effects), np.array(spreads))


def growth_improver(data: Courses, *, by_class: bool) -> Callable[[GrowthParameters], Improvement[GrowthParameters]]:
    """Which function makes one EM sweep, for `ascent.ascend`.

    Parameters
    ----------
    data : Courses
        The persons.
    by_class : bool
        Whether variances are each class's own; shared ones cannot collapse on a few people.

    Returns
    -------
    callable
        Parameters in; log-likelihood, standardised step and better parameters out.
    """
    least, people = LEAST * data.variance, data.weights.sum()

    def improve(old: GrowthParameters) -> Improvement[GrowthParameters]:
        found = expect_growth(data, old)
        r, n = old.root.shape[1], old.share.size
        weight = found.member * data.weights[:, None]
        beta, squares, covariances = np.empty_like(old.beta), np.empty(n), np.empty((n, r, r))
        squared_score = 0.0
        for k in range(n):
            w, b, v = weight[:, k], found.effect[k], found.spread[k]
            xx = np.einsum("n,npq->pq", w, data.xx)
            reduced = data.xy - np.einsum("npr,nr->np", data.xx[:, :, :r], b)
            beta[k] = np.linalg.solve(xx + 1e-12 * np.trace(xx) * np.eye(len(xx)), w @ reduced)
            rest = data.yy - 2 * data.xy @ beta[k] + np.einsum("p,npq,q->n", beta[k], data.xx, beta[k])
            rest += np.einsum("ni,nij,nj->n", b, data.xx[:, :r, :r], b)
            rest -= 2 * np.einsum("ni,ni->n", b, data.xy[:, :r] - data.xx[:, :r] @ beta[k])
            rest += np.einsum("nij,nji->n", data.xx[:, :r, :r], v)
            squares[k] = w @ rest
            covariances[k] = np.einsum("n,ni,nj->ij", w, b, b) + np.einsum("n,nij->ij", w, v)
            step = beta[k] - old.beta[k]
            squared_score += float(step @ xx @ step) / old.variance[k]
        size, occasions = weight.sum(axis=0), weight.T @ data.n
        share = size / people
        if by_class:
            variance = squares / np.maximum(occasions, SMALL)
            covariance = covariances / np.maximum(size, SMALL)[:, None, None]
        else:
            variance = np.full(n, squares.sum() / occasions.sum())
            covariance = np.repeat(covariances.sum(axis=0)[None] / people, n, axis=0)
        variance = np.maximum(variance, least)
        root = np.linalg.cholesky(covariance + least * np.eye(r)) if r else old.root
        squared_score += float((people * (share - old.share) ** 2 / np.maximum(old.share, SMALL)).sum())
        squared_score += float((occasions / 2 * np.log(variance / old.variance) ** 2).sum())
        value = float(data.weights @ found.log_likelihood)
        return Improvement(value, float(np.sqrt(squared_score)), GrowthParameters(share, beta, root, variance))

    return improve


def _points(p: GrowthParameters) -> NDArray[np.float64]:
    logs = np.log(np.maximum(p.share, SMALL))
    return np.concatenate((logs, p.beta.ravel(), p.root.ravel(), np.log(p.variance)))


def growth_leap(first: GrowthParameters, second: GrowthParameters, third: GrowthParameters) -> GrowthParameters:
    """Where would three successive sweeps lead if they went on as they began: a guess for `ascent.ascend` to check.

    Parameters
    ----------
    first, second, third : GrowthParameters
        Successive sweeps.

    Returns
    -------
    GrowthParameters
        Squared extrapolation (see `latent_markov.leap`).
    """
    a, b, c = (_points(each) for each in (first, second, third))
    step, bend = b - a, c - 2 * b + a
    bent = float(np.linalg.norm(bend))
    length = min(max(float(np.linalg.norm(step)) / bent if bent > 0 else 1.0, 1.0), LONGEST_LEAP)
    guess = a + 2 * length * step + length**2 * bend
    n = third.share.size
    logs, beta, root, variance = np.split(guess, np.cumsum([n, third.beta.size, third.root.size]))
    share = np.exp(logs - logs.max())
    return GrowthParameters(
        share / share.sum(),
        beta.reshape(third.beta.shape),
        root.reshape(third.root.shape),
        np.exp(np.clip(variance, -50, 50)),
    )


def growth_start(data: Courses, n_classes: int, n_effects: int, rng: np.random.Generator | None) -> GrowthParameters:
    """Where does a climb begin: around a few persons' own curves, drawn apart from each other.

    Parameters
    ----------
    data : Courses
        The persons.
    n_classes : int
        Number of classes.
    n_effects : int
        Columns with person effects, at most the powers of time plus one.
    rng : numpy.random.Generator, optional
        Source of randomness; without it people are cut by their mean total.

    Returns
    -------
    GrowthParameters
        Start values.

    Raises
    ------
    ConfigError
        If there are more person effects than powers of time.
    """
    p = data.xx.shape[1]
    if n_effects > p:
        raise ConfigError(f"person effects: at most {p} with this degree, got {n_effects}")
    w = data.weights
    xx, xy = np.einsum("n,npq->pq", w, data.xx), w @ data.xy
    whole = np.linalg.lstsq(xx, xy, rcond=None)[0]
    ridge = xx / max((w @ data.n), 1.0)
    own = np.linalg.solve(data.xx + 0.5 * ridge + 1e-9 * np.eye(p), (data.xy + 0.5 * ridge @ whole)[..., None])[..., 0]
    if rng is None:
        mean = data.xy[:, 0] / data.n
        group = np.argsort(np.argsort(mean, kind="stable"), kind="stable") * n_classes // mean.size
    else:
        centre = own[_apart(own, ridge, n_classes, rng)]
        away = own[:, None] - centre[None]
        group = np.einsum("nkp,pq,nkq->nk", away, ridge, away).argmin(axis=1)
    member = np.eye(n_classes)[group] * 0.9 + 0.1 / n_classes
    beta = np.empty((n_classes, p))
    for k in range(n_classes):
        own_xx = np.einsum("n,npq->pq", w * member[:, k], data.xx) + 1e-9 * np.trace(xx) * np.eye(p)
        beta[k] = np.linalg.solve(own_xx, (w * member[:, k]) @ data.xy)
    rest = data.yy - 2 * data.xy @ whole + np.einsum("p,npq,q->n", whole, data.xx, whole)
    variance = max(float(w @ rest / (w @ data.n)) / 2, LEAST * data.variance)
    root = np.repeat((np.eye(n_effects) * np.sqrt(variance / 2))[None], n_classes, axis=0)
    share = (w @ member) / w.sum()
    return GrowthParameters(share, beta, root, np.full(n_classes, variance))


def _apart(
    own: NDArray[np.float64], metric: NDArray[np.float64], n_classes: int, rng: np.random.Generator
) -> list[int]:
    chosen = [int(rng.integers(len(own)))]
    nearest = np.full(len(own), np.inf)
    while len(chosen) < n_classes:
        away = own - own[chosen[-1]]
        nearest = np.minimum(nearest, np.einsum("np,pq,nq->n", away, metric, away))
        nearest = np.maximum(nearest, 0.0)
        whole = nearest.sum()
        chosen.append(int(rng.choice(len(own), p=nearest / whole if whole > 0 else None)))
    return chosen
