"""May the shape of a latent state leave? With the people behind it, and with no probability of quite 0 or 1."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from outcomes.disclosure.gate import release
from outcomes.disclosure.layout import Statistic
from outcomes.disclosure.rounding import rounded
from outcomes.disclosure.seal import Released
from outcomes.errors import DisclosureError
from outcomes.reference.policies import disclosure_policy

_DECIMALS = 2


def release_profile(
    table: pd.DataFrame,
    *,
    labels: Sequence[str],
    expected_n: str,
    probabilities: Sequence[str] = (),
    means: Sequence[str] = (),
    policy: str = "midpoint6",
    title: str,
    notes: Sequence[str] = (),
) -> Released:
    """Release parameters of a latent-state model: profiles, transition matrices, class shares.

    Each parameter stands on the expected number of people behind its state, which is rounded and printed as a count.
    Below the policy's limit the state is listed as too few. A probability is printed to two decimals and never nearer
    to 0 or 1 than half a rounding step of people: "everybody in state 3 answers yes" would be a statement about each.

    Parameters
    ----------
    table : DataFrame
        One row a parameter or state. Not changed.
    labels : sequence of str
        Columns that say which.
    expected_n : str
        Column with the expected number of people (sum of posterior probabilities) behind the row; need not be whole.
    probabilities, means : sequence of str
        Columns with parameters.
    policy : str
        Key of the disclosure policy.
    title : str
        What the table shows.
    notes : sequence of str
        Sentences that belong under it.

    Returns
    -------
    Released
        Sealed.

    Raises
    ------
    DisclosureError
        If a probability is outside 0 to 1, a column is not there or not declared, or a label could be a person.
    ConfigError
        If the policy is not known.

    Examples
    --------
    >>> states = pd.DataFrame({"state": [1, 2], "people": [210.4, 6.1], "tired": [1.0, 0.4]})
    >>> out = release_profile(states, labels=["state"], expected_n="people", probabilities=["tired"], title="Profiles")
    >>> out.table["tired"].tolist()
    [0.98, nan]
    """
    absent = [name for name in (expected_n, *probabilities) if name not in table.columns]
    if absent:
        raise DisclosureError(f"declared but not in the table: {', '.join(absent)}")
    rule = disclosure_policy(policy)
    people = rounded(table[expected_n], rule)
    edge = np.full(people.shape, np.nan)
    np.divide(rule.base / 2, people, out=edge, where=people > 0)
    edge = np.minimum(np.ceil(edge * 10**_DECIMALS) / 10**_DECIMALS, 1 / 2)
    clipped = {}
    for name in probabilities:
        values = table[name].to_numpy(dtype=float, na_value=np.nan)
        if np.any((values < 0) | (values > 1)):
            raise DisclosureError(f"{name}: a probability must be between 0 and 1")
        clipped[name] = np.where(np.isnan(edge), values, np.clip(values, edge, 1 - edge))
    return release(
        table.assign(**clipped),
        labels=labels,
        counts=[expected_n],
        statistics={name: Statistic(expected_n, decimals=_DECIMALS) for name in (*probabilities, *means)},
        policy=policy,
        title=title,
        notes=[*notes, "Probabilities that stand for fewer people than the rounding step are printed at its limit."],
    )
