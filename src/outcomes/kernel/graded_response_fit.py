"""Where a graded response model begins, and how it is brought to its top.

One dimension has one start and no randomness: the first principal component of the answers. Two dimensions start from
the second component and from random contrasts; they climb on a coarse grid, and the best goes on alone on the fine one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.ascent import Ascent, Improvement, Reason, ascend
from outcomes.kernel.graded_response import MOST_DIMENSIONS, GradedResponse, Grid, expect, grid, improver, leap
from outcomes.kernel.graded_response_answers import MISSING, Answers, answers

Improve = Callable[[GradedResponse], Improvement[GradedResponse]]

FEWEST_ITEMS = (3, 5)  # for one and two dimensions; with fewer the correlations are fewer than the slopes
LOADING = (0.2, 0.9)  # range of the correlation with severity that a start gives an item
LOGISTIC = 1.7  # the logistic curve is close to a normal one that is so much steeper
CONTRAST = 1.0  # length of the second slopes in a random start
FEWEST_LEVELS = 3
LEVELS_REACH = 2.5  # standard deviations that the outermost levels begin from the middle; slopes do the scaling
ROUGH = 0.1  # Aitken gap on the coarse grid, which is itself not true to more
REACHED = 0.5  # climbs whose limits on the coarse grid lie within so many log units have reached the same top


@dataclass(frozen=True)
class FactorSearch:
    """How finely to integrate and how long to climb.

    Attributes
    ----------
    spacing, radius : tuple of float
        Grid for one and for two dimensions, in standard deviations.
    coarse_spacing, coarse_radius : float
        Grid of the first climbs in two dimensions.
    starts : int
        Climbs in two dimensions; the first one is not random.
    short_sweeps : int
        Sweeps of each of them before the best two go on.
    finished : int
        How many go on to within ``ROUGH`` of their limit on the coarse grid.
    sweeps : int
        Cap on the sweeps of a climb on the fine grid.
    tolerance : tuple of float
        Largest Aitken gap, in log units, of a climb that has arrived: for one normal dimension, and for two (where
        the grid itself is true to about 0.05 log units only) or for levels (whose rare ones move slowly).
    score_tolerance : tuple of float
        Largest standardised gradient of a climb that has arrived, likewise.
    coarse_sweeps : int
        Cap on the sweeps of a climb on the coarse grid, which need not arrive.
    penalty : float
        Half of it times each squared slope is taken off the objective: slopes as from a normal distribution with a
        standard deviation of 5, so that two items that say the same do not send a slope to infinity.
    """

    spacing: tuple[float, float] = (0.125, 0.35)
    radius: tuple[float, float] = (6.5, 5.6)
    coarse_spacing: float = 0.6
    coarse_radius: float = 5.0
    starts: int = 3
    short_sweeps: int = 15
    finished: int = 2
    sweeps: int = 3000
    tolerance: tuple[float, float] = (1e-4, 5e-2)
    score_tolerance: tuple[float, float] = (1e-2, 5e-2)
    coarse_sweeps: int = 150
    penalty: float = 0.04


@dataclass(frozen=True)
class FactorFit:
    """A fitted graded response model.

    Attributes
    ----------
    model : GradedResponse
        Turned so that the first dimension carries as much of the slopes as one can, and signed so that more of it
        means higher answers.
    log_likelihood : float
        Marginal log-likelihood, without the penalty.
    n_parameters : int
        Free slopes and intercepts; the turn of two dimensions is not free.
    n_persons : float
        Summed weights of people with an answer.
    path : NDArray[np.float64]
        Objective (log-likelihood less penalty) at each kept sweep on the grid of the result.
    sweeps : int
        Sweeps on that grid.
    reason : {"tolerance", "sweeps"}
        Why it ended.
    limits : tuple of float
        Where each finished start would end on the coarse grid, best first; empty in one dimension.
    grid : Grid
        Where people were integrated.
    data : Answers
        What it was fitted to.
    """

    model: GradedResponse
    log_likelihood: float
    n_parameters: int
    n_persons: float
    path: NDArray[np.float64]
    sweeps: int
    reason: Reason
    limits: tuple[float, ...]
    grid: Grid = field(repr=False)
    data: Answers = field(repr=False)

    @property
    def converged(self) -> bool:
        """Return whether the climb arrived; its cap is never called convergence."""
        return self.reason == "tolerance"

    @property
    def starts_at_best(self) -> int:
        """Return how many finished starts reached the best one's limit; one in one dimension."""
        return max(sum(limit >= self.limits[0] - REACHED for limit in self.limits), 1) if self.limits else 1


