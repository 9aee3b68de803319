"""How far can the states be trusted? Stability, shape beyond severity, moves between subtypes, held-out patients."""

from functools import partial

import pandas as pd

from outcomes.disclosure.gate import Statistic, release
from outcomes.disclosure.profiles import release_profile
from outcomes.publications.grids import plain
from outcomes.publications.page import Picture, Table
from outcomes.publications.subtype_figures import stability_bars, transition_diagram
from outcomes.reference.stability import stability_limits
from outcomes.studies.chapters.answers import states_answer
from outcomes.studies.states import States
from outcomes.subtypes.severity import in_short
from outcomes.subtypes.stability import Agreement

Blocks = list[str | Table | Picture]
NOT_JUDGED = "not judged"


def judgements(states: States) -> list[str]:
    """Say of each state, in a word, how stable it is: for wherever the state is named.

    Parameters
    ----------
    states
        What the subtypes step found.

    Returns
    -------
    list of str
        One a state; "not judged" where no bootstrap was asked for.
    """
    stability = states.judgement.stability
    if stability is None:
        return [NOT_JUDGED] * states.model.n_states
    return stability.table["judgement"].tolist()


def in_few_words(states: States) -> str:
    """Say how many states there are and how far to trust them, for the top of the report.

    Parameters
    ----------
    states
        What the subtypes step found.

    Returns
    -------
    str
        One sentence.
    """
    stability, severity = states.judgement.stability, states.severity
    return states_answer(
        states.selection.chosen,
        converged=states.model.converged_,
        judgements=() if stability is None else stability.table["judgement"],
        severity="" if severity is None else in_short(severity),
    )


def stability_blocks(states: States, people: pd.DataFrame, policy: str) -> Blocks:
    """Show how much of each state is found again among other patients.

    Parameters
    ----------
    states
        What the subtypes step found.
    people
        One row a state: name, people_ever.
    policy
        Disclosure policy.

    Returns
    -------
    list
        Sentences and a picture; a sentence where nothing was asked for or the data did not bear it.

    Raises
    ------
    DisclosureError
        If the table may not be released.
    """
    found = states.judgement
    if found.stability is None:
        why = found.because.get("stability", "no bootstrap of patients was asked for")
        return [f"The stability of the states is not known: {why}."]
    table = found.stability.table
    limits = stability_limits()
    released = release_profile(
        pd.DataFrame(
            {
                "state": people["name"],
                "judgement": table["judgement"],
                "people": people["people_ever"],
                "jaccard": table["jaccard"],
            }
        ),
        labels=["state", "judgement"],
        expected_n="people",
        means=["jaccard"],
        policy=policy,
        title="Stability of the states",
        notes=[
            f"{table['n_resamples'].iloc[0]} bootstrap samples of patients; states matched by profile. Below "
            f"{limits.not_to_be_trusted_below:g} not to be trusted, from {limits.stable_from:g} stable, from "
            f"{limits.highly_stable_from:g} highly stable: conventions for clusters (Hennig 2007, 2008)."
        ],
    )
    blocks: Blocks = [_stability_words(states)]
    blocks.append(
        Picture(
            "state_stability",
            released,
            partial(
                stability_bars,
                limits=(limits.not_to_be_trusted_below, limits.stable_from, limits.highly_stable_from),
            ),
            "How much of each state is found again when other patients are drawn: the share of questionnaires that both "
            "fits put into the state, of those that either does. States that are not to be trusted are hatched.",
            "Bars: one for each state, with its number and its judgement in words.",
        )
    )
    return blocks


def _stability_words(states: States) -> str:
    found, limits = states.judgement, stability_limits()
    table = found.stability.table if found.stability is not None else pd.DataFrame({"judgement": []})
    doubtful: list[int] = table.loc[table["judgement"].eq("not to be trusted"), "state"].tolist() if len(table) else []
    words = [
        f"{_states_are(doubtful)} not found again often enough to be trusted."
        if len(doubtful)
        else "Every state is found again in most bootstrap samples of patients."
    ]
    if found.stability is not None and found.stability.n_capped:
        words.append(f"{found.stability.n_capped} refits stopped at their cap of sweeps.")
    for agreement, what, other in (
        (found.halves, "Two random halves of the people", "one half"),
        (found.elsewhere, "The largest service and the others", "the others"),
    ):
        if agreement is not None:
            words.append(_agreement_words(agreement, what, other, limits.prediction_strength_from))
    if found.elsewhere is None and "elsewhere" in found.because:
        words.append(f"The states could not be sought in a service kept out: {found.because['elsewhere']}.")
    return " ".join(words)


def _agreement_words(agreement: Agreement, what: str, other: str, enough: float) -> str:
    lost = agreement.table.loc[agreement.table["judgement"].eq("not to be trusted"), "state"]
    verdict = "at least" if agreement.prediction_strength >= enough else "below"
    said = (
        f"{what}, each fitted on its own, agree on the state of {agreement.agreeing:.0%} of questionnaires (adjusted Rand "
        f"index {agreement.adjusted_rand:.2f}; prediction strength {agreement.prediction_strength:.2f}, {verdict} the "
        f"{enough:g} that supports a number of states)."
    )
    if len(lost):
        which = "no state has a" if len(lost) == len(agreement.table) else f"{_states_have(lost.tolist())} no"
        said += f" Numbered as in the fit to {other}, {which} counterpart."
    return said


def _states_are(numbers: list[int]) -> str:
    return f"State {numbers[0]} is" if len(numbers) == 1 else f"States {_listed(numbers)} are"


def _states_have(numbers: list[int]) -> str:
    return f"state {numbers[0]} has" if len(numbers) == 1 else f"states {_listed(numbers)} have"


