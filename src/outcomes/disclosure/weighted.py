"""May a survey's weighted share leave beside rounded counts? In steps that no person, and no few, can be told from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from outcomes.disclosure.gate import Rate, Statistic, release
from outcomes.disclosure.rounding import Floats, half_up, rounded, rounded_numerator
from outcomes.disclosure.seal import Released
from outcomes.errors import DisclosureError
from outcomes.kernel.intervals import logit_t
from outcomes.reference.policies import DisclosurePolicy, disclosure_policy
from outcomes.reference.units import PERCENT

STEPS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
FINE: Final = 1e-9
SAID: Final = (
    "Weighted percentages: what weighting adds to or takes from the raw percentage is added to the one that is "
    "printed, and the sum is printed in steps of 0.1 to 5 points, no finer than what a rounding step of people, or the "
    "person with the largest weight, would move. Their intervals are computed from the printed numbers (logit scale, "
    "t) and widened by half a step. Effective n (Kish): as many, equally weighted, would say as much; rounded as a "
    "count is."
)


@dataclass(frozen=True)
class Weighted:
    """Which columns of an aggregate of a survey are what.

    Parameters
    ----------
    events, n : str
        Count columns: people asked, and those of them that the share is about.
    share_pct : str
        The weighted percentage.
    effective_n, design_effect, largest_share : str
        Kish's effective number; variance against that of as many yes-or-no answers drawn at random; weight of the
        heaviest of them, 0 to 1.
    beside : tuple of str
        Further numbers about the design, printed to one decimal where the weighted percentage is.
    """

    events: str = "events"
    n: str = "n"
    share_pct: str = "weighted_pct"
    effective_n: str = "effective_n"
    design_effect: str = "design_effect"
    largest_share: str = "largest_share"
    beside: tuple[str, ...] = ()


def release_weighted(
    table: pd.DataFrame,
    *,
    labels: Sequence[str],
    freedom: int,
    columns: Weighted | None = None,
    policy: str = "midpoint6",
    title: str,
    notes: Sequence[str] = (),
) -> Released:
    """Release weighted shares of a survey, with the raw shares beside them.

    Where everybody in a group has much the same weight, a weighted percentage beside a rounded count is the true count
    again, and even a coarse one narrows it, because two roundings of one count tell more than either. So only the
    *difference* that weighting makes is taken from true numbers and added to the percentage of the printed counts: with
    equal weights nothing is added. Who knows all weights and all answers but one could read that one off a fine
    difference; so the sum is printed in steps no finer than what ``base`` people of the policy's rounding, or the
    heaviest person, would move, only where means are printed, and with enough people of both kinds. Where one step
    would be more than 5 points it is withheld.

    Parameters
    ----------
    table : DataFrame
        One row a group: the labels and the columns that `columns` names. Not changed; other columns do not leave.
    labels : sequence of str
        Columns that say what the row is.
    freedom : int
        Sampling units less strata, for the intervals.
    columns : Weighted, optional
        Which columns are what; as `fairness.survey` calls them unless said.
    policy : str
        Key of the disclosure policy.
    title : str
        What the table shows.
    notes : sequence of str
        Sentences that belong under it.

    Returns
    -------
    Released
        labels, events, n, raw_pct (from the printed counts), the weighted percentage with low_pct and high_pct,
        effective n, design effect.

    Raises
    ------
    DisclosureError
        If a column is not there, or a label could be a person.
    ConfigError
        If the policy is not known.

    Examples
    --------
    >>> told = {"events": [130], "n": [500], "weighted_pct": [23.4567], "effective_n": [320.0]}
    >>> asked = pd.DataFrame({"group": ["Everyone"], **told, "design_effect": [1.74], "largest_share": [0.004]})
    >>> out = release_weighted(asked, labels=["group"], freedom=30, title="Depressed")
    >>> out.table[["raw_pct", "weighted_pct", "low_pct", "high_pct", "effective_n"]].values.tolist()
    [[25.7, 24.0, 18.3, 30.4, 321.0]]
    """
    what = columns or Weighted()
    numbers = (what.events, what.n, what.share_pct, what.effective_n, what.design_effect, what.largest_share)
    absent = [name for name in (*labels, *numbers, *what.beside) if name not in table.columns]
    if absent:
        raise DisclosureError(f"declared but not in the table: {', '.join(absent)}")
    rule = disclosure_policy(policy)
    shown = table[[*labels, what.events, what.n]].assign(**_coarse(table, what, rule, freedom))
    return release(
        shown,
        labels=labels,
        counts=[what.events, what.n],
        rates={"raw_pct": Rate(what.events, what.n)},
        statistics={
            what.share_pct: Statistic(what.n, what.events, "low_pct", "high_pct", 1),
            what.effective_n: Statistic(what.n, decimals=0),
            **{name: Statistic(what.n, what.events, decimals=1) for name in (what.design_effect, *what.beside)},
        },
        policy=policy,
        title=title,
        notes=[*notes, SAID],
    )


def _coarse(table: pd.DataFrame, what: Weighted, rule: DisclosurePolicy, freedom: int) -> dict[str, Floats]:
    values = {name: table[name].to_numpy(dtype=float, na_value=np.nan) for name in (what.events, what.n)}
    n = rounded(values[what.n], rule)
    events = rounded_numerator(values[what.events], values[what.n], n, rule)
    told = {
        name: table[name].to_numpy(dtype=float, na_value=np.nan)
        for name in (what.share_pct, what.effective_n, what.design_effect, what.largest_share)
    }
    step = _step(n, told[what.largest_share], rule)
    with np.errstate(invalid="ignore", divide="ignore"):
        added = told[what.share_pct] - PERCENT * values[what.events] / values[what.n]
        share = PERCENT * events / n + added
    share = half_up(half_up(share / step, 0) * step, 1)
    share = np.where((share > 0) & (share < PERCENT) & ~np.isnan(events), share, np.nan)
    effect = half_up(told[what.design_effect], 1)
    centre = share / PERCENT
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(effect * centre * (1 - centre) / n)
    around = logit_t(np.nan_to_num(centre), error, freedom)
    low = half_up(np.maximum(PERCENT * around.low - step / 2, 0.0), 1)
    high = half_up(np.minimum(PERCENT * around.high + step / 2, float(PERCENT)), 1)
    effective = rounded(np.nan_to_num(told[what.effective_n]), rule)
    return {
        what.share_pct: share,
        "low_pct": low,
        "high_pct": high,
        what.effective_n: np.where(np.isnan(told[what.effective_n]), np.nan, effective),
        what.design_effect: np.where(np.isnan(share), np.nan, effect),
        **{name: np.where(np.isnan(share), np.nan, table[name].to_numpy(dtype=float)) for name in what.beside},
    }


def _step(n: Floats, largest: Floats, rule: DisclosurePolicy) -> Floats:
    # the smallest step that a few people, or the heaviest, do not cross; none where it would be too wide to say much
    few = np.full(n.shape, np.inf)
    np.divide(PERCENT * max(rule.base, 1), n, out=few, where=n > 0)
    moved = np.maximum(few, PERCENT * np.nan_to_num(largest, nan=np.inf))
    place = np.searchsorted(np.asarray(STEPS) * (1 + FINE), moved)
    found: Floats = np.append(np.asarray(STEPS), np.nan)[place]
    return found
