"""Does it hold at a service that taught nothing? Each service left out in turn, pooled with a prediction interval."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import t as student

from outcomes.errors import DataError
from outcomes.kernel.intervals import auc
from outcomes.prognosis import metrics
from outcomes.prognosis.splits import BY_SERVICE

FEWEST: Final = 10  # people with and without the outcome below which a service is not judged
FEWEST_SERVICES: Final = 3


@dataclass(frozen=True)
class Pooled:
    """Mean over services with its confidence interval, and where a further service is to be expected (95 %)."""

    n_services: int
    value: float
    low: float
    high: float
    predicted_low: float
    predicted_high: float
    between_sd: float


def pool(values: ArrayLike, standard_errors: ArrayLike, *, level: float = 0.95) -> Pooled:
    """Pool estimates of services by a random-effects model.

    Between-service variance by Paule and Mandel; confidence interval by Hartung, Knapp, Sidik and Jonkman (never
    narrower than the plain one); prediction interval with k - 2 degrees of freedom.

    Parameters
    ----------
    values, standard_errors : array_like of float, shape (k,)
        Estimates and their standard errors, on a scale without bounds.
    level : float
        Coverage.

    Returns
    -------
    Pooled
        On the scale of the values.

    Raises
    ------
    DataError
        If fewer than three services have an estimate.

    References
    ----------
    Debray TPA et al. (2019). A framework for meta-analysis of prediction model studies. Statistical Methods in Medical
    Research 28, 2768-2786. IntHout J, Ioannidis JPA, Borm GF (2014). BMC Medical Research Methodology 14, 25.

    Examples
    --------
    >>> same = pool([1.0, 1.0, 1.0, 1.0], [0.1, 0.1, 0.1, 0.1])
    >>> round(same.value, 6), round(same.between_sd, 6)
    (1.0, 0.0)
    """
    y, se = np.asarray(values, dtype=float), np.asarray(standard_errors, dtype=float)
    kept = np.isfinite(y) & np.isfinite(se) & (se > 0)
    y, variance = y[kept], se[kept] ** 2
    k = y.size
    if k < FEWEST_SERVICES:
        raise DataError(f"{k} services can be judged; at least {FEWEST_SERVICES} are needed to pool (rule services)")

    def surplus(between: float) -> float:
        weight = 1 / (variance + between)
        return float((weight * (y - np.average(y, weights=weight)) ** 2).sum() - (k - 1))

    between = 0.0
    if surplus(0.0) > 0:
        highest = float(np.var(y) * k + variance.max())
        while surplus(highest) > 0:
            highest *= 2
        between = float(brentq(surplus, 0.0, highest))
    weight = 1 / (variance + between)
    mean = float(np.average(y, weights=weight))
    spread = float((weight * (y - mean) ** 2).sum() / (k - 1))
    error = float(np.sqrt(max(spread, 1.0) / weight.sum()))
    reach = float(student.ppf((1 + level) / 2, k - 1)) * error
    further = float(student.ppf((1 + level) / 2, k - 2)) * float(np.sqrt(between + error**2))
    return Pooled(k, mean, mean - reach, mean + reach, mean - further, mean + further, float(np.sqrt(between)))


def across_services(predictions: pd.DataFrame) -> pd.DataFrame:
    """Pool discrimination and calibration over services that were left out in turn.

    Parameters
    ----------
    predictions : DataFrame
        As `validation.Validation.predictions`; rows of the validation "by service" are read, a fold is a service.

    Returns
    -------
    DataFrame
        landmark, model, metric (auroc, calibration_slope, calibration_in_the_large), n_services, n, value, low, high,
        predicted_low, predicted_high, between_sd. The AUROC is pooled in log-odds. Empty where fewer than three
        services can be judged.
    """
    held = predictions.loc[predictions["validation"].eq(BY_SERVICE)]
    rows = []
    for (landmark, model), part in held.groupby(["landmark", "model"], sort=True):
        found = [_service(one) for _, one in part.groupby("fold", sort=True)]
        judged = [one for one in found if one]
        for metric in ("auroc", "calibration_slope", "calibration_in_the_large"):
            pairs = np.array([one[metric] for one in judged], dtype=float).reshape(-1, 2)
            pairs = pairs[np.isfinite(pairs).all(axis=1)]
            if len(pairs) < FEWEST_SERVICES:
                continue
            pooled = pool(pairs[:, 0], pairs[:, 1])
            back = expit if metric == "auroc" else float
            rows.append(
                {
                    "landmark": landmark,
                    "model": model,
                    "metric": metric,
                    "n_services": pooled.n_services,
                    "n": int(sum(one["n"][0] for one in judged)),
                    **{
                        name: float(back(getattr(pooled, name)))
                        for name in ("value", "low", "high", "predicted_low", "predicted_high")
                    },
                    "between_sd": pooled.between_sd,
                }
            )
    names = ["landmark", "model", "metric", "n_services", "n", "value", "low", "high", "predicted_low"]
    return pd.DataFrame(rows, columns=[*names, "predicted_high", "between_sd"])


def _service(part: pd.DataFrame) -> dict[str, tuple[float, float]] | None:
    y, p = part["outcome"].to_numpy(dtype=float), part["probability"].to_numpy(dtype=float)
    if min(y.sum(), (1 - y).sum()) < FEWEST:
        return None
    area = auc(y > 0, p)
    once = np.ones((1, y.size))
    slope, intercept = (float(found[0]) for found in metrics.slope_and_intercept(y, p, once))
    large = float(metrics.in_the_large(y, p, once)[0])
    x = metrics.log_odds(p)
    fitted = expit(intercept + slope * x) * (1 - expit(intercept + slope * x))
    centre = (fitted * x).sum() / fitted.sum()
    of_slope = 1 / np.sqrt((fitted * (x - centre) ** 2).sum())
    moved = expit(large + x) * (1 - expit(large + x))
    width = logit(area.high) - logit(area.low) if area.low > 0 and area.high < 1 else np.nan
    z95 = 2 * 1.959963984540054
    return {
        "n": (float(y.size), 1.0),
        "auroc": (float(logit(area.value)) if 0 < area.value < 1 else np.nan, width / z95),
        "calibration_slope": (slope, float(of_slope)),
        "calibration_in_the_large": (large, float(1 / np.sqrt(moved.sum()))),
    }
