"""Which of many differences would still be said if all were looked at together? Those that simultaneous bounds show."""

import numpy as np
import pandas as pd
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from outcomes.errors import ConfigError
from outcomes.kernel.intervals import newcombe, proportion
from outcomes.reference.units import PERCENT

BESIDE = ("reference", "others")


def family(gaps: pd.DataFrame, *, beside: str = "reference", level: float = 0.95) -> pd.DataFrame:
    """Look at a declared family of gaps together: simultaneous intervals, and the false discovery rate.

    Parameters
    ----------
    gaps : DataFrame
        One row a comparison: events, n, and <beside>_events, <beside>_n (as in `fairness.gaps.compare`); rows where
        one side has nobody are no comparison and stay blank. Not changed.
    beside : {"reference", "others"}
        Whether groups are held against their reference or against everyone else.
    level : float
        Joint coverage of the simultaneous intervals.

    Returns
    -------
    DataFrame
        The rows with family_size, simultaneous_low and simultaneous_high (percentage points; Newcombe's interval at the
        level that Bonferroni asks for), p_value (score test of no difference) and q_value (Benjamini and Hochberg),
        told_apart (whether the simultaneous interval leaves zero out).

    Raises
    ------
    ConfigError
        If a column is not there, or groups are to be held against something else.

    References
    ----------
    Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. JRSS B 57, 289-300.

    Examples
    --------
    >>> one = pd.DataFrame({"events": [60], "n": [100], "reference_events": [50], "reference_n": [100]})
    >>> family(one)[["family_size", "told_apart"]].values.tolist()
    [[1, False]]
    """
    if beside not in BESIDE:
        raise ConfigError(f"groups are held against {' or '.join(BESIDE)}, got {beside!r}")
    needed = ("events", "n", f"{beside}_events", f"{beside}_n")
    absent = [name for name in needed if name not in gaps.columns]
    if absent:
        raise ConfigError(f"gaps need the columns {', '.join(absent)}")
    events, n, others, others_n = (gaps[name].to_numpy(dtype=float, na_value=np.nan) for name in needed)
    compared = (n > 0) & (others_n > 0)
    size = int(compared.sum())
    blank = np.full(len(gaps), np.nan)
    low, high, p_value, q_value = blank.copy(), blank.copy(), blank.copy(), blank.copy()
    if size:
        a, of_a, b, of_b = (side[compared] for side in (events, n, others, others_n))
        bounds = newcombe(a, of_a, b, of_b, level=1 - (1 - level) / size)
        low[compared], high[compared] = PERCENT * bounds.low, PERCENT * bounds.high
        p_value[compared] = _score_test(a, of_a, b, of_b)
        q_value[compared] = multipletests(p_value[compared], method="fdr_bh")[1]
    apart = pd.array((low > 0) | (high < 0), dtype="boolean")
    apart[~compared] = pd.NA
    return gaps.assign(
        family_size=size,
        simultaneous_low=low,
        simultaneous_high=high,
        p_value=p_value,
        q_value=q_value,
        told_apart=apart,
    )


def _score_test(events: np.ndarray, n: np.ndarray, others: np.ndarray, others_n: np.ndarray) -> np.ndarray:
    pooled = proportion(events + others, n + others_n)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / others_n))
    difference = proportion(events, n) - proportion(others, others_n)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(spread > 0, np.abs(difference) / spread, 0.0)
    return np.asarray(2 * norm.sf(z))
