"""How the answers of one item depend on the state: the families, and how each is estimated from expected counts.

A family sees one item at a time: a table of expected counts (states x answers) and the current probabilities. It returns better
probabilities and says how steep the ascent still is, so that `latent_markov` need not know which family it drives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.compiled import compiled

NEWTON_STEPS = 4  # inner steps per sweep; EM needs an improvement, not the inner maximum
HALVINGS = 30  # a Newton step that overshoots is halved at most so often; 2**-30 is no step at all
RIDGE = 1e-9  # added to the information, relative to its diagonal, so that an empty state cannot make it singular


@dataclass(frozen=True)
class Update:
    """Better probabilities of one item, and the squared standardised gradient at the old ones."""

    probability: NDArray[np.float64]
    squared_score: float


class Emission(Protocol):
    """What a family must be able to do."""

    def maximise(self, counts: NDArray[np.float64], probability: NDArray[np.float64]) -> Update:
        """Return probabilities, shape (n_states, n_answers), that raise the expected log-likelihood of ``counts``."""

    def n_parameters(self, n_states: int, n_answers: int) -> int:
        """Return the number of free parameters of one item."""


@dataclass(frozen=True)
class Nominal:
    """Answers with a free probability each: nothing is assumed about their order."""

    def maximise(self, counts: NDArray[np.float64], probability: NDArray[np.float64]) -> Update:
        """What shares of answers does each state show.

        Parameters
        ----------
        counts : NDArray[np.float64], shape (n_states, n_answers)
            Expected counts, pseudo-observations included.
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Current probabilities; kept in a state that expects nobody.

        Returns
        -------
        Update
            Counts divided by their sum, and the chi-square distance of the counts from the current probabilities.
        """
        better, squared_score = shares(counts, probability)
        return Update(better, squared_score)

    def n_parameters(self, n_states: int, n_answers: int) -> int:
        """How many probabilities are free.

        Parameters
        ----------
        n_states, n_answers : int
            Sizes.

        Returns
        -------
        int
            ``n_states * (n_answers - 1)``.
        """
        return n_states * (n_answers - 1)


@dataclass(frozen=True)
class Ordinal:
    r"""Ordered answers by adjacent-category logits: one location a state, one step an answer.

    :math:`\log p_{sc} / p_{s,c-1} = \theta_s - \tau_c`: going up one answer is easier in every step for a state that is further up.
    Equal to a log-linear table of uniform association (Goodman 1979; the partial credit model of Masters 1982). Answers are scored by
    rank.
    """

    def maximise(self, counts: NDArray[np.float64], probability: NDArray[np.float64]) -> Update:
        """Where do states lie on this item, and how hard is each step.

        Parameters
        ----------
        counts : NDArray[np.float64], shape (n_states, n_answers)
            Expected counts, pseudo-observations included.
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Current probabilities, already of this family.

        Returns
        -------
        Update
            A few guarded Newton steps on, and the squared Newton decrement at the current probabilities.
        """
        n_answers = counts.shape[1]
        if n_answers == 1:
            return Update(probability, 0.0)
        coefficients = self.coefficients(probability)
        first_decrement = 0.0
        value = _expected(counts, probability)
        for step_number in range(NEWTON_STEPS):
            gradient, information = _derivatives(counts, probability)
            direction = np.linalg.solve(information, gradient)
            decrement = float(gradient @ direction)
            if step_number == 0:
                first_decrement = decrement
            coefficients, probability, value = _guarded_step(counts, coefficients, direction, (probability, value))
            if decrement < RIDGE:
                break
        return Update(probability, first_decrement)

    def n_parameters(self, n_states: int, n_answers: int) -> int:
        """How many locations and steps are free.

        Parameters
        ----------
        n_states, n_answers : int
            Sizes.

        Returns
        -------
        int
            ``n_answers - 1`` steps and ``n_states - 1`` distances between states; none for a single answer.
        """
        return n_answers - 1 + n_states - 1 if n_answers > 1 else 0

    def coefficients(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """What steps and locations stand behind probabilities of this family.

        Parameters
        ----------
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Probabilities above zero.

        Returns
        -------
        NDArray[np.float64], shape (n_answers - 1 + n_states - 1,)
            Log-odds of answers 1.. against 0 in the first state, then locations of states 1.. against the first.
        """
        logs = np.log(probability)
        steps = logs[0, 1:] - logs[0, 0]
        top = probability.shape[1] - 1
        locations = (logs[1:, top] - logs[1:, 0] - steps[-1]) / top
        return np.concatenate((steps, locations))

    def nearest(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Which member of this family is close to free probabilities (for start values).

        Parameters
        ----------
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Any probabilities above zero.

        Returns
        -------
        NDArray[np.float64], shape (n_states, n_answers)
            The member with the steps of the average state and locations that follow the expected answers.
        """
        n_answers = probability.shape[1]
        if n_answers == 1:
            return probability
        start = np.tile(probability.mean(axis=0), (probability.shape[0], 1))
        answers = np.arange(n_answers)
        centre = float(start[0] @ answers)
        spread = float(start[0] @ answers**2) - centre**2
        locations = (probability @ answers - centre) / max(spread, 1e-2)
        steps = np.log(start[0, 1:] / start[0, 0]) + locations[0] * answers[1:]
        return _probabilities(np.concatenate((steps, locations[1:] - locations[0])), probability.shape)


