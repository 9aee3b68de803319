"""Is somebody unlike everyone who taught the model? Then a number would be a guess, and this is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import DataError
from outcomes.prognosis.catalogue import FeatureTable
from outcomes.prognosis.encoding import UNKNOWN, Encoding

Floats = NDArray[np.float64]

FEWEST: Final = 10  # training patients at or beyond a limit, so that no limit is one person's value
SHARE: Final = 0.995  # of the training rows that lie within the distance
SHRINK: Final = 0.05  # share of the identity in the covariance, so that it can be inverted


@dataclass(frozen=True)
class Frontier:
    """Limits of what was seen in training; holds summaries of at least ten people, no row.

    `limits`: number column -> lowest and highest value with ten patients at or beyond. `levels`: category column -> the
    categories that were learnt. `within`: the squared Mahalanobis distance inside which 99.5 % of the rows lay.
    """

    limits: Mapping[str, tuple[float, float]]
    levels: Mapping[str, tuple[str, ...]]
    median: Floats
    centre: Floats
    precision: Floats
    within: float

    @classmethod
    def learn(cls, table: FeatureTable, encoding: Encoding) -> "Frontier":
        """Learn where the training rows end.

        Parameters
        ----------
        table : FeatureTable
            Rows that taught the model.
        encoding : Encoding
            As the model learnt it.

        Returns
        -------
        Frontier
            To be asked about others.

        Raises
        ------
        DataError
            If fewer than ten patients taught.
        """
        people = table.keys["pseudonym"]
        if people.nunique() < FEWEST:
            raise DataError(f"{people.nunique()} patients taught; at least {FEWEST} are needed (rule enough people)")
        limits, levels = {}, {}
        for name, known in encoding.levels.items():
            if known is not None:
                levels[name] = known
                continue
            extremes = (
                table.frame[[name]].assign(who=people.to_numpy()).groupby("who")[name].agg(["min", "max"]).dropna()
            )
            if len(extremes) >= FEWEST:
                low = float(np.sort(extremes["min"].to_numpy(dtype=float))[FEWEST - 1])
                high = float(np.sort(extremes["max"].to_numpy(dtype=float))[-FEWEST])
                limits[name] = (low, high)
        numbers = table.frame[list(limits)].to_numpy(dtype=float)
        median = np.nanmedian(numbers, axis=0)
        filled = np.where(np.isnan(numbers), median, numbers)
        centre, spread = filled.mean(axis=0), filled.std(axis=0)
        scale = np.where(spread > 0, spread, 1.0)
        standard = (filled - centre) / scale
        shrunk = (1 - SHRINK) * (standard.T @ standard / len(standard)) + SHRINK * np.eye(standard.shape[1])
        precision = np.linalg.inv(shrunk) / np.outer(scale, scale)
        distance = _squared(filled - centre, precision)
        return cls(limits, levels, median, centre, precision, float(np.quantile(distance, SHARE)))

    def outside(self, table: FeatureTable) -> pd.DataFrame:
        """Say who is unlike those who taught, and in what.

        Parameters
        ----------
        table : FeatureTable
            Rows to be scored.

        Returns
        -------
        DataFrame
            One row a row: outside (bool) and because (words of the features, never a value; empty where inside).
            Outside: a number beyond the range of training by more than a fifth of it, a category that was not learnt,
            or a combination of numbers as unusual as that of fewer than one row in 200.
        """
        words = {feature.name: feature.meaning for feature in table.catalogue}
        beyond: dict[str, NDArray[np.bool_]] = {}
        for name, (low, high) in self.limits.items():
            value = table.frame[name].to_numpy(dtype=float)
            room = (high - low) / 5
            beyond[words[name]] = (value < low - room) | (value > high + room)
        for name, known in self.levels.items():
            label = table.frame[name].astype("str")
            beyond[f"{words[name]} not met in training"] = ~(label.isin((*known, UNKNOWN)) | label.isna()).to_numpy(
                dtype=bool
            )
        numbers = table.frame[list(self.limits)].to_numpy(dtype=float)
        filled = np.where(np.isnan(numbers), self.median, numbers)
        far = _squared(filled - self.centre, self.precision) > self.within
        flags = np.column_stack([*beyond.values(), far])
        names = np.array([*beyond, "an unusual combination of answers"], dtype=object)
        because = ["; ".join(names[row]) for row in flags]
        return pd.DataFrame({"outside": flags.any(axis=1), "because": pd.array(because, dtype="str")})


def _squared(apart: Floats, precision: Floats) -> Floats:
    return np.asarray(np.einsum("ij,jk,ik->i", apart, precision, apart, optimize=True), dtype=float)
