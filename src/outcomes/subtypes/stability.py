"""Would other patients have shown the same states: bootstrap of patients, halves, prediction strength, another service.

Instability belongs where a state is named. Limits are published ones, kept in `outcomes.reference.stability`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.latent_markov import LatentMarkovParameters, expect
from outcomes.kernel.latent_markov_decoding import posterior
from outcomes.reference.stability import stability_limits
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.matching import match_states, overlap, profile_distance
from outcomes.subtypes.refitting import Bench, bench, in_order, persons_of, refit, totals
from outcomes.subtypes.sequences import sequences

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Resample:
    """One bootstrap sample of patients and what was found in it.

    Attributes
    ----------
    parameters : LatentMarkovParameters
        Refitted, states in the order of the model by their profiles.
    moves : NDArray[np.float64], shape (n_states, n_states)
        Expected moves in the resample.
    jaccard : NDArray[np.float64], shape (n_states,)
        Overlap of each state with its twin, over the distinct patients drawn.
    arrived : bool
        Whether the refit stopped by itself.
    """

    parameters: LatentMarkovParameters
    moves: NDArray[np.float64]
    jaccard: NDArray[np.float64]
    arrived: bool


@dataclass(frozen=True)
class Stability:
    """What a bootstrap of patients says of a model.

    Attributes
    ----------
    table : DataFrame
        One row a state: state, jaccard (mean over resamples), jaccard_low (tenth percentile), dissolved (share of
        resamples in which no more than half of the state is found again), n_resamples, judgement (in words).
    resamples : tuple of Resample
        For standard errors and intervals.
    n_capped : int
        Refits that ended at their cap of sweeps.
    """

    table: pd.DataFrame
    resamples: tuple[Resample, ...]
    n_capped: int


def bootstrap(
    model: LatentMarkov,
    X: Source,
    *,
    n_resamples: int = 50,
    fresh: int = 2,
    random_state: int = 0,
    n_jobs: int = 1,
    on_resample: Told | None = None,
) -> Stability:
    """How much of each state is found again among other patients.

    Whole patients (all their sequences) are drawn with replacement, the model is fitted again from its own estimates
    and from new starts, states are matched by profile, and the occasions of the distinct patients drawn are put into
    their likeliest states by both fits. A state's Jaccard similarity is the share of occasions that both put into it.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator.
    X : Trajectories, DataFrame or 2-D array
        The patients it was fitted on.
    n_resamples : int, default 50
        Samples of patients.
    fresh : int, default 2
        New starts of each refit besides the model's own estimates.
    random_state : int, default 0
        Seed.
    n_jobs : int, default 1
        Threads; the result does not depend on it.
    on_resample : callable, optional
        Told (done, total).

    Returns
    -------
    Stability
        Table, resamples.

    Raises
    ------
    ConfigError
        If there is no resample.

    References
    ----------
    Hennig C (2007). Cluster-wise assessment of cluster stability. Computational Statistics & Data Analysis 52,
    258-271.
    """
    if n_resamples < 1:
        raise ConfigError(f"n_resamples must be at least 1, got {n_resamples}")
    data = sequences(X)
    laid, person = bench(model, X), persons_of(X, data)
    ours = posterior(laid.observations(), model.parameters_).smoothed.argmax(axis=1)
    streams = np.random.SeedSequence(random_state).spawn(n_resamples)

    def one(number: int) -> Resample:
        draw, search = streams[number].spawn(2)
        rng = np.random.default_rng(draw)
        n = int(person.max()) + 1
        times = np.bincount(rng.integers(n, size=n), minlength=n)[person]
        return _resample(model, laid, ours, times, search, fresh)

    found = []
    for each in in_order(one, range(n_resamples), threads=n_jobs):
        found.append(each)
        if on_resample is not None:
            on_resample(len(found), n_resamples)
    jaccard = np.array([each.jaccard for each in found])
    return Stability(_table(jaccard), tuple(found), sum(not each.arrived for each in found))


def _resample(  # noqa: PLR0917  private; one resample
    model: LatentMarkov,
    laid: Bench,
    ours: NDArray[np.int64],
    times: NDArray[np.int64],
    seed: np.random.SeedSequence,
    fresh: int,
) -> Resample:
    drawn = np.flatnonzero(times)
    observations = laid.observations(drawn, times[drawn].astype(np.float64))
    climb = refit(observations, laid.form, model.n_states, seed=seed, given=(model.parameters_,), fresh=fresh)
    parameters = climb.ascent.parameters
    matched = parameters.reordered(match_states(model.parameters_, parameters))
    theirs = posterior(observations, matched).smoothed.argmax(axis=1)
    moves = expect(observations, matched).transition.sum(axis=0)
    jaccard = overlap(ours[laid.rows(drawn)], theirs, model.n_states)
    return Resample(matched, moves, jaccard, climb.ascent.reason == "tolerance")


def _table(jaccard: NDArray[np.float64]) -> pd.DataFrame:
    limits = stability_limits()
    # a state that the model puts nobody into has no overlap to speak of
    known = np.isfinite(jaccard).any(axis=0)
    filled = np.where(known, np.where(np.isfinite(jaccard), jaccard, 0.0), 0.0)
    mean = np.where(known, filled.mean(axis=0), np.nan)
    return pd.DataFrame(
        {
            "state": np.arange(1, mean.size + 1),
            "jaccard": mean,
            "jaccard_low": np.where(known, np.quantile(filled, 0.1, axis=0), np.nan),
            "dissolved": np.where(known, (filled <= limits.dissolved).mean(axis=0), np.nan),
            "n_resamples": jaccard.shape[0],
            "judgement": [limits.judgement(value) for value in mean],
        }
    )


@dataclass(frozen=True)
class Agreement:
    """How two fits to different patients agree on the same occasions.

    Attributes
    ----------
    table : DataFrame
        One row a state (numbered as in the first fit): state, jaccard, distance (mean total variation distance of the
        answers), judgement.
    adjusted_rand : float
        Agreement of the two partitions beyond chance; 1 the same, 0 as by chance.
    agreeing : float
        Share of occasions put into matched states.
    prediction_strength : float
        Smallest share, over the states of the second fit, of pairs of its occasions that the first fit keeps together.
    log_likelihood_own, log_likelihood_other : float
        Log-likelihood per occasion of the second patients, under the fit to themselves and under the first fit.
    n_first, n_second : int
        Sequences of either part.
    """

    table: pd.DataFrame
    adjusted_rand: float
    agreeing: float
    prediction_strength: float
    log_likelihood_own: float
    log_likelihood_other: float
    n_first: int
    n_second: int


def split_half(
    model: LatentMarkov, X: Source, *, starts: int = 30, random_state: int = 0, n_jobs: int = 1
) -> Agreement:
    """Do two random halves of the patients show the same states.

    Both halves are fitted from new starts only, so that neither knows what the other or the whole has shown. The
    occasions of the second half are put into states by both fits.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator; its number of states and form are used, not its estimates.
    X : Trajectories, DataFrame or 2-D array
        The patients.
    starts : int, default 30
        Starts of either fit.
    random_state : int, default 0
        Seed of the split and of the starts.
    n_jobs : int, default 1
        Threads.

    Returns
    -------
    Agreement
        Agreement on the second half.

    Raises
    ------
    DataError
        If a half has fewer patients than states.

    References
    ----------
    Tibshirani R, Walther G (2005). Cluster validation by prediction strength. Journal of Computational and Graphical
    Statistics 14, 511-528.
    """
    person = persons_of(X, sequences(X))
    n = int(person.max()) + 1
    half = np.random.default_rng(random_state).permutation(n) < n // 2
    return _agreement(model, X, half[person], starts=starts, random_state=random_state, n_jobs=n_jobs)


def replicate(
    model: LatentMarkov,
    X: Source,
    held_out: ArrayLike,
    *,
    starts: int = 30,
    random_state: int = 0,
    n_jobs: int = 1,
) -> Agreement:
    """Say whether a service that was kept out shows the states of the others.

    Parameters
    ----------
    model : LatentMarkov
        A fitted estimator; its number of states and form are used, not its estimates.
    X : Trajectories, DataFrame or 2-D array
        The patients.
    held_out : array-like of bool, shape (n_sequences,)
        Which sequences belong to the service that is kept out.
    starts : int, default 30
        Starts of either fit.
    random_state : int, default 0
        Seed of the starts.
    n_jobs : int, default 1
        Threads.

    Returns
    -------
    Agreement
        Agreement on the service that was kept out.

    Raises
    ------
    DataError
        If there is not one value for each sequence, or either part has fewer sequences than states.
    """
    kept_out = np.asarray(held_out, dtype=np.bool_).ravel()
    n = sequences(X).starts.size - 1
    if kept_out.size != n:
        raise DataError(f"held_out: one value for each of the {n} sequences is needed, got {kept_out.size}")
    return _agreement(model, X, ~kept_out, starts=starts, random_state=random_state, n_jobs=n_jobs)


def _agreement(
    model: LatentMarkov, X: Source, first: NDArray[np.bool_], *, starts: int, random_state: int, n_jobs: int
) -> Agreement:
    laid = bench(model, X)
    parts = [np.flatnonzero(first), np.flatnonzero(~first)]
    if min(part.size for part in parts) < model.n_states:
        sizes = " and ".join(str(part.size) for part in parts)
        raise DataError(f"parts of {sizes} sequences are too small for {model.n_states} states")
    seeds = np.random.SeedSequence(random_state).spawn(2)
    packed = [laid.observations(part) for part in parts]

    def fit(number: int) -> LatentMarkovParameters:
        climb = refit(packed[number], laid.form, model.n_states, seed=seeds[number], fresh=starts)
        found = climb.ascent.parameters
        return found.reordered(np.argsort(totals(found, model.answers_), kind="stable"))

    one, two = in_order(fit, (0, 1), threads=n_jobs)
    two = two.reordered(match_states(one, two))
    by_one, by_two = (posterior(packed[1], each) for each in (one, two))
    theirs, own = (found.smoothed.argmax(axis=1) for found in (by_one, by_two))
    jaccard = overlap(theirs, own, model.n_states)
    distance = np.diagonal(profile_distance(one.response, two.response))
    table = pd.DataFrame(
        {
            "state": np.arange(1, model.n_states + 1),
            "jaccard": jaccard,
            "distance": distance,
            "judgement": [stability_limits().judgement(value) for value in jaccard],
        }
    )
    answered = int((packed[1].codes >= 0).any(axis=1).sum())
    return Agreement(
        table,
        adjusted_rand(theirs, own),
        float((theirs == own).mean()),
        prediction_strength(theirs, own),
        float(by_two.log_sequence.sum() / answered),
        float(by_one.log_sequence.sum() / answered),
        parts[0].size,
        parts[1].size,
    )


def contingency(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Count pairs of labels.

    Parameters
    ----------
    first, second : NDArray[np.int64], shape (n,)
        Labels from 0.

    Returns
    -------
    NDArray[np.float64], shape (largest first + 1, largest second + 1)
        Counts.
    """
    width = int(second.max()) + 1
    counts = np.bincount(first * width + second, minlength=(int(first.max()) + 1) * width)
    return counts.reshape(-1, width).astype(np.float64)


