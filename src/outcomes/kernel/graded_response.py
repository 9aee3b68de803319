r"""How well does continuous severity alone describe ordered answers: graded response models in one or two dimensions.

:math:`P(y_{ij} \ge k \mid \theta_i) = \sigma(d_{jk} + a_j \cdot \theta_i)` with :math:`\theta_i` standard normal
(Samejima 1969), integrated over a fixed grid; each person once. The rival of latent classes: where it describes the
answers better there is no evidence that people fall into kinds. Start values and the fit are in
`graded_response_fit`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.ascent import Improvement
from outcomes.kernel.emissions import shares
from outcomes.kernel.graded_response_answers import Answers
from outcomes.kernel.graded_response_passes import answers_at_nodes, climb_item, people_over_nodes, place_people
from outcomes.kernel.latent_markov_passes import IMPOSSIBLE, collect_items, fill_tables

LONGEST_LEAP = 1e3  # a longer extrapolation than so many sweeps is never a good guess and could overflow
MOST_DIMENSIONS = 2
SPREAD = 0.1  # pseudo-people over the nodes of a free prior, so that none becomes impossible


@dataclass(frozen=True)
class Grid:
    """Places of severity over which people are integrated.

    Attributes
    ----------
    nodes : NDArray[np.float64], shape (n_nodes, n_dimensions)
        Evenly spaced.
    prior : NDArray[np.float64], shape (n_nodes,)
        Standard normal density at the nodes, brought to sum to one.
    """

    nodes: NDArray[np.float64]
    prior: NDArray[np.float64]

    @property
    def n_dimensions(self) -> int:
        """Return the number of dimensions."""
        return int(self.nodes.shape[1])


def grid(n_dimensions: int, *, spacing: float, radius: float) -> Grid:
    """Over which places is a standard normal severity integrated.

    An even grid (the trapezoidal rule) converges faster than any power of the spacing for smooth densities and,
    unlike Gauss-Hermite nodes, is as fine in the tails as in the middle.

    Parameters
    ----------
    n_dimensions : int
        1 or 2; in two dimensions the nodes fill a disc.
    spacing : float
        Distance of neighbouring nodes, in standard deviations.
    radius : float
        How far out the nodes reach, in standard deviations.

    Returns
    -------
    Grid
        Nodes and their probabilities.

    Raises
    ------
    ConfigError
        If the number of dimensions is not 1 or 2, or the nodes would not be at least three across.

    Examples
    --------
    >>> grid(1, spacing=0.1, radius=6.0).nodes.shape
    (121, 1)
    """
    if n_dimensions not in range(1, MOST_DIMENSIONS + 1):
        raise ConfigError(f"n_dimensions must be 1 or 2, got {n_dimensions!r}")
    if not 0 < spacing <= radius:
        raise ConfigError(f"spacing must be above 0 and at most the radius, got {spacing!r} and {radius!r}")
    half = int(np.floor(radius / spacing + 1e-9))
    line = np.arange(-half, half + 1) * spacing
    nodes = np.column_stack([axis.ravel() for axis in np.meshgrid(*[line] * n_dimensions, indexing="ij")])
    squared = (nodes**2).sum(axis=1)
    inside = squared <= radius**2 * (1 + 1e-9)
    density = np.exp(-0.5 * squared[inside])
    return Grid(np.ascontiguousarray(nodes[inside]), density / density.sum())


@dataclass(frozen=True)
class GradedResponse:
    """Slopes and intercepts of a graded response model.

    Attributes
    ----------
    slopes : NDArray[np.float64], shape (n_items, n_dimensions)
        How steeply each item rises with severity; zero for an item with one answer.
    intercepts : tuple of NDArray[np.float64], each of shape (n_answers - 1,)
        Falling log-odds of reaching answers 1, 2 ... at average severity.
    prior : NDArray[np.float64], shape (n_nodes,), optional
        Freely estimated probability of each node of the grid; without it severity is standard normal.
    """

    slopes: NDArray[np.float64]
    intercepts: tuple[NDArray[np.float64], ...]
    prior: NDArray[np.float64] | None = None

    @property
    def n_dimensions(self) -> int:
        """Return the number of dimensions."""
        return int(self.slopes.shape[1])

    @property
    def n_parameters(self) -> int:
        """Return the number of free parameters; turning the dimensions changes nothing and is not counted."""
        varying = sum(cuts.size > 0 for cuts in self.intercepts)
        turns = self.n_dimensions * (self.n_dimensions - 1) // 2
        free = 0 if self.prior is None else self.prior.size - 1
        return sum(cuts.size for cuts in self.intercepts) + varying * self.n_dimensions - turns + free

    def over(self, places: Grid) -> NDArray[np.float64]:
        """Say how probable each place is.

        Parameters
        ----------
        places : Grid
            The grid of the fit.

        Returns
        -------
        NDArray[np.float64], shape (n_nodes,)
            The free prior, or the normal one of the grid.
        """
        return places.prior if self.prior is None else self.prior

    @property
    def largest_slope(self) -> float:
        """Return the length of the steepest item's slope."""
        return float(np.sqrt((self.slopes**2).sum(axis=1)).max())


