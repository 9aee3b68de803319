"""Does each symptom persist as the states imply? Item by item, with words for the items."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Released, Statistic, release
from outcomes.publications.grids import plain
from outcomes.publications.page import Picture, Table
from outcomes.reference.instruments import Item, instrument

LASTING = {"observed_pct": "Observed (%)", "implied_pct": "Implied (%)", "standardised_residual": "Residual"}


def lasting_blocks(lasting: pd.DataFrame, policy: str) -> list[str | Table | Picture]:
    """Say how much of what persists the states carry, and show it item by item.

    Parameters
    ----------
    lasting
        From `outcomes.subtypes.persistence.item_persistence`.
    policy
        Disclosure policy.

    Returns
    -------
    list
        A sentence and a table.

    Raises
    ------
    DisclosureError
        If the table may not be released.
    """
    kept = lasting[lasting["kind"].eq("persistence")]
    noticed = int(kept["noticed"].sum())
    words = (
        f"Items keep a persistence of their own: for {noticed} of {len(kept)} items, persistence from one questionnaire to "
        "the next differs from what the states imply by more than twice its standard error."
    )
    gap = 100 * (kept["observed"] - kept["implied"]).median()
    if noticed:
        words += (
            f" In the middle item {abs(gap):.0f} points {'more' if gap > 0 else 'fewer'} persist than the states carry."
        )
    return [words, Table("item_persistence", _lasting_table(lasting, policy), partial(plain, headings=LASTING))]


def _lasting_table(lasting: pd.DataFrame, policy: str) -> Released:
    several = lasting["item"].str.rpartition("_")[0].nunique() > 1
    shown = pd.DataFrame(
        {
            "item": [item_word(item, several=several) for item in lasting["item"]],
            "kind": lasting["kind"],
            "pairs": lasting["n_pairs"].astype(int),
            "observed_pct": 100 * lasting["observed"],
            "implied_pct": 100 * lasting["implied"],
            "standardised_residual": lasting["residual"],
        }
    )
    decimals = {"observed_pct": 0, "implied_pct": 0, "standardised_residual": 1}
    return release(
        shown,
        labels=["item", "kind"],
        counts=["pairs"],
        statistics={name: Statistic("pairs", decimals=places) for name, places in decimals.items()},
        policy=policy,
        title="Does each symptom persist and begin as the states imply",
        notes=[
            "Persistence: present (1 or more) at the next questionnaire among those with it; onset: among those without. "
            "Implied by the model before anything is known of the person. Residual: the difference over its standard "
            "error, clustered by referral; beyond 2 in size is noticed. Pairs of successive questionnaires."
        ],
    )


def item_word(column: str, *, several: bool) -> str:
    """Name an item by its number and a word.

    Parameters
    ----------
    column
        Such as "phq9_3".
    several
        Whether items of several instruments stand together, so that the instrument is named too.

    Returns
    -------
    str
        Such as "3 sleep".
    """
    key, _, number = column.rpartition("_")
    item = item_of(column)
    return f"{instrument(key).short_name} {number} {item.word}" if several else f"{number} {item.word}"


def item_of(column: str) -> Item:
    """Find the item that a column holds.

    Parameters
    ----------
    column
        Such as "phq9_3".

    Returns
    -------
    Item
        Its record.
    """
    key, _, number = column.rpartition("_")
    return next(item for item in instrument(key).items if item.number == int(number))
