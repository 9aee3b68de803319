"""What else could describe these people, and what follows from a first state? Rivals, implied outcomes, reporting."""

from functools import partial

import numpy as np
import pandas as pd

from outcomes.disclosure.gate import Statistic, release
from outcomes.publications.checklists import checklist
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
FOR_THE_AUTHORS = ""
IMPLIED = {"assigned_pct": "Assigned (%)", "implied_pct": "Implied (%)"}
HEADINGS = {
    "bic": "BIC",
    "entropy_r2": "Entropy R²",
    "explains_first": "Explains first",
    "explains_last": "Explains last",
    "smallest_share": "Smallest",
}


def rival_blocks(states: States, policy: str) -> Blocks:
    """Show other families of models, held-out likelihood and the test of one more state.

    Parameters
    ----------
    states
        What the subtypes step found.
    policy
        Disclosure policy.

    Returns
    -------
    list
        What was asked for.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    found, people = states.judgement, int(states.model.n_persons_)
    blocks: Blocks = []
    if found.held_out is not None:
        blocks += _held_out(found.held_out, people, policy)
    if found.ratio is not None:
        test = found.ratio
        verdict = "one more state describes more than noise" if test.p_value < 0.05 else "one more state may be noise"  # noqa: PLR2004  the usual convention, named in the sentence
        blocks.append(
            f"Bootstrap likelihood-ratio test of {test.larger} against {test.k} states: ratio {test.ratio:.1f}, "
            f"p = {test.p_value:.3f} by {test.simulated.size} simulated data sets: by the 5 % convention {verdict}."
        )
    for key, measured in (found.measurement or {}).items():
        blocks.append(f"Do people in the same state answer alike, by {title_of(key).lower()}? {measured.said()}")
    if "measurement" in found.because:
        blocks.append(f"Groups could not be compared: {found.because['measurement']}.")
    if found.families is not None:
        blocks.append(_families(found.families, people, policy))
    return blocks


def _held_out(table: pd.DataFrame, people: int, policy: str) -> Blocks:
    shown = pd.DataFrame(
        {
            "states": table["k"].astype(str),
            "people": people,
            "held_out_likelihood": table["held_out"],
            "gain": table["gain"].fillna(0.0),
            "gain_error": table["gain_error"].fillna(0.0),
        }
    )
    released = release(
        shown,
        labels=["states"],
        counts=["people"],
        statistics={name: Statistic("people", decimals=4) for name in ("held_out_likelihood", "gain", "gain_error")},
        policy=policy,
        title="How well is each number of states foretold",
        notes=[
            "Log-likelihood per questionnaire of people who were held out; gain over one state fewer, with its error."
        ],
    )
    best, simplest = (int(table.loc[table[name], "k"].iloc[0]) for name in ("best", "simplest"))
    said = f"People who were held out are foretold best with {best} states; {simplest} are within one standard error."
    return [said, Table("held_out_likelihood", released)]


def _families(table: pd.DataFrame, people: int, policy: str) -> Table:
    # a number that a family does not have is blank
    numbers = (
        "log_likelihood",
        "n_parameters",
        "bic",
        "entropy_r2",
        "smallest_share",
        "explains_first",
        "explains_last",
    )
    shown = table[["family", "model", "data"]].assign(
        people=people,
        best=table["best"].map({True: "best", False: ""}),
        **{name: table[name].astype(float) for name in numbers},
    )
    decimals = {"log_likelihood": 1, "n_parameters": 0, "bic": 1}
    released = release(
        shown.rename(columns={"n_parameters": "parameters"}),
        labels=["family", "model", "data", "best"],
        counts=["people"],
        statistics={
            {"n_parameters": "parameters"}.get(name, name): Statistic("people", decimals=decimals.get(name, 2))
            for name in numbers
        },
        policy=policy,
        title="Families of models side by side",
        notes=[
            "A likelihood and its BIC can be compared only with others of the same data; best: the smallest BIC among "
            "those. Explains: share of the variance of the first and of the last total that lies between the groups. "
            "Groups of the latent Markov model are first states. Other families were fitted from few starts."
        ],
    )
    return Table("model_families", released, partial(plain, headings=HEADINGS, leave_out=("people",)))


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
            "Flow of people between states, the worst on top, over the first questionnaires. Grey wedges: no further one.",
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


def reporting_blocks(states: States, policy: str) -> Blocks:
    """Fill a reporting checklist for latent trajectories from the run.

    Parameters
    ----------
    states
        What the subtypes step found.
    policy
        Disclosure policy.

    Returns
    -------
    list
        One table; blank where a human must speak.

    Raises
    ------
    DisclosureError
        If the table may not be released.
    """
    told = reported(states)
    asked = checklist("grolts")
    shown = pd.DataFrame(
        {
            "item": [item.number for item in asked.items],
            "asks": [item.asks for item in asked.items],
            "told": [told.get(item.number, FOR_THE_AUTHORS) for item in asked.items],
            "people": int(states.model.n_persons_),
        }
    )
    released = release(
        shown,
        labels=["item", "asks", "told"],
        counts=["people"],
        policy=policy,
        title="Reporting checklist (GRoLTS), filled from this run",
        notes=["Blank: for the authors to write. " + asked.note],
    )
    arrange = partial(plain, headings={"asks": "Asks for", "told": "This run"}, leave_out=("people",))
    return [Table("grolts", released, arrange)]


def reported(states: States) -> dict[str, str]:
    """Answer the items of the checklist that a run can answer.

    Parameters
    ----------
    states
        What the subtypes step found.

    Returns
    -------
    dict of str to str
        Item number to answer, in a few words; items that only a human can answer are not in it.
    """
    model, found, table = states.model, states.judgement, states.selection.table
    several = len(table) > 1
    answers = {
        "1": "Number of the questionnaire; gaps of any length are one step",
        "3a": "Missing at random given the answers seen"
        + ("; checked by a fit in which endings are data" if found.endings is not None else ""),
        "3c": "Missing answers, questionnaires and later courses summed out of the likelihood; nothing imputed",
        "5": "This package; version and seed in the methods text",
        "9": f"{model.n_starts} starts for each number of states, {int(model.starts_['finished'].sum())} finished; "
        f"{model.starts_at_best_} reached the best; {len(model.path_)} sweeps, stopped by {model.reason_}",
        "10": "Log-likelihood, AIC, BIC (n = people), adjusted BIC, ICL, entropy"
        + (", held-out likelihood" if found.held_out is not None else "")
        + (", bootstrap likelihood ratio" if found.ratio is not None else ""),
        "11": f"{len(table)} numbers of states ({', '.join(table['k'].astype(str))})"
        + ("" if 1 in set(table["k"]) or not several else "; one state was not among them"),
        "12": "Smallest state of each number of states in the table of numbers; people in each state of the chosen one "
        "in the table of states",
        "13": f"Entropy R² {model.entropy_r2_:.2f}",
        "14a": "Figures: profiles of the states"
        + ("; courses by first state" if states.trajectories.lengths.max() > 1 else ""),
        "15": "Tables: " + ", ".join(_numbers(states)),
        "16": "The experiment file, printed in the record of the run",
    }
    if states.severity is not None:
        answers["6a"] = "Free and ordered answers; one and two continuous dimensions at first questionnaires"
    if found.endings is not None:
        answers["3b"] = "Endings by state: table of ways to end"
    if found.families is not None:
        answers["7"] = "Mixed latent Markov, mover-stayer, latent classes, growth mixtures, k-means: table of families"
    if found.first_state is not None:
        answers["8"] = "Covariates in a third step only; not in the measurement model"
    return answers


def _numbers(states: States) -> list[str]:
    found = states.judgement
    named = {
        "states": True,
        "shape": found.shapes is not None,
        "moves": found.crossing is not None,
        "stability": found.stability is not None,
        "all probabilities with standard errors in the files": found.stability is not None,
    }
    return [name for name, there in named.items() if there]
