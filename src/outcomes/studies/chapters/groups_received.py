"""Who waits longer, and who is offered what? Waits, steps and therapies by group, for print."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Rate, release
from outcomes.fairness.received import STEPS, THERAPIES, WAITS, received
from outcomes.publications.page import Picture, Table
from outcomes.studies.chapters.groups_beyond import breakdown_title
from outcomes.studies.chapters.groups_gaps import years_across

TABLES = {"waits_and_steps_by_group": (WAITS, STEPS), "therapies_by_group": (THERAPIES,)}
TITLES = {
    "waits_and_steps_by_group": "How soon treatment began, and at which step, %",
    "therapies_by_group": "Main therapy of those who started, %",
}


def received_blocks(
    episodes: pd.DataFrame, by: list[str], policy: str, *, edition: str | None = None
) -> tuple[list[str | Table | Picture], pd.DataFrame]:
    """Show waits and what was offered, group by group.

    Parameters
    ----------
    episodes
        One row a referral with days, step, therapy and breakdowns.
    by
        Breakdowns.
    policy
        Disclosure policy.
    edition
        Key of the outcome rules.

    Returns
    -------
    blocks, table
        For the report; true counts. Tables about which nothing is known are left out.
    """
    table = received(episodes, by, edition=edition)
    blocks: list[str | Table | Picture] = []
    for name, whats in TABLES.items():
        own = table.loc[table["what"].isin(whats)]
        if own["n"].gt(0).any():
            released = release(
                own.assign(breakdown=own["breakdown"].map(breakdown_title)).drop(columns="what").reset_index(drop=True),
                labels=["breakdown", "group", "received"],
                counts=["events", "n"],
                rates={"rate_pct": Rate("events", "n", "low_pct", "high_pct")},
                policy=policy,
                title=TITLES[name],
                notes=["Of those who started treatment. Counts and intervals stand in the table's file."],
            )
            blocks.append(Table(name, released, partial(years_across, column="received")))
    if blocks:
        blocks.insert(
            0, "Groups can differ in when treatment begins and in what is offered before they differ in how it ends."
        )
    return blocks, table
