"""How does a service stand beside England? One table: its counts and rates, and the published national rate."""

import numpy as np
import pandas as pd

from outcomes.measures.outcomes import counted_courses
from outcomes.measures.rates import add_rates, published_rate, rates
from outcomes.measures.waits import wait_rates, waits
from outcomes.reference.figures import england, england_figures
from outcomes.reference.rules import RuleEdition, edition_of

ALL = "All"


def _shares(outcomes: pd.DataFrame) -> pd.DataFrame:
    finished = outcomes["finished"].to_numpy(dtype=bool)
    own = outcomes.loc[finished]
    left = own["dropped_out"]
    rows = [
        ("finished_course", ALL, len(own), len(outcomes)),
        *(
            (measure, ALL, int(own[measure].sum()), len(own))
            for measure in ("paired", "at_caseness", "not_at_caseness")
        ),
        ("dropped_out", ALL, int(left.sum()), int(left.notna().sum())),
    ]
    if imputed := int(own["n_imputed"].gt(0).sum()):
        rows.append(("rests_on_imputed_items", ALL, imputed, len(own)))
    return pd.DataFrame(rows, columns=["measure", "label", "numerator", "denominator"])


def _england_rates(year: str) -> pd.DataFrame:
    table = england(year)
    total = table[table["breakdown"].eq("total")]
    finished = total.loc[total["measure"].eq("finished_course"), "numerator"].iloc[0]
    received = total.loc[total["measure"].eq("referrals_received"), "numerator"].iloc[0]
    per = {"finished_course": received, "at_caseness": finished, "not_at_caseness": finished}
    total = total.assign(denominator=total["denominator"].fillna(total["measure"].map(per)))
    found = pd.concat([total, table[table["breakdown"].str.startswith("wait_")]])
    found = found[found["numerator"].notna() & found["denominator"].notna()]
    counts = found[["numerator", "denominator"]].to_numpy(dtype=np.int64)
    measure = found["breakdown"].where(found["breakdown"].str.startswith("wait_"), found["measure"])
    rate = found["rate_pct"].fillna(pd.Series(published_rate(counts[:, 0], counts[:, 1]), index=found.index))
    return pd.DataFrame({"measure": measure, "label": found["label"], "england_rate_pct": rate})


def service_table(
    episodes: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    edition: RuleEdition | str | None = None,
    england_year: str | None = None,
) -> pd.DataFrame:
    """Set a service's measures beside England's.

    Parameters
    ----------
    episodes : DataFrame
        One row an episode; with days_waited and days_first_to_second, waits are added.
    outcomes : DataFrame
        As `outcomes.outcomes` returns it for these episodes.
    edition : RuleEdition or str, optional
        The rules or their key; by default the current edition.
    england_year : str, optional
        Financial year of the national figures; by default the latest with every breakdown.

    Returns
    -------
    DataFrame
        measure ("rests_on_imputed_items" only where any score was prorated), label, numerator, denominator, rate_pct
        (half up), low_pct, high_pct (95 % Wilson), england_rate_pct
        (as published, or worked out from published counts where no rate is; missing where England publishes neither)
        and england_year.
    """
    rules = edition_of(edition)
    year = england_year or england_figures().latest_year
    shares = add_rates(_shares(outcomes), decimals=rules.rate_decimals)
    judged = rates(outcomes, edition=rules).assign(label=ALL)
    parts = [shares, judged[list(shares.columns)]]
    if {"days_waited", "days_first_to_second"} <= set(episodes.columns):
        parts.append(wait_rates(waits(episodes, edition=rules), counted_courses(episodes), edition=rules))
    table = pd.concat(parts, ignore_index=True)
    return table.merge(_england_rates(year), on=["measure", "label"], how="left").assign(england_year=year)
