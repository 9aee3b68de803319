"""Which answers were seen in a fit, and how any answers are numbered by them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import DataError
from outcomes.subtypes.sequences import MISSING, Sequences


def answers_seen(data: Sequences) -> tuple[NDArray[np.int8], ...]:
    """Say which answers each item was given.

    Parameters
    ----------
    data : Sequences
        What a model is fitted to.

    Returns
    -------
    tuple of NDArray[np.int8]
        Rising, item by item.

    Raises
    ------
    DataError
        If an item was never answered.
    """
    seen = tuple(np.unique(column[column != MISSING]) for column in data.items.T)
    empty = [name for name, answers in zip(data.columns, seen, strict=True) if answers.size == 0]
    if empty:
        raise DataError(f"{', '.join(empty)}: never answered (rule item_answered); leave such items out")
    return seen


def coded(data: Sequences, answers: tuple[NDArray[np.int8], ...]) -> NDArray[np.int8]:
    """Code answers by their number within those of a fit, from 0.

    Parameters
    ----------
    data : Sequences
        Answers as scored.
    answers : tuple of NDArray[np.int8]
        Of `answers_seen`.

    Returns
    -------
    NDArray[np.int8], shape (n_occasions, n_items)
        -1 for missing.

    Raises
    ------
    DataError
        If an answer was never seen in the fit.
    """
    codes = np.full(data.items.shape, MISSING, dtype=np.int8)
    for item, seen in enumerate(answers):
        column = data.items[:, item]
        given = column != MISSING
        number = np.minimum(np.searchsorted(seen, column), seen.size - 1)
        strange = int((given & (seen[number] != column)).sum())
        if strange:
            raise DataError(
                f"{data.columns[item]}: {strange} answers of a kind that the fit has never seen "
                "(rule item_answer_known); treat them as missing or refit"
            )
        codes[given, item] = number[given]
    return codes


def people_weights(sample_weight: ArrayLike | None, n_sequences: int) -> NDArray[np.float64] | None:
    """Read how many people each sequence stands for.

    Parameters
    ----------
    sample_weight : array-like of float, shape (n_sequences,), or None
        Weights; None for one each.
    n_sequences : int
        How many are needed.

    Returns
    -------
    NDArray[np.float64] or None
        The weights.

    Raises
    ------
    DataError
        If there is not one finite number of at least 0 for each sequence, or all are 0; no value is told.

    Examples
    --------
    >>> people_weights([1, 2.5], 2)
    array([1. , 2.5])
    """
    if sample_weight is None:
        return None
    try:
        given = np.asarray(sample_weight, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        given = np.full(0, np.nan)
    if given.size != n_sequences or not np.isfinite(given).all() or (given < 0).any() or given.sum() <= 0:
        raise DataError(
            f"weights: {n_sequences} finite numbers of at least 0 are needed, one for each sequence, not all of them 0 "
            "(rule weight_known)"
        )
    weights: NDArray[np.float64] = given
    return weights
