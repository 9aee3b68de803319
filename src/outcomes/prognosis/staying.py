"""For how many others does somebody stand who was still there? Inverse probabilities of having stayed so long.

Whoever is seen late stands for those who were like them so far and left (missing at random given the scores so far).
"""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.prognosis.models import PenalisedLogistic
from outcomes.prognosis.threads import single_thread
from outcomes.prognosis.timeline import KEY

Floats = NDArray[np.float64]

FEWEST: Final = 20  # leavers and stayers below which everybody is taken to be as likely to stay
MOST: Final = 20.0  # nobody stands for more than twenty


def staying_weights(scores: pd.DataFrame) -> Floats:
    """Say for how many people of the beginning each score stands.

    Parameters
    ----------
    scores : DataFrame
        pseudonym, referral, moment (0 is the first) and score, sorted by referral and moment.

    Returns
    -------
    ndarray of float, shape (n_rows,)
        1 at the first score; later the inverse probability of having stayed until then, given first score, latest score
        and change so far; at most 20.

    References
    ----------
    Robins JM, Hernan MA, Brumback B (2000). Marginal structural models and causal inference in epidemiology.
    Epidemiology 11, 550-560.
    """
    groups = scores.groupby(KEY, sort=False)
    score = scores["score"].to_numpy(dtype=float)
    first = groups["score"].transform("first").to_numpy(dtype=float)
    previous = groups["score"].shift(1).to_numpy(dtype=float)
    last_moment = groups["moment"].transform("max").to_numpy()
    moment = scores["moment"].to_numpy()
    design = np.column_stack([score, first, score - first, np.nan_to_num(score - previous)])
    stayed = moment < last_moment
    likely = np.ones(len(scores))
    for one in np.unique(moment):
        here = moment == one
        stays = stayed[here].astype(int)
        if min(stays.sum(), (1 - stays).sum()) < FEWEST:
            likely[here] = max(stays.mean(), 1 / MOST)
            continue
        with single_thread():
            model = PenalisedLogistic(penalties=(1.0,), n_folds=2).fit(design[here], stays)
            likely[here] = model.predict_proba(design[here])[:, 1]
    before = pd.Series(likely, index=scores.index).groupby([scores[name] for name in KEY], sort=False)
    kept = before.cumprod() / likely  # of the sessions before this one
    return np.minimum(1 / np.maximum(kept.to_numpy(dtype=float), 1 / MOST), MOST)


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Say below which value a share of the weight lies.

    Parameters
    ----------
    values, weights : ndarray of float, shape (n,)
        At least one value; weights above 0.
    share : float
        Between 0 and 1.

    Returns
    -------
    float
        Interpolated between neighbouring values; with equal weights as NumPy's default.
    """
    order = np.argsort(values, kind="stable")
    ordered, weight = values[order], weights[order]
    if ordered.size == 1:
        return float(ordered[0])
    places = np.cumsum(weight) - weight / 2
    places = (places - places[0]) / (places[-1] - places[0])
    return float(np.interp(share, places, ordered))
