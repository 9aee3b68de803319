"""How far off may a probability be? The spread of resampled twins, and how far off such numbers were for others.

Twins show what other patients would have taught the same model. They do not show what the model itself gets wrong
(trees shrink, an ending is rare, a band of probabilities is off); that is read from people who did not teach.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm, t

from outcomes.errors import DataError
from outcomes.prognosis.forecaster import Floats
from outcomes.prognosis.metrics import log_odds

Integers = NDArray[np.int64]

EDGES: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)  # where a band of probabilities begins
MOMENT: Final = ("kind", "number")  # landmarks: a model may be right on average and off at each
FEWEST: Final = 5  # expected endings and non-endings in a band below which it says nothing (Cochran's rule)
HALF: Final = 0.5  # added to endings and to non-endings, so that nobody or everybody is no infinite log-odds (Anscombe)


@dataclass(frozen=True)
class Doubt:
    """How far off probabilities were among people who had not taught, by ending and size of the probability.

    `off` holds, for each ending, one number a band of `EDGES`: the root of two variances in log-odds. How far observed
    shares lie from foretold ones at single moments, beyond chance (the mean squared distance less its own variance,
    weighted by rows); and the chance error of the share of the whole band.
    """

    off: Mapping[str, Floats]

    @classmethod
    def learn(cls, past: pd.DataFrame) -> "Doubt":
        """Learn it from predictions of unseen people.

        Parameters
        ----------
        past : DataFrame
            pseudonym, ending, probability, happened (boolean), and kind and number of the landmark where they are
            known; rows of one patient count as one.

        Returns
        -------
        Doubt
            Bands with too few people take the number of the nearest band that has enough, the lower one of two.

        Raises
        ------
        DataError
            If a column is missing.

        References
        ----------
        Anscombe FJ (1956). On estimating binomial response relations. Biometrika 43, 461-464. Cochran WG (1954). Some
        methods for strengthening the common chi-squared tests. Biometrics 10, 417-451.

        Examples
        --------
        >>> past = pd.DataFrame({"pseudonym": range(400), "ending": "recovery", "probability": 0.5,
        ...                      "happened": [True, False] * 200})
        >>> Doubt.learn(past).off["recovery"][6].round(2)
        np.float64(0.1)
        """
        absent = [name for name in ("pseudonym", "ending", "probability", "happened") if name not in past.columns]
        if absent:
            raise DataError(f"past predictions: column {', '.join(absent)} is missing (rule how far off)")
        return cls({str(name): _bands(part) for name, part in past.groupby("ending", sort=True)})

    def of(self, ending: str, probability: Floats) -> Floats:
        """Say how far off each probability may be, in log-odds.

        Parameters
        ----------
        ending : str
            One of the sums; for any other (a single joint ending) the largest number of its band over all sums.
        probability : ndarray of float, shape (n,)
            Between 0 and 1.

        Returns
        -------
        ndarray of float, shape (n,)
            0 where nobody was judged.
        """
        if not self.off:
            return np.zeros(probability.shape)
        bands = self.off.get(ending)
        table = np.max(list(self.off.values()), axis=0) if bands is None else bands
        return np.asarray(table[_band(probability)], dtype=float)


def bounds(point: Floats, twins: Floats, off: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Give the interval of each probability.

    Parameters
    ----------
    point : ndarray of float, shape (n,)
        Probabilities; 0 is impossible and stays 0.
    twins : ndarray of float, shape (n_twins, n)
        What the resampled twins say; two or more.
    off : ndarray of float, shape (n,)
        How far off such probabilities were, in log-odds.
    level : float
        Coverage.

    Returns
    -------
    low, high : ndarray of float, shape (n,)
        In log-odds around the point: the standard deviation of the twins by Student's t (few twins, wide bounds), and
        `off` by the normal quantile, as independent errors.
    """
    centre = log_odds(point)
    spread = np.std(log_odds(twins), axis=0, ddof=1) * t.ppf((1 + level) / 2, len(twins) - 1)
    half = np.hypot(spread, off * norm.ppf((1 + level) / 2))
    return np.where(point > 0, expit(centre - half), 0.0), np.where(point > 0, expit(centre + half), 0.0)


def _band(probability: Floats) -> Integers:
    return np.asarray(np.searchsorted(EDGES, probability, side="right") - 1, dtype=np.int64)


def _bands(part: pd.DataFrame) -> Floats:
    known = part.loc[part["happened"].notna()]
    moment = known.groupby([name for name in MOMENT if name in known.columns] or ["ending"]).ngroup().to_numpy()
    p, y = known["probability"].to_numpy(dtype=float), known["happened"].to_numpy(dtype=float)
    who, band = known["pseudonym"].to_numpy(), _band(p)
    off = np.full(len(EDGES), np.nan)
    for one in np.unique(band):
        mine = band == one
        _, chance, _ = _distance(p[mine], y[mine], who[mine])
        cells = [_distance(p[here], y[here], who[here]) for here in (mine & (moment == at) for at in np.unique(moment))]
        square, variance, n = np.array(cells, dtype=np.float64).T
        told = np.isfinite(square)
        beyond = float(np.average((square - variance)[told], weights=n[told])) if told.any() else 0.0
        off[one] = np.sqrt(max(beyond, 0.0) + chance)  # NaN where the whole band has too few
    there = np.flatnonzero(np.isfinite(off))
    if not there.size:
        return np.zeros(len(EDGES))
    nearest = [there[np.argmin(np.abs(there - place))] for place in range(len(EDGES))]
    return np.asarray(off[nearest], dtype=float)


def _distance(p: Floats, y: Floats, who: NDArray[np.generic]) -> tuple[float, float, int]:
    # squared distance of the observed from the foretold share in log-odds, its variance by chance (several rows of one
    # patient are taken for one), and the rows; NaN where too few are there
    people, told = np.unique(who).size, float(p.mean()) if p.size else 0.0
    if people * min(told, 1 - told) < FEWEST:
        return np.nan, np.nan, p.size
    seen = (float(y.mean()) * people + HALF) / (people + 2 * HALF)
    distance = float(log_odds(np.array(seen)) - log_odds(np.array(told)))
    return distance**2, 1 / (people * told * (1 - told)), p.size