def _listed(numbers: list[int]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def subtype_blocks(states: States, people: pd.DataFrame, policy: str) -> Blocks:
    """Show which states share a shape beyond severity, and how people move between such subtypes.

    Parameters
    ----------
    states
        What the subtypes step found.
    people
        One row a state: state, name, people_ever, people_staying.
    policy
        Disclosure policy.

    Returns
    -------
    list
        Sentences, tables, a diagram.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    found = states.judgement
    if found.shapes is None:
        return [f"Severity could not be taken out of the profiles: {found.because.get('residuals', 'not asked for')}."]
    shapes = found.shapes
    domains = [name for name in shapes.columns if name not in {"state", "shape"}]
    table = pd.DataFrame({"state": people["name"], "people": people["people_ever"]})
    for name in domains:
        table[name.replace("-", "_")] = 100 * shapes[name].astype(float)
    released = release_profile(
        table,
        labels=["state"],
        expected_n="people",
        means=[name.replace("-", "_") for name in domains],
        policy=policy,
        title="Shape beyond severity",
        notes=[
            "Mean residual from one dimension of severity (graded response model), in per cent of the item range: what "
            "people in the state answer above (or below) others who are equally ill. First questionnaires."
        ],
    )
    blocks: Blocks = [_subtype_words(states), Table("state_shapes", released)]
    if found.crossing is not None:
        if shapes["shape"].nunique() > 1:  # with one shape every move stays within it
            blocks.append(_crossing_table(found.crossing, shapes, policy))
        blocks.append(_diagram(states, people, policy))
    return blocks


def _subtype_words(states: States) -> str:
    found = states.judgement
    shapes = found.shapes["shape"].tolist() if found.shapes is not None else []
    kinds = list(dict.fromkeys(shapes))
    if len(kinds) == 1:
        return f"Beyond severity all states have one shape ({kinds[0]}): there is nothing to call subtypes."
    named = "; ".join(f"{kind}: {', '.join(str(n + 1) for n, s in enumerate(shapes) if s == kind)}" for kind in kinds)
    words = [f"States that share a shape beyond severity are called a subtype ({named})."]
    table = states.severity
    if table is not None and table.loc[table["best"], "kind"].eq("continuous").all():
        words.append(
            "As continuous dimensions describe first answers better, these are names of regions, not of kinds."
        )
    if found.crossing is not None:
        whole = found.crossing.iloc[0]
        bounds = (
            f" (95 % interval {whole['share_of_changes_low']:.0%} to {whole['share_of_changes_high']:.0%})"
            if pd.notna(whole["share_of_changes_low"])
            else ""
        )
        words.append(f"Of the moves to another state {whole['share_of_changes']:.0%}{bounds} stay within a subtype.")
    return " ".join(words)


def _crossing_table(crossing: pd.DataFrame, shapes: pd.DataFrame, policy: str) -> Table:
    kept = crossing[crossing["from_subtype"].ne("any")]
    # whoever leaves the only state of a subtype leaves the subtype: nothing was found out
    alone = kept["from_subtype"].map(shapes["shape"].value_counts()).eq(1)
    known = kept["share_low"].notna().all()
    changes = ["share_of_changes", "share_of_changes_low", "share_of_changes_high"]
    kept = kept.assign(**{name: kept[name].mask(alone) for name in changes})
    table = kept[["from_subtype", "to_subtype"]].assign(
        moves=kept["n_from"].round().astype(int),
        stays_or_goes=kept["share"],
        of_changes_of_state=kept["share_of_changes"],
    )
    if known:
        for name, column in (("stays_or_goes", "share"), ("of_changes_of_state", "share_of_changes")):
            table[f"{name}_low"], table[f"{name}_high"] = kept[f"{column}_low"], kept[f"{column}_high"]
    statistics = {
        name: Statistic("moves", low=f"{name}_low" if known else None, high=f"{name}_high" if known else None)
        for name in ("stays_or_goes", "of_changes_of_state")
    }
    released = release(
        table,
        labels=["from_subtype", "to_subtype"],
        counts=["moves"],
        statistics=statistics,
        policy=policy,
        title="Moves within and between subtypes",
        notes=[
            "Moves: expected number from one questionnaire to the next. Of changes of state: of those moves that lead to "
            "another state; blank where a subtype has one state only. Intervals from the bootstrap of patients, the naming of states taken as given."
        ],
    )
    return Table("subtype_moves", released, partial(plain, headings={"stays_or_goes": "Of all moves"}))


def _diagram(states: States, people: pd.DataFrame, policy: str) -> Picture:
    shapes = states.judgement.shapes
    kinds = dict(zip(shapes["state"], shapes["shape"], strict=True)) if shapes is not None else {}
    moves = states.model.transitions()
    moves = moves[moves["step"] == moves["step"].min()]
    behind = people.set_index("state")["people_staying"]
    table = pd.DataFrame(
        {
            "from_state": moves["from_state"].astype(str),
            "to_state": moves["to_state"].astype(str),
            "subtype": moves["from_state"].map(kinds).fillna("even"),
            "people": moves["from_state"].map(behind),
            "probability": moves["probability"],
        }
    )
    released = release_profile(
        table,
        labels=["from_state", "to_state", "subtype"],
        expected_n="people",
        probabilities=["probability"],
        policy=policy,
        title="Moves between states",
        notes=["People: referrals that visit the state and have a next questionnaire."],
    )
    return Picture(
        "state_diagram",
        released,
        transition_diagram,
        "Moves between states from one questionnaire to the next, the mildest state at the foot, a column for each "
        "subtype. In the circle the probability of staying; arrows of .05 and more; broken ones lead to a worse state.",
        "Diagram: circles for states, arrows for the likelier moves; all probabilities stand in the matrix.",
    )
