"""Latent classes of a survey: weights in the fit, strata and sampling units in the errors.

With survey weights the likelihood is a pseudo-likelihood: estimates speak for the population, but log-likelihood and
the criteria built on it (AIC, BIC, likelihood ratios, the errors from its curvature) are not those of a random sample.
Choose the number of classes without weights and say so; take errors from here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from outcomes.errors import ConfigError, DataError
from outcomes.subtypes.answers import people_weights
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.matching import match_states
from outcomes.subtypes.refitting import bench, in_order, refit
from outcomes.subtypes.sequences import sequences

SAID = (
    "Weighted by survey weights scaled to the number of people; errors by the rescaling bootstrap of sampling units "
    "within strata. Information criteria of a weighted fit are not those of a random sample and are not printed."
)
FEWEST_UNITS = 2


@dataclass(frozen=True)
class SurveyFit:
    """A weighted fit, and what the weights cost.

    Attributes
    ----------
    model : LatentMarkov
        Fitted with weights that add up to the number of sequences.
    effective_n : float
        Kish's effective number of people: as many, equally weighted, would say as much.
    said : str
        What must be said beside the numbers.
    """

    model: LatentMarkov
    effective_n: float
    said: str = SAID


def fit_survey(estimator: LatentMarkov, X: Source, weights: ArrayLike) -> SurveyFit:
    """Fit classes so that they speak for the population and not for the sample.

    Parameters
    ----------
    estimator : LatentMarkov
        Its arguments are used.
    X : Trajectories, DataFrame or 2-D array
        The people.
    weights : array-like of float, shape (n_sequences,)
        How many people of the population each stands for; zero for those outside the population.

    Returns
    -------
    SurveyFit
        The fit; its ``bic`` is not to be used.

    Raises
    ------
    DataError
        If there is not one finite weight of at least 0 for each sequence, or all are 0.

    References
    ----------
    Patterson BH, Dayton CM, Graubard BI (2002). Latent class analysis of complex sample survey data. Journal of the
    American Statistical Association 97, 721-728.
    """
    scaled = _scaled(weights, sequences(X).starts.size - 1)
    model = clone(estimator).fit(X, sample_weight=scaled)
    return SurveyFit(model, float(scaled.sum() ** 2 / (scaled**2).sum()))


def design_errors(
    fitted: SurveyFit,
    X: Source,
    design: pd.DataFrame,
    *,
    n_resamples: int = 100,
    random_state: int = 0,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """How sure are the shares of the classes, given how people were sampled.

    Rescaling bootstrap: in each stratum one sampling unit fewer than there are is drawn with replacement, and weights
    are raised to make up for it.

    Parameters
    ----------
    fitted : SurveyFit
        The weighted fit.
    X : Trajectories, DataFrame or 2-D array
        The people it was fitted to.
    design : DataFrame
        One row a sequence, in the order of `sequences`: weight, stratum, unit (numbered anew in each stratum or not).
    n_resamples : int, default 100
        Bootstrap samples.
    random_state : int, default 0
        Seed.
    n_jobs : int, default 1
        Threads.

    Returns
    -------
    DataFrame
        state, share (of the population, at the first occasion), standard_error, naive_error (of as many people drawn at
        random), design_effect (their ratio squared), effective_n.

    Raises
    ------
    ConfigError
        If there are fewer than two resamples.
    DataError
        If the design has not one row for each sequence, or a stratum has a single sampling unit.

    References
    ----------
    Rao JNK, Wu CFJ, Yue K (1992). Some recent work on resampling methods for complex surveys. Survey Methodology 18,
    209-217.
    """
    model = fitted.model
    laid = bench(model, X)
    if n_resamples < 2:  # noqa: PLR2004  one resample has no spread
        raise ConfigError(f"n_resamples must be at least 2, got {n_resamples}")
    weight = _scaled(design["weight"], laid.n_sequences)
    stratum = np.unique(design["stratum"].astype(str), return_inverse=True)[1].ravel()
    pair = design["stratum"].astype(str) + "\x1f" + design["unit"].astype(str)
    unit = np.unique(pair, return_inverse=True)[1].ravel()
    of_unit = np.zeros(int(unit.max()) + 1, dtype=np.int64)
    of_unit[unit] = stratum
    counts = np.bincount(of_unit)
    if (counts < FEWEST_UNITS).any():
        raise DataError(
            f"{int((counts < FEWEST_UNITS).sum())} strata have a single sampling unit (rule two_units_a_stratum); join "
            "them to their neighbours"
        )
    streams = np.random.SeedSequence(random_state).spawn(n_resamples)

    def one(number: int) -> NDArray[np.float64]:
        draw, search = streams[number].spawn(2)
        times = _drawn_units(of_unit, counts, np.random.default_rng(draw))
        again = weight * times[unit]
        kept = np.flatnonzero(again > 0)
        climb = refit(
            laid.observations(kept, again[kept] * weight.sum() / again.sum()),
            laid.form,
            model.n_states,
            seed=search,
            given=(model.parameters_,),
            fresh=1,
            finished=1,
        )
        found = climb.ascent.parameters
        return found.initial[match_states(model.parameters_, found)]

    error = np.std(list(in_order(one, range(n_resamples), threads=n_jobs)), axis=0, ddof=1)
    share = model.initial_
    naive = np.sqrt(share * (1 - share) / laid.n_sequences)
    return pd.DataFrame(
        {
            "state": np.arange(1, model.n_states + 1),
            "share": share,
            "standard_error": error,
            "naive_error": naive,
            "design_effect": np.where(naive > 0, (error / np.where(naive > 0, naive, 1.0)) ** 2, np.nan),
            "effective_n": fitted.effective_n,
        }
    )


def _drawn_units(
    of_unit: NDArray[np.int64], counts: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    # how often each unit counts: drawn times, raised by n / (n - 1) of its stratum
    times = np.zeros(of_unit.size)
    for stratum, n in enumerate(counts):
        own = np.flatnonzero(of_unit == stratum)
        times[own] = rng.multinomial(n - 1, np.full(n, 1 / n)) * n / (n - 1)
    return times


def _scaled(weights: ArrayLike, n: int) -> NDArray[np.float64]:
    given = people_weights(weights, n)
    if given is None:
        raise DataError(f"weights: {n} are needed, got none (rule weight_known)")
    scaled: NDArray[np.float64] = given * n / given.sum()
    return scaled
