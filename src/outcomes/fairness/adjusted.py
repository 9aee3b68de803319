"""What difference between groups remains after case mix? Marginal standardisation, beside the crude difference.

Adjustment neither explains nor excuses: what is adjusted for (severity at the start, deprivation) may itself be how a
group is disadvantaged. The crude gap stays beside it.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.special import expit
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationError, PerfectSeparationWarning

from outcomes.errors import ConfigError
from outcomes.fairness.counts import in_order, labels
from outcomes.fairness.gaps import reference_of
from outcomes.kernel.intervals import normal_quantile
from outcomes.reference.groups import groupings
from outcomes.reference.units import PERCENT

Floats = NDArray[np.float64]

FEWEST = 10  # people in a category, or with and without the outcome in a group, before it gets a coefficient
ITERATIONS = 100
NEGLIGIBLE = 1e-8  # beside columns of length one
ESTIMATED = "estimated"
NO_FIT = "the model could not be fitted"
TOO_FEW = "too few with or without the outcome"
OVERLAPPING = "groups overlap"


def adjusted_gaps(
    people: pd.DataFrame,
    by: Sequence[str],
    outcome: str,
    *,
    case_mix: Sequence[str],
    references: dict[str, str] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Say how far each group is from its reference, crude and after case mix.

    A logistic regression on group and case mix (numbers with their square, categories as they are, missing values as a
    category of their own) is fitted to everyone. The adjusted rate of a group is the mean probability if *everyone* had
    been in that group (marginal standardisation); its variance comes from the delta method with rows of a patient
    clustered.

    Parameters
    ----------
    people : DataFrame
        One row a course: pseudonym, the columns of `by`, the three-valued `outcome` (rows where it is missing are left
        out and counted), and the columns of `case_mix`. Not changed.
    by : sequence of str
        Breakdowns, each in a model of its own; a breakdown is left out of its own case mix. Overlapping groups are no
        partition and get no adjusted rate.
    outcome : str
        Column.
    case_mix : sequence of str
        Columns known at the start.
    references : dict of str to str, optional
        Breakdown to reference group; by default those of `outcomes.reference.groups`.
    level : float
        Coverage.

    Returns
    -------
    DataFrame
        One row a breakdown and group: breakdown, group, n, events, left_out, crude_pct, adjusted_pct, adjusted_low,
        adjusted_high, crude_gap_points, adjusted_gap_points, adjusted_gap_low, adjusted_gap_high (against the
        reference, percentage points), status. Internal: true counts.

    Raises
    ------
    ConfigError
        If a column is not there.

    References
    ----------
    Localio AR, Margolis DJ, Berlin JA (2007). Relative risks and confidence intervals were easily computed indirectly
    from multivariable logistic regression. Journal of Clinical Epidemiology 60, 874-882.
    """
    absent = [name for name in (*by, outcome, *case_mix, "pseudonym") if name not in people.columns]
    if absent:
        raise ConfigError(f"not in the table: {', '.join(absent)}; join these columns to the outcomes first")
    known = people.loc[people[outcome].notna()]
    y = np.asarray(known[outcome].astype("boolean").to_numpy(dtype=float), dtype=np.float64)
    clusters = pd.factorize(known["pseudonym"])[0]
    parts = []
    for column in by:
        mixed = [name for name in case_mix if name != column]
        group = labels(known[column], column)
        one = _Breakdown(column, y, clusters, group, _design(known[mixed]))
        table = one.table(reference_of(column, references), normal_quantile(level))
        parts.append(table.assign(left_out=len(people) - len(known)))
    return pd.concat(parts, ignore_index=True)[_COLUMNS]


_COLUMNS = [
    "breakdown", "group", "n", "events", "left_out", "crude_pct", "adjusted_pct", "adjusted_low", "adjusted_high",
    "crude_gap_points", "adjusted_gap_points", "adjusted_gap_low", "adjusted_gap_high", "status",
]  # fmt: skip