def fit_factors(
    codes: NDArray[np.integer],
    n_dimensions: int = 1,
    *,
    levels: int | None = None,
    weights: NDArray[np.floating] | None = None,
    plan: FactorSearch | None = None,
    rng: np.random.Generator | None = None,
    on_climb: Callable[[int, int], None] | None = None,
) -> FactorFit:
    """How well do one or two continuous dimensions describe the answers of independent people.

    Parameters
    ----------
    codes : NDArray[np.integer], shape (n_people, n_items)
        Answers numbered from 0 without gaps in each item; -1 is missing and summed out.
    n_dimensions : int, default 1
        1 or 2.
    levels : int, optional
        In one dimension: severity takes so many evenly spaced values with free probabilities instead of being
        normal, so that a skewed or clustered severity is not mistaken for classes.
    weights : NDArray[np.floating], shape (n_people,), optional
        How many people each row stands for.
    plan : FactorSearch, optional
        Grids, tolerances, starts.
    rng : numpy.random.Generator, optional
        Source of the random starts in two dimensions; without it only the first start is made. One dimension needs
        none.
    on_climb : callable, optional
        Told how many of how many climbs are done.

    Returns
    -------
    FactorFit
        The model, its path and why it ended.

    Raises
    ------
    ConfigError
        If the number of dimensions is not 1 or 2, or levels are even, below three or asked for in two dimensions.
    DataError
        If the answers cannot be used, or too few items vary for so many dimensions.

    References
    ----------
    Samejima F (1969). Estimation of latent ability using a response pattern of graded scores. Psychometrika
    Monograph Supplement 17.
    Bock RD, Aitkin M (1981). Marginal maximum likelihood estimation of item parameters: application of an EM
    algorithm. Psychometrika 46, 443-459.

    Examples
    --------
    >>> codes = np.array([[0, 0, 0], [0, 1, 0], [1, 1, 1], [1, 1, 2], [2, 2, 2], [0, 0, 1]] * 10)
    >>> fit = fit_factors(codes)
    >>> fit.converged, fit.n_parameters, bool((fit.model.slopes > 0).all())
    (True, 9, True)
    """
    if n_dimensions not in range(1, MOST_DIMENSIONS + 1):
        raise ConfigError(f"n_dimensions must be 1 or 2, got {n_dimensions!r}")
    if levels is not None and (n_dimensions > 1 or levels < FEWEST_LEVELS or levels % 2 == 0):
        raise ConfigError(f"levels must be odd, at least {FEWEST_LEVELS} and in one dimension, got {levels!r}")
    data = answers(codes, weights)
    varying, needed = sum(n > 1 for n in data.n_answers), FEWEST_ITEMS[n_dimensions - 1]
    if varying < needed:
        raise DataError(f"{varying} items vary; {n_dimensions} dimensions need at least {needed}")
    how = FactorSearch() if plan is None else plan
    fine = grid(n_dimensions, spacing=how.spacing[n_dimensions - 1], radius=how.radius[n_dimensions - 1])
    best, limits = (start_values(data, 1), ()) if n_dimensions == 1 else _search(data, how, rng, on_climb)
    ascent = _finish(best, data, fine, how)
    if levels is not None:  # from the top of the normal one; from afar levels can run into each other
        fine = grid(1, spacing=2 * LEVELS_REACH / (levels - 1), radius=LEVELS_REACH)
        top = ascent.parameters
        ascent = _finish(GradedResponse(top.slopes, top.intercepts, fine.prior), data, fine, how)
    model = turned(ascent.parameters)
    return FactorFit(
        model,
        expect(data, model, fine).log_likelihood,
        model.n_parameters,
        data.n_persons,
        ascent.path,
        ascent.sweeps,
        ascent.reason,
        limits,
        fine,
        data,
    )


def _finish(start: GradedResponse, data: Answers, over: Grid, how: FactorSearch) -> Ascent[GradedResponse]:
    loose = start.n_dimensions > 1 or start.prior is not None
    return ascend(
        start,
        improver(data, over, how.penalty),
        tolerance=how.tolerance[loose],
        score_tolerance=how.score_tolerance[loose],
        sweeps=how.sweeps,
        leap=leap,
    )


def _rough(start: GradedResponse, improve: Improve, how: FactorSearch, sweeps: int) -> Ascent[GradedResponse]:
    # on the coarse grid, where arriving is not needed
    return ascend(start, improve, tolerance=ROUGH, score_tolerance=how.score_tolerance[1], sweeps=sweeps, leap=leap)


