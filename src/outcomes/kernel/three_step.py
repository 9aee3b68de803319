"""What follows from a state that nobody has seen: means by hidden state, naive and corrected for wrong assignment.

Putting people into their likeliest state and tabulating shrinks differences, because some are put into the wrong one.
The three-step method of Bolck, Croon and Hagenaars (BCH) inverts the table of wrong assignments. It assumes that the
outcome is independent of the answers given the state: never use it for anything scored from the same items.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import DataError

SINGULAR = 1e8  # condition number of the assignment table beyond which its inverse says nothing


@dataclass(frozen=True)
class StateMeans:
    """Means of a variable by hidden state.

    Attributes
    ----------
    mean : NDArray[np.float64], shape (n_states,)
        Mean (for a yes/no variable its rate); may leave the range of the variable when corrected, which is reported
        and not clipped.
    standard_error : NDArray[np.float64], shape (n_states,)
        Sandwich error; takes the assignment table as known.
    weight : NDArray[np.float64], shape (n_states,)
        Summed weights behind each mean (corrected weights may be negative person by person; their sum is the state's
        size).
    """

    mean: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    weight: NDArray[np.float64]


def assignment_errors(posterior: NDArray[np.float64], assigned: NDArray[np.integer]) -> NDArray[np.float64]:
    """How often are members of each state put into each state.

    Parameters
    ----------
    posterior : NDArray[np.float64], shape (n_people, n_states)
        State probabilities.
    assigned : NDArray[np.integer], shape (n_people,)
        State that each person was put into, from 0.

    Returns
    -------
    NDArray[np.float64], shape (n_states, n_states)
        P(assigned = column | state = row).

    Raises
    ------
    DataError
        If a state is expected to hold nobody.

    References
    ----------
    Vermunt JK (2010). Latent class modeling with covariates: two improved three-step approaches. Political Analysis
    18, 450-469, equation 6.
    """
    n_states = posterior.shape[1]
    joint = posterior.T @ np.eye(n_states)[assigned]
    members = joint.sum(axis=1)
    if (members <= 0).any():
        raise DataError(f"{int((members <= 0).sum())} states are expected to hold nobody, so nothing follows from them")
    errors: NDArray[np.float64] = joint / members[:, None]
    return errors


def bch_weights(posterior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Which weight does each person get in each state so that wrong assignment cancels out.

    Parameters
    ----------
    posterior : NDArray[np.float64], shape (n_people, n_states)
        State probabilities.

    Returns
    -------
    NDArray[np.float64], shape (n_people, n_states)
        Rows of the inverse assignment table; each person's weights sum to one and may be negative.

    Raises
    ------
    DataError
        If states are assigned so badly that the table cannot be inverted.

    References
    ----------
    Bolck A, Croon M, Hagenaars J (2004). Estimating latent structure models with categorical variables: one-step
    versus three-step
    estimators. Political Analysis 12, 3-27.
    """
    assigned = posterior.argmax(axis=1)
    errors = assignment_errors(posterior, assigned)
    if np.linalg.cond(errors) > SINGULAR:
        raise DataError("states cannot be told apart well enough to correct for wrong assignment; choose fewer states")
    weights: NDArray[np.float64] = np.linalg.inv(errors)[assigned]
    return weights


def naive_weights(posterior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Which weight does each person get when put into the likeliest state as if it were certain.

    Parameters
    ----------
    posterior : NDArray[np.float64], shape (n_people, n_states)
        State probabilities.

    Returns
    -------
    NDArray[np.float64], shape (n_people, n_states)
        One for the likeliest state, zero for the others.
    """
    ones: NDArray[np.float64] = np.eye(posterior.shape[1])[posterior.argmax(axis=1)]
    return ones


def state_means(weights: NDArray[np.float64], outcome: NDArray[np.floating]) -> StateMeans:
    """How high is a variable in each state, given each person's weights.

    Parameters
    ----------
    weights : NDArray[np.float64], shape (n_people, n_states)
        From `bch_weights` or `naive_weights`.
    outcome : NDArray[np.floating], shape (n_people,)
        The variable; people without it must be left out before.

    Returns
    -------
    StateMeans
        Means with sandwich errors; NaN in a state without weight.

    Raises
    ------
    DataError
        If the outcome has missing values.
    """
    y = np.asarray(outcome, dtype=np.float64)
    if not np.isfinite(y).all():
        raise DataError(f"outcome: {int((~np.isfinite(y)).sum())} of {y.size} people have none; leave them out first")
    size = weights.sum(axis=0)
    filled = size > 0
    safe = np.where(filled, size, 1.0)
    mean = np.where(filled, weights.T @ y / safe, np.nan)
    variance = (weights**2 * (y[:, None] - np.where(filled, mean, 0.0)) ** 2).sum(axis=0) / safe**2
    return StateMeans(mean, np.where(filled, np.sqrt(variance), np.nan), size)
