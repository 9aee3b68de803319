"""Is one more state more than noise: the likelihood ratio against data made by the smaller model."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.kernel.latent_markov_packing import observe
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.refitting import bench, in_order, refit
from outcomes.subtypes.simulating import draw_answers, draw_states

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class RatioTest:
    """A parametric-bootstrap likelihood-ratio test.

    Attributes
    ----------
    k : int
        States of the smaller model; the larger has more.
    larger : int
        States of the larger model.
    ratio : float
        Twice the gain in log-likelihood on the real data.
    simulated : NDArray[np.float64], shape (n_simulations,)
        The same on data made by the smaller model.
    p_value : float
        (1 + simulated ratios at least as large) / (1 + simulations).
    n_capped : int
        Fits to simulated data that ended at their cap.
    """

    k: int
    larger: int
    ratio: float
    simulated: NDArray[np.float64]
    p_value: float
    n_capped: int


def bootstrap_likelihood_ratio(
    smaller: LatentMarkov,
    larger: LatentMarkov,
    X: Source,
    *,
    n_simulations: int = 99,
    fresh: int = 5,
    random_state: int = 0,
    n_jobs: int = 1,
    on_simulation: Told | None = None,
) -> RatioTest:
    """How often does one more state gain as much where there is none.

    The usual chi-squared limits do not hold for numbers of states. So data are made by the smaller model with the
    lengths and missing answers of the real ones, both models are fitted to each, and the real gain is compared with
    theirs.

    Parameters
    ----------
    smaller, larger : LatentMarkov
        Estimators fitted to the same data, of the same form.
    X : Trajectories, DataFrame or 2-D array
        The data.
    n_simulations : int, default 99
        Data sets; 99 tell p below .01 from above.
    fresh : int, default 5
        New starts of the larger model on each; too few make the test too eager.
    random_state : int, default 0
        Seed.
    n_jobs : int, default 1
        Threads.
    on_simulation : callable, optional
        Told (done, total).

    Returns
    -------
    RatioTest
        Ratio, simulated ratios, p-value.

    Raises
    ------
    ConfigError
        If the models are not of different size, or there is no simulation.

    References
    ----------
    McLachlan GJ (1987). On bootstrapping the likelihood ratio test statistic for the number of components in a normal
    mixture. Applied Statistics 36, 318-324.
    """
    if larger.n_states <= smaller.n_states or n_simulations < 1 or fresh < 1:
        raise ConfigError(
            f"a larger model (got {smaller.n_states} and {larger.n_states} states), at least one simulation and one "
            "new start are needed"
        )
    laid = bench(smaller, X)
    missing = laid.codes < 0
    streams = np.random.SeedSequence(random_state).spawn(n_simulations)

    def one(number: int) -> tuple[float, int]:
        draw, *seeds = streams[number].spawn(3)
        rng = np.random.default_rng(draw)
        codes = draw_answers(smaller.parameters_, draw_states(smaller.parameters_, laid.starts, rng), rng)
        made = observe(np.where(missing, np.int8(-1), codes), laid.starts, None, laid.n_categories)
        small = refit(
            made, laid.form, smaller.n_states, seed=seeds[0], given=(smaller.parameters_,), fresh=1, finished=1
        )
        large = refit(
            made, laid.form, larger.n_states, seed=seeds[1], given=(larger.parameters_,), fresh=fresh, finished=2
        )
        capped = sum(climb.ascent.reason != "tolerance" for climb in (small, large))
        return max(2 * (large.objective - small.objective), 0.0), capped

    found = []
    for each in in_order(one, range(n_simulations), threads=n_jobs):
        found.append(each)
        if on_simulation is not None:
            on_simulation(len(found), n_simulations)
    # penalised objectives on both sides, real and simulated, so that like is compared with like
    ratio = 2 * float(larger.path_[-1] - smaller.path_[-1])
    simulated = np.array([value for value, _ in found])
    p_value = (1 + int((simulated >= ratio).sum())) / (1 + n_simulations)
    return RatioTest(smaller.n_states, larger.n_states, ratio, simulated, p_value, sum(capped for _, capped in found))
