"""Would the states be others if time made the steps? The fit by questionnaire beside the one by week."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Released
from outcomes.disclosure.profiles import release_profile
from outcomes.publications.grids import plain
from outcomes.publications.page import Picture, Table
from outcomes.studies.states import States
from outcomes.subtypes.gaps import EvenSteps, StepComparison

WEEK = 7
CLEAR = 10  # log units from which on one of two fits with as many parameters is called the better one
HEADINGS = {
    "people_ever": "People",
    "share": "Share: number",
    "share_in_time": "time",
    "stays": "Stays: number",
    "stays_in_time": "time ",
    "total": "Total: number",
    "total_in_time": "time  ",
}


def time_blocks(states: States, people: pd.DataFrame, policy: str) -> list[str | Table | Picture]:
    """Show what changes when equal lengths of time are the steps, and say what it means.

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
        A paragraph and a table; a sentence where times are not known; nothing where it was not asked for.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    found = states.judgement.steps
    if found is None:
        why = states.judgement.because.get("steps")
        return (
            [f"Whether the states depend on the time between questionnaires could not be checked: {why}."]
            if why
            else []
        )
    return [_words(found), Table("states_by_time", _table(found, people, policy), partial(plain, headings=HEADINGS))]


def step_name(steps: EvenSteps) -> str:
    """Name the length of a step.

    Parameters
    ----------
    steps
        Steps of 1 are sessions by their numbers.

    Returns
    -------
    str
        Such as "week".
    """
    known = {1.0: "session", float(WEEK): "week"}
    return known.get(steps.unit, f"{steps.unit:g} days")


def _words(found: StepComparison) -> str:
    steps, one = found.steps, step_name(found.steps)
    table = found.table
    moved = (table["total_in_time"] - table["total"]).abs()
    longest = int(table["steps_in_a_row"].to_numpy().argmax())
    fit = "neither clock explains the answers clearly better"
    if abs(found.gain) > CLEAR:
        better = "time" if found.gain > 0 else "the number of the questionnaire"
        fit = f"{better} explains the answers better, by {abs(found.gain):.0f} log units with as many parameters"
    words = [
        "The states were found with one step from a questionnaire to the next, however long the time between. As a check they "
        f"were found again with one step a {one}: steps without a questionnaire are blank and summed out "
        f"({steps.n_blank:,} of them; {steps.n_shortened:,} longer gaps were shortened, {steps.n_together:,} questionnaires less "
        "than half a step after another count as one step later).",
        f"{100 * found.same_state:.0f} % of questionnaires are put into the same state, the expected total of no state moves by "
        f"more than {moved.max():.1f}, and {fit}.",
        f"By time, a stay lasts longest in state {table['state'].iloc[longest]}: {table['steps_in_a_row'].iloc[longest]:.0f} {one}s on average, if "
        "people were seen for as long.",
    ]
    if found.n_left_out:
        words.append(
            f"{found.n_left_out:,} courses with an unknown date, or with dates out of order, are left out of the second fit."
        )
    if not found.by_time.converged_:
        words.append("The second fit stopped at its cap of sweeps: take it as provisional.")
    return " ".join(words)


def _table(found: StepComparison, people: pd.DataFrame, policy: str) -> Released:
    one = step_name(found.steps)
    table = people[["state", "name", "people_ever"]].merge(found.table, on="state")
    return release_profile(
        table[["name", "people_ever", "share", "share_in_time", "stays", "stays_in_time", "total", "total_in_time"]],
        labels=["name"],
        expected_n="people_ever",
        probabilities=["share", "share_in_time", "stays", "stays_in_time"],
        means=["total", "total_in_time"],
        policy=policy,
        title=f"The states with one step a questionnaire, and with one step a {one}",
        notes=[
            f"Number: one step from a questionnaire to the next. Time: one step a {one}. Share: of all questionnaires. Stays: "
            "probability of the same state one step on, so that the two columns differ by the length of a step. Total: expected "
            "sum of all items."
        ],
    )
