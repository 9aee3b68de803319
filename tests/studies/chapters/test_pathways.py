"""Who is on the way: models beside their baselines, said in words, too few said as too few."""

from dataclasses import replace

import pytest

from outcomes.studies.chapters.pathways import HEADING, landmark_name, model_name, pathways_chapter


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
    assert {name.split("/")[0] for name in chapter.metrics} == {"prognosis"}


@pytest.mark.slow
def test_without_a_judged_model_the_chapter_says_so_and_shows_who_was_at_risk(found, told, tables, words):
    empty = replace(found, validation=replace(found.validation, metrics=found.validation.metrics.iloc[:0]))
    chapter = pathways_chapter(empty, told, policy="midpoint6")
    assert words(chapter).endswith("no model can be judged.")
    assert list(tables(chapter)) == ["at_risk"]
    assert chapter.metrics == {}
    assert chapter.section.heading == HEADING


@pytest.mark.slow
def test_metrics_by_time_alone_are_too_few_as_well(found, told, words):
    late = replace(found.validation, metrics=found.validation.metrics.assign(validation="by time"))
    chapter = pathways_chapter(replace(found, validation=late), told, policy="midpoint6")
    assert "no model can be judged" in words(chapter)
