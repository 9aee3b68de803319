"""What is a small group's rate likely to be? Its own rate, drawn towards all groups as far as its size asks for.

Raw rates of small groups swing; a ranking of them is mostly noise. The shrunken rate stands beside the raw one and
never in its place: shrinking also hides a small group that really is different.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import betaln
from scipy.stats import beta

from outcomes.errors import ConfigError
from outcomes.reference.units import PERCENT

FEWEST_GROUPS = 3
STRONGEST = 1e5  # prior people beyond which groups do not differ at all
WEAKEST = 1e-1
EDGE = 1e-6  # of a rate
NEARLY = 0.99


@dataclass(frozen=True)
class Prior:
    """What the groups have in common: their mean rate, and as how many people it counts."""

    mean_pct: float
    people: float

    @property
    def alike(self) -> bool:
        """Whether the groups differ no more than chance makes them."""
        return self.people >= STRONGEST * NEARLY


def shrunken(counts: pd.DataFrame, *, level: float = 0.95) -> tuple[pd.DataFrame, Prior | None]:
    """Say what each group's rate is likely to be, given the other groups.

    A beta-binomial model: group rates come from one beta distribution, whose mean is that of all groups and whose
    spread is fitted by maximum likelihood (empirical Bayes).

    Parameters
    ----------
    counts : DataFrame
        One row a group of one breakdown and measure: events, n. Not changed.
    level : float
        Coverage of the posterior interval. It takes the prior as known, so that it is too narrow with few groups.

    Returns
    -------
    table : DataFrame
        The rows with shrunken_pct, shrunken_low, shrunken_high and own_weight_pct (how far the group speaks for
        itself); NaN with fewer than three groups.
    prior : Prior or None
        None with fewer than three groups.

    Raises
    ------
    ConfigError
        If a column is not there.

    References
    ----------
    Efron B, Morris C (1975). Data analysis using Stein's estimator and its generalizations. JASA 70, 311-319.

    Examples
    --------
    >>> small = pd.DataFrame({"events": [4, 480, 520, 300], "n": [4, 1000, 1000, 800]})
    >>> table, prior = shrunken(small)
    >>> bool(table["shrunken_pct"].iloc[0] < 100)
    True
    """
    absent = [name for name in ("events", "n") if name not in counts.columns]
    if absent:
        raise ConfigError(f"counts by group need the columns {', '.join(absent)}")
    events, n = (counts[name].to_numpy(dtype=float, na_value=np.nan) for name in ("events", "n"))
    some = n > 0
    blank = dict.fromkeys(("shrunken_pct", "shrunken_low", "shrunken_high", "own_weight_pct"), np.nan)
    if some.sum() < FEWEST_GROUPS or events[some].sum() in {0.0, n[some].sum()}:
        return counts.assign(**blank), None
    strength, mean = _fitted(events[some], n[some])
    a, b = mean * strength + np.where(some, events, 0), (1 - mean) * strength + np.where(some, n - events, 0)
    tail = (1 - level) / 2
    table = counts.assign(
        shrunken_pct=PERCENT * a / (a + b),
        shrunken_low=PERCENT * beta.ppf(tail, a, b),
        shrunken_high=PERCENT * beta.ppf(1 - tail, a, b),
        own_weight_pct=PERCENT * np.where(some, n / (n + strength), 0.0),
    )
    return table, Prior(PERCENT * mean, strength)


def _fitted(events: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[float, float]:
    def mean_at(strength: float) -> float:
        weights = n * strength / (n + strength)
        return float(np.clip(np.sum(weights * events / n) / weights.sum(), EDGE, 1 - EDGE))

    def lost(log_strength: float) -> float:
        strength = float(np.exp(log_strength))
        mean = mean_at(strength)
        a, b = mean * strength, (1 - mean) * strength
        return -float(np.sum(betaln(events + a, n - events + b) - betaln(a, b)))

    found = minimize_scalar(lost, bounds=(np.log(WEAKEST), np.log(STRONGEST)), method="bounded")
    candidates = [float(found.x), np.log(STRONGEST)]
    strength = float(np.exp(min(candidates, key=lost)))
    return strength, mean_at(strength)
