"""The fit by time stands beside the one by number of the questionnaire, with words for what it means."""

from dataclasses import replace

import pytest

from outcomes.studies.chapters.state_time import step_name, time_blocks
from outcomes.studies.chapters.states import states_chapter


@pytest.fixture(scope="module")
def chapter(materials, states):
    return states_chapter(materials, states, policy="midpoint6")


def with_steps(states, found, because=None):
    return replace(states, judgement=replace(states.judgement, steps=found, because=because or {}))


def test_both_fits_stand_side_by_side(chapter, tables, words, states):
    beside = tables(chapter)["states_by_time"]
    assert len(beside) == states.model.n_states
    assert {"stays", "stays_in_time", "total_in_time"} <= set(beside.columns)
    assert "one step a week: steps without a questionnaire are blank" in words(chapter)
    found = states.judgement.steps
    assert f"{100 * found.same_state:.0f} % of questionnaires are put into the same state" in words(chapter)
    assert chapter.metrics["subtypes/same_state_by_time"] == pytest.approx(found.same_state)
    assert chapter.internal["states_by_time"] is found.table


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (25.0, "time explains the answers better, by 25 log units"),
        (-25.0, "the number of the questionnaire explains the answers better, by 25"),
        (3.0, "neither clock explains the answers clearly better"),
    ],
)
def test_which_clock_explains_the_answers_better_is_said(states, chapter, gain, said):
    people = chapter.internal["state_people"]
    words, _ = time_blocks(with_steps(states, replace(states.judgement.steps, gain=gain)), people, "midpoint6")
    assert said in words


def test_courses_that_were_left_out_are_counted_and_a_fit_at_its_cap_is_provisional(states, chapter):
    found = states.judgement.steps
    words, _ = time_blocks(
        with_steps(states, replace(found, n_left_out=12)), chapter.internal["state_people"], "midpoint6"
    )
    assert "12 courses with an unknown date" in words
    assert ("provisional" in words) == (not found.by_time.converged_)


def test_steps_are_named_by_their_length(states):
    steps = states.judgement.steps.steps
    assert [step_name(replace(steps, unit=unit)) for unit in (1.0, 7.0, 14.0)] == ["session", "week", "14 days"]


def test_without_times_it_says_why_or_nothing(states):
    told = with_steps(states, None, {"steps": "no questionnaire has a date, and none is missing between two others"})
    assert time_blocks(with_steps(states, None), None, "midpoint6") == []
    (said,) = time_blocks(told, None, "midpoint6")
    assert "could not be checked: no questionnaire has a date" in said
