"""Standard errors of a growth mixture as one table."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from outcomes.kernel.growth_information import GrowthErrors
from outcomes.kernel.growth_mixture import GrowthParameters
from outcomes.subtypes.errors_of_states import NORMAL

PARTS = ("share", "coefficient", "error_variance", "effect_covariance")
EVERY_CLASS = 0
COLUMNS = ("part", "class", "term", "estimate", "standard_error", "low", "high")


def growth_error_table(told: GrowthParameters, errors: GrowthErrors, *, by_class: bool) -> pd.DataFrame:
    """Lay out everything that a growth mixture reports with its standard error.

    Parameters
    ----------
    told : GrowthParameters
        In the units of the input: coefficients of its powers of time, and the lower root of the covariance of effects.
    errors : GrowthErrors
        Of the same shapes.
    by_class : bool
        Whether variances are each class's own; shared ones are one row, of class 0.

    Returns
    -------
    DataFrame
        part ("share", "coefficient", "error_variance", "effect_covariance"), class (0 for all), term ("1", "t", "t^2"
        ...; of effects "1", "1, t", "t"), estimate, standard_error, low, high (95 %: on the logit scale for shares, on
        the logarithm for variances).
    """
    n, (p, r) = told.share.size, (told.beta.shape[1], told.root.shape[1])
    names = ["1", "t", *(f"t^{power}" for power in range(2, p))]
    rows: list[tuple[object, ...]] = [("share", k + 1, "", told.share[k], errors.share[k]) for k in range(n)]
    for k in range(n):
        rows += [
            ("coefficient", k + 1, name, told.beta[k, j], errors.coefficients[k, j]) for j, name in enumerate(names[:p])
        ]
    owners = range(n if by_class else 1)
    rows += [
        ("error_variance", k + 1 if by_class else EVERY_CLASS, "", told.variance[k], errors.variance[k]) for k in owners
    ]
    for k in owners:
        for i, j in zip(*np.tril_indices(r), strict=True):
            name = names[i] if i == j else f"{names[j]}, {names[i]}"
            row = (told.covariance[k, i, j], errors.effects[k, i, j])
            rows.append(("effect_covariance", k + 1 if by_class else EVERY_CLASS, name, *row))
    table = pd.DataFrame(rows, columns=list(COLUMNS[:5]))
    return table.assign(**_bounds(table))


def _bounds(table: pd.DataFrame) -> dict[str, np.ndarray]:
    value, error = (table[name].to_numpy(dtype=float) for name in ("estimate", "standard_error"))
    share = table["part"].eq("share").to_numpy()
    variance = (
        table["part"].isin(["error_variance", "effect_covariance"]) & ~table["term"].str.contains(",")
    ).to_numpy()
    found = {}
    for name, side in (("low", -NORMAL), ("high", NORMAL)):
        bound = value + side * error
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            bound = np.where(share, expit(logit(value) + side * error / (value * (1 - value))), bound)
            bound = np.where(variance, value * np.exp(side * error / value), bound)
        found[name] = np.where(np.isnan(error), np.nan, bound)
    return found
