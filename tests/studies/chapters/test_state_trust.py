"""Instability is printed where the state is named; what is not known is said."""

from dataclasses import replace

import pandas as pd
import pytest

from outcomes.publications.page import Picture
from outcomes.studies.chapters.state_trust import (
    NOT_JUDGED,
    judgements,
    stability_blocks,
    subtype_blocks,
)
from outcomes.studies.chapters.states import states_chapter
from outcomes.studies.judgement import Judgement
from outcomes.subtypes.crossing import crossing


@pytest.fixture(scope="module")
def chapter(materials, states):
    return states_chapter(materials, states, policy="midpoint6")


def test_each_state_is_named_with_its_stability(chapter, tables, states):
    table = tables(chapter)["states"]
    assert table["stability"].tolist() == states.judgement.stability.table["judgement"].tolist()
    assert {"state_stability", "selection_curves", "state_shapes"} <= set(tables(chapter))


def test_a_state_that_is_not_to_be_trusted_is_named_in_words(states):
    stability = states.judgement.stability
    shaken = stability.table.assign(judgement="not to be trusted", jaccard=0.3)
    doubtful = replace(states, judgement=replace(states.judgement, stability=replace(stability, table=shaken)))
    people = pd.DataFrame(
        {"state": shaken["state"], "name": [f"{n}" for n in shaken["state"]], "people_ever": 90, "people_staying": 80}
    )
    said = stability_blocks(doubtful, people, "midpoint6")[0]
    *others, last = shaken["state"].astype(str)
    assert f"States {', '.join(others)} and {last} are not found again often enough to be trusted." in said
    one = stability.table.assign(judgement=["not to be trusted", *stability.table["judgement"][1:]])
    single = replace(states, judgement=replace(states.judgement, stability=replace(stability, table=one)))
    assert "State 1 is not found again" in stability_blocks(single, people, "midpoint6")[0]


def test_what_was_not_asked_for_is_said(states):
    bare = replace(states, judgement=Judgement(because={"stability": "a reason"}))
    people = pd.DataFrame({"state": [1], "name": ["1"], "people_ever": [9], "people_staying": [9]})
    assert judgements(bare) == [NOT_JUDGED] * states.model.n_states
    assert stability_blocks(bare, people, "midpoint6") == ["The stability of the states is not known: a reason."]
    assert "not asked for" in subtype_blocks(bare, people, "midpoint6")[0]


def test_every_picture_draws(chapter):
    for block in chapter.section.blocks:
        if isinstance(block, Picture):
            assert block.figure().axes


def test_what_persists_is_shown_item_by_item(chapter, tables, states):
    table = tables(chapter)["item_persistence"]
    assert len(table) == len(states.trajectories.columns)
    assert {"persists_observed_pct", "begins_implied_pct"} <= set(table.columns)


def test_moves_between_subtypes_are_shown_where_there_are_subtypes(states):
    k = states.model.n_states
    people = pd.DataFrame(
        {"state": range(1, k + 1), "name": [f"{n}" for n in range(1, k + 1)], "people_ever": 90, "people_staying": 80}
    )

    def shown(kinds):
        shapes = states.judgement.shapes.assign(shape=kinds)
        found = crossing(states.model, states.trajectories, kinds, None)
        other = replace(states, judgement=replace(states.judgement, shapes=shapes, crossing=found))
        return {b.name: b for b in subtype_blocks(other, people, "midpoint6") if not isinstance(b, str)}

    assert "subtype_moves" not in shown(["even"] * k)  # every move would stay
    moves = shown(["somatic", *["even"] * (k - 1)])["subtype_moves"].released.table
    alone = moves["from_subtype"].eq("somatic")
    assert moves.loc[alone, "of_changes_of_state"].isna().all()  # whoever leaves its only state leaves it
    assert moves.loc[alone, "stays_or_goes"].notna().any()
