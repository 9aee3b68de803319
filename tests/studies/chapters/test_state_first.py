"""What follows from a first state, and who begins in it."""

from dataclasses import replace

import pandas as pd
import pytest

from outcomes.studies.chapters.state_first import first_state_blocks
from outcomes.studies.chapters.states import states_chapter


@pytest.fixture(scope="module")
def chapter(materials, states):
    return states_chapter(materials, states, policy="midpoint6")


def test_implied_outcomes_stand_beside_assigned_ones(chapter, tables):
    table = tables(chapter)["implied_outcomes"]
    assert {"assigned_pct", "implied_pct", "low", "high"} <= set(table.columns)
    shown = table["implied_pct"].dropna()
    assert shown.between(0, 100).all()
    assert len(shown) > 0


def test_courses_and_flow_are_drawn(chapter, tables):
    assert {"state_flow", "courses_by_first_state"} <= set(tables(chapter))


def test_too_few_people_for_any_characteristic_get_a_sentence(states):
    rows = [(2, term, method) for term in ("constant", "gender = a rarer level") for method in ("naive", "bch", "ml")]
    table = pd.DataFrame(rows, columns=["state", "term", "method"]).assign(odds_ratio=1.0, low=0.5, high=2.0, n_with=9)
    few = replace(states, judgement=replace(states.judgement, first_state=table))
    (said,) = first_state_blocks(few, "midpoint6")
    assert "no characteristic has two levels of at least 30 people" in said
