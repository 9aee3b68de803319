"""Is the model as good for every group? Two criteria, declared beforehand, with a verdict that may be "inconclusive".

*Equal opportunity*: those whose course turns out badly have the same chance to be noticed in every group.
*Calibration within the group*: of those told p, a share p has it. Where groups differ in how often the event happens,
an imperfect model cannot satisfy both exactly; so both are shown, each with its tolerance.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from outcomes.fairness.gaps import (
    EXCEEDS,
    INCONCLUSIVE,
    NO_REFERENCE,
    REFERENCE,
    TOO_FEW,
    WITHIN,
    Tolerance,
    n_to_decide,
    reference_of,
)
from outcomes.kernel.intervals import newcombe, proportion, wilson
from outcomes.reference.units import PERCENT

EQUAL_OPPORTUNITY = "equal opportunity"
CALIBRATION = "calibration within the group"
EVERYONE = "everyone"
_COLUMNS = [
    "breakdown",
    "group",
    "criterion",
    "n",
    "events",
    "gap_points",
    "gap_low",
    "gap_high",
    "gap_others_points",
    "gap_others_low",
    "gap_others_high",
    "verdict",
    "n_to_decide",
]


def model_gaps(
    by_group: pd.DataFrame,
    tolerance: Tolerance,
    *,
    references: Mapping[str, str] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Judge a model by group against a tolerance.

    Parameters
    ----------
    by_group : DataFrame
        As `fairness.models.model_breakdown` gives it: counts, mean_probability, one row a breakdown and group, and one
        of everyone.
    tolerance : Tolerance
        Declared before looking; its `minimum_events` holds for events (and for non-events under calibration).
    references : mapping of str to str, optional
        Breakdown to reference group, where no grouping declares it.
    level : float
        Coverage.

    Returns
    -------
    DataFrame
        Two rows a breakdown and group: breakdown, group, criterion, n, events, gap_points (true-positive rate against
        the reference; observed less predicted share), gap_low, gap_high, gap_others_points (true-positive rate against
        everyone who is not in the group; missing under calibration, which compares with nobody) with bounds, verdict
        (as in `fairness.gaps`, on gap_points), n_to_decide (people of the group with whom an inconclusive gap of this
        size would be decided; missing where none would).

    Notes
    -----
    Equal opportunity: Hardt M, Price E, Srebro N (2016), NeurIPS 29. That both cannot hold: Kleinberg J, Mullainathan
    S, Raghavan M (2017), Inherent trade-offs in the fair determination of risk scores, ITCS.
    """
    groups = by_group.loc[by_group["breakdown"].ne(EVERYONE)]
    total = by_group.loc[by_group["breakdown"].eq(EVERYONE), ["true_positives", "events"]].sum(min_count=1)
    groups = groups.assign(others_hits=total["true_positives"], others_events=total["events"])
    parts = [
        _opportunity(part, reference_of(str(key), references), tolerance, level)
        for key, part in groups.groupby("breakdown", sort=False)
    ]
    parts.append(_calibration(groups, tolerance, level))
    return pd.concat(parts, ignore_index=True)[_COLUMNS]


def _opportunity(part: pd.DataFrame, reference: str | None, tolerance: Tolerance, level: float) -> pd.DataFrame:
    hits, events = (part[name].to_numpy(dtype=float) for name in ("true_positives", "events"))
    itself = part["group"].eq(reference).to_numpy(dtype=bool) if reference is not None else np.zeros(len(part), bool)
    beside_hits, beside = (float(values[itself].sum()) if itself.any() else np.nan for values in (hits, events))
    bounds = newcombe(hits, events, beside_hits, beside, level=level)
    # of printed counts, which are rounded apart, a difference can fall below none
    others = np.maximum(part["others_events"].to_numpy(dtype=float) - events, 0)
    other_hits = np.clip(part["others_hits"].to_numpy(dtype=float) - hits, 0, others)
    apart = newcombe(hits, events, other_hits, others, level=level)
    table = part.assign(
        criterion=EQUAL_OPPORTUNITY,
        gap_points=PERCENT * (proportion(hits, events) - proportion(beside_hits, beside)),
        gap_low=PERCENT * bounds.low,
        gap_high=PERCENT * bounds.high,
        gap_others_points=PERCENT * (proportion(hits, events) - proportion(other_hits, others)),
        gap_others_low=PERCENT * apart.low,
        gap_others_high=PERCENT * apart.high,
    )
    enough = (events >= tolerance.minimum_events) & (beside >= tolerance.minimum_events)
    verdict = _verdicts(table, enough, tolerance)
    verdict = np.where(itself, REFERENCE, verdict if itself.any() else NO_REFERENCE)
    table.loc[itself, ["gap_points", "gap_low", "gap_high"]] = np.nan
    return table.assign(verdict=verdict, n_to_decide=n_to_decide(table.assign(verdict=verdict), tolerance))


def _calibration(groups: pd.DataFrame, tolerance: Tolerance, level: float) -> pd.DataFrame:
    n, events = (groups[name].to_numpy(dtype=float) for name in ("n", "events"))
    share = proportion(events, n)
    gap = share - groups["mean_probability"].to_numpy(dtype=float)
    bounds = wilson(events, n, level)  # of the share: wider than with each own probability, and sane at none and all
    table = groups.assign(
        criterion=CALIBRATION,
        gap_points=PERCENT * gap,
        gap_low=PERCENT * (bounds.low - (share - gap)),
        gap_high=PERCENT * (bounds.high - (share - gap)),
        gap_others_points=np.nan,
        gap_others_low=np.nan,
        gap_others_high=np.nan,
    )
    enough = np.minimum(events, n - events) >= tolerance.minimum_events
    table = table.assign(verdict=_verdicts(table, enough, tolerance))
    return table.assign(n_to_decide=n_to_decide(table, tolerance))


def _verdicts(table: pd.DataFrame, enough: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    low, high = table["gap_low"].to_numpy(dtype=float), table["gap_high"].to_numpy(dtype=float)
    inside = (low >= -tolerance.points) & (high <= tolerance.points)
    outside = (low > tolerance.points) | (high < -tolerance.points)
    return np.select([~enough, inside, outside], [TOO_FEW, WITHIN, EXCEEDS], INCONCLUSIVE).astype(object)
