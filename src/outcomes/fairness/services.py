"""How much do services differ, beyond chance? A rate's spread between them, with the range for a service not seen."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import t
from statsmodels.stats.meta_analysis import combine_effects

from outcomes.errors import ConfigError
from outcomes.reference.units import PERCENT

FEWEST_SERVICES = 3
NAN = float("nan")
HALF = 0.5  # added to both cells of a service where nobody, or everybody, has the outcome


@dataclass(frozen=True)
class Heterogeneity:
    """What services have in common, and how they differ.

    `mean_pct` with its interval is the rate of an average service; `prediction_low` and `prediction_high` are where the
    true rate of another such service lies with the stated coverage; `tau` is the standard deviation between services in
    log-odds, `i2_pct` the share of the spread that is not chance. All NaN with fewer than three services.
    """

    n_services: int
    mean_pct: float
    mean_low: float
    mean_high: float
    prediction_low: float
    prediction_high: float
    tau: float
    i2_pct: float


def between_services(counts: pd.DataFrame, *, level: float = 0.95) -> Heterogeneity:
    """Say how far a rate differs between services.

    Random effects on log-odds: between-service variance by Paule and Mandel, interval of the mean by Hartung, Knapp,
    Sidik and Jonkman, prediction interval by Higgins, Thompson and Spiegelhalter with k - 2 degrees of freedom.

    Parameters
    ----------
    counts : DataFrame
        One row a service: events, n. Services with n = 0 are left out.
    level : float
        Coverage.

    Returns
    -------
    Heterogeneity
        NaN where fewer than three services have anybody.

    Raises
    ------
    ConfigError
        If a column is not there, or events exceed n.

    References
    ----------
    Higgins JPT, Thompson SG, Spiegelhalter DJ (2009). A re-evaluation of random-effects meta-analysis. JRSS A 172.

    Examples
    --------
    >>> rates = pd.DataFrame({"events": [50, 52, 48, 51], "n": [100, 100, 100, 100]})
    >>> found = between_services(rates)
    >>> round(found.mean_pct), found.tau
    (50, 0.0)
    """
    absent = [name for name in ("events", "n") if name not in counts.columns]
    if absent:
        raise ConfigError(f"counts by service need the columns {', '.join(absent)}")
    if counts["events"].gt(counts["n"]).any() or counts["events"].lt(0).any():
        raise ConfigError("events by service must lie between 0 and n")
    kept = counts.loc[counts["n"].gt(0)]
    events, n = kept["events"].to_numpy(dtype=float), kept["n"].to_numpy(dtype=float)
    k = len(kept)
    if k < FEWEST_SERVICES:
        return Heterogeneity(k, NAN, NAN, NAN, NAN, NAN, NAN, NAN)
    extreme = (events == 0) | (events == n)
    events, n = events + HALF * extreme, n + 2 * HALF * extreme
    effect, variance = logit(events / n), 1 / events + 1 / (n - events)
    found = combine_effects(effect, variance, method_re="iterated", use_t=True, alpha=1 - level)
    tau2 = max(float(found.tau2), 0.0)
    weights = 1 / (variance + tau2)
    mean = float(np.sum(weights * effect) / weights.sum())
    # Hartung-Knapp scale, never narrower than without it
    scale = max(float(np.sum(weights * (effect - mean) ** 2) / (k - 1)), 1.0)
    error = float(np.sqrt(scale / weights.sum()))
    of_mean = t.ppf((1 + level) / 2, k - 1) * error
    of_next = t.ppf((1 + level) / 2, k - 2) * np.sqrt(tau2 + 1 / weights.sum())
    return Heterogeneity(
        n_services=k,
        mean_pct=_percent(mean),
        mean_low=_percent(mean - of_mean),
        mean_high=_percent(mean + of_mean),
        prediction_low=_percent(mean - of_next),
        prediction_high=_percent(mean + of_next),
        tau=float(np.sqrt(tau2)),
        i2_pct=PERCENT * max(float(found.i2), 0.0),
    )


def _percent(log_odds: float) -> float:
    return PERCENT * float(expit(log_odds))
