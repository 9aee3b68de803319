"""What follows from a first state, and who begins in it? Implied outcomes, odds ratios, flows and courses."""

from functools import partial

import numpy as np
import pandas as pd

from outcomes.disclosure.gate import Statistic, release
from outcomes.publications.figures.pathways import trajectories
from outcomes.publications.grids import across, plain
from outcomes.publications.page import Picture, Table
from outcomes.publications.subtype_figures import state_flow
from outcomes.studies.chapters.chapter import title_of
from outcomes.studies.states import States
from outcomes.subtypes.flow import courses_by_first_state, flow_table
from outcomes.subtypes.following import FEWEST, REST

Blocks = list[str | Table | Picture]
LONGEST_FLOW = 6
LEFT = "left"
IMPLIED = {"assigned_pct": "Assigned (%)", "implied_pct": "Implied (%)"}


def implied_blocks(states: States, policy: str) -> Blocks:
    """Show outcomes that are scored from the items, as the model itself implies them.

    Parameters
    ----------
    states
        What the subtypes step found.
    policy
        Disclosure policy.

    Returns
    -------
    list
        One table; a sentence where there is none.

    Raises
    ------
    DisclosureError
        If the table may not be released.
    """
    found, model = states.judgement, states.model
    if found.implied is None:
        why = found.because.get("implied")
        return [f"What the model implies for recovery is not known: {why}."] if why else []
    table = found.implied
    rates = table[
        ~table["measure"].str.startswith("change_in_") & table["mean"].notna()
    ]  # some have nobody at caseness
    size = dict(enumerate(_first_sizes(states), start=1))
    people = rates["state"].map(size) * rates["assessable"]
    bounded = rates["low"].notna().any()
    shown = pd.DataFrame(
        {
            "first_state": rates["state"].astype(str),
            "measure": rates["measure"].map(title_of),
            "people": people.round().astype(int),
            "assigned_pct": 100 * rates.get("naive", pd.Series(np.nan, index=rates.index)),
            "implied_pct": 100 * rates["mean"],
            **({"low": 100 * rates["low"], "high": 100 * rates["high"]} if bounded else {}),
        }
    )
    bounds = {"low": "low", "high": "high"} if bounded else {}
    released = release(
        shown,
        labels=["first_state", "measure"],
        counts=["people"],
        statistics={
            "assigned_pct": Statistic("people", decimals=0),
            "implied_pct": Statistic("people", decimals=0, **bounds),
        },
        policy=policy,
        title="Outcomes implied by the model, by first state",
        notes=[
            f"Implied: people simulated from the {model.n_states}-state model (first state, course, end of the course, "
            "answers at the first and last questionnaire, scored by the same rules). Assigned: real people put into their "
            "likeliest first state. An outcome that is scored from the items is not independent of them given the state, "
            "so that the assigned rates are off and BCH would be too.",
            "All courses of at least two questionnaires, completed or not: not the denominators of the outcome tables. "
            "People: expected number to whom the outcome applies; intervals from the bootstrap of patients.",
        ],
    )
    return [Table("implied_outcomes", released, partial(plain, headings=IMPLIED))]


def _first_sizes(states: States) -> list[float]:
    data = states.trajectories
    first = states.model.smoothed(data)[np.asarray(data.starts)[:-1]]
    return [float(n) for n in first.sum(axis=0)]


