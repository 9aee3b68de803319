"""Chapters become one report with its facts and its limits."""

from pathlib import Path

import outcomes.studies.chapters as chapter_modules
from outcomes.errors import DataError
from outcomes.publications.page import KeyFigure
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.chapters.gap import gap_chapter
from outcomes.studies.reporting import FOLDED, INVENTED, KEY_FIGURES, LIMITS, study_methods, study_report


def chapters(figures):
    gap = gap_chapter("Which?", DataError("too little"))
    return [Chapter(gap.section, key_figures=tuple(KeyFigure(f"f{n}", "1", "") for n in range(figures)))]


def test_facts_limits_and_question_are_those_of_the_study(materials):
    report = study_report(materials, chapters(1), policy="midpoint6")
    assert dict(report.facts)["Snapshot"] == materials.opened.view.snapshot
    assert dict(report.facts)["Measures"] == "PHQ-9, GAD-7"
    assert report.question == materials.opened.experiment.study.question
    assert report.limits == (INVENTED, *LIMITS)
    assert any("suicide" in limit for limit in LIMITS)


def test_every_folded_table_is_one_that_a_chapter_makes():
    made = " ".join(path.read_text(encoding="utf-8") for path in Path(chapter_modules.__file__).parent.glob("*.py"))
    made += " prediction_by_time"  # put together from the name of the validation
    assert sorted(name for name in FOLDED if f'"{name}"' not in made and f" {name}" not in made) == []


def test_no_more_key_figures_than_fit_on_top(materials):
    assert len(study_report(materials, chapters(20), policy="midpoint6").key_figures) == KEY_FIGURES


def test_the_methods_text_names_what_a_repetition_needs(materials):
    text = study_methods(materials, chapters(0), policy="midpoint6")
    assert materials.opened.view.snapshot in text
    assert "nhs_talking_therapies_v2_1" in text
    assert "strict" in text