def adjusted_rand(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """How well do two partitions agree beyond chance.

    Parameters
    ----------
    first, second : NDArray[np.int64], shape (n,)
        Labels from 0.

    Returns
    -------
    float
        Hubert and Arabie's adjusted Rand index; 1 where both put everybody together.
    """
    table = contingency(first, second)
    pairs = table * (table - 1) / 2
    rows, columns = (table.sum(axis=axis) for axis in (1, 0))
    by_row, by_column = (rows * (rows - 1) / 2).sum(), (columns * (columns - 1) / 2).sum()
    chance = by_row * by_column / max(first.size * (first.size - 1) / 2, 1)
    most = (by_row + by_column) / 2
    return float((pairs.sum() - chance) / (most - chance)) if most > chance else 1.0


def prediction_strength(predicted: NDArray[np.int64], own: NDArray[np.int64]) -> float:
    """Which share of pairs stay together in the state that fares worst.

    Parameters
    ----------
    predicted : NDArray[np.int64], shape (n,)
        Labels by the fit to other patients.
    own : NDArray[np.int64], shape (n,)
        Labels by the fit to these patients.

    Returns
    -------
    float
        Smallest share over the own states; a state of one occasion counts as kept together.
    """
    table = contingency(own, predicted)
    size = table.sum(axis=1)
    kept = (table * (table - 1)).sum(axis=1)
    several = size > 1
    return float((kept[several] / (size * (size - 1))[several]).min()) if several.any() else 1.0