def _probabilities(coefficients: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    n_states, n_answers = shape
    steps = np.concatenate(([0.0], coefficients[: n_answers - 1]))
    locations = np.concatenate(([0.0], coefficients[n_answers - 1 :]))
    logits = steps + locations[:, None] * np.arange(n_answers)
    logits -= logits.max(axis=1, keepdims=True)
    odds = np.exp(logits)
    share: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return share


def _expected(counts: NDArray[np.float64], probability: NDArray[np.float64]) -> float:
    return float((counts * np.log(np.maximum(probability, np.finfo(float).tiny))).sum())


def _derivatives(
    counts: NDArray[np.float64], probability: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gradient and information of the expected log-likelihood by steps and locations (multinomial logit)."""
    n_answers = counts.shape[1]
    answers = np.arange(n_answers)
    people = counts.sum(axis=1)
    surplus = counts - people[:, None] * probability
    gradient = np.concatenate((surplus.sum(axis=0)[1:], (surplus @ answers)[1:]))
    weighted = people[:, None] * probability
    mean = probability @ answers
    variance = probability @ answers**2 - mean**2
    steps = np.diag(weighted.sum(axis=0)) - weighted.T @ probability
    cross = (weighted * (answers - mean[:, None])).T
    information = np.block(
        [[steps[1:, 1:], cross[1:, 1:]], [cross[1:, 1:].T, np.diag(people * variance)[1:, 1:]]],
    )
    diagonal = np.diag(information)
    information[np.diag_indices_from(information)] += RIDGE * (diagonal + diagonal.mean())
    return gradient, information


def _guarded_step(
    counts: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    direction: NDArray[np.float64],
    current: tuple[NDArray[np.float64], float],
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return the longest of the halved Newton steps that does not lose expected log-likelihood."""
    for halving in range(HALVINGS):
        trial = coefficients + direction * 0.5**halving
        probability = _probabilities(trial, (counts.shape[0], counts.shape[1]))
        value = _expected(counts, probability)
        if value >= current[1]:
            return trial, probability, value
    return coefficients, *current


@compiled
def shares(counts: NDArray[np.float64], probability: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """What probabilities maximise a multinomial, row by row, and how far were the old ones.

    Parameters
    ----------
    counts : NDArray[np.float64], shape (n_rows, n)
        Expected counts.
    probability : NDArray[np.float64], shape (n_rows, n)
        Current probabilities; a row without counts keeps them.

    Returns
    -------
    better : NDArray[np.float64], shape (n_rows, n)
        Counts divided by their row sums.
    squared_score : float
        Sum of (count - expected)^2 / expected under the current probabilities: g' I^-1 g of the multinomial logits.
    """
    better = probability.copy()
    squared_score = 0.0
    for row in range(counts.shape[0]):
        people = counts[row].sum()
        if people <= 0.0:
            continue
        for column in range(counts.shape[1]):
            expected = people * probability[row, column]
            better[row, column] = counts[row, column] / people
            if expected > 0.0:
                squared_score += (counts[row, column] - expected) ** 2 / expected
    return better, squared_score


FAMILIES: Mapping[str, Emission] = {"nominal": Nominal(), "ordinal": Ordinal()}


def family(name: str) -> Emission:
    """Which family has this name.

    Parameters
    ----------
    name : str
        "nominal" or "ordinal".

    Returns
    -------
    Emission
        The family.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    if name not in FAMILIES:
        raise ConfigError(f"emissions must be one of {', '.join(FAMILIES)}, got {name!r}")
    return FAMILIES[name]
