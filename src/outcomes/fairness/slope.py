"""How steep is a gradient? The gap between the two ends of an ordered scale, from all its groups together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t

from outcomes.errors import ConfigError
from outcomes.kernel.intervals import normal_quantile
from outcomes.reference.units import PERCENT

FEWEST_GROUPS = 3
NAN = float("nan")


@dataclass(frozen=True)
class Slope:
    """The slope index of inequality.

    Attributes
    ----------
    n_groups : int
        Groups with anybody.
    points : float
        Percentage points from the first end of the scale to the last; above 0 where the last does better. NaN with
        fewer than three groups.
    low, high : float
        Its interval.
    first_pct, last_pct : float
        The rates at both ends, as the line has them.
    """

    n_groups: int
    points: float
    low: float
    high: float
    first_pct: float
    last_pct: float


def slope_index(counts: pd.DataFrame, *, level: float = 0.95) -> Slope:
    """Say how far the two ends of an ordered scale are apart, such as the most and the least deprived.

    Groups are set side by side by their share of the people, each at the middle of its share; a straight line through
    their rates, weighted by people, gives the rates at 0 and at 1. Unlike the gap between the first and the last group
    it uses all groups, and allows for their sizes.

    Parameters
    ----------
    counts : DataFrame
        One row a group, in the order of the scale: events, n. Groups of nobody are left out.
    level : float
        Coverage. The interval is the wider of two: what chance in each group makes (binomial), and what the scatter of
        the groups about the line makes (t with two degrees of freedom fewer than groups).

    Returns
    -------
    Slope
        NaN with fewer than three groups.

    Raises
    ------
    ConfigError
        If a column is not there, or events exceed n.

    References
    ----------
    Pamuk ER (1985). Social class inequality in mortality from 1921 to 1972 in England and Wales. Population Studies 39,
    17-31. Mackenbach JP, Kunst AE (1997). Social Science and Medicine 44, 757-771.

    Examples
    --------
    >>> fifths = pd.DataFrame({"events": [400, 450, 500, 550, 600], "n": [1000] * 5})
    >>> found = slope_index(fifths)
    >>> round(found.points, 1), round(found.first_pct, 1), round(found.last_pct, 1)
    (25.0, 37.5, 62.5)
    """
    absent = [name for name in ("events", "n") if name not in counts.columns]
    if absent:
        raise ConfigError(f"counts by group need the columns {', '.join(absent)}")
    events, n = (counts[name].to_numpy(dtype=float, na_value=np.nan) for name in ("events", "n"))
    some = n > 0
    events, n = events[some], n[some]
    if (events > n).any() or (events < 0).any():
        raise ConfigError("events by group must lie between 0 and n")
    k = n.size
    if k < FEWEST_GROUPS:
        return Slope(k, NAN, NAN, NAN, NAN, NAN)
    share, rate = n / n.sum(), events / n
    place = np.cumsum(share) - share / 2
    middle = float(np.sum(share * place))
    pull = share * (place - middle) / np.sum(share * (place - middle) ** 2)
    slope = float(np.sum(pull * rate))
    first = float(np.sum(share * rate)) - slope * middle
    by_chance = normal_quantile(level) * np.sqrt(np.sum(pull**2 * rate * (1 - rate) / n))
    off = rate - first - slope * place
    scatter = np.sum(share * off**2) / (k - 2) / np.sum(share * (place - middle) ** 2)
    half = max(float(by_chance), float(t.ppf((1 + level) / 2, k - 2) * np.sqrt(scatter)))
    points, around = PERCENT * slope, PERCENT * half
    return Slope(k, points, points - around, points + around, PERCENT * first, PERCENT * (first + slope))
