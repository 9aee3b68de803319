"""Would the states be others if the ending were data? The missing-at-random fit beside the one with endings."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Released
from outcomes.disclosure.profiles import release_profile
from outcomes.publications.grids import plain
from outcomes.publications.page import Picture, Table
from outcomes.studies.states import States
from outcomes.subtypes.exits import EndingComparison

SHARES = ("initial", "transition", "share of sessions")
GOES_ON = "goes on"
HEADINGS = {
    "begins_random": "Begins: as random",
    "begins_data": "with endings",
    "stays_random": "Stays: as random",
    "stays_data": "with endings ",
    "total_random": "Total: as random",
    "total_data": "with endings  ",
}


def sensitivity_blocks(states: States, people: pd.DataFrame, policy: str) -> list[str | Table | Picture]:
    """Show what changes when the recorded endings are data, and say what it means.

    Parameters
    ----------
    states
        What the subtypes step found.
    people
        One row a state: state, name, people_ever.
    policy
        Disclosure policy.

    Returns
    -------
    list
        Sentences and two tables; a sentence where endings are not known; nothing where it was not asked for.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    found = states.judgement.endings
    if found is None:
        why = states.judgement.because.get("endings")
        return [f"Whether the states depend on how referrals end could not be checked: {why}."] if why else []
    return [
        _words(found),
        Table("endings_by_state", _endings(found, people, policy), partial(plain, headings={"people_ever": "People"})),
        Table("states_with_endings", _beside(found, people, policy), partial(plain, headings=HEADINGS)),
    ]


def largest_change(found: EndingComparison) -> pd.Series:
    """Find the share or probability that changes most when endings are data.

    Parameters
    ----------
    found
        Both fits.

    Returns
    -------
    pandas.Series
        A row of its table.
    """
    shares = found.table[found.table["quantity"].isin(SHARES)]
    return shares.iloc[int(shares["difference"].abs().to_numpy().argmax())]


def _words(found: EndingComparison) -> str:
    most = largest_change(found)
    what = {
        "initial": f"the share that begins in state {most['state']}",
        "share of sessions": f"the share of questionnaires in state {most['state']}",
        "transition": f"the probability of a move from state {most['state']} to {most['to_state']}"
        if most["state"] != most["to_state"]
        else f"the probability of staying in state {most['state']}",
    }[str(most["quantity"])]
    chance = "p < 0.001" if found.p_value < 0.001 else f"p = {found.p_value:.3f}"  # noqa: PLR2004  smallest printed
    depends = "do" if found.p_value < 0.05 else "are not seen to"  # noqa: PLR2004  the usual convention
    words = [
        "The states were found as if what is missing after a last questionnaire were missing at random. As a sensitivity "
        "check they were found again with the recorded ending as data: after each questionnaire people of a state go on, "
        f"or leave in one of the recorded ways. Endings {depends} depend on the state (likelihood ratio "
        f"{found.likelihood_ratio:.1f} on {found.df}, {chance}).",
        f"The largest change is in {what}: {100 * most['missing_at_random']:.0f} % as random, "
        f"{100 * most['with_endings']:.0f} % with endings. Where little changes, the answers given before somebody left "
        "already tell what the ending tells; where much changes, read the second fit beside the first.",
    ]
    if not found.with_endings.converged_:
        words.append("The second fit stopped at its cap of sweeps: take it as provisional.")
    words.append(
        "An ending that hangs on something after the last questionnaire, which no answer shows, is invisible to both."
    )
    return " ".join(words)


def _endings(found: EndingComparison, people: pd.DataFrame, policy: str) -> Released:
    wide = found.endings.pivot(index="state", columns="ending", values="probability")
    order = [GOES_ON, *found.with_endings.endings_]
    names = [name.replace(" ", "_") for name in order]
    wide = wide[order].set_axis(names, axis=1)
    table = people[["state", "name", "people_ever"]].merge(wide, left_on="state", right_index=True)
    return release_profile(
        table[["name", "people_ever", *names]],
        labels=["name"],
        expected_n="people_ever",
        probabilities=names,
        policy=policy,
        title="Going on, and ways to end, after a questionnaire in each state",
        notes=[
            "Probability at each questionnaire, from the fit with endings, in which state numbers run from mildest to most "
            "severe as before. Otherwise: died, other or no recorded reason, and ways to end of fewer than 30 people."
        ],
    )


def _beside(found: EndingComparison, people: pd.DataFrame, policy: str) -> Released:
    table = found.table
    parts = {
        "begins": table[table["quantity"].eq("initial")],
        "stays": table[table["quantity"].eq("transition") & table["state"].eq(table["to_state"])],
        "total": table[table["quantity"].eq("expected total")],
    }
    shown = people[["state", "name", "people_ever"]].set_index("state")
    for name, part in parts.items():
        own = part.set_index("state")
        shown[f"{name}_random"], shown[f"{name}_data"] = own["missing_at_random"], own["with_endings"]
    return release_profile(
        shown.reset_index(drop=True),
        labels=["name"],
        expected_n="people_ever",
        probabilities=["begins_random", "begins_data", "stays_random", "stays_data"],
        means=["total_random", "total_data"],
        policy=policy,
        title="The states with the ending as missing at random, and as data",
        notes=[
            "Begins: share of first questionnaires. Stays: probability of the same state at the next questionnaire, given "
            "that there is one. Total: expected sum of all items."
        ],
    )
