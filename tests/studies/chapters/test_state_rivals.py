"""Rivals, and a reporting checklist that is blank where a human must speak."""

from dataclasses import replace

import numpy as np
import pytest

from outcomes.publications.checklists import checklist
from outcomes.studies.chapters.state_rivals import reported, rival_blocks
from outcomes.studies.chapters.states import states_chapter
from outcomes.subtypes.likelihood_ratio import RatioTest
from outcomes.subtypes.validation import cross_validated


@pytest.fixture(scope="module")
def chapter(materials, states):
    return states_chapter(materials, states, policy="midpoint6")


def test_families_stand_in_one_table_with_the_chosen_model_first(chapter, tables):
    table = tables(chapter)["model_families"]
    assert table["family"].iloc[0] == "latent Markov"
    assert {"latent class growth", "k-means on course features", "continuous severity"} <= set(table["family"])
    assert table.groupby("data")["best"].apply(lambda said: said.eq("best").sum()).max() == 1


def test_growth_classes_stand_with_their_errors(chapter, tables, states):
    table = tables(chapter)["growth_classes"]
    model, errors = states.judgement.growth.model, states.judgement.growth.errors
    assert table["growth_class"].tolist() == [str(k + 1) for k in range(model.n_classes)]
    lines = errors[errors["part"].eq("coefficient") & errors["term"].eq("t")]
    assert table["per_session"].tolist() == pytest.approx(lines["estimate"].tolist(), abs=0.0051)
    assert table["per_session_low"].tolist() == pytest.approx(lines["low"].tolist(), abs=0.0051)
    assert (table["at_first_low"] < table["at_first"]).all()
    assert table["share"].sum() == pytest.approx(1, abs=0.02)
    best = states.judgement.families.query("data == 'totals' and best")
    assert best["bic"].item() == pytest.approx(model.information_criteria()["bic"])
    assert "growth_classes" in chapter.internal


def test_the_checklist_is_filled_from_the_run_and_else_blank(chapter, tables, states):
    table = tables(chapter)["grolts"]
    assert table["item"].tolist() == [item.number for item in checklist("grolts").items]
    told = table.set_index("item")["told"]
    assert f"{states.model.n_starts} starts" in told["9"]
    assert told["2"] == ""  # only the authors know
    assert told["14c"].startswith("left out on purpose")
    assert "BIC (n = referrals)" in told["10"]
    assert set(reported(states)) <= set(told.index)


def test_held_out_likelihood_and_the_ratio_test_are_told(states, tables):
    held_out = cross_validated(states.trajectories, (1, 2), folds=2)
    ratio = RatioTest(2, 3, 12.5, np.array([3.0, 15.0, 4.0]), 0.5, 0)
    asked = replace(
        states, judgement=replace(states.judgement, held_out=held_out, ratio=ratio, families=None, growth=None)
    )
    said, table, test = rival_blocks(asked, "midpoint6")
    assert "foretold best with" in said
    assert table.released.table["states"].tolist() == ["1", "2"]
    assert "3 against 2 states: ratio 12.5, p = 0.500 by 3 simulated data sets: by the 5 % convention one more" in test