def _design(case_mix: pd.DataFrame) -> Floats:
    # one column a number, its square, its being missing; one a category that is common enough
    columns: list[Floats] = []
    for name in case_mix:
        values = case_mix[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            number = values.to_numpy(dtype=float, na_value=np.nan)
            gone = np.isnan(number)
            spread = float(np.nanstd(number)) if not gone.all() else 0.0
            if spread > 0:
                scaled = np.where(gone, 0.0, (number - np.nanmean(number)) / spread)
                columns += [scaled, scaled**2]
            if FEWEST <= gone.sum() <= gone.size - FEWEST:
                columns.append(gone.astype(float))
            continue
        text = values.astype("object").where(values.notna(), "not known").astype(str)
        counts = text.value_counts()
        common = sorted(counts.index[counts.ge(FEWEST)])
        columns += [np.asarray(text.eq(level), dtype=np.float64) for level in common[1:]]
    return np.column_stack([np.ones(len(case_mix)), *columns])


@dataclass(frozen=True)
class _Breakdown:
    name: str
    y: Floats
    clusters: NDArray[np.int64]
    group: pd.Series
    design: Floats

    def table(self, reference: str | None, quantile: float) -> pd.DataFrame:
        counts = self._counts()
        overlapping = self.name in groupings() and groupings()[self.name].overlapping
        enough = counts["events"].ge(FEWEST) & (counts["n"] - counts["events"]).ge(FEWEST)
        counts["status"] = np.where(overlapping, OVERLAPPING, np.where(enough, ESTIMATED, TOO_FEW))
        blank = ["adjusted_pct", "adjusted_low", "adjusted_high"]
        blank += ["crude_gap_points", "adjusted_gap_points", "adjusted_gap_low", "adjusted_gap_high"]
        counts[blank] = np.nan
        if reference is not None and reference in set(counts["group"]):
            beside = float(counts.loc[counts["group"].eq(reference), "crude_pct"].iloc[0])
            counts["crude_gap_points"] = (counts["crude_pct"] - beside).mask(counts["group"].eq(reference))
        fitted = counts["status"].eq(ESTIMATED).to_numpy(dtype=bool)
        if fitted.sum() > 1:
            self._adjust(counts, fitted, reference, quantile)
        return counts

    def _counts(self) -> pd.DataFrame:
        rows = []
        for label in in_order(self.group, self.name):
            inside = self.group.eq(label).to_numpy()
            n, events = int(inside.sum()), int(self.y[inside].sum())
            crude = PERCENT * events / n if n else np.nan
            rows.append({"breakdown": self.name, "group": label, "n": n, "events": events, "crude_pct": crude})
        return pd.DataFrame(rows)

    def _adjust(self, counts: pd.DataFrame, fitted: NDArray[np.bool_], reference: str | None, quantile: float) -> None:
        names = counts.loc[fitted, "group"].tolist()
        inside = self.group.isin(names).to_numpy()
        design = self.design[inside]
        dummies = np.column_stack([self.group[inside].eq(name).to_numpy(dtype=float) for name in names[1:]])
        found = _fit(self.y[inside], np.hstack([dummies, design]), self.clusters[inside])
        if found is None:
            counts.loc[fitted, "status"] = NO_FIT
            return
        coefficients, covariance = found
        rates, gradients = [], []
        for number in range(len(names)):
            own = np.zeros((len(design), len(names) - 1))
            if number:
                own[:, number - 1] = 1.0
            given = np.hstack([own, design])
            chance = expit(given @ coefficients)
            rates.append(chance.mean())
            gradients.append((chance * (1 - chance)) @ given / len(given))
        jacobian, rate = np.array(gradients), np.array(rates)
        spread = quantile * np.sqrt(np.einsum("ij,jk,ik->i", jacobian, covariance, jacobian))
        counts.loc[fitted, "adjusted_pct"] = PERCENT * rate
        counts.loc[fitted, "adjusted_low"] = PERCENT * (rate - spread)
        counts.loc[fitted, "adjusted_high"] = PERCENT * (rate + spread)
        if reference in names:
            at = names.index(str(reference))
            against = jacobian - jacobian[at]
            gap = rate - rate[at]
            spread = quantile * np.sqrt(np.einsum("ij,jk,ik->i", against, covariance, against))
            columns = ["adjusted_gap_points", "adjusted_gap_low", "adjusted_gap_high"]
            values = PERCENT * np.column_stack([gap, gap - spread, gap + spread])
            values[at] = np.nan
            counts.loc[fitted, columns] = values


def _fit(y: Floats, design: Floats, clusters: NDArray[np.int64]) -> tuple[Floats, Floats] | None:
    kept = _independent(design)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            warnings.simplefilter("error", PerfectSeparationWarning)
            found = sm.Logit(y, design[:, kept]).fit(
                disp=0, maxiter=ITERATIONS, cov_type="cluster", cov_kwds={"groups": clusters}
            )
    except (ConvergenceWarning, PerfectSeparationWarning, PerfectSeparationError, np.linalg.LinAlgError):
        return None
    coefficients = np.zeros(design.shape[1])
    coefficients[kept] = found.params
    covariance = np.zeros((design.shape[1], design.shape[1]))
    covariance[np.ix_(kept, kept)] = found.cov_params()
    return coefficients, covariance


def _independent(design: Floats) -> NDArray[np.int64]:
    # columns that add something, in their order: those of the groups come first and stay
    upper = np.abs(np.diag(np.linalg.qr(design / np.maximum(np.linalg.norm(design, axis=0), 1.0), mode="r")))
    return np.flatnonzero(upper > NEGLIGIBLE).astype(np.int64)
