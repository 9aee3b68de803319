"""How many people does a prediction model need before it is worth fitting? Riley's criteria for a yes/no outcome."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from outcomes.errors import ConfigError

GRID = 20_001
REACH = 10.0  # standard deviations to each side over which the linear predictor is integrated


@dataclass(frozen=True)
class SampleSize:
    """People and events needed; `by_criterion` is (shrinkage, optimism in R2, overall risk)."""

    n: int
    n_events: int
    by_criterion: tuple[int, int, int]
    r2_cox_snell: float
    events_per_parameter: float


def needed_sample(
    n_parameters: int,
    prevalence: float,
    *,
    r2_cox_snell: float | None = None,
    auroc: float | None = None,
    shrinkage: float = 0.9,
) -> SampleSize:
    """Say how many people are needed to fit this many parameters without overfitting.

    The largest of three: (1) expected shrinkage of at least `shrinkage`; (2) optimism of at most .05 in Nagelkerke's
    R2; (3) the overall risk known to within .05. The criteria are for regression; boosted trees need more.

    Parameters
    ----------
    n_parameters : int
        Candidate predictor parameters (dummies, splines and interactions counted).
    prevalence : float
        Share with the outcome, strictly between 0 and 1.
    r2_cox_snell : float, optional
        Anticipated Cox-Snell R2; or give `auroc`.
    auroc : float, optional
        Anticipated area under the ROC curve, above .5 and below 1; turned into R2 with `r2_from_auroc`.
    shrinkage : float
        Smallest acceptable expected calibration slope, strictly between 0 and 1.

    Returns
    -------
    SampleSize
        Needed people and events.

    Raises
    ------
    ConfigError
        If a parameter is out of its range, or not exactly one of `r2_cox_snell` and `auroc` is given.

    References
    ----------
    Riley RD et al. (2019). Minimum sample size for developing a multivariable prediction model: part II. Statistics in
    Medicine 38, 1276-1296. Riley RD, Van Calster B, Collins GS (2021). A note on estimating the Cox-Snell R2 from a
    reported C statistic. Statistics in Medicine 40, 859-864.

    Examples
    --------
    >>> needed_sample(24, 0.174, r2_cox_snell=0.288).by_criterion
    (623, 662, 221)
    """
    if n_parameters < 1 or not 0 < prevalence < 1 or not 0 < shrinkage < 1:
        raise ConfigError(
            "n_parameters must be at least 1, prevalence and shrinkage strictly between 0 and 1, got "
            f"{n_parameters}, {prevalence}, {shrinkage}"
        )
    if (r2_cox_snell is None) == (auroc is None):
        raise ConfigError("give exactly one of r2_cox_snell and auroc")
    r2 = r2_from_auroc(float(auroc or 0), prevalence) if r2_cox_snell is None else r2_cox_snell
    # Riley 2019: largest possible R2 for this prevalence (eq. 23), criteria (i) eq. 11, (ii) eq. 14, (iii) section 4.3
    largest = 1 - (prevalence**prevalence * (1 - prevalence) ** (1 - prevalence)) ** 2
    if not 0 < r2 < min(largest, shrinkage):
        highest = min(largest, shrinkage)
        raise ConfigError(f"r2_cox_snell must lie between 0 and {highest:.4f} at this prevalence, got {r2}")
    needed_shrinkage = r2 / (r2 + 0.05 * largest)
    sizes = (
        math.ceil(_people(n_parameters, r2, shrinkage)),
        math.ceil(_people(n_parameters, r2, needed_shrinkage)),
        math.ceil((1.96 / 0.05) ** 2 * prevalence * (1 - prevalence)),
    )
    n = max(sizes)
    return SampleSize(n, math.ceil(n * prevalence), sizes, r2, n * prevalence / n_parameters)


def r2_from_auroc(auroc: float, prevalence: float) -> float:
    """Say which Cox-Snell R2 belongs to a C statistic, if the linear predictor is normal in both outcome groups.

    Parameters
    ----------
    auroc : float
        Above .5 and below 1.
    prevalence : float
        Share with the outcome, strictly between 0 and 1.

    Returns
    -------
    float
        Cox-Snell R2, by numerical integration (the R program simulates a million people instead).

    Raises
    ------
    ConfigError
        If `auroc` is not above .5 and below 1, or `prevalence` not strictly between 0 and 1.

    Examples
    --------
    >>> round(r2_from_auroc(0.70, 0.50), 3)
    0.121
    """
    if not 0.5 < auroc < 1 or not 0 < prevalence < 1:  # noqa: PLR2004  a coin's area
        raise ConfigError(f"auroc must be above .5 and below 1, prevalence between 0 and 1, got {auroc}, {prevalence}")
    apart = math.sqrt(2) * float(norm.ppf(auroc))  # standard deviations between the two groups
    x = np.linspace(-REACH, REACH + apart, GRID)
    with_event, without = norm.pdf(x - apart), norm.pdf(x)
    density = prevalence * with_event + (1 - prevalence) * without
    odds = math.log(prevalence / (1 - prevalence)) + apart * x - apart**2 / 2
    risk = 1 / (1 + np.exp(-odds))
    fitted = np.trapezoid(density * (risk * np.log(risk) + (1 - risk) * np.log1p(-risk)), x)
    null = prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence)
    return float(1 - math.exp(-2 * (fitted - null)))


def _people(n_parameters: int, r2: float, shrinkage: float) -> float:
    return n_parameters / ((shrinkage - 1) * math.log(1 - r2 / shrinkage))
