"""Who gains and who loses if the model is made fairer? Remedies as experiments, each with a ledger by group.

No remedy is applied anywhere by itself: recalibrating by group, or a threshold by group, uses the sensitive attribute
when somebody is judged, which a service must decide and may not be allowed to do. A constraint of training does not;
it changes everybody's probability.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from outcomes.errors import ConfigError, DataError
from outcomes.fairness.counts import in_order, labels
from outcomes.fairness.miscalibration import debiased_calibration_error
from outcomes.fairness.models import Predictions
from outcomes.kernel.intervals import proportion
from outcomes.reference.units import PERCENT

Floats = NDArray[np.float64]

AS_IS = "as it is"
RECALIBRATED = "recalibrated in each group"
CONSTRAINED = "trained to one chance to be noticed"
EQUAL_CHANCE = "a threshold in each group for one chance to be noticed"
REMEDIES = (AS_IS, RECALIBRATED, EQUAL_CHANCE)
FEWEST = 50  # people of a group in the half that a remedy is learnt on; smaller groups stay as they are
EDGE = 1e-6
NO_PENALTY = 1e6  # inverse strength: none worth the name


def ledger(
    people: pd.DataFrame,
    by: str,
    predictions: Predictions,
    *,
    trained: Mapping[str, str] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Try each remedy and count, group by group, who would be flagged and who no longer.

    Remedies after the training are learnt on one half of the patients and judged on the other, both ways round.

    Parameters
    ----------
    people : DataFrame
        One row a prediction (out of fold): pseudonym, the column `by`, and those of `predictions`; rows without event
        or probability are left out. Not changed.
    by : str
        Column whose groups are treated alike.
    predictions : Predictions
        Columns and threshold.
    trained : mapping of str to str, optional
        Remedies inside the training: name to the column of `people` with the probability, out of fold, that the model
        gives which was trained so.
    seed : int
        Seed of the halves.

    Returns
    -------
    DataFrame
        One row a remedy and group: remedy, group, n, events, flagged, true_positives, newly_flagged, no_longer_flagged,
        needs_gained, needs_lost (those it happens to, among them), tpr_pct, fpr_pct, ppv_pct, calibration_error,
        net_benefit (true positives a person, less false ones weighted by the odds of the declared threshold). Internal:
        true counts.

    Raises
    ------
    ConfigError
        If a column is not there.
    DataError
        If a model of `trained` lacks a probability that the model as it is has.
    """
    others = {} if trained is None else trained
    named = ("pseudonym", by, predictions.event, predictions.probability, *others.values())
    absent = [name for name in named if name not in people]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}; join these columns to the predictions first")
    known = people.loc[people[predictions.event].notna() & people[predictions.probability].notna()]
    lost = {column: int(known[column].isna().sum()) for column in others.values() if known[column].isna().any()}
    if lost:
        told = ", ".join(f"{column} {count}" for column, count in lost.items())
        raise DataError(f"predictions: rows without a probability of another model: {told} (rule the same people)")
    y = np.asarray(known[predictions.event].astype("boolean").to_numpy(dtype=float), dtype=np.float64)
    p = known[predictions.probability].to_numpy(dtype=float)
    group = labels(known[by], by)
    half = _halves(known["pseudonym"], seed)
    order = in_order(group, by)
    names = group.to_numpy(dtype=str)
    before = p >= predictions.threshold
    rows = []
    for remedy in (*REMEDIES, *others):
        chance, cut = p.copy(), np.full(p.size, predictions.threshold)
        if remedy == RECALIBRATED:
            chance = _recalibrated(y, p, names, half)
        elif remedy == EQUAL_CHANCE:
            cut = _cuts(y, p, names, half, predictions.threshold)
        elif remedy in others:
            chance = known[others[remedy]].to_numpy(dtype=float)
        one = _Flagging(y, chance, before, chance >= cut, predictions.threshold)
        rows += [{"remedy": remedy, "group": label, **one.counts(names == label)} for label in order]
    return pd.DataFrame(rows)