def probabilities(model: GradedResponse, nodes: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """How probable is each answer of each item at each place.

    Parameters
    ----------
    model : GradedResponse
        The model.
    nodes : NDArray[np.float64], shape (n_nodes, n_dimensions)
        Places.

    Returns
    -------
    tuple of NDArray[np.float64], each of shape (n_answers, n_nodes)
        Probabilities that sum to one over answers.
    """
    places = np.ascontiguousarray(nodes, dtype=np.float64)
    found = []
    for slopes, cuts in zip(model.slopes, model.intercepts, strict=True):
        out = np.empty((cuts.size + 1, places.shape[0]))
        answers_at_nodes(places, slopes, cuts, out)
        found.append(out)
    return tuple(found)


def _tables(data: Answers, model: GradedResponse, over: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n_nodes = over.prior.size
    table = np.empty((data.slots.shape[0], n_nodes))
    shift = np.empty(data.slots.shape[0])
    each = np.concatenate((*probabilities(model, over.nodes), np.ones((1, n_nodes))))
    fill_tables(each, data.slots, table, shift)
    return table, shift


@dataclass(frozen=True)
class Expectation:
    """What is expected behind the answers.

    Attributes
    ----------
    log_likelihood : float
        Weighted marginal log-likelihood.
    counts : tuple of NDArray[np.float64], each of shape (n_answers, n_nodes)
        Expected answers at each node.
    people : NDArray[np.float64], shape (n_nodes,)
        Expected people at each node.
    """

    log_likelihood: float
    counts: tuple[NDArray[np.float64], ...]
    people: NDArray[np.float64]


def expect(data: Answers, model: GradedResponse, over: Grid) -> Expectation:
    """Which answers are expected at each place (the E step), and how likely are the data.

    Parameters
    ----------
    data : Answers
        The people.
    model : GradedResponse
        The model.
    over : Grid
        Where to integrate.

    Returns
    -------
    Expectation
        Log-likelihood with missing answers summed out, and expected counts.
    """
    table, shift = _tables(data, model, over)
    table_counts = np.zeros_like(table)
    log_likelihood, people = people_over_nodes(data.packed, data.weights, table, model.over(over), table_counts)
    log_likelihood += float(data.weights @ shift[data.packed].sum(axis=1))
    bounds = data.item_slots
    item_counts = np.zeros((int(bounds[-1]) + 1, over.prior.size))
    collect_items(table_counts, data.slots, item_counts)
    counts = tuple(item_counts[a:b] for a, b in pairwise(bounds))
    return Expectation(float(log_likelihood), counts, people)


def improver(data: Answers, over: Grid, penalty: float) -> Callable[[GradedResponse], Improvement[GradedResponse]]:
    """Which function makes one EM sweep, for `ascent.ascend`.

    Parameters
    ----------
    data : Answers
        The people.
    over : Grid
        Where to integrate.
    penalty : float
        Half of it times each squared slope is taken off the objective, so that no slope runs away.

    Returns
    -------
    callable
        A model in; objective (log-likelihood less penalty), standardised score and a better model out.
    """

    def improve(model: GradedResponse) -> Improvement[GradedResponse]:
        expected = expect(data, model, over)
        slopes = model.slopes.copy()
        intercepts, squared = list(model.intercepts), 0.0
        for item, (counts, cuts) in enumerate(zip(expected.counts, model.intercepts, strict=True)):
            if cuts.size == 0:
                continue
            better, more = climb_item(counts, over.nodes, np.concatenate((cuts, model.slopes[item])), penalty)
            intercepts[item], slopes[item] = better[: cuts.size], better[cuts.size :]
            squared += more
        prior = model.prior
        if prior is not None:
            moved, more = shares(expected.people[None] + SPREAD / prior.size, prior[None])
            prior, squared = moved[0], squared + more
        objective = expected.log_likelihood + _log_spread(model) - 0.5 * penalty * float((model.slopes**2).sum())
        return Improvement(objective, float(np.sqrt(squared)), GradedResponse(slopes, tuple(intercepts), prior))

    return improve


def _log_spread(model: GradedResponse) -> float:
    return 0.0 if model.prior is None else SPREAD * float(np.log(model.prior).mean())


def leap(first: GradedResponse, second: GradedResponse, third: GradedResponse) -> GradedResponse:
    """Where would three successive sweeps lead if they went on as they began: a guess for `ascent.ascend` to check.

    Parameters
    ----------
    first, second, third : GradedResponse
        Successive sweeps.

    Returns
    -------
    GradedResponse
        Squared extrapolation (scheme S3); ``third`` where that would put answers out of order.

    References
    ----------
    Varadhan R, Roland C (2008). Simple and globally convergent methods for accelerating the convergence of any EM
    algorithm. Scandinavian Journal of Statistics 35, 335-353.
    """
    start, middle, end = (_flat(each) for each in (first, second, third))
    step = middle - start
    bend = end - middle - step
    bent = float(np.sqrt((bend**2).sum()))
    length = float(np.sqrt((step**2).sum())) / bent if bent > 0 else 1.0
    length = min(max(length, 1.0), LONGEST_LEAP)
    moved = start + 2 * length * step + length**2 * bend
    slopes, *intercepts, log_prior = np.split(moved, np.cumsum([third.slopes.size, *map(len, third.intercepts)]))
    if any((np.diff(cuts) >= 0).any() for cuts in intercepts):
        return third
    prior = None
    if third.prior is not None:
        odds = np.exp(log_prior - log_prior.max()) + IMPOSSIBLE
        prior = odds / odds.sum()
    return GradedResponse(slopes.reshape(third.slopes.shape), tuple(intercepts), prior)


def _flat(model: GradedResponse) -> NDArray[np.float64]:
    log_prior = [] if model.prior is None else [np.log(model.prior)]
    return np.concatenate((model.slopes.ravel(), *model.intercepts, *log_prior))


def place(
    data: Answers, model: GradedResponse, over: Grid, scores: tuple[NDArray[np.float64], ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where does each person stand, and which scores does the model expect there.

    Parameters
    ----------
    data : Answers
        The people.
    model : GradedResponse
        The model.
    over : Grid
        Where to integrate.
    scores : tuple of NDArray[np.float64], each of shape (n_answers,)
        Score of each answer of each item.

    Returns
    -------
    severity : NDArray[np.float64], shape (n_patterns, n_dimensions)
        Posterior mean of each pattern of answers.
    expected : NDArray[np.float64], shape (n_patterns, n_items)
        Item scores expected given all of the pattern's answers.
    """
    table, _ = _tables(data, model, over)
    at_nodes = [score @ p for score, p in zip(scores, probabilities(model, over.nodes), strict=True)]
    found = place_people(data.packed, table, model.over(over), np.vstack((over.nodes.T, *at_nodes)))
    return found[:, : over.n_dimensions], found[:, over.n_dimensions :]