def first_state_blocks(states: States, policy: str) -> Blocks:
    """Show how characteristics go with the first state.

    Parameters
    ----------
    states
        What the subtypes step found.
    policy
        Disclosure policy.

    Returns
    -------
    list
        One table of odds ratios by maximum likelihood, beside the naive and the weighted ones; a sentence where no
        characteristic has enough people.

    Raises
    ------
    DisclosureError
        If the table may not be released.
    """
    table = states.judgement.first_state
    if table is None:
        return []
    own = table[table["term"].ne("constant") & ~table["term"].str.endswith(REST)]
    if own.empty:
        return [
            "Who begins in which state cannot be said: no characteristic has two levels of at least "
            f"{FEWEST} people each."
        ]
    wide = own.pivot(index=["state", "term"], columns="method", values="odds_ratio")
    ml = own[own["method"].eq("ml")].set_index(["state", "term"]).reindex(wide.index)
    sizes = dict(enumerate(_first_sizes(states), start=1))
    shown = pd.DataFrame(
        {
            "characteristic": [_term(term) for _, term in wide.index],
            "first_state": [str(state) for state, _ in wide.index],
            "people": [round(min(sizes[state], n)) for (state, _), n in zip(wide.index, ml["n_with"], strict=True)],
            "naive": wide["naive"].to_numpy(),
            "bch": wide["bch"].to_numpy(),
            "ml": wide["ml"].to_numpy(),
            "low": ml["low"].to_numpy(),
            "high": ml["high"].to_numpy(),
        }
    )
    shown = shown.sort_values(["characteristic", "first_state"], ignore_index=True)
    statistics = {
        "naive": Statistic("people"),
        "bch": Statistic("people"),
        "ml": Statistic("people", low="low", high="high"),
    }
    released = release(
        shown,
        labels=["characteristic", "first_state"],
        counts=["people"],
        statistics=statistics,
        policy=policy,
        title="Who begins in which state: odds ratios against state 1",
        notes=[
            "Multinomial logits with all characteristics together, against the most frequent level of each; corrected for "
            "wrong assignment by maximum likelihood (three steps), with 95 % intervals. The files hold the naive and the "
            "BCH ones beside. People: those with the characteristic, or expected in the state, whichever is fewer."
        ],
    )
    arrange = partial(
        across, row="characteristic", column="first_state", value="ml", heading_of_rows="Characteristic \\ first state"
    )
    clear = int((ml["low"].gt(1) | ml["high"].lt(1)).sum())
    shrunk = np.log(wide["naive"]).abs().sum() / np.log(wide["ml"]).abs().sum()
    said = (
        f"Of {len(ml)} odds ratios of characteristics, {clear or 'none'} {'has' if clear < 2 else 'have'} an interval "  # noqa: PLR2004
        "without 1; one in twenty would by chance. "
        f"Naive log-odds, from people put into their likeliest state, are {abs(1 - shrunk):.0%} "
        f"{'smaller' if shrunk < 1 else 'larger'} than the corrected ones on average."
    )
    return [said, Table("first_state_odds", released, arrange)]


def _term(term: str) -> str:
    key, _, level = term.partition(" = ")
    return f"{title_of(key)}: {level}" if level else title_of(key)


def course_blocks(states: States, policy: str) -> Blocks:
    """Draw the flow of people between states, and the courses after each first state.

    Parameters
    ----------
    states
        What the subtypes step found; with more than one occasion.
    policy
        Disclosure policy.

    Returns
    -------
    list
        Two pictures.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    flow = flow_table(states.model, states.trajectories)
    flow = flow[flow["occasion"].le(LONGEST_FLOW)]
    shown = pd.DataFrame(
        {
            "occasion": flow["occasion"].astype(str),
            "from_state": flow["from_state"].astype(str),
            "to_state": flow["to_state"].astype(str).where(flow["to_state"].gt(0), LEFT),
            "n": flow["n_expected"].round().astype(int),
        }
    )
    released = release(
        shown,
        labels=["occasion", "from_state", "to_state"],
        counts=["n"],
        policy=policy,
        title="People in each state, questionnaire by questionnaire",
        notes=["Expected numbers from smoothed probabilities. Left: no further questionnaire."],
    )
    courses = courses_by_first_state(states.model, states.trajectories)
    courses = courses.assign(first_state="state " + courses["first_state"].astype(str))
    lines = release(
        courses,
        labels=["first_state", "occasion"],
        counts=["n"],
        statistics={"mean": Statistic("n", low="low", high="high", decimals=1)},
        policy=policy,
        title="Totals after each first state",
        notes=["Mean total of all items together, among those who still attend; no line of a single person is drawn."],
    )
    return [
        Picture(
            "state_flow",
            released,
            state_flow,
            "Flow of people between states, the worst on top, over the first questionnaires. Grey wedges: no further one. "
            "Every band is rounded, so that with few people columns add up to more than there are.",
            "Flow: columns of states at each questionnaire, bands between them.",
        ),
        Picture(
            "courses_by_first_state",
            lines,
            partial(trajectories, x="occasion", by="first_state", x_label="Questionnaire", y_label="Mean total"),
            "Mean total of all items after each first state, with 95 % intervals, among those who still attend.",
            "Lines: one for each first state.",
        ),
    ]
