"""What else could describe these people? Rivals, the test of one more state, and the reporting checklist."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Statistic, release
from outcomes.publications.checklists import checklist
from outcomes.publications.grids import plain
from outcomes.publications.page import Picture, Table
from outcomes.studies.chapters.chapter import title_of
from outcomes.studies.chapters.printed import on_printed_people, people_of
from outcomes.studies.judgement import GrowthClasses
from outcomes.studies.states import States

Blocks = list[str | Table | Picture]
FOR_THE_AUTHORS = ""
HEADINGS = {
    "bic": "BIC",
    "entropy_r2": "Entropy R²",
    "explains_first": "Explains first",
    "explains_last": "Explains last",
    "smallest_share": "Smallest",
}

GROWTH_HEADINGS = {"growth_class": "Class", "at_first": "Total at first", "per_session": "Change per session"}


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
    if found.growth is not None:
        blocks.append(_growth(found.growth, policy))
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
    took = people_of(table["bic"], table["log_likelihood"], table["n_parameters"])
    table = table.assign(bic=on_printed_people(table["bic"], table["n_parameters"], took, policy))
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


def _growth(found: GrowthClasses, policy: str) -> Table:
    model = found.model
    told = {(row["part"], row["class"], row["term"]): row for row in found.errors.to_dict("records")}
    named = {"share": ("share", ""), "at_first": ("coefficient", "1"), "per_session": ("coefficient", "t")}
    rows = []
    for k in range(1, model.n_classes + 1):
        row: dict[str, object] = {"growth_class": str(k), "people": round(model.share_[k - 1] * model.n_persons_)}
        for name, (part, term) in named.items():
            values = told[part, k, term]
            row |= {name: values["estimate"], f"{name}_low": values["low"], f"{name}_high": values["high"]}
        rows.append(row)
    kind = "a level of their own" if model.effects == "intercept" else "no level of their own (latent class growth)"
    released = release(
        pd.DataFrame(rows),
        labels=["growth_class"],
        counts=["people"],
        statistics={name: Statistic("people", None, f"{name}_low", f"{name}_high", 2) for name in named},
        policy=policy,
        title="Classes of straight lines through the totals",
        notes=[
            f"The growth model with the smallest BIC of the table of families; people of a class have {kind}, and "
            f"totals vary about it with a standard deviation of {float(model.error_variance_[0]) ** 0.5:.1f} points. "
            "Total expected at the first session, and change per session. Intervals: robust (sandwich) errors, the number "
            "of classes taken as known. Classes are a way to draw courses, and no kinds of patients."
        ],
    )
    return Table("growth_classes", released, partial(plain, headings=GROWTH_HEADINGS))


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
            "told": [told.get(item.number, item.left_out or FOR_THE_AUTHORS) for item in asked.items],
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
        "1": "Number of the questionnaire; gaps of any length are one step"
        + ("" if found.steps is None else "; checked by a fit whose steps are equal lengths of time"),
        "3a": "Missing at random given the answers seen"
        + ("; checked by a fit in which endings are data" if found.endings is not None else ""),
        "3c": "Missing answers, questionnaires and later courses summed out of the likelihood; nothing imputed",
        "5": "This package; version and seed in the methods text",
        "9": f"{model.n_starts} starts for each number of states, {int(model.starts_['finished'].sum())} finished; "
        f"{model.starts_at_best_} reached the best; {len(model.path_)} sweeps, stopped by {model.reason_}",
        "10": "Log-likelihood, AIC, BIC (n = referrals), adjusted BIC, ICL, entropy"
        + (", held-out likelihood" if found.held_out is not None else "")
        + (", bootstrap likelihood ratio" if found.ratio is not None else ""),
        "11": f"{len(table)} numbers of states ({', '.join(table['k'].astype(str))})"
        + ("" if 1 in set(table["k"]) or not several else "; one state was not among them"),
        "12": "Only the smallest state of each number of states (table of numbers); people in each state of the chosen "
        "one (table of states)",
        "13": f"Entropy R² {model.entropy_r2_:.2f}",
        "14a": "Figures: profiles of the states"
        + ("; courses by first state" if states.trajectories.lengths.max() > 1 else ""),
        "15": "Tables: " + ", ".join(_numbers(states)),
        "16": "The settings of the run, in configuration.json beside the report",
    }
    if states.severity is not None:
        answers["6a"] = "Free and ordered answers; one and two continuous dimensions at first questionnaires"
    if found.endings is not None:
        answers["3b"] = "Endings by state: table of ways to end"
    if found.families is not None:
        answers["7"] = (
            "Straight lines in growth models; no shape imposed on latent Markov models, latent classes, k-means: table of "
            "families"
        )
    if found.first_state is not None:
        answers["8"] = "Covariates in a third step only; not in the measurement model"
    return answers


def _numbers(states: States) -> list[str]:
    found = states.judgement
    named = {
        "states, with their stability": found.stability is not None,
        "states": found.stability is None,
        "shape beyond severity": found.shapes is not None,
        "moves": found.crossing is not None and found.shapes is not None and found.shapes["shape"].nunique() > 1,
    }
    return [name for name, there in named.items() if there]
