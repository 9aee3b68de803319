"""Which depressions are there? Latent states of the item answers: how many, what they look like, how people move."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from outcomes.disclosure.gate import Released, Statistic, release
from outcomes.disclosure.profiles import release_profile
from outcomes.publications.figures.subtypes import profile_heat_map, transition_matrix
from outcomes.publications.grids import plain
from outcomes.publications.methods import Step
from outcomes.publications.page import Picture, Section, Table
from outcomes.reference.instruments import instrument
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.chapters.endings import drop_out, drop_out_blocks, outcome_blocks, outcomes_by_state
from outcomes.studies.chapters.printed import on_printed_people
from outcomes.studies.chapters.state_choice import choice_picture, choice_table
from outcomes.studies.chapters.state_first import course_blocks, first_state_blocks, implied_blocks
from outcomes.studies.chapters.state_lasting import item_of, item_word, lasting_blocks
from outcomes.studies.chapters.state_rivals import reporting_blocks, rival_blocks
from outcomes.studies.chapters.state_sensitivity import largest_change, sensitivity_blocks
from outcomes.studies.chapters.state_tables import judgement_tables
from outcomes.studies.chapters.state_time import time_blocks
from outcomes.studies.chapters.state_trust import (
    in_few_words,
    judgements,
    stability_blocks,
    subtype_blocks,
)
from outcomes.studies.chapters.survey import class_blocks, survey_metrics
from outcomes.studies.materials import Materials
from outcomes.studies.states import States
from outcomes.subtypes.naming import state_names
from outcomes.subtypes.occupancy import occupancy
from outcomes.subtypes.persistence import item_persistence
from outcomes.subtypes.severity import verdict

HEADING = "Which states do people pass through?"
KEY = ["pseudonym", "referral"]
CHOICE_HEADINGS = {
    "aic": "AIC",
    "bic": "BIC",
    "adjusted_bic": "Adjusted BIC",
    "icl": "ICL",
    "smallest_state": "Smallest state",
    "entropy_r2": "Entropy R²",
    "starts_at_best": "Starts at best",
}


def states_chapter(materials: Materials, states: States, *, policy: str) -> Chapter:
    """Show the latent states that were found, and how far to trust them.

    Parameters
    ----------
    materials
        Episodes and outcomes.
    states
        The comparison of models, and the chosen one.
    policy
        Disclosure policy.

    Returns
    -------
    Chapter
        Choice of the number of states, profiles, transitions, outcomes by first state.

    Raises
    ------
    DisclosureError
        If a table may not be released.
    """
    people = _named(states)
    profile = _profile(states, people)
    blocks: list[str | Table | Picture] = [
        _verdict(states),
        Table("number_of_states", choice_table(states, policy), partial(plain, headings=CHOICE_HEADINGS)),
        *choice_picture(states, policy),
        Table("states", _state_table(people, policy)),
        _profile_picture(profile, states, policy),
        *stability_blocks(states, people, policy),
    ]
    surveyed = class_blocks(states.weighted, people, policy)
    blocks += surveyed
    blocks += _severity_blocks(states, policy)
    blocks += subtype_blocks(states, people, policy)
    blocks += rival_blocks(states, policy)
    internal = {"number_of_states": states.selection.table, "state_people": people, "state_profiles": profile}
    if states.trajectories.lengths.max() > 1:
        moves = _moves(states, people)
        internal["state_transitions"] = moves
        blocks.append(_transition_picture(moves, policy))
        lasting = item_persistence(states.model, states.trajectories)
        internal["item_persistence"] = lasting
        blocks += lasting_blocks(lasting, policy)
        blocks += course_blocks(states, policy) + sensitivity_blocks(states, people, policy)
        blocks += time_blocks(states, people, policy)
    by_state = outcomes_by_state(materials, states)
    if by_state is not None:
        internal["outcomes_by_first_state"] = by_state
        blocks += outcome_blocks(by_state, policy)
    left = drop_out(materials, states)
    if left is not None:
        internal["drop_out_by_first_state"] = left
        blocks += drop_out_blocks(left, policy)
    blocks += implied_blocks(states, policy) + first_state_blocks(states, policy) + reporting_blocks(states, policy)
    internal |= judgement_tables(states)
    return Chapter(
        Section(HEADING, tuple(blocks), in_few_words(states)),
        internal,
        _metrics(states) | survey_metrics(surveyed),
        (_method(states),),
    )


def _verdict(states: States) -> str:
    selection, model = states.selection, states.model
    row = selection.table.loc[selection.table["k"].eq(selection.chosen)].iloc[0]
    words = [
        f"{selection.chosen} states were chosen ({selection.reason}).",
        f"{int(row['starts_at_best'])} of {int(row['n_finished'])} finished starts reached the best solution.",
    ]
    if not model.converged_:
        words.append("The kept fit stopped at its cap and has not converged: treat what follows as provisional.")
    if int(row["starts_at_best"]) < 2:  # noqa: PLR2004  one start alone has been confirmed by no other
        words.append("Only one start reached it, so another solution may fit as well or better.")
    if selection.best_by_bic == selection.table["k"].max() and len(selection.table) > 1:
        words.append(
            "The smallest BIC is at the largest number that was tried: more states would fit better still, which is "
            "what BIC does where severity is continuous. The states are a description, not a discovery of kinds."
        )
    if states.too_many:
        words.append(
            f"{', '.join(map(str, states.too_many))} states were asked for too, but the answers are too few or too alike "
            "to tell so many apart."
        )
    return " ".join(words)


def _severity_blocks(states: States, policy: str) -> list[str | Table | Picture]:
    table = states.severity
    if table is None:
        return [f"Classes could not be compared with continuous severity: {states.no_severity_because}."]
    names = {"n_persons": "people", "n_parameters": "parameters"}
    bic = on_printed_people(table["bic"], table["n_parameters"], table["n_persons"], policy)
    kept = table.rename(columns=names).assign(best=table["best"].map({True: "best", False: ""}), bic=bic)
    released = release(
        kept[["model", "people", "log_likelihood", "parameters", "bic", "best"]].astype(
            {"people": int, "parameters": float}
        ),
        labels=["model", "best"],
        counts=["people"],
        statistics={
            name: Statistic("people", decimals=decimals)
            for name, decimals in (("log_likelihood", 1), ("parameters", 0), ("bic", 1))
        },
        policy=policy,
        title="Are there kinds at all, or only more and less of the same?",
        notes=[
            "First answered occasion of each person. BIC counts persons, as printed. Free answers: every answer has its own probability."
        ],
    )
    said = verdict(table.assign(n_persons=released.table["people"].to_numpy()))
    return [
        f"{said} Many states by BIC alone are no evidence of subtypes: where severity is continuous, BIC still asks for many.",
        Table("classes_or_severity", released, partial(plain, headings=CHOICE_HEADINGS)),
    ]


def _named(states: States) -> pd.DataFrame:
    columns = states.trajectories.columns
    shapes = states.judgement.shapes
    if shapes is not None:
        names = state_names(states.model, shapes=shapes["shape"].tolist())
    else:
        domains = {column: item_of(column).domain for column in columns}
        names = state_names(states.model, states.trajectories, domains=domains)
    people = occupancy(states.model, states.trajectories).assign(stability=judgements(states))
    return people.assign(name=[name.removeprefix("state ").replace(":", "") for name in names])


def _state_table(people: pd.DataFrame, policy: str) -> Released:
    return release_profile(
        people[["name", "stability", "people_ever", "first_share", "occasion_share"]],
        labels=["name", "stability"],
        expected_n="people_ever",
        probabilities=["first_share", "occasion_share"],
        policy=policy,
        title="The states, from mildest to most severe",
        notes=[
            "Named by a rule: the fifth of the scale that the expected total lies in, and the symptoms that are answered "
            "higher than severity explains. Stability: how much is found again among other patients. A name is a description, not a diagnosis. People: referrals whose most "
            "likely path visits the state; shares of first and of all questionnaires."
        ],
    )


def _profile(states: States, people: pd.DataFrame) -> pd.DataFrame:
    profile = states.model.profile().merge(people[["state", "name", "people_ever"]], on="state")
    keys = profile["item"].str.rpartition("_")[0]
    several = keys.nunique() > 1
    return profile.assign(word=[item_word(item, several=several) for item in profile["item"]])


def _profile_picture(profile: pd.DataFrame, states: States, policy: str) -> Picture:
    table = profile[["word", "name", "people_ever", "expected_score"]]
    table = table.rename(columns={"word": "item", "name": "state"})
    released = release_profile(
        table,
        labels=["item", "state"],
        expected_n="people_ever",
        means=["expected_score"],
        policy=policy,
        title="What each state answers",
        notes=["People: referrals whose most likely path visits the state. States are numbered by severity."],
    )
    keys = dict.fromkeys(column.rpartition("_")[0] for column in states.trajectories.columns)
    names = ", ".join(instrument(key).short_name for key in keys)
    return Picture(
        "state_profiles",
        released,
        partial(profile_heat_map, value="expected_score", column_label="State, from mildest to most severe"),
        f"Expected answer to each item of {names} in each of the {states.model.n_states} states.",
        "Heat map: items down, states across; darker cells are higher expected answers.",
    )


def _moves(states: States, people: pd.DataFrame) -> pd.DataFrame:
    behind = people[["state", "people_staying"]].rename(columns={"state": "from_state"})
    return states.model.transitions().merge(behind, on="from_state")


def _transition_picture(moves: pd.DataFrame, policy: str) -> Picture:
    table = moves[["from_state", "to_state", "people_staying", "probability"]]
    table = table.assign(from_state=table["from_state"].astype(str), to_state=table["to_state"].astype(str))
    released = release_profile(
        table,
        labels=["from_state", "to_state"],
        expected_n="people_staying",
        probabilities=["probability"],
        policy=policy,
        title="Where people are at the next session",
        notes=["People: referrals that visit the state and have a next questionnaire."],
    )
    return Picture(
        "state_transitions",
        released,
        partial(transition_matrix, step="next questionnaire"),
        "Probability of each state at the next questionnaire (across), given the state now (down). A "
        "probability that stands for fewer people than the rounding step is printed at its limit, so rows may add up to "
        "more than 1.",
        "Matrix: most people stay in their state from one questionnaire to the next; staying is framed.",
    )


def _metrics(states: States) -> dict[str, float]:
    model, found = states.model, states.judgement
    known: dict[str, float | None] = {
        "subtypes/smallest_jaccard": None if found.stability is None else found.stability.table["jaccard"].min(),
        "subtypes/split_half_ari": None if found.halves is None else found.halves.adjusted_rand,
        "subtypes/prediction_strength": None if found.halves is None else found.halves.prediction_strength,
        "subtypes/other_service_ari": None if found.elsewhere is None else found.elsewhere.adjusted_rand,
        "subtypes/stay_within_subtype": found.crossing["share_of_changes"].iloc[0]
        if found.crossing is not None and found.shapes is not None and found.shapes["shape"].nunique() > 1
        else None,
        "subtypes/largest_change_with_endings": None
        if found.endings is None
        else abs(largest_change(found.endings)["difference"]),
        "subtypes/same_state_by_time": None if found.steps is None else found.steps.same_state,
    }
    return {name: float(value) for name, value in known.items() if value is not None and np.isfinite(value)} | {
        "subtypes/states": float(model.n_states),
        "subtypes/log_likelihood": float(model.log_likelihood_),
        "subtypes/bic": float(model.information_criteria()["bic"]),
        "subtypes/entropy_r2": float(model.entropy_r2_),
        "subtypes/starts_at_best": float(model.starts_at_best_),
        "subtypes/converged": float(model.converged_),
    }


def _method(states: States) -> Step:
    model = states.model
    return Step(
        "Latent states",
        "Multivariate latent Markov models [@bartolucci_2013; @catarino_2022] were fitted to the item answers by expectation-maximisation over ragged "
        f"sequences; missing answers are summed out as missing at random. Answers are {model.emissions} given the "
        f"state, transitions homogeneous; {model.n_starts} starts for each number of states, the best finished; the "
        "number of states was compared by BIC [@schwarz_1978] with referrals as n. States are numbered by expected total. At "
        "first occasions latent classes were compared with graded-response models [@samejima_1969] of one and two continuous "
        f"dimensions.{''.join(_trusted(states))}",
    )


def _trusted(states: States) -> Iterator[str]:
    # what was done to see how far the states may be trusted, as far as it was done
    found = states.judgement
    if found.stability is not None:
        yield (
            f" Stability: {len(found.stability.resamples)} bootstrap samples of patients were fitted again and matched by profile; "
            "given is the mean Jaccard similarity of each state [@hennig_2007; @hennig_2008]."
        )
    if found.halves is not None:
        yield " Two halves of the patients were fitted apart, for agreement and prediction strength [@tibshirani_walther_2005]."
    if found.endings is not None:
        yield " As sensitivity checks the states were found again with the recorded ending as data [@bartolucci_farcomeni_2015]"
        yield "." if found.steps is None else " and with equal lengths of time as steps."
    elif found.steps is not None:
        yield " As a sensitivity check the states were found again with equal lengths of time as steps."
    if found.first_state is not None:
        yield (
            " Characteristics and outcomes by first state are given for people put into their likeliest state, and corrected for "
            "wrong assignment [@bolck_2004; @vermunt_2010]."
        )
