"""How the answers of one item depend on the state: the families, and how each is estimated from expected counts.

A family sees one item at a time: a table of expected counts (states x answers) and the current probabilities. It
returns better
probabilities and says how steep the ascent still is, so that `latent_markov` need not know which family it drives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.compiled import compiled
from outcomes.kernel.emissions_graded import HALVINGS, NEWTON_STEPS, RIDGE, Graded, Update


class Emission(Protocol):
    """What a family must be able to do."""

    def maximise(self, counts: NDArray[np.float64], probability: NDArray[np.float64]) -> Update:
        """Return probabilities, shape (n_states, n_answers), that raise the expected log-likelihood of ``counts``."""

    def n_parameters(self, n_states: int, n_answers: int) -> int:
        """Return the number of free parameters of one item."""

    def nearest(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a member of the family close to any probabilities, to start from."""

    def member(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return an extrapolated point brought back into the family."""

    def coefficients(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the free coefficients of one item, shape (n_parameters,)."""

    def probabilities(self, coefficients: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
        """Return the probabilities, shape (n_states, n_answers), that have these coefficients."""

    def gradient(self, counts: NDArray[np.float64], probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the derivative of the expected log-likelihood of ``counts`` by the coefficients."""


class _Free:
    # what families share whose extrapolated log-probabilities stay within the family
    def member(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take an extrapolated point as it is.

        Parameters
        ----------
        probability : NDArray[np.float64], shape (n_states, n_answers)
            A normalised linear combination of log-probabilities of the family.

        Returns
        -------
        NDArray[np.float64], shape (n_states, n_answers)
            The same: it is in the family.
        """
        return probability


@dataclass(frozen=True)
class Nominal(_Free):
    """Answers with a free probability each: nothing is assumed about their order."""

    def maximise(self, counts: NDArray[np.float64], probability: NDArray[np.float64]) -> Update:
        """Say which shares of answers each state shows.

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
        """Count the free probabilities.

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

    def nearest(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take any probabilities as they are.

        Parameters
        ----------
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Any probabilities.

        Returns
        -------
        NDArray[np.float64], shape (n_states, n_answers)
            The same.
        """
        return probability

    def coefficients(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Read the log-odds of answers 1.. against answer 0.

        Parameters
        ----------
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Probabilities above zero.

        Returns
        -------
        NDArray[np.float64], shape (n_states * (n_answers - 1),)
            State by state.
        """
        logs = np.log(probability)
        odds: NDArray[np.float64] = (logs[:, 1:] - logs[:, :1]).ravel()
        return odds

    def probabilities(self, coefficients: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
        """Say which probabilities have these log-odds.

        Parameters
        ----------
        coefficients : NDArray[np.float64], shape (n_states * (n_answers - 1),)
            Log-odds against answer 0.
        shape : tuple of int
            (n_states, n_answers).

        Returns
        -------
        NDArray[np.float64], shape (n_states, n_answers)
            Probabilities.
        """
        odds = np.concatenate((np.zeros((shape[0], 1)), coefficients.reshape(shape[0], shape[1] - 1)), axis=1)
        p: NDArray[np.float64] = np.exp(odds - odds.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        return p

    def gradient(self, counts: NDArray[np.float64], probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Say how the expected log-likelihood changes with the log-odds.

        Parameters
        ----------
        counts, probability : NDArray[np.float64], shape (n_states, n_answers)
            Expected counts and current probabilities.

        Returns
        -------
        NDArray[np.float64], shape (n_states * (n_answers - 1),)
            Observed minus expected counts.
        """
        surplus: NDArray[np.float64] = counts - counts.sum(axis=1, keepdims=True) * probability
        return surplus[:, 1:].ravel()


@dataclass(frozen=True)
class Ordinal(_Free):
    r"""Ordered answers by adjacent-category logits: one location a state, one step an answer.

    :math:`\log p_{sc} / p_{s,c-1} = \theta_s - \tau_c`: going up one answer is easier in every step for a state that
    is further up.
    Equal to a log-linear table of uniform association (Goodman 1979; the partial credit model of Masters 1982).
    Answers are scored by
    rank.
    """

    def maximise(self, counts: NDArray[np.float64], probability: NDArray[np.float64]) -> Update:
        """Find where states lie on this item, and how hard each step is.

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
        better, decrement = _newton(counts, probability, self.coefficients(probability))
        return Update(better, decrement)

    def n_parameters(self, n_states: int, n_answers: int) -> int:
        """Count the free locations and steps.

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
        """Read steps and locations off probabilities of this family.

        Parameters
        ----------
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Probabilities above zero.

        Returns
        -------
        NDArray[np.float64], shape (n_answers - 1 + n_states - 1,)
            Log-odds of answers 1.. against 0 in the first state, then locations of states 1.. against the first.
        """
        if probability.shape[1] == 1:
            return np.zeros(0)
        logs = np.log(probability)
        steps = logs[0, 1:] - logs[0, 0]
        top = probability.shape[1] - 1
        locations = (logs[1:, top] - logs[1:, 0] - steps[-1]) / top
        return np.concatenate((steps, locations))

    def nearest(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find a member of this family close to free probabilities (for start values).

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

    def probabilities(self, coefficients: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
        """Say which probabilities have these steps and locations.

        Parameters
        ----------
        coefficients : NDArray[np.float64], shape (n_answers - 1 + n_states - 1,)
            As `coefficients` gives them.
        shape : tuple of int
            (n_states, n_answers).

        Returns
        -------
        NDArray[np.float64], shape (n_states, n_answers)
            Probabilities.
        """
        return _probabilities(coefficients, shape)

    def gradient(self, counts: NDArray[np.float64], probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Say how the expected log-likelihood changes with steps and locations.

        Parameters
        ----------
        counts, probability : NDArray[np.float64], shape (n_states, n_answers)
            Expected counts and current probabilities.

        Returns
        -------
        NDArray[np.float64], shape (n_answers - 1 + n_states - 1,)
            Derivatives in the order of `coefficients`.
        """
        surplus = counts - counts.sum(axis=1, keepdims=True) * probability
        return np.concatenate((surplus[:, 1:].sum(axis=0), surplus[1:] @ np.arange(counts.shape[1])))


@compiled
def _probabilities(coefficients: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    n_states, n_answers = shape
    probability = np.empty((n_states, n_answers))
    for state in range(n_states):
        location = coefficients[n_answers - 2 + state] if state > 0 else 0.0
        top = 0.0
        for answer in range(n_answers):
            step = coefficients[answer - 1] if answer > 0 else 0.0
            probability[state, answer] = step + location * answer
            top = max(top, probability[state, answer])
        probability[state] = np.exp(probability[state] - top)
        probability[state] /= probability[state].sum()
    return probability


@compiled
def _expected(counts: NDArray[np.float64], probability: NDArray[np.float64]) -> float:
    value = 0.0
    for state in range(counts.shape[0]):
        for answer in range(counts.shape[1]):
            if counts[state, answer] > 0.0:
                value += counts[state, answer] * np.log(probability[state, answer])
    return value


@compiled
def _derivatives(
    counts: NDArray[np.float64], probability: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # gradient and information of a multinomial logit by steps and locations
    n_states, n_answers = counts.shape
    n_steps = n_answers - 1
    gradient = np.zeros(n_steps + n_states)
    information = np.zeros((n_steps + n_states, n_steps + n_states))
    for state in range(n_states):
        people = counts[state].sum()
        own = n_steps + state
        mean = 0.0
        for answer in range(1, n_answers):
            mean += answer * probability[state, answer]
        for answer in range(1, n_answers):
            here = answer - 1
            share = probability[state, answer]
            surplus = counts[state, answer] - people * share
            gradient[here] += surplus
            gradient[own] += answer * surplus
            information[here, own] += people * share * (answer - mean)
            information[own, here] = information[here, own]
            information[own, own] += people * share * answer * (answer - mean)
            information[here, here] += people * share
            for other in range(1, n_answers):
                information[here, other - 1] -= people * share * probability[state, other]
    # the first state's location is the origin: its row and column go
    kept = np.concatenate((np.arange(n_steps), np.arange(n_steps + 1, n_steps + n_states)))
    reduced = np.empty((kept.size, kept.size))
    for row in range(kept.size):
        for column in range(kept.size):
            reduced[row, column] = information[kept[row], kept[column]]
    mean_diagonal = np.trace(reduced) / kept.size
    for row in range(kept.size):
        reduced[row, row] += RIDGE * (reduced[row, row] + mean_diagonal)
    return gradient[kept], reduced


@compiled
def _newton(
    counts: NDArray[np.float64], probability: NDArray[np.float64], coefficients: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    # a few Newton steps, each halved until it does not lose expected log-likelihood; and the first decrement
    value = _expected(counts, probability)
    first_decrement = 0.0
    shape = (counts.shape[0], counts.shape[1])
    for step in range(NEWTON_STEPS):
        gradient, information = _derivatives(counts, probability)
        direction = np.linalg.solve(information, gradient)
        decrement = (gradient * direction).sum()
        if step == 0:
            first_decrement = decrement
        moved = False
        length = 1.0
        for _ in range(HALVINGS):
            trial = coefficients + length * direction
            candidate = _probabilities(trial, shape)
            new_value = _expected(counts, candidate)
            if new_value >= value:
                coefficients, probability, value, moved = trial, candidate, new_value, True
                break
            length *= 0.5
        if not moved or decrement < RIDGE:
            break
    return probability, first_decrement


@compiled
def shares(counts: NDArray[np.float64], probability: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Which probabilities maximise a multinomial, row by row, and how far off were the old ones.

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


FAMILIES: Mapping[str, Emission] = {"nominal": Nominal(), "ordinal": Ordinal(), "graded": Graded()}


def family(name: str) -> Emission:
    """Which family has this name.

    Parameters
    ----------
    name : str
        "nominal", "ordinal" (adjacent-category logits) or "graded" (cumulative logits).

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
