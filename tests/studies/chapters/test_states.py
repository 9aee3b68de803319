"""Which states: how many and why, what they look like, and how far to trust them."""

from dataclasses import replace

import pytest

from outcomes.errors import ConfigError
from outcomes.studies.chapters.states import HEADING, states_chapter


@pytest.fixture(scope="module")
def chapter(materials, states):
    return states_chapter(materials, states, policy="midpoint6")


def test_the_choice_is_shown_whole_with_its_doubts(chapter, tables, words, states):
    choice = tables(chapter)["number_of_states"]
    assert choice["states"].tolist() == ["2", "3"]
    assert choice["chosen"].tolist().count("chosen") == 1
    said = words(chapter)
    assert f"{states.model.n_states} states were chosen" in said
    assert "999 states were asked for too" in said
    assert "no evidence of subtypes" in said
    assert chapter.section.heading == HEADING


def test_states_are_ordered_from_mild_to_severe(chapter):
    profile = chapter.internal["state_profiles"]
    severity = profile.groupby("state")["expected"].sum() if "expected" in profile else None
    assert severity is None or severity.is_monotonic_increasing
    assert chapter.internal["state_people"]["name"].is_unique


def test_shares_of_states_add_to_one(chapter):
    people = chapter.internal["state_people"]
    for share in ("first_share", "occasion_share"):
        assert people[share].sum() == pytest.approx(1)


def test_moves_out_of_a_state_add_to_one(chapter):
    moves = chapter.internal["state_transitions"]
    probability = next(name for name in moves if name.startswith("probability"))
    start = next(name for name in moves if name.startswith("from"))
    assert moves.groupby(start)[probability].sum().tolist() == pytest.approx([1] * moves[start].nunique())


def test_without_outcomes_there_are_no_outcomes_by_state(materials, states, tables):
    bare = type(materials)(**{**vars(materials), "outcomes": None})
    assert not {"outcomes_by_first_state", "drop_out_by_first_state"} & set(
        tables(states_chapter(bare, states, policy="midpoint6"))
    )


def test_an_unknown_policy_is_refused(materials, states):
    with pytest.raises(ConfigError, match="none_at_all"):
        states_chapter(materials, replace(states, too_many=()), policy="none_at_all")


def test_the_methods_cite_what_was_done_and_nothing_else(materials, states):
    (step,) = states_chapter(materials, states, policy="midpoint6").steps
    assert {"bartolucci_2013", "schwarz_1978", "hennig_2007", "bartolucci_farcomeni_2015"} <= set(step.keys)
    assert "[@bartolucci_farcomeni_2015] and with equal lengths of time as steps." in step.text
    less = replace(
        states, judgement=replace(states.judgement, stability=None, halves=None, endings=None, first_state=None)
    )
    (short,) = states_chapter(materials, less, policy="midpoint6").steps
    assert set(short.keys) == {"bartolucci_2013", "catarino_2022", "schwarz_1978", "samejima_1969"}
    assert "found again with equal lengths of time as steps." in short.text