def _search(
    data: Answers,
    how: FactorSearch,
    rng: np.random.Generator | None,
    on_climb: Callable[[int, int], None] | None,
) -> tuple[GradedResponse, tuple[float, ...]]:
    coarse = grid(MOST_DIMENSIONS, spacing=how.coarse_spacing, radius=how.coarse_radius)
    improve = improver(data, coarse, how.penalty)
    n_starts = 1 if rng is None else max(how.starts, 1)
    total = n_starts + min(how.finished, n_starts)
    shorts = []
    for number in range(n_starts):
        start = start_values(data, MOST_DIMENSIONS, None if number == 0 else rng)
        shorts.append(_rough(start, improve, how, how.short_sweeps))
        if on_climb is not None:
            on_climb(number + 1, total)
    shorts.sort(key=lambda ascent: -float(ascent.path[-1]))
    finals = []
    for number, short in enumerate(shorts[: how.finished]):
        finals.append(_rough(short.parameters, improve, how, how.coarse_sweeps))
        if on_climb is not None:
            on_climb(n_starts + number + 1, total)
    finals.sort(key=lambda ascent: -_limit(ascent))
    return finals[0].parameters, tuple(_limit(ascent) for ascent in finals)


def _limit(ascent: Ascent[GradedResponse]) -> float:
    return float(ascent.path[-1]) + (ascent.gap if np.isfinite(ascent.gap) else 0.0)


def start_values(data: Answers, n_dimensions: int, rng: np.random.Generator | None = None) -> GradedResponse:
    """Where does a climb begin.

    Parameters
    ----------
    data : Answers
        The people.
    n_dimensions : int
        1 or 2.
    rng : numpy.random.Generator, optional
        Makes the second slopes a random contrast; without it they follow the second principal component.

    Returns
    -------
    GradedResponse
        Slopes from the principal components of the correlations, intercepts from the shares of the whole sample.
    """
    values, vectors = np.linalg.eigh(_correlations(data))
    loading = vectors[:, -1] * np.sqrt(values[-1]) * (-1.0 if vectors[:, -1].sum() < 0 else 1.0)
    loading = np.where(loading < 0, -1.0, 1.0) * np.clip(np.abs(loading), *LOADING)
    slopes = np.empty((len(data.n_answers), n_dimensions))
    slopes[:, 0] = LOGISTIC * loading / np.sqrt(1 - loading**2)
    if n_dimensions == MOST_DIMENSIONS:
        if rng is None:
            second = LOGISTIC * vectors[:, -2] * np.sqrt(max(values[-2], 0.1))
        else:
            second = rng.standard_normal(slopes.shape[0])
            second *= CONTRAST / np.sqrt((second**2).mean())
        slopes[:, 1] = second
    slopes[np.array(data.n_answers) == 1] = 0.0
    steeper = np.sqrt(1 + (slopes**2).sum(axis=1) / LOGISTIC**2)
    return GradedResponse(slopes, tuple(_cuts(data, item) * steeper[item] for item in range(slopes.shape[0])))


def _correlations(data: Answers) -> NDArray[np.float64]:
    # of the answers, over people who gave both
    given = (data.codes != MISSING).astype(np.float64)
    people = data.weights @ given
    mean = (data.weights @ (data.codes * given)) / people
    centred = (data.codes - mean) * given
    deviation = np.sqrt((data.weights @ centred**2) / people)
    centred /= np.where(deviation > 0, deviation, 1.0)
    both = (given * data.weights[:, None]).T @ given
    found: NDArray[np.float64] = ((centred * data.weights[:, None]).T @ centred) / np.maximum(both, 1.0)
    return found


def _cuts(data: Answers, item: int) -> NDArray[np.float64]:
    # log-odds of reaching each answer in the whole sample
    codes = data.codes[:, item]
    given = codes != MISSING
    counts = np.bincount(codes[given], weights=data.weights[given], minlength=data.n_answers[item])
    reached = np.cumsum(counts[::-1])[::-1][1:]
    cuts: NDArray[np.float64] = np.log(reached / (counts.sum() - reached))
    return cuts


def turned(model: GradedResponse) -> GradedResponse:
    """Which of the equivalent models is shown: the one whose first dimension carries most of the slopes.

    Parameters
    ----------
    model : GradedResponse
        Any turn of the dimensions.

    Returns
    -------
    GradedResponse
        Principal axes of the slopes, each signed so that its slopes sum to zero or more.
    """
    _, _, axes = np.linalg.svd(model.slopes, full_matrices=False)
    slopes = model.slopes @ axes.T if model.n_dimensions > 1 else model.slopes
    signs = np.where(slopes.sum(axis=0) < 0, -1.0, 1.0)
    prior = model.prior
    if prior is not None and signs[0] < 0:
        prior = prior[::-1].copy()  # levels lie evenly about zero
    return GradedResponse(slopes * signs, model.intercepts, prior)
