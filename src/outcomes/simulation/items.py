"""What does an item process promise, and how are ordered answers drawn? Shared by the two generators of answers."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

N_PHQ9, N_GAD7 = 9, 7
ITEM_COLUMNS = tuple(f"phq9_{n}" for n in range(1, N_PHQ9 + 1)) + tuple(f"gad7_{n}" for n in range(1, N_GAD7 + 1))
BURDEN_CENTRE, BURDEN_UNIT = 26.5, 10.0
"""Burden 0 is an expected total of both questionnaires of 26.5 (the middle at the start), 1 is ten points more."""

Floats = NDArray[np.float64]


class ItemProcess(Protocol):
    """How someone is from session to session, and what they answer; a row is one course of one person."""

    def start(self, severity: Floats, anxiety: Floats) -> None:
        """Place everybody at the start: shifts in standard units, shape (n,)."""
        ...

    def advance(self, rows: NDArray[np.intp], response: Floats, worsening: Floats) -> None:
        """Move the given rows by one session: log multipliers of improving and of worsening, shape (n_rows,)."""
        ...

    def burden(self, rows: NDArray[np.intp]) -> Floats:
        """Say how much the given rows suffer: expected totals, centred and scaled, shape (n_rows,)."""
        ...

    def shape(self) -> NDArray[np.int8]:
        """Say with which symptom shape each course started: 0 none, 1 cognitive-affective, 2 somatic, shape (n,)."""
        ...

    def answer(self, rows: NDArray[np.intp]) -> NDArray[np.int8]:
        """Draw the 16 answers of the given rows, shape (n_rows, 16), codes 0-3."""
        ...

    def truth(self, rows: NDArray[np.intp]) -> dict[str, NDArray[np.generic]]:
        """Return the hidden truth of the given rows, one array a column."""
        ...


def at_least(location: Floats, cuts: Floats) -> Floats:
    """Return the probability of an answer of at least 1, 2, 3 in a cumulative-logit item.

    Parameters
    ----------
    location : ndarray, any shape
        Where someone stands on the item, in logits.
    cuts : ndarray, shape (3,)
        Ascending cut points.

    Returns
    -------
    ndarray, shape location.shape + (3,)
        P(answer >= c) = logistic(location - cut_c).
    """
    return 1.0 / (1.0 + np.exp(cuts - location[..., None]))


def draw_answers(cumulative: Floats, rng: np.random.Generator) -> NDArray[np.int8]:
    """Draw an answer 0-3 from each row of cumulative probabilities.

    Parameters
    ----------
    cumulative : ndarray, shape (..., 3)
        P(answer >= 1), P(answer >= 2), P(answer >= 3).
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of int8, shape (...)
        The answers.
    """
    u = rng.random(cumulative.shape[:-1])
    answers: NDArray[np.int8] = (u[..., None] < cumulative).sum(axis=-1).astype(np.int8)
    return answers
