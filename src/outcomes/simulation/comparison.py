"""How near is the invented service to the published one? Figures side by side, with a tolerance each."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from outcomes.reference.figures import england
from outcomes.reference.groups import grouping
from outcomes.reference.units import PERCENT
from outcomes.simulation.people import PUBLISHED_YEAR

TOTAL_POINTS: Final = 1.0
GAP_POINTS: Final = 2.0
GAP_STANDARD_ERRORS: Final = 3.0
SCORE_POINTS: Final = 0.3
PROCESS_POINTS: Final = 3.0
"""Tolerances: percentage points for rates and gaps, scale points for means and deviations, points for waits."""

GAP_MEASURES: Final = ("recovery", "reliable_improvement", "finished_course")
GAP_BREAKDOWNS: Final = ("deprivation_decile", "ethnic_group_5")
_TOTALS: Final = (
    "recovery",
    "reliable_improvement",
    "reliable_recovery",
    "reliable_deterioration",
    "no_reliable_change",
    "finished_course",
    "not_at_caseness",
)
_NOT_STATED: Final = "Not stated, not known or invalid"
_SCORES: Final = {
    "phq9_first": "phq9_first",
    "phq9_last": "phq9_last",
    "gad7_first": "anxiety_first",
    "gad7_last": "anxiety_last",
}
_COLUMNS: Final = ["measure", "breakdown", "label", "unit", "published", "simulated", "standard_error", "tolerance"]


def compare(
    service: pd.DataFrame, groups: Mapping[str, pd.DataFrame], outcomes: pd.DataFrame, *, year: str = PUBLISHED_YEAR
) -> pd.DataFrame:
    """Say how near the invented service is to the published one.

    Parameters
    ----------
    service : DataFrame
        As `measures.service.service_table` returns it: measure, label, numerator, denominator, england_rate_pct.
    groups : mapping of str to DataFrame
        For each key of `GAP_BREAKDOWNS`: measure, a column named as the key, numerator, denominator; with
        `finished_course` among the measures.
    outcomes : DataFrame
        As `measures.outcomes.outcomes` returns it: first and last scores.
    year : str
        Financial year of the published figures.

    Returns
    -------
    DataFrame
        One row a figure: measure, breakdown ("total" or the key of a grouping), label, unit ("percent", "points gap" to
        the reference group, "mean", "sd"), published, simulated, standard_error (of the simulated figure; NaN for
        deviations), tolerance, difference, within.
    """
    parts = [_rates(service), _scores(outcomes, year)]
    parts += [_gaps(table, key, year) for key, table in groups.items()]
    figures = pd.concat(parts, ignore_index=True)[_COLUMNS]
    difference = figures["simulated"] - figures["published"]
    return figures.assign(difference=difference, within=difference.abs() <= figures["tolerance"])


def _standard_error(share: pd.Series, n: pd.Series) -> pd.Series:
    return (share * (1 - share) / n) ** 0.5 * PERCENT


def _rates(service: pd.DataFrame) -> pd.DataFrame:
    wait = service["measure"].str.startswith("wait_")
    table = service[(service["measure"].isin(_TOTALS) | wait) & service["england_rate_pct"].notna()]
    share = table["numerator"] / table["denominator"]
    return pd.DataFrame(
        {
            "measure": table["measure"],
            "breakdown": "total",
            "label": table["label"],
            "unit": "percent",
            "published": table["england_rate_pct"],
            "simulated": PERCENT * share,
            "standard_error": _standard_error(share, table["denominator"]),
            "tolerance": np.where(wait.loc[table.index], PROCESS_POINTS, TOTAL_POINTS),
        }
    )


def published_moments(year: str = PUBLISHED_YEAR) -> pd.DataFrame:
    """Give the published first and last scores of all courses together.

    Means of the courses of each therapy weighted by their number; deviations pooled within and between therapies.

    Parameters
    ----------
    year : str
        Financial year.

    Returns
    -------
    DataFrame
        measure (phq9_first, phq9_last, gad7_first, gad7_last), mean, sd.
    """
    table = england(year, "therapy")
    rows = []
    for measure in _SCORES:
        part = table[(table["measure"] == measure) & table["mean"].notna() & table["sd"].notna()]
        weight, mean, sd = (part[column].to_numpy(dtype=np.float64) for column in ("denominator", "mean", "sd"))
        centre = np.average(mean, weights=weight)
        rows.append((measure, centre, np.sqrt(np.average(sd**2 + (mean - centre) ** 2, weights=weight))))
    return pd.DataFrame(rows, columns=["measure", "mean", "sd"])


def _scores(outcomes: pd.DataFrame, year: str) -> pd.DataFrame:
    judged = outcomes[
        outcomes["finished"].to_numpy(dtype=bool) & outcomes["paired"].to_numpy(dtype=bool, na_value=False)
    ]
    rows = []
    for row in published_moments(year).itertuples(index=False):
        values = judged[_SCORES[str(row.measure)]].to_numpy(dtype=np.float64)
        spread = float(values.std(ddof=1))
        rows += [
            (row.measure, "mean", row.mean, float(values.mean()), spread / np.sqrt(len(values))),
            (row.measure, "sd", row.sd, spread, np.nan),
        ]
    table = pd.DataFrame(rows, columns=["measure", "unit", "published", "simulated", "standard_error"])
    return table.assign(breakdown="total", label="All", tolerance=SCORE_POINTS)


def _key(labels: pd.Series) -> pd.Series:
    # Published labels join what is not stated and not known; the others are those of the grouping.
    return labels.replace({"Not stated": _NOT_STATED, "Not known": _NOT_STATED})


def _published_groups(breakdown: str, year: str) -> pd.DataFrame:
    table = england(year, breakdown)
    received = table[table["measure"] == "referrals_received"].set_index("label")["numerator"]
    finished = table["measure"] == "finished_course"
    denominator = table["denominator"].where(~finished, table["label"].map(received))
    return table.assign(key=_key(table["label"]), share=(table["numerator"] / denominator).astype("float64"))


def _gaps(table: pd.DataFrame, breakdown: str, year: str) -> pd.DataFrame:
    own = table.assign(key=_key(table[breakdown])).groupby(["measure", "key"])[["numerator", "denominator"]].sum()
    official = _published_groups(breakdown, year).set_index(["measure", "key"])["share"]
    reference = _key(pd.Series([grouping(breakdown).reference_label])).iloc[0]
    rows = []
    for measure in GAP_MEASURES:
        mine = own.loc[measure].assign(share=lambda part: part["numerator"] / part["denominator"])
        error = _standard_error(mine["share"], mine["denominator"])
        for label in mine.index.drop(reference):
            published = PERCENT * (official[measure, label] - official[measure, reference])
            simulated = PERCENT * (mine.loc[label, "share"] - mine.loc[reference, "share"])
            both = float(np.hypot(error[label], error[reference]))
            rows.append((measure, label, published, simulated, both, max(GAP_POINTS, GAP_STANDARD_ERRORS * both)))
    found = pd.DataFrame(rows, columns=["measure", "label", "published", "simulated", "standard_error", "tolerance"])
    return found.assign(breakdown=breakdown, unit="points gap")


def finished_shares(outcomes: pd.DataFrame, by: str) -> pd.DataFrame:
    """Count how many referrals of each group became finished courses.

    Parameters
    ----------
    outcomes : DataFrame
        One row a referral: `finished`, and the column of the group.
    by : str
        The column.

    Returns
    -------
    DataFrame
        measure ("finished_course"), the column, numerator (finished), denominator (referrals).
    """
    counted = outcomes.groupby(by, observed=True)["finished"].agg(numerator="sum", denominator="size").reset_index()
    return counted.assign(measure="finished_course")
