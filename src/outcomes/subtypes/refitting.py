"""The same model for other patients: fitted again from where it stood and from a few new starts.

What the resampling of this room shares: answers coded as the model knows them, a fit of given patients with given
weights, and the likeliest state of each occasion.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.emissions import family
from outcomes.kernel.latent_markov import Form, LatentMarkovParameters
from outcomes.kernel.latent_markov_packing import Observations, observe
from outcomes.kernel.latent_markov_starts import Climb, Search, search
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.sequences import MISSING, Sequences, sequences

Result = TypeVar("Result")

SWEEPS = 600
ROUGH, ROUGH_SCORE = 0.01, 0.1  # log units and standardised gradient at which a resample's fit has arrived


@dataclass(frozen=True)
class Bench:
    """Patients laid out for repeated fits of one model.

    Attributes
    ----------
    codes : NDArray[np.int8], shape (n_occasions, n_items)
        Answers numbered from 0; -1 is missing.
    starts : NDArray[np.int64], shape (n_sequences + 1,)
        First occasion of each sequence, and their number.
    n_categories : tuple of int
        Answers of each item.
    form : Form
        Families, transitions, penalty.
    """

    codes: NDArray[np.int8]
    starts: NDArray[np.int64]
    n_categories: tuple[int, ...]
    form: Form

    @property
    def n_sequences(self) -> int:
        """Return the number of sequences."""
        return self.starts.size - 1

    def rows(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the occasions of some sequences, in their order.

        Parameters
        ----------
        chosen : NDArray[np.int64]
            Numbers of sequences.

        Returns
        -------
        NDArray[np.int64]
            Row numbers.
        """
        lengths = np.diff(self.starts)[chosen]
        begin = np.repeat(self.starts[:-1][chosen] - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
        rows: NDArray[np.int64] = begin + np.arange(lengths.sum())
        return rows

    def observations(
        self, chosen: NDArray[np.int64] | None = None, weights: NDArray[np.float64] | None = None
    ) -> Observations:
        """Lay some sequences out for the sweeps.

        Parameters
        ----------
        chosen : NDArray[np.int64], optional
            Numbers of sequences; all by default.
        weights : NDArray[np.float64], shape (n_chosen,), optional
            How many people each stands for.

        Returns
        -------
        Observations
            Packed.
        """
        if chosen is None:
            return observe(self.codes, self.starts, weights, self.n_categories)
        lengths = np.diff(self.starts)[chosen]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        return observe(self.codes[self.rows(chosen)], starts, weights, self.n_categories)


def bench(model: LatentMarkov, X: Source) -> Bench:
    """Lay patients out for repeated fits of a fitted model.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator; its answers, families, transitions and penalty are used.
    X : Trajectories, DataFrame or 2-D array
        Patients whose answers the model knows.

    Returns
    -------
    Bench
        Ready for `refit`.

    Raises
    ------
    ConfigError
        If the items of the model are not there.
    """
    data = sequences(X)
    names = model.columns_ if isinstance(X, np.ndarray) else data.columns
    if not set(model.columns_) <= set(names):
        raise ConfigError(f"the model was fitted on items {', '.join(model.columns_)}; not all of them were put in")
    codes = np.full((data.items.shape[0], len(model.columns_)), MISSING, dtype=np.int8)
    for item, (column, seen) in enumerate(zip(model.columns_, model.answers_, strict=True)):
        answers = data.items[:, names.index(column)]
        number = np.minimum(np.searchsorted(seen, answers), seen.size - 1)
        codes[:, item] = np.where(seen[number] == answers, number, MISSING)
    return Bench(codes, data.starts, tuple(len(seen) for seen in model.answers_), form_of(model))


def form_of(model: LatentMarkov) -> Form:
    """Say what a fitted model assumes, as the kernel wants it.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.

    Returns
    -------
    Form
        Families, transitions, penalty.
    """
    named = model.emissions
    families = tuple(family(named if isinstance(named, str) else named[column]) for column in model.columns_)
    return Form(families, time_varying=model.time_varying, penalty=model.penalty)


def refit(
    observations: Observations,
    form: Form,
    n_states: int,
    *,
    seed: np.random.SeedSequence,
    given: tuple[LatentMarkovParameters, ...] = (),
    fresh: int = 1,
    finished: int = 5,
) -> Climb:
    """Fit the model again to other patients.

    Parameters
    ----------
    observations : Observations
        The patients.
    form : Form
        As in the first fit.
    n_states : int
        Number of states.
    seed : numpy.random.SeedSequence
        Seed of the new starts.
    given : tuple of LatentMarkovParameters
        Start values, such as those of the first fit. Alone they would hide other solutions that a resample prefers.
    fresh : int, default 1
        New starts besides.
    finished : int, default 5
        How many of the best short climbs are carried on.

    Returns
    -------
    Climb
        The best one; its ``ascent`` says whether it arrived.

    Raises
    ------
    ConfigError
        If there is no start at all.
    """
    if not given and fresh < 1:
        raise ConfigError("fresh: at least one new start is needed where none is given")
    plan = Search(
        starts=fresh,
        finished=min(finished, fresh + len(given)),
        sweeps=SWEEPS,
        tolerance=ROUGH,
        score_tolerance=ROUGH_SCORE,
    )
    return search(observations, form, n_states, plan, seed=seed, given=given)[0]


def totals(parameters: LatentMarkovParameters, answers: tuple[NDArray[np.int8], ...]) -> NDArray[np.float64]:
    """Say which total each state expects.

    Parameters
    ----------
    parameters : LatentMarkovParameters
        A model.
    answers : tuple of NDArray[np.int8]
        Scores of the answers of each item.

    Returns
    -------
    NDArray[np.float64], shape (n_states,)
        Expected totals.
    """
    found = np.zeros(parameters.n_states)
    for p, scores in zip(parameters.response, answers, strict=True):
        found += p @ scores.astype(np.float64)
    return found


def in_order(work: Callable[[int], Result], numbers: Iterable[int], *, threads: int = 1) -> Iterator[Result]:
    """Do numbered pieces of work, on several threads if wanted, and give the results in order.

    Parameters
    ----------
    work : callable
        Takes a number; must not depend on the other pieces.
    numbers : iterable of int
        Which pieces.
    threads : int, default 1
        How many at a time; the results do not depend on it.

    Yields
    ------
    Result
        One a number.
    """
    if threads <= 1:
        yield from map(work, numbers)
        return
    with ThreadPoolExecutor(max_workers=threads) as pool:
        yield from pool.map(work, numbers)


def persons_of(X: Source, data: Sequences) -> NDArray[np.int64]:
    """Say whom each sequence belongs to, so that all sequences of a person are drawn or left out together.

    Parameters
    ----------
    X : Trajectories, DataFrame or 2-D array
        What the sequences were made from; a column ``pseudonym`` (of a table or of ``keys``) tells persons apart.
    data : Sequences
        The sequences.

    Returns
    -------
    NDArray[np.int64], shape (n_sequences,)
        Numbers of persons from 0; where nothing tells persons apart each sequence is one.
    """
    begin = data.starts[:-1]
    names: NDArray[np.generic] = np.arange(begin.size)
    keys = getattr(X, "keys", None)
    if isinstance(X, pd.DataFrame) and "pseudonym" in X.columns:
        names = X["pseudonym"].to_numpy()[data.rows[begin]].astype(str)
    elif isinstance(keys, pd.DataFrame) and "pseudonym" in keys.columns and len(keys) == begin.size:
        names = keys["pseudonym"].to_numpy().astype(str)
    number: NDArray[np.int64] = np.unique(names, return_inverse=True)[1].ravel().astype(np.int64)
    return number
