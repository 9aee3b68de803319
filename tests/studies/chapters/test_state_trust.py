"""Instability is printed where the state is named; what is not known is said."""

from dataclasses import replace

import pandas as pd
import pytest

from outcomes.publications.page import Picture
from outcomes.studies.chapters.state_trust import (
    NOT_JUDGED,
    choice_picture,
    judgements,
    stability_blocks,
    subtype_blocks,
)
from outcomes.studies.chapters.states import states_chapter
from outcomes.studies.judgement import Judgement


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
    assert f"States {', '.join(map(str, shaken['state']))} are not found again often enough to be trusted." in said


def test_what_was_not_asked_for_is_said(states):
    bare = replace(states, judgement=Judgement(because={"stability": "a reason"}))
    people = pd.DataFrame({"state": [1], "name": ["1"], "people_ever": [9], "people_staying": [9]})
    assert judgements(bare) == [NOT_JUDGED] * states.model.n_states
    assert stability_blocks(bare, people, "midpoint6") == ["The stability of the states is not known: a reason."]
    assert "not asked for" in subtype_blocks(bare, people, "midpoint6")[0]


def test_one_number_of_states_has_no_curve(states):
    single = replace(states.selection, table=states.selection.table.head(1))
    assert choice_picture(replace(states, selection=single), "midpoint6") == []
    assert isinstance(choice_picture(states, "midpoint6")[0], Picture)


def test_every_picture_draws(chapter):
    for block in chapter.section.blocks:
        if isinstance(block, Picture):
            assert block.figure().axes


def test_what_persists_is_shown_item_by_item(chapter, tables, states):
    table = tables(chapter)["item_persistence"]
    assert len(table) == 2 * len(states.trajectories.columns)
    assert set(table["kind"]) == {"persistence", "onset"}
