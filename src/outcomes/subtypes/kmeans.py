"""The plain baseline: k-means on a few features of each course. No model, no likelihood, no uncertainty."""

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.utils.validation import check_is_fitted

from outcomes.errors import ConfigError, DataError
from outcomes.subtypes.latent_markov import Source
from outcomes.subtypes.sequences import MISSING, Sequences, sequences

FEATURES = ("first", "last", "mean", "slope", "spread")


def trajectory_features(X: Source) -> pd.DataFrame:
    """Which few numbers describe the course of each total.

    Parameters
    ----------
    X : Trajectories, DataFrame or 2-D array
        See `outcomes.subtypes.sequences.sequences`.

    Returns
    -------
    DataFrame
        One row a sequence: first, last, mean (mean item answer, times the number of items, so that it reads as a
        total), slope (of a straight line, per occasion; 0 with one occasion), spread (standard deviation around the
        line), n (occasions with an answer). NaN where nothing was answered.
    """
    data = sequences(X)
    total = course(data)
    given = np.isfinite(total)
    n_sequences = data.starts.size - 1
    owner = data.sequence[given]
    y, t = total[given], data.position[given].astype(np.float64)
    n = np.bincount(owner, minlength=n_sequences).astype(np.float64)
    safe = np.maximum(n, 1)

    def sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(owner, weights=values, minlength=n_sequences).astype(np.float64)

    mean, when = sums(y) / safe, sums(t) / safe
    across = sums((t - when[owner]) ** 2)
    slope = np.where(across > 0, sums((t - when[owner]) * (y - mean[owner])) / np.where(across > 0, across, 1), 0.0)
    around = y - mean[owner] - slope[owner] * (t - when[owner])
    first, last = np.full(n_sequences, np.nan), np.full(n_sequences, np.nan)
    first[owner[::-1]], last[owner] = y[::-1], y
    table = pd.DataFrame(
        {
            "first": first,
            "last": last,
            "mean": mean,
            "slope": slope,
            "spread": np.sqrt(sums(around**2) / safe),
            "n": n.astype(np.int64),
        }
    )
    table.loc[table["n"] == 0, list(FEATURES)] = np.nan
    return table


def course(data: Sequences) -> NDArray[np.float64]:
    """Say how high each occasion is: the mean of the given answers times the number of items.

    Parameters
    ----------
    data : Sequences
        Answers.

    Returns
    -------
    NDArray[np.float64], shape (n_occasions,)
        NaN without any answer.
    """
    given = data.items != MISSING
    n = given.sum(axis=1)
    summed = np.where(given, data.items, 0).sum(axis=1)
    return np.where(n > 0, summed / np.maximum(n, 1) * data.items.shape[1], np.nan)


class TrajectoryKMeans(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Which groups of courses lie close together.

    Parameters
    ----------
    n_classes : int, default 3
        Number of groups.
    random_state : int, default 0
        Seed of the ten starts.

    Attributes
    ----------
    labels_ : NDArray[np.int64], shape (n_sequences,)
        Group of each sequence from 1, by rising mean; 0 for one without any answer.
    inertia_ : float
        Summed squared distances of standardised features.
    scale_ : tuple of NDArray
        Mean and standard deviation of each feature in the fit.
    """

    def __init__(self, n_classes: int = 3, *, random_state: int = 0) -> None:
        self.n_classes = n_classes
        self.random_state = random_state

    def fit(self, X: Source, y: None = None) -> Self:
        """Find the groups.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            The patients.
        y : None
            Not used.

        Returns
        -------
        TrajectoryKMeans
            Itself, fitted.

        Raises
        ------
        ConfigError
            If there is no group.
        DataError
            If there are fewer courses than groups.
        """
        if self.n_classes < 1:
            raise ConfigError(f"n_classes must be at least 1, got {self.n_classes!r}")
        values = trajectory_features(X)[list(FEATURES)].to_numpy()
        known = np.isfinite(values).all(axis=1)
        different = len(np.unique(values[known], axis=0))
        if different < self.n_classes:
            raise DataError(f"{different} different courses do not make {self.n_classes} groups")
        spread = values[known].std(axis=0)
        self.scale_ = (values[known].mean(axis=0), np.where(spread > 0, spread, 1.0))
        kept = KMeans(self.n_classes, n_init=10, random_state=self.random_state)
        kept.fit((values[known] - self.scale_[0]) / self.scale_[1])
        order = np.argsort(kept.cluster_centers_[:, FEATURES.index("mean")], kind="stable")
        self.centres_ = kept.cluster_centers_[order]
        self.inertia_ = float(kept.inertia_)
        self.labels_ = self.predict(X)
        return self

    def predict(self, X: Source) -> NDArray[np.int64]:
        """Put courses into the nearest group.

        Parameters
        ----------
        X : Trajectories, DataFrame or 2-D array
            Any patients.

        Returns
        -------
        NDArray[np.int64], shape (n_sequences,)
            Groups from 1; 0 without any answer.
        """
        check_is_fitted(self, "centres_")
        values = trajectory_features(X)[list(FEATURES)].to_numpy()
        known = np.isfinite(values).all(axis=1)
        scaled = (np.where(known[:, None], values, 0.0) - self.scale_[0]) / self.scale_[1]
        distance = ((scaled[:, None, :] - self.centres_[None]) ** 2).sum(axis=2)
        return np.where(known, distance.argmin(axis=1) + 1, 0).astype(np.int64)
