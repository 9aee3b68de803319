"""Could somebody tell from the model who was in its training data? Measured, not assumed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from outcomes.errors import ConfigError
from outcomes.prognosis import metrics
from outcomes.prognosis.forecaster import Forecaster
from outcomes.prognosis.models import BoostedTrees, held_out

LIMIT = 0.60  # membership AUC above which a model is not to be registered


@dataclass(frozen=True)
class Membership:
    """Area under the ROC curve of guessing who taught the model from how well it fits them; .5 is a coin flip."""

    auroc: float
    n_members: int
    n_others: int
    passed: bool


def membership(
    model: Forecaster, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike, *, random_state: int = 0
) -> Membership:
    """Say how well the loss of a person tells whether the model was taught with them.

    The model is fitted on half of the patients; whoever has the smaller log-loss is guessed to be among them.

    Parameters
    ----------
    model : Forecaster
        Left untouched; a copy is fitted on one half.
    X : DataFrame, shape (n, n_features)
        Features.
    y : array_like of 0/1, shape (n,)
        Outcome.
    groups : array_like, shape (n,)
        Patient of each row.
    random_state : int
        Seed of the halves.

    Returns
    -------
    Membership
        `passed` is true up to an area of .60.

    Raises
    ------
    ConfigError
        If lengths differ.
    """
    outcome = np.asarray(y, dtype=float)
    codes = pd.factorize(np.asarray(groups), sort=True)[0].astype(np.int64)
    if not len(X) == outcome.size == codes.size:
        raise ConfigError(f"X, y and groups must have one length, got {len(X)}, {outcome.size}, {codes.size}")
    inside = held_out(codes, 2, random_state) == 0
    fitted = clone(model).fit(X.loc[inside], outcome[inside].astype(int), groups=codes[inside])
    margin = fitted.decision_function(X)
    loss = np.logaddexp(0, np.where(outcome > 0, -margin, margin))
    area = float(metrics.auroc(inside.astype(float), -loss, np.ones((1, loss.size)))[0])
    return Membership(area, int(inside.sum()), int((~inside).sum()), area <= LIMIT)


def smallest_leaf(model: BoostedTrees, X: pd.DataFrame, groups: ArrayLike) -> int:
    """Say how many training patients the least visited leaf holds.

    Parameters
    ----------
    model : BoostedTrees
        Fitted.
    X : DataFrame, shape (n, n_features)
        The rows that taught it.
    groups : array_like, shape (n,)
        Patient of each row.

    Returns
    -------
    int
        People in the smallest leaf that anybody reaches, over all trees.
    """
    matrix = xgb.DMatrix(model.encoding_.apply(X), nthread=1)
    leaves = model.booster_.predict(matrix, pred_leaf=True, iteration_range=(0, model.n_trees_))
    patients: NDArray[np.int64] = pd.factorize(np.asarray(groups))[0].astype(np.int64)
    smallest = patients.size
    for tree in np.asarray(leaves, dtype=np.int64).reshape(len(X), -1).T:
        pairs = np.unique(np.column_stack([tree, patients]), axis=0)
        smallest = min(smallest, int(np.unique(pairs[:, 0], return_counts=True)[1].min()))
    return smallest
