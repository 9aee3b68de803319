"""Who is on the way: models beside their baselines, said in words, too few said as too few."""

from dataclasses import replace

import pandas as pd
import pytest

from outcomes.studies.chapters.elsewhere import landmark_name
from outcomes.studies.chapters.pathways import HEADING, model_name, pathways_chapter


@pytest.mark.parametrize(("landmark", "name"), [(0, "At intake"), (1, "After session 1"), (4, "After session 4")])
def test_a_landmark_has_a_name(landmark, name):
    assert landmark_name(landmark) == name


def test_a_model_has_a_name():
    assert model_name("gad7_alone") == "GAD-7 alone"
    assert model_name("penalised_logistic") == "Penalised logistic"


@pytest.mark.slow
def test_every_model_stands_beside_the_simple_ones(found, told, tables, words):
    chapter = pathways_chapter(found, told, policy="midpoint6")
    shown = tables(chapter)["prediction_by_patient"]
    assert {"Boosted trees", "Penalised logistic", "PHQ-9 alone"} <= set(shown["model"])
    assert "Boosted trees rank people better" in words(chapter)
    assert "Somebody who tried to tell" in words(chapter)
    assert tables(chapter)["at_risk"]["status"].tolist() == ["fitted", "too few to say"]
    assert {name.split("/")[0] for name in chapter.metrics} == {"prognosis", "joint_endings"}


@pytest.mark.slow
def test_without_a_judged_model_the_chapter_says_so_and_shows_who_was_at_risk(found, told, tables, words):
    empty = replace(found, validation=replace(found.validation, metrics=found.validation.metrics.iloc[:0]))
    chapter = pathways_chapter(empty, told, policy="midpoint6")
    assert "no model can be judged." in words(chapter)
    assert list(tables(chapter))[:2] == ["at_risk", "ways_to_end"]
    assert not {"prediction_by_patient", "at_threshold"} & set(tables(chapter))
    assert chapter.metrics == {}
    assert chapter.section.heading == HEADING


@pytest.mark.slow
def test_metrics_by_time_alone_are_too_few_as_well(found, told, words):
    late = replace(found.validation, metrics=found.validation.metrics.assign(validation="by time"))
    chapter = pathways_chapter(replace(found, validation=late), told, policy="midpoint6")
    assert "no model can be judged" in words(chapter)


@pytest.mark.slow
def test_what_flagging_would_do_adds_up_and_the_plan_is_read_aloud(found, told, tables, words):
    chapter = pathways_chapter(found, told, policy="midpoint6")
    acting = tables(chapter)["at_threshold"]
    assert acting["n_flagged_rightly"].le(acting["n_flagged"]).all()
    assert acting["n_flagged"].le(acting["n"]).all()
    assert "Riley's criteria" in words(chapter)


@pytest.mark.slow
def test_services_left_out_and_drift_are_said_in_words(found, told, words):
    figures = dict.fromkeys(("low", "predicted_low"), 0.7) | dict.fromkeys(("high", "predicted_high"), 0.8)
    pooled = [{"landmark": 0, "model": "boosted_trees", "metric": name, "value": 0.75, **figures}
              for name in ("auroc", "calibration_slope")]  # fmt: skip
    drifted = pd.DataFrame(
        {"feature": ["phq9_now", "gender"], "meaning": ["PHQ-9, now", "gender"], "moved": [True, False]}
    )
    chapter = pathways_chapter(replace(found, services=pd.DataFrame(pooled), moved=drifted), told, policy="midpoint6")
    assert "1 of 2 features changed visibly: PHQ-9, now." in words(chapter)
    assert "pooled AUROC 0.750 (95 % 0.700 to 0.800; a further service" in words(chapter)
