"""What does the model itself imply for outcomes that are scored from its items: recovery and change by first state.

Such outcomes are not independent of the answers given the state, so that neither naive tables nor three-step
corrections are right. Here people are simulated from the fitted model: a first state, a course, an exit, answers at the
first and the last occasion; the outcome is scored from those answers as for real people.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.intervals import normal_quantile
from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.kernel.latent_markov_decoding import posterior
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.refitting import bench
from outcomes.subtypes.sequences import MISSING, sequences
from outcomes.subtypes.simulating import draw_answers, draw_rows
from outcomes.subtypes.stability import Stability
from outcomes.subtypes.uncertainty import probability_interval

Judge = Callable[[NDArray[np.int8], NDArray[np.int8]], NDArray[np.float64]]
SHRINK = 5.0  # occasions' worth of everybody's exits added to those of a state, so that rare states do not swing


@dataclass(frozen=True)
class Exits:
    """When courses end.

    Attributes
    ----------
    hazard : NDArray[np.float64], shape (longest, n_states)
        Probability that an occasion is the last one, given that it took place, by its place and the state at it; one at
        the longest place.
    """

    hazard: NDArray[np.float64]


def exits(model: LatentMarkov, X: Source) -> Exits:
    """How probable is it that each occasion is the last one, by its place and the state at it.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The patients.

    Returns
    -------
    Exits
        Expected shares from smoothed states, drawn a little towards those of everybody at the same place. The states
        come from answers alone.
    """
    laid = bench(model, X)
    smoothed = posterior(laid.observations(), model.parameters_).smoothed
    lengths = np.diff(laid.starts)
    place = np.arange(laid.codes.shape[0]) - np.repeat(laid.starts[:-1], lengths)
    last = np.zeros(place.size, dtype=np.bool_)
    last[laid.starts[1:] - 1] = True
    longest = int(lengths.max())
    here, gone = np.zeros((longest, model.n_states)), np.zeros((longest, model.n_states))
    np.add.at(here, place, smoothed)
    np.add.at(gone, place[last], smoothed[last])
    usual = gone.sum(axis=1, keepdims=True) / here.sum(axis=1, keepdims=True)
    hazard = (gone + SHRINK * usual) / (here + SHRINK)
    hazard[-1] = 1.0
    return Exits(hazard)


def implied_outcome(
    model: LatentMarkov,
    X: Source,
    judge: Judge,
    *,
    stability: Stability | None = None,
    n_people: int = 20_000,
    paired: bool = False,
    random_state: int = 0,
) -> pd.DataFrame:
    """Which outcome, scored from the items, does the model imply after each first state.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The patients; they tell when courses end.
    judge : callable
        Takes first and last answers, each of shape (n, n_items) on the scale of the items in the order of
        ``model.columns_``, none missing, and returns a number for each person (1 and 0 for yes and no; NaN where it
        cannot be assessed, such as recovery of somebody who was not a case).
    stability : Stability, optional
        Bootstrap of patients; gives standard errors. Exits are taken as known.
    n_people : int, default 20,000
        People simulated from each first state.
    paired : bool, default False
        Whether only courses of at least two occasions count, as where an outcome needs a last questionnaire besides the
        first.
    random_state : int, default 0
        Seed; every model is given the same one, so that differences between resamples are not noise of simulation.

    Returns
    -------
    DataFrame
        state, mean (implied), assessable (share of simulated people to whom it applies), simulation_error,
        standard_error (over resamples; NaN without), low, high (NaN without; on the logit scale where the outcome lies
        between 0 and 1).

    Raises
    ------
    ConfigError
        If nobody is to be simulated.
    """
    if n_people < 1:
        raise ConfigError(f"n_people must be at least 1, got {n_people}")
    ends = exits(model, X)
    mean, assessable, noise, bounded = _simulate(
        model, model.parameters_, ends, judge, (n_people, random_state, paired)
    )
    error = np.full(model.n_states, np.nan)
    if stability is not None and len(stability.resamples) > 1:
        fewer = max(n_people // 4, 1)
        found = [
            _simulate(model, each.parameters, ends, judge, (fewer, random_state, paired))[0]
            for each in stability.resamples
        ]
        error = np.std(found, axis=0, ddof=1)
    low, high = probability_interval(np.nan_to_num(mean), error) if bounded else _symmetric(mean, error)
    gone = np.isnan(mean)
    return pd.DataFrame(
        {
            "state": np.arange(1, model.n_states + 1),
            "mean": mean,
            "assessable": assessable,
            "simulation_error": noise,
            "standard_error": error,
            "low": np.where(gone, np.nan, low),
            "high": np.where(gone, np.nan, high),
        }
    )


def _simulate(
    model: LatentMarkov,
    parameters: LatentMarkovParameters,
    ends: Exits,
    judge: Judge,
    size: tuple[int, int, bool],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], bool]:
    n_people, seed, paired = size
    rng = np.random.default_rng(seed)
    first = np.repeat(np.arange(model.n_states), n_people)
    last = _last_states(parameters, ends, first, rng)
    begin, single = draw_answers(parameters, first, rng), last < 0
    end = draw_answers(parameters, np.where(single, first, last), rng)
    end[single] = begin[single]
    scores = [
        np.column_stack([seen[codes[:, item]] for item, seen in enumerate(model.answers_)]) for codes in (begin, end)
    ]
    values = np.asarray(judge(*scores), dtype=np.float64)
    values = np.where(single & paired, np.nan, values).reshape(model.n_states, n_people)
    known = np.isfinite(values)
    n = known.sum(axis=1)
    filled = np.where(known, values, 0.0)
    mean = np.where(n > 0, filled.sum(axis=1) / np.maximum(n, 1), np.nan)
    spread = np.where(known, (filled - np.nan_to_num(mean)[:, None]) ** 2, 0.0).sum(axis=1) / np.maximum(n, 1)
    bounded = bool((filled >= 0).all() and (filled <= 1).all())
    return mean, n / n_people, np.sqrt(spread / np.maximum(n, 1)), bounded


def _last_states(
    parameters: LatentMarkovParameters, ends: Exits, first: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    # state at the last occasion; -1 where the first was the last
    state, last = first.copy(), np.full(first.size, -1, dtype=np.int64)
    going = rng.random(first.size) >= ends.hazard[0][first]
    periods = parameters.transition.shape[0]
    for place in range(1, ends.hazard.shape[0]):
        people = np.flatnonzero(going)
        if not people.size:
            break
        state[people] = draw_rows(parameters.transition[min(place, periods) - 1][state[people]], rng)
        stop = rng.random(people.size) < ends.hazard[place][state[people]]
        last[people[stop]] = state[people[stop]]
        going[people[stop]] = False
    return last


def _symmetric(
    mean: NDArray[np.float64], error: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    reach = normal_quantile(0.95) * error
    return mean - reach, mean + reach


def observed_outcome(model: LatentMarkov, X: Source, judge: Judge, *, paired: bool = False) -> NDArray[np.float64]:
    """Judge real people by the rule that judges simulated ones.

    Parameters
    ----------
    model : LatentMarkov
        Names the items and their order.
    X : Trajectories, DataFrame or 2-D array
        The patients.
    judge : callable
        As in `implied_outcome`.
    paired : bool, default False
        As in `implied_outcome`.

    Returns
    -------
    NDArray[np.float64], shape (n_sequences,)
        NaN where it cannot be assessed, and where the first or the last occasion lacks an answer.
    """
    data = sequences(X)
    items = data.items[:, [data.columns.index(column) for column in model.columns_]]
    first, last = items[data.starts[:-1]], items[data.starts[1:] - 1]
    whole = (first != MISSING).all(axis=1) & (last != MISSING).all(axis=1)
    if paired:
        whole &= data.lengths > 1
    values = np.full(whole.size, np.nan)
    values[whole] = judge(first[whole], last[whole])
    return values
