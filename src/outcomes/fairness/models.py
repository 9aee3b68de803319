"""Does a model serve every group as well? Discrimination, calibration and errors at its threshold, by group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.fairness.counts import in_order, labels
from outcomes.fairness.funnel import EVERYONE
from outcomes.fairness.miscalibration import calibration_slope, debiased_calibration_error
from outcomes.kernel.intervals import auc, calibration_in_the_large, proportion, wilson
from outcomes.reference.code_cleaning import SEPARATOR
from outcomes.reference.groups import groupings
from outcomes.reference.units import PERCENT

# name of the rate: counted among, out of
_RATES = {
    "flag_rate": ("flagged", "n"),
    "tpr": ("true_positives", "events"),
    "fpr": ("false_positives", "non_events"),
    "ppv": ("true_positives", "flagged"),
}


@dataclass(frozen=True)
class Predictions:
    """Which columns hold the prediction and what happened.

    Parameters
    ----------
    event : str
        Three-valued column: the event that is flagged, such as no reliable recovery.
    probability : str
        Column with the out-of-fold probability of that event.
    threshold : float
        Who is at or above it is flagged.
    """

    event: str
    probability: str
    threshold: float


def model_breakdown(people: pd.DataFrame, by: Sequence[str], predictions: Predictions) -> pd.DataFrame:
    """Say how a model does for everyone and for each group.

    The event is the ending that gets flagged, so that an equal true-positive rate means an equal chance to be noticed
    for those who need it (equal opportunity). Equal error rates and calibration within groups cannot both hold exactly
    where the groups' base rates differ; both are shown.

    Parameters
    ----------
    people : DataFrame
        One row a prediction (out of fold), with the columns of `by`. Rows without event or probability are left out and
        counted. Not changed.
    by : sequence of str
        Columns to break down by, each on its own.
    predictions : Predictions
        Columns and threshold.

    Returns
    -------
    DataFrame
        One row a breakdown and group: breakdown, group, n, events, non_events, left_out, auroc (auroc_low, auroc_high:
        DeLong), calibration_in_the_large (with bounds; log-odds, slope 1), calibration_slope (1 is right, below
        1 too extreme), calibration_error (debiased, on the scale of probabilities), mean_probability, net_benefit (true
        positives a person, less false ones weighted by the odds of the threshold), and for
        flag_rate, tpr, fpr and ppv `<rate>_pct`, `<rate>_low`, `<rate>_high` (Wilson) with the counts flagged,
        true_positives and false_positives. Internal: true counts.

    Raises
    ------
    ConfigError
        If a column is not there, or the threshold or a probability is not between 0 and 1.

    References
    ----------
    Hardt M, Price E, Srebro N (2016). Equality of opportunity in supervised learning. NeurIPS 29.
    """
    _check(people, by, predictions)
    parts = [_one(people, predictions, "everyone", EVERYONE)]
    known = groupings()
    for column in by:
        long = people.assign(group_label=labels(people[column], column))
        if column in known and known[column].overlapping:
            split = long["group_label"].str.split(SEPARATOR)
            long = long.assign(group_label=split).explode("group_label", ignore_index=True)
            long["group_label"] = long["group_label"].str.strip()
        parts += [
            _one(long.loc[long["group_label"].eq(label)], predictions, column, label)
            for label in in_order(long["group_label"], column)
        ]
    return pd.DataFrame(parts)


def _check(people: pd.DataFrame, by: Sequence[str], predictions: Predictions) -> None:
    absent = [name for name in (*by, predictions.event, predictions.probability) if name not in people.columns]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}; join these columns to the predictions first")
    if not 0 <= predictions.threshold <= 1:
        raise ConfigError(f"threshold must be between 0 and 1, got {predictions.threshold}")
    outside = int((~people[predictions.probability].dropna().between(0, 1)).sum())
    if outside:
        raise ConfigError(f"{predictions.probability}: {outside} of {len(people)} probabilities are outside 0 to 1")


def _one(people: pd.DataFrame, predictions: Predictions, breakdown: str, group: str) -> dict[str, object]:
    known = people[predictions.event].notna() & people[predictions.probability].notna()
    happened = people.loc[known, predictions.event].astype("boolean").to_numpy(dtype=bool)
    probability = people.loc[known, predictions.probability].to_numpy(dtype=float)
    flagged = probability >= predictions.threshold
    counts = {
        "n": int(known.sum()),
        "events": int(happened.sum()),
        "non_events": int((~happened).sum()),
        "left_out": int((~known).sum()),
        "flagged": int(flagged.sum()),
        "true_positives": int((flagged & happened).sum()),
        "false_positives": int((flagged & ~happened).sum()),
    }
    row: dict[str, object] = {"breakdown": breakdown, "group": group, **counts}
    row["auroc"], row["auroc_low"], row["auroc_high"] = auc(happened, probability)
    large = calibration_in_the_large(happened, probability)
    row["calibration_in_the_large"], row["calibration_low"], row["calibration_high"] = large
    row["calibration_slope"] = calibration_slope(happened, probability)
    row["calibration_error"] = debiased_calibration_error(happened, probability)
    row["mean_probability"] = float(probability.mean()) if counts["n"] else np.nan
    row["net_benefit"] = net_benefit(counts, predictions.threshold)
    for name, (part, whole) in _RATES.items():
        bounds = wilson(counts[part], counts[whole])
        row[f"{name}_pct"] = PERCENT * float(proportion(counts[part], counts[whole]))
        row[f"{name}_low"], row[f"{name}_high"] = PERCENT * float(bounds.low), PERCENT * float(bounds.high)
    return row


def net_benefit(counts: Mapping[str, float], threshold: float) -> float:
    """Say what acting on those flagged is worth: true positives a person, less false ones at the odds of the threshold.

    Parameters
    ----------
    counts : mapping of str to number
        n, true_positives, false_positives.
    threshold : float
        Probability at which somebody is flagged.

    Returns
    -------
    float
        NaN where there is nobody, or the threshold is 1.

    References
    ----------
    Vickers AJ, Elkin EB (2006). Decision curve analysis. Medical Decision Making 26, 565-574.

    Examples
    --------
    >>> net_benefit({"n": 100, "true_positives": 30, "false_positives": 10}, 0.5)
    0.2
    """
    if not counts["n"] or threshold == 1:
        return float("nan")
    odds = threshold / (1 - threshold)
    return (counts["true_positives"] - odds * counts["false_positives"]) / counts["n"]
