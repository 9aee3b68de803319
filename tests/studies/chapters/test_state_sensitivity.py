"""The fit with endings stands beside the one that takes them as random, with words for what it means."""

from dataclasses import replace

import pytest

from outcomes.studies.chapters.state_sensitivity import largest_change, sensitivity_blocks
from outcomes.studies.chapters.states import states_chapter


@pytest.fixture(scope="module")
def chapter(materials, states):
    return states_chapter(materials, states, policy="midpoint6")


def test_both_fits_stand_side_by_side(chapter, tables, words, states):
    beside = tables(chapter)["states_with_endings"]
    assert len(beside) == states.model.n_states
    assert beside["begins_random"].dropna().between(0, 1).all()
    ways = tables(chapter)["endings_by_state"]
    assert {"goes_on", "planned", "dropped_out"} <= set(ways.columns)
    assert "found again with the recorded ending as data" in words(chapter)
    assert set(chapter.internal["states_with_endings"]["quantity"]) >= {"initial", "transition"}


def test_the_largest_change_is_named_with_its_numbers(states, chapter, words):
    most = largest_change(states.judgement.endings)
    shares = states.judgement.endings.table.query("quantity != 'expected total'")
    assert abs(most["difference"]) == shares["difference"].abs().max()
    assert f"{100 * most['missing_at_random']:.0f} % as random" in words(chapter)
    assert chapter.metrics["subtypes/largest_change_with_endings"] == pytest.approx(abs(most["difference"]))


def test_without_endings_it_says_why_or_nothing(states):
    because = {"endings": "the feed does not tell how referrals ended"}
    silent = replace(states, judgement=replace(states.judgement, endings=None, because={}))
    told = replace(states, judgement=replace(states.judgement, endings=None, because=because))
    assert sensitivity_blocks(silent, None, "midpoint6") == []
    (said,) = sensitivity_blocks(told, None, "midpoint6")
    assert "could not be checked: the feed does not tell how referrals ended." in said


def test_stability_is_among_the_metrics_so_that_runs_compare(chapter, states):
    stability, halves = states.judgement.stability, states.judgement.halves
    assert chapter.metrics["subtypes/smallest_jaccard"] == pytest.approx(stability.table["jaccard"].min())
    assert chapter.metrics["subtypes/split_half_ari"] == pytest.approx(halves.adjusted_rand)
    assert chapter.metrics["subtypes/prediction_strength"] == pytest.approx(halves.prediction_strength)
