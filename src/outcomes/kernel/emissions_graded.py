"""Ordered answers by cumulative logits: the graded family, for states instead of a continuous severity.

Beside the adjacent-category family of `emissions` this is the other usual way to spend one location a state and item.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.kernel.compiled import compiled

NEWTON_STEPS = 4  # inner steps per sweep; EM needs an improvement, not the inner maximum
FITTING_STEPS = 50  # steps when any probabilities are to be brought into the family
HALVINGS = 30  # a step that overshoots is halved at most so often; 2**-30 is no step at all
RIDGE = 1e-9  # added to the information, relative to its diagonal, so that an empty state cannot make it singular
LEAST = 1e-300  # no probability is below it


@dataclass(frozen=True)
class Update:
    """Better probabilities of one item, and the squared standardised gradient at the old ones."""

    probability: NDArray[np.float64]
    squared_score: float


@dataclass(frozen=True)
class Graded:
    r"""Ordered answers by cumulative logits: one location a state, one threshold an answer.

    :math:`P(y \ge c \mid s) = \sigma(\theta_s - \tau_c)` with rising thresholds :math:`\tau_c` that states share
    (proportional odds; McCullagh 1980, Journal of the Royal Statistical Society B 42, 109-142). Answers are ranks.
    """

    def maximise(self, counts: NDArray[np.float64], probability: NDArray[np.float64]) -> Update:
        """Find where states lie on this item, and how hard each threshold is.

        Parameters
        ----------
        counts : NDArray[np.float64], shape (n_states, n_answers)
            Expected counts, pseudo-observations included.
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Current probabilities, already of this family.

        Returns
        -------
        Update
            A few guarded scoring steps on, and the squared decrement at the current probabilities.
        """
        if counts.shape[1] == 1:
            return Update(probability, 0.0)
        better, decrement = _climb(counts, self.coefficients(probability), NEWTON_STEPS)
        return Update(better, decrement)

    def n_parameters(self, n_states: int, n_answers: int) -> int:
        """Count the free locations and thresholds.

        Parameters
        ----------
        n_states, n_answers : int
            Sizes.

        Returns
        -------
        int
            ``n_answers - 1`` thresholds and ``n_states - 1`` distances between states; none for a single answer.
        """
        return n_answers - 1 + n_states - 1 if n_answers > 1 else 0

    def coefficients(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Read thresholds and locations off probabilities of this family.

        Parameters
        ----------
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Probabilities above zero.

        Returns
        -------
        NDArray[np.float64], shape (n_answers - 1 + n_states - 1,)
            Thresholds for a first state at zero, then locations of states 1.. against the first.
        """
        if probability.shape[1] == 1:
            return np.zeros(0)
        logits = _cumulative_logits(probability)
        thresholds = -logits[0]
        middle = np.abs(logits).argmin(axis=1)
        locations = logits[np.arange(len(logits)), middle] + thresholds[middle]
        return np.concatenate((thresholds, locations[1:]))

    def probabilities(self, coefficients: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
        """Say which probabilities have these thresholds and locations.

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
        """Say how the expected log-likelihood changes with thresholds and locations.

        Parameters
        ----------
        counts, probability : NDArray[np.float64], shape (n_states, n_answers)
            Expected counts and current probabilities of this family.

        Returns
        -------
        NDArray[np.float64], shape (n_answers - 1 + n_states - 1,)
            Derivatives in the order of `coefficients`.
        """
        if counts.shape[1] == 1:
            return np.zeros(0)
        return _derivatives(counts, self.coefficients(probability))[0]

    def nearest(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Find the member of this family that is likeliest under free probabilities (for start values).

        Parameters
        ----------
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Any probabilities above zero.

        Returns
        -------
        NDArray[np.float64], shape (n_states, n_answers)
            The member closest by the likelihood of as many people in each state.
        """
        shape = probability.shape
        if shape[1] == 1:
            return probability
        thresholds = -_cumulative_logits(probability.mean(axis=0)[None])[0]
        locations = (_cumulative_logits(probability) + thresholds).mean(axis=1)
        start = np.concatenate((thresholds - locations[0], locations[1:] - locations[0]))
        return _climb(probability, start, FITTING_STEPS)[0]

    def member(self, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bring an extrapolated point back into the family.

        Parameters
        ----------
        probability : NDArray[np.float64], shape (n_states, n_answers)
            Probabilities above zero, perhaps slightly outside of the family.

        Returns
        -------
        NDArray[np.float64], shape (n_states, n_answers)
            The nearest member.
        """
        return self.nearest(np.maximum(probability, LEAST))


def _cumulative_logits(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    # log-odds of reaching answers 1, 2 ...; both sums are taken from their own end, so that neither cancels
    above = np.maximum(probability[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:], LEAST)
    below = np.maximum(probability.cumsum(axis=1)[:, :-1], LEAST)
    logits: NDArray[np.float64] = np.log(above) - np.log(below)
    return logits


@compiled
def _probabilities(coefficients: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    n_states, n_answers = shape
    probability = np.empty((n_states, n_answers))
    for state in range(n_states):
        location = coefficients[n_answers - 2 + state] if state > 0 else 0.0
        for answer in range(n_answers):
            # P(answer) = sigma(upper) - sigma(lower), written so that neither tail cancels
            if answer == 0:
                probability[state, answer] = 1.0 / (1.0 + np.exp(location - coefficients[0]))
            elif answer == n_answers - 1:
                probability[state, answer] = 1.0 / (1.0 + np.exp(coefficients[answer - 1] - location))
            else:
                low = coefficients[answer - 1] - location
                width = coefficients[answer] - coefficients[answer - 1]
                share = -np.expm1(-width) / (1.0 + np.exp(-low - width))
                probability[state, answer] = share / (1.0 + np.exp(low))
            probability[state, answer] = max(probability[state, answer], LEAST)
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
    counts: NDArray[np.float64], coefficients: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # gradient and expected information by thresholds and locations (the first location is the origin)
    n_states, n_answers = counts.shape
    n_cuts = n_answers - 1
    size = n_cuts + n_states - 1
    gradient = np.zeros(size)
    information = np.zeros((size, size))
    probability = _probabilities(coefficients, (n_states, n_answers))
    slope = np.zeros((n_answers, size))
    for state in range(n_states):
        location = coefficients[n_cuts + state - 1] if state > 0 else 0.0
        people = counts[state].sum()
        slope[:] = 0.0
        for cut in range(n_cuts):
            reach = 1.0 / (1.0 + np.exp(-abs(location - coefficients[cut])))
            density = reach * (1.0 - reach)
            # more of the threshold moves density from answer cut + 1 to answer cut
            slope[cut, cut] += density
            slope[cut + 1, cut] -= density
            if state > 0:
                slope[cut, n_cuts + state - 1] -= density
                slope[cut + 1, n_cuts + state - 1] += density
        for answer in range(n_answers):
            p = max(probability[state, answer], 1e-150)
            for i in range(size):
                gradient[i] += counts[state, answer] * slope[answer, i] / p
                if slope[answer, i] != 0.0:
                    for j in range(size):
                        information[i, j] += people * slope[answer, i] * slope[answer, j] / p
    mean_diagonal = np.trace(information) / size
    for i in range(size):
        information[i, i] += RIDGE * (information[i, i] + mean_diagonal)
    return gradient, information


@compiled
def _climb(
    counts: NDArray[np.float64], coefficients: NDArray[np.float64], steps: int
) -> tuple[NDArray[np.float64], float]:
    # scoring steps, each halved until thresholds rise and nothing is lost; and the first decrement
    shape = (counts.shape[0], counts.shape[1])
    probability = _probabilities(coefficients, shape)
    value = _expected(counts, probability)
    first_decrement = 0.0
    n_cuts = counts.shape[1] - 1
    for step in range(steps):
        gradient, information = _derivatives(counts, coefficients)
        direction = np.linalg.solve(information, gradient)
        decrement = (gradient * direction).sum()
        if step == 0:
            first_decrement = decrement
        moved = False
        length = 1.0
        for _ in range(HALVINGS):
            trial = coefficients + length * direction
            rising = True
            for cut in range(1, n_cuts):
                rising = rising and trial[cut] > trial[cut - 1]
            if rising:
                candidate = _probabilities(trial, shape)
                new_value = _expected(counts, candidate)
                if new_value >= value:
                    coefficients, probability, value, moved = trial, candidate, new_value, True
                    break
            length *= 0.5
        if not moved or decrement < RIDGE:
            break
    return probability, first_decrement