def widest_gaps(table: pd.DataFrame) -> dict[str, float]:
    """Say how far apart the groups' chances to be noticed are under each remedy: what remedies are compared by.

    Parameters
    ----------
    table : DataFrame
        Of `ledger`.

    Returns
    -------
    dict of str to float
        Remedy to the widest difference of true-positive rates, in percentage points, between groups of at least 50
        people whom it happens to; remedies with fewer than two such groups are left out.
    """
    large = table.loc[table["events"].ge(FEWEST)]
    spread = large.groupby("remedy", sort=False)["tpr_pct"].agg(["min", "max", "size"])
    several = spread.loc[spread["size"].gt(1)]
    return {str(remedy): float(gap) for remedy, gap in (several["max"] - several["min"]).items()}


def _halves(pseudonyms: pd.Series, seed: int) -> NDArray[np.int64]:
    codes = pd.factorize(pseudonyms, sort=True)[0]
    shuffled = np.random.default_rng(seed).permutation(codes.max() + 1 if codes.size else 0)
    return np.asarray(shuffled[codes] % 2, dtype=np.int64)


def _recalibrated(y: Floats, p: Floats, names: NDArray[np.str_], half: NDArray[np.int64]) -> Floats:
    chance = p.copy()
    margin = logit(np.clip(p, EDGE, 1 - EDGE))
    for label, side in _learnable(y, names, half):
        learn, judge = (names == label) & (half == side), (names == label) & (half != side)
        fitted = LogisticRegression(C=NO_PENALTY).fit(margin[learn, None], y[learn])
        slope, shift = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
        chance[judge] = expit(shift + slope * margin[judge])
    return chance


def _cuts(y: Floats, p: Floats, names: NDArray[np.str_], half: NDArray[np.int64], threshold: float) -> Floats:
    cut = np.full(p.size, threshold)
    for label, side in _learnable(y, names, half):
        everyone = (half == side) & (y > 0)
        wanted = float((p[everyone] >= threshold).mean())
        own = np.sort(p[everyone & (names == label)])
        # the cut at which as large a share of those it happens to is flagged as among everyone
        place = min(round((1 - wanted) * own.size), own.size - 1)
        cut[(names == label) & (half != side)] = own[place]
    return cut


def _learnable(y: Floats, names: NDArray[np.str_], half: NDArray[np.int64]) -> list[tuple[str, int]]:
    found = []
    for label in np.unique(names):
        for side in (0, 1):
            inside = (names == label) & (half == side)
            if inside.sum() >= FEWEST and 0 < y[inside].sum() < inside.sum():
                found.append((str(label), side))
    return found


@dataclass(frozen=True)
class _Flagging:
    y: Floats
    chance: Floats
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    threshold: float

    def counts(self, inside: NDArray[np.bool_]) -> Mapping[str, float]:
        needed = inside & (self.y > 0)
        n, events = int(inside.sum()), int(needed.sum())
        hit, wrong = int((self.after & needed).sum()), int((self.after & inside & (self.y == 0)).sum())
        gained, lost = self.after & ~self.before, self.before & ~self.after
        odds = self.threshold / (1 - self.threshold)
        return {
            "n": n,
            "events": events,
            "flagged": hit + wrong,
            "true_positives": hit,
            "newly_flagged": int((gained & inside).sum()),
            "no_longer_flagged": int((lost & inside).sum()),
            "needs_gained": int((gained & needed).sum()),
            "needs_lost": int((lost & needed).sum()),
            "tpr_pct": PERCENT * float(proportion(hit, events)),
            "fpr_pct": PERCENT * float(proportion(wrong, n - events)),
            "ppv_pct": PERCENT * float(proportion(hit, hit + wrong)),
            "calibration_error": debiased_calibration_error(self.y[inside], self.chance[inside]),
            "net_benefit": (hit - odds * wrong) / n if n else np.nan,
        }
