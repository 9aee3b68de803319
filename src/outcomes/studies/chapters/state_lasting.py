"""Does each symptom persist as the states imply? Item by item, with words for the items."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Released, Statistic, release
from outcomes.publications.grids import plain
from outcomes.publications.page import Picture, Table
from outcomes.reference.instruments import Item, instrument

PREFIX = {"persistence": "persists", "onset": "begins"}
LASTING = {
    "persists_pairs": "Pairs with",
    "persists_observed_pct": "Persists (%)",
    "persists_implied_pct": "implied (%)",
    "persists_residual": "residual",
    "begins_pairs": "Pairs without",
    "begins_observed_pct": "Begins (%)",
    "begins_implied_pct": "implied (%) ",
    "begins_residual": "residual ",
}


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
        words += f" For the median item {abs(gap):.0f} points {'more' if gap > 0 else 'fewer'} persist than the states carry."
    return [words, Table("item_persistence", _lasting_table(lasting, policy), partial(plain, headings=LASTING))]


def _lasting_table(lasting: pd.DataFrame, policy: str) -> Released:
    several = lasting["item"].str.rpartition("_")[0].nunique() > 1
    shown = pd.DataFrame({"item": list(dict.fromkeys(lasting["item"]))})
    for kind, prefix in PREFIX.items():
        own = lasting[lasting["kind"].eq(kind)].set_index("item").reindex(shown["item"])
        shown[f"{prefix}_pairs"] = own["n_pairs"].fillna(0).to_numpy().astype(int)
        shown[f"{prefix}_observed_pct"] = 100 * own["observed"].to_numpy(dtype=float)
        shown[f"{prefix}_implied_pct"] = 100 * own["implied"].to_numpy(dtype=float)
        shown[f"{prefix}_residual"] = own["residual"].to_numpy(dtype=float)
    shown["item"] = [item_word(item, several=several) for item in shown["item"]]
    decimals = {"observed_pct": 0, "implied_pct": 0, "residual": 1}
    return release(
        shown,
        labels=["item"],
        counts=[f"{prefix}_pairs" for prefix in PREFIX.values()],
        statistics={
            f"{prefix}_{name}": Statistic(f"{prefix}_pairs", decimals=places)
            for prefix in PREFIX.values()
            for name, places in decimals.items()
        },
        policy=policy,
        title="Does each symptom persist and begin as the states imply",
        notes=[
            "Persists: present (1 or more) at the next questionnaire among those with it; begins: among those without. "
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
