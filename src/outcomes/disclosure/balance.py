"""How far apart are two groups at the start? Standardised differences, from the printed cells of Table 1 only."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from outcomes.disclosure.gate import Statistic, release
from outcomes.disclosure.links import Links
from outcomes.disclosure.seal import Released, sealed
from outcomes.reference.policies import disclosure_policy

_FEWEST_LEVELS = 2
EVERYONE = "Everyone"
PEOPLE = "People"


def difference_of_means(means: Sequence[float], deviations: Sequence[float]) -> float:
    """Say how far apart two means are, in standard deviations.

    Parameters
    ----------
    means, deviations : sequence of two float
        Mean and standard deviation of each group.

    Returns
    -------
    float
        Second less first, over the root of the mean variance; NaN where nobody varies.

    References
    ----------
    Austin PC (2009). Balance diagnostics for comparing the distribution of baseline covariates between treatment groups
    in propensity-score matched samples. Statistics in Medicine 28(25):3083-3107.

    Examples
    --------
    >>> round(difference_of_means([10, 12], [4, 4]), 2)
    0.5
    """
    spread = float(np.sqrt(np.mean(np.square(np.asarray(deviations, dtype=float)))))
    return float("nan") if not spread > 0 else (float(means[1]) - float(means[0])) / spread


def difference_of_shares(first: ArrayLike, second: ArrayLike) -> float:
    """Say how far apart two groups are over all levels of a category.

    Parameters
    ----------
    first, second : array_like, one shape
        People at each level, or shares.

    Returns
    -------
    float
        Mahalanobis distance of the shares, the first level left out; NaN where it is not defined.

    References
    ----------
    Yang D, Dalton JE (2012). A unified approach to measuring the effect size between two groups using SAS. SAS Global
    Forum, paper 335.

    Examples
    --------
    >>> round(difference_of_shares([50, 50], [50, 50]), 2), round(difference_of_shares([80, 20], [60, 40]), 2)
    (0.0, 0.45)
    """
    groups = [np.asarray(of, dtype=float) for of in (first, second)]
    if any(not of.sum() > 0 for of in groups) or groups[0].size < _FEWEST_LEVELS:
        return float("nan")
    shares = [(of / of.sum())[1:] for of in groups]
    spread = np.mean([np.diag(of) - np.outer(of, of) for of in shares], axis=0)
    apart = shares[1] - shares[0]
    try:
        squared = float(apart @ np.linalg.solve(spread, apart))
    except np.linalg.LinAlgError:
        return float("nan")
    return float(np.sqrt(squared)) if squared >= 0 else float("nan")


def standardised_differences(one: Released, *, key: bytes | None = None) -> Released | None:
    """Say how far each group of a released Table 1 is from the largest one, characteristic by characteristic.

    It is computed from the printed counts, means and deviations, so it tells nothing that they do not.

    Parameters
    ----------
    one : Released
        Table 1: labels group, characteristic and level; counts n; statistics mean and sd.
    key : bytes, optional
        Release key, where Table 1 has gone through the door.

    Returns
    -------
    Released or None
        One row a group and characteristic; None where there is only one group.

    Raises
    ------
    DisclosureError
        If the seal of Table 1 is broken.
    """
    table = one.verify().table
    fewest = disclosure_policy(one.policy).minimum_n_for_statistics
    sizes = table[table["group"].ne(EVERYONE)].groupby("group", sort=False)["n"].max()
    largest = None if sizes.isna().all() else str(sizes.idxmax())
    rows = [
        row
        for name in sizes.index
        if largest not in {None, name}
        for row in _rows(table, (str(largest), str(name)), fewest)
    ]
    if not rows:
        return None
    made = release(
        pd.DataFrame(rows),
        labels=["characteristic", "compared"],
        counts=["n_first", "n_second", "n_fewer"],
        statistics={"standardised_difference": Statistic("n_fewer", decimals=2)},
        policy=one.policy,
        title="Standardised differences between groups at referral",
        notes=[
            "Second group less first, over the pooled standard deviation; for categories the distance over all levels. "
            "Computed from the printed counts, means and standard deviations of Table 1, whose rounding weighs on "
            "groups of fewer than about a hundred people.",
        ],
    )
    return sealed(replace(made, links=Links(), entry=one.entry), key=key)


def _rows(table: pd.DataFrame, pair: tuple[str, str], fewest: int) -> Iterator[dict[str, object]]:
    first, second = (table[table["group"].eq(name)].set_index(["characteristic", "level"]) for name in pair)
    for name in dict.fromkeys(table["characteristic"]):
        here, there = (part.loc[[name]] for part in (first, second))
        if here["mean"].notna().any() or there["mean"].notna().any():
            apart = difference_of_means([*here["mean"], *there["mean"]], [*here["sd"], *there["sd"]])
        elif len(here) >= _FEWEST_LEVELS:
            apart = difference_of_shares(here["n"], there["n"])
        else:
            continue
        people = [_people(part, of) for part, of in ((first, here), (second, there))]
        yield {
            "characteristic": str(name).removesuffix(", mean (SD)"),
            "compared": f"{pair[1]} with {pair[0]}",
            "n_first": people[0],
            "n_second": people[1],
            "n_fewer": min(people),
            "standardised_difference": 0.0 if min(people) < fewest else apart,  # the gate says "too few",
        }


def _people(group: pd.DataFrame, characteristic: pd.DataFrame) -> float:
    # of the whole group for a category: the sum of its rounded levels would count rounding as people
    if len(characteristic) == 1 or PEOPLE not in group.index.get_level_values("characteristic"):
        return float(characteristic["n"].sum(skipna=False))
    return float(group.loc[[PEOPLE], "n"].iloc[0])
