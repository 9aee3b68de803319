"""How does a state look: expected item scores, chances of reaching each answer, moves; tidy tables, states from 1."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def expected_scores(
    response: Sequence[NDArray[np.float64]], answers: Sequence[NDArray[np.int8]]
) -> NDArray[np.float64]:
    """Which score does each state expect on each item.

    Parameters
    ----------
    response : sequence of NDArray[np.float64], each of shape (n_states, n_answers)
        Answer probabilities.
    answers : sequence of NDArray[np.int8], each of shape (n_answers,)
        Scores of the answers.

    Returns
    -------
    NDArray[np.float64], shape (n_states, n_items)
        Expected item scores.
    """
    return np.column_stack([p @ scores.astype(np.float64) for p, scores in zip(response, answers, strict=True)])


def profile_table(
    response: Sequence[NDArray[np.float64]], answers: Sequence[NDArray[np.int8]], columns: Sequence[str]
) -> pd.DataFrame:
    """How does each state look, item by item.

    Parameters
    ----------
    response : sequence of NDArray[np.float64], each of shape (n_states, n_answers)
        Answer probabilities.
    answers : sequence of NDArray[np.int8]
        Scores of the answers.
    columns : sequence of str
        Item names.

    Returns
    -------
    DataFrame
        state, item, expected_score, and at_least_s for every score s from 1 to the largest (NaN beyond an item's own).
    """
    scores = expected_scores(response, answers)
    n_states, n_items = scores.shape
    table = pd.DataFrame(
        {
            "state": np.repeat(np.arange(1, n_states + 1), n_items),
            "item": list(columns) * n_states,
            "expected_score": scores.ravel(),
        }
    )
    for score in range(1, max(int(seen.max()) for seen in answers) + 1):
        reached = [
            p[:, seen >= score].sum(axis=1) if seen.max() >= score else np.full(n_states, np.nan)
            for p, seen in zip(response, answers, strict=True)
        ]
        table[f"at_least_{score}"] = np.column_stack(reached).ravel()
    return table


def response_table(
    response: Sequence[NDArray[np.float64]], answers: Sequence[NDArray[np.int8]], columns: Sequence[str]
) -> pd.DataFrame:
    """How probable is each answer in each state.

    Parameters
    ----------
    response : sequence of NDArray[np.float64], each of shape (n_states, n_answers)
        Answer probabilities.
    answers : sequence of NDArray[np.int8]
        Scores of the answers.
    columns : sequence of str
        Item names.

    Returns
    -------
    DataFrame
        state, item, answer, probability.
    """
    parts = [
        pd.DataFrame(
            {
                "state": np.repeat(np.arange(1, p.shape[0] + 1), p.shape[1]),
                "item": name,
                "answer": np.tile(seen.astype(np.int64), p.shape[0]),
                "probability": p.ravel(),
            }
        )
        for p, seen, name in zip(response, answers, columns, strict=True)
    ]
    return pd.concat(parts, ignore_index=True).sort_values("state", kind="stable", ignore_index=True)


def transition_table(transition: NDArray[np.float64], *, time_varying: bool) -> pd.DataFrame:
    """How probable is each move.

    Parameters
    ----------
    transition : NDArray[np.float64], shape (n_steps, n_states, n_states)
        From (rows) to (columns).
    time_varying : bool
        Whether steps differ; if not the one step is numbered 0.

    Returns
    -------
    DataFrame
        step, from_state, to_state, probability.
    """
    n_steps, n_states, _ = transition.shape
    numbers = np.arange(1, n_states + 1)
    return pd.DataFrame(
        {
            "step": np.repeat(np.arange(n_steps) + int(time_varying), n_states * n_states),
            "from_state": np.tile(np.repeat(numbers, n_states), n_steps),
            "to_state": np.tile(numbers, n_steps * n_states),
            "probability": transition.ravel(),
        }
    )
