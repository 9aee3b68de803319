"""How well does each number of states foretell patients it has not seen: cross-validated likelihood."""

import warnings
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from outcomes.errors import ConfigError, NotConvergedWarning
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.refitting import persons_of
from outcomes.subtypes.sequences import MISSING, Sequences, sequences

Told = Callable[[int, int], None]
FEWEST_FOLDS = 2


def cross_validated(
    X: Source,
    n_states: Iterable[int] = range(1, 9),
    *,
    estimator: LatentMarkov | None = None,
    folds: int = 5,
    random_state: int = 0,
    on_fit: Told | None = None,
) -> pd.DataFrame:
    """How well does each number of states foretell patients that were held out.

    Whole persons are held out. Every fold is fitted from new starts, so that nothing is known of the persons it judges.
    An answer that no training person gave counts as missing; such answers are counted.

    Parameters
    ----------
    X : Trajectories, DataFrame or 2-D array
        See `outcomes.subtypes.sequences.sequences`.
    n_states : iterable of int, default 1 to 8
        Numbers of states to try.
    estimator : LatentMarkov, optional
        Its arguments, apart from ``n_states``, are used; fewer starts than for a final fit will do.
    folds : int, default 5
        Parts of persons.
    random_state : int, default 0
        Seed of the folds.
    on_fit : callable, optional
        Told (done, total) after each fit.

    Returns
    -------
    DataFrame
        One row a number of states: k, held_out (log-likelihood per held-out answered occasion), standard_error (over
        persons), gain (over the row before), gain_error (paired over persons), n_unseen (answers counted as missing),
        best (largest), simplest (smallest number within one standard error of the best, errors paired).

    Raises
    ------
    ConfigError
        If there are fewer than two folds, or fewer persons than folds.
    """
    numbers = sorted(set(n_states))
    data = sequences(X)
    person = persons_of(X, data)
    n = int(person.max()) + 1
    if not numbers or not FEWEST_FOLDS <= folds <= n:
        raise ConfigError(f"folds must lie between 2 and the number of persons, {n}; got {folds} for k in {numbers}")
    template = LatentMarkov(n_starts=10) if estimator is None else estimator
    fold = np.random.default_rng(random_state).permutation(np.arange(n) % folds)[person]
    answered = np.bincount(person, weights=_answered(data), minlength=n).astype(np.float64)
    per_person = np.zeros((len(numbers), n))
    unseen = np.zeros(len(numbers), dtype=np.int64)
    done = 0
    for part in range(folds):
        train, test = (take(data, np.flatnonzero(where)) for where in (fold != part, fold == part))
        for row, k in enumerate(numbers):
            model = clone(template).set_params(n_states=k)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotConvergedWarning)
                model.fit(train)
            judged, strange = known_answers(test, model)
            found = np.bincount(person[fold == part], weights=model.log_likelihood(judged), minlength=n)
            per_person[row] += found
            unseen[row] += strange
            done += 1
            if on_fit is not None:
                on_fit(done, folds * len(numbers))
    return _table(numbers, per_person, answered, unseen)


def take(data: Sequences, chosen: NDArray[np.int64]) -> Sequences:
    """Keep some sequences.

    Parameters
    ----------
    data : Sequences
        All of them.
    chosen : NDArray[np.int64]
        Numbers of those to keep, in the order wanted.

    Returns
    -------
    Sequences
        Rows counted anew.
    """
    lengths = data.lengths[chosen]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    rows = np.repeat(data.starts[:-1][chosen] - starts[:-1], lengths) + np.arange(starts[-1])
    return Sequences(data.items[rows], starts, data.columns, np.arange(rows.size))


def known_answers(data: Sequences, model: LatentMarkov) -> tuple[Sequences, int]:
    """Take answers that a model has never seen for missing.

    Parameters
    ----------
    data : Sequences
        Any patients.
    model : LatentMarkov
        A fitted estimator.

    Returns
    -------
    data : Sequences
        The same with such answers missing.
    n : int
        How many there were.
    """
    seen = [np.isin(column, answers) for column, answers in zip(data.items.T, model.answers_, strict=True)]
    strange = ~np.column_stack(seen) & (data.items != MISSING)
    items = np.where(strange, np.int8(MISSING), data.items)
    return Sequences(items, data.starts, data.columns, data.rows), int(strange.sum())


def _answered(data: Sequences) -> NDArray[np.float64]:
    return np.add.reduceat((data.items != MISSING).any(axis=1).astype(np.float64), data.starts[:-1])


def _table(
    numbers: list[int], per_person: NDArray[np.float64], answered: NDArray[np.float64], unseen: NDArray[np.int64]
) -> pd.DataFrame:
    whole = answered.sum()
    mean = per_person.sum(axis=1) / whole
    error = np.array([_error(row, answered) for row in per_person])
    gain = np.concatenate(([np.nan], np.diff(mean)))
    gain_error = np.concatenate(([np.nan], [_error(step, answered) for step in np.diff(per_person, axis=0)]))
    best = int(mean.argmax())
    behind = mean[best] - mean
    paired = np.array([_error(per_person[best] - row, answered) for row in per_person])
    simplest = int(np.flatnonzero(behind <= paired)[0])
    rows = np.arange(len(numbers))
    return pd.DataFrame(
        {
            "k": numbers,
            "held_out": mean,
            "standard_error": error,
            "gain": gain,
            "gain_error": gain_error,
            "n_unseen": unseen,
            "best": rows == best,
            "simplest": rows == simplest,
        }
    )


def _error(value: NDArray[np.float64], answered: NDArray[np.float64]) -> float:
    # of a ratio of sums over persons
    ratio = value.sum() / answered.sum()
    n = value.size
    spread = ((value - ratio * answered) ** 2).sum() * n / max(n - 1, 1)
    return float(np.sqrt(spread) / answered.sum())
