"""What may stand beside printed counts? Gaps, criteria and benefits made from them, so that none tells a truer count."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.disclosure.gate import release
from outcomes.disclosure.layout import RateLike
from outcomes.disclosure.rounding import rounded
from outcomes.reference.policies import disclosure_policy


def printed_counts(
    table: pd.DataFrame, counts: Sequence[str], rates: Mapping[str, RateLike], policy: str
) -> pd.DataFrame:
    """Give a table with its counts as they will be printed.

    A gap of true counts to one decimal, beside the rounded counts that it came from, leaves few pairs of true counts
    that fit: what is computed from counts is computed from these.

    Parameters
    ----------
    table
        One row a group, with true counts. Not changed.
    counts
        Its columns of counts.
    rates
        Which of them are parts of which, as `disclosure.gate.release` takes them.
    policy
        Disclosure policy.

    Returns
    -------
    DataFrame
        The same rows; NaN where a count is withheld.
    """
    bare = table[list(counts)].reset_index(drop=True)
    shown = release(bare, labels=[], counts=list(counts), rates=rates, policy=policy, title="Counts as printed").table
    return table.assign(**{name: shown[name].to_numpy() for name in counts})


def on_printed_people(
    criterion: pd.Series, parameters: pd.Series, people: pd.Series | int, policy: str, *, adjusted: bool = False
) -> NDArray[np.float64]:
    """Say what a criterion that takes the logarithm of n is for the printed n.

    The log-likelihood and BIC of one model tell its number of people: (BIC + 2 log L) / parameters is its logarithm.

    Parameters
    ----------
    criterion
        BIC or ICL, one a model.
    parameters
        Free parameters of each.
    people
        The n that it took.
    policy
        Disclosure policy.
    adjusted
        Whether it took (n + 2) / 24, as the sample-size adjusted BIC does.

    Returns
    -------
    ndarray of float
        NaN where the number of people is withheld.

    Examples
    --------
    >>> import pandas as pd
    >>> bic = pd.Series([200 + 10 * np.log(2026)])
    >>> bool(np.isclose(on_printed_people(bic, pd.Series([10]), 2026, "midpoint6"), 200 + 10 * np.log(2025)))
    True
    """
    true = np.broadcast_to(np.asarray(people, dtype=float), criterion.shape)
    shown = rounded(true, disclosure_policy(policy))
    more = 2 if adjusted else 0
    penalty = parameters.to_numpy(dtype=float) * (np.log(shown + more) - np.log(true + more))
    return np.asarray(criterion.to_numpy(dtype=float) + penalty)


def people_of(criterion: pd.Series, log_likelihood: pd.Series, parameters: pd.Series) -> pd.Series:
    """Say how many people a BIC took as n, as anybody can who has its log-likelihood.

    Parameters
    ----------
    criterion, log_likelihood, parameters
        One a model.

    Returns
    -------
    Series of float
        Whole numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> people_of(pd.Series([200 + 10 * np.log(2026)]), pd.Series([-100.0]), pd.Series([10])).tolist()
    [2026.0]
    """
    return pd.Series(np.exp((criterion + 2 * log_likelihood) / parameters), index=criterion.index).round()


def printed_benefit(
    benefit: pd.Series, people: pd.Series, flagged: pd.Series, threshold: pd.Series, policy: str
) -> NDArray[np.float64]:
    """Say what the net benefit is for true and false positives as they would be printed.

    Parameters
    ----------
    benefit
        True positives a person, less false ones at the odds of the threshold; one a point of a curve.
    people, flagged
        Everyone, and those at or above the threshold.
    threshold
        Probability at which somebody is flagged, below 1.
    policy
        Disclosure policy.

    Returns
    -------
    ndarray of float
        NaN where the policy withholds one of the counts.

    Examples
    --------
    >>> import pandas as pd
    >>> one = [pd.Series([value]) for value in ((40 - 20) / 200, 200, 60, 0.5)]
    >>> printed_benefit(*one, "midpoint6").round(4).tolist()  # (39 - 21) / 201
    [0.0896]
    """
    rule = disclosure_policy(policy)
    odds = (threshold / (1 - threshold)).to_numpy(dtype=float)
    n, reached = people.to_numpy(dtype=float), flagged.to_numpy(dtype=float)
    right = np.rint((benefit.to_numpy(dtype=float) * n + odds * reached) / (1 + odds))
    shown = [rounded(counts, rule) for counts in (right, reached - right, n)]
    return np.asarray((shown[0] - odds * shown[1]) / shown[2])
