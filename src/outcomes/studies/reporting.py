"""Chapters become one report: its facts, its methods text, its limits."""

from collections.abc import Sequence
from dataclasses import replace

from outcomes.cohort.survey import holds_survey
from outcomes.publications.methods import Step, methods_text
from outcomes.publications.page import Report, Section, Table
from outcomes.reference.instruments import instrument
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.materials import Materials

LIMITS = (
    "It describes a service; it does not diagnose, triage or decide who gets treatment.",
    "Nothing in it predicts suicide or self-harm, and none of its numbers may be used to sort people by such risk "
    "(NICE NG225).",
    "Latent states describe patterns of answers. They are not kinds of illness.",
    "Differences between groups, adjusted or not, neither explain nor excuse themselves.",
    "Predictions hold for people like those they were learnt from, until practice changes.",
)
INVENTED = (
    "The service is invented: nothing here is evidence about patients, and its models must not score a real person."
)
SAMPLE = "What is not called weighted, or of the population, describes the people who were asked, not the population."
UNWEIGHTED = (
    "The feed holds survey weights and this study does not use them ([survey]): its figures describe the sample, not "
    "the population."
)
KEY_FIGURES = 6
# Shown by their titles until somebody opens them: what stands behind a sentence or picture that is on the page.
FOLDED = frozenset(
    {
        "abstention_by_group", "at_risk", "classes_or_severity", "drop_out_by_first_state", "effect_sizes",
        "ending_predictions", "ending_predictions_later", "endings_by_state", "first_state_odds", "funnel_by_group",
        "grolts", "groups_against_everyone", "growth_classes", "held_out_likelihood", "how_often_right",
        "implied_outcomes", "item_persistence", "later_scores", "later_scores_later", "model_by_group",
        "model_calibration_by_group", "model_families", "model_gaps", "model_without_sensitive", "number_of_states",
        "outcome_by_group", "outcomes_by_first_state", "prediction_by_time", "remedies", "small_groups", "state_shapes",
        "states_with_endings", "subtype_moves", "therapies_by_group", "unpaired_by_group", "waits_and_steps_by_group",
        "widest_gaps",
    }
)  # fmt: skip


def study_report(materials: Materials, chapters: Sequence[Chapter], *, policy: str) -> Report:
    """Put chapters together as one report.

    Parameters
    ----------
    materials
        Settings and research view.
    chapters
        In reading order.
    policy
        Disclosure policy.

    Returns
    -------
    Report
        What the page and the files are made from; holds released tables only.
    """
    opened = materials.opened
    invented = (INVENTED,) if opened.view.kind == "invented" else ()
    figures = [figure for chapter in chapters for figure in chapter.key_figures]
    return Report(
        title=opened.experiment.study.title,
        question=opened.experiment.study.question,
        statement=opened.view.statement,
        facts=(
            ("Snapshot", opened.view.snapshot),
            ("Outcome rules", materials.edition.name),
            ("Disclosure policy", policy),
            ("Measures", ", ".join(instrument(key).short_name for key in materials.instruments)),
        ),
        key_figures=tuple(figures[:KEY_FIGURES]),
        sections=tuple(_folded(chapter.section) for chapter in chapters),
        limits=(*invented, *_surveyed(materials), *LIMITS),
    )


def _surveyed(materials: Materials) -> tuple[str, ...]:
    if materials.survey is not None:
        return (SAMPLE,)
    return (UNWEIGHTED,) if holds_survey(materials.opened.view.tables) else ()


def _folded(section: Section) -> Section:
    blocks = tuple(
        replace(block, folded=True) if isinstance(block, Table) and block.name in FOLDED else block
        for block in section.blocks
    )
    return replace(section, blocks=blocks)


def study_methods(materials: Materials, chapters: Sequence[Chapter], *, policy: str) -> str:
    """Write the methods text of a study.

    Parameters
    ----------
    materials
        Settings and research view.
    chapters
        In reading order.
    policy
        Disclosure policy.

    Returns
    -------
    str
        Markdown with references, settings and versions; no date, so that a repeated run gives the same text.

    Raises
    ------
    ConfigError
        If a step cites a source that is not in the bibliography.
    """
    experiment = materials.opened.experiment
    steps: tuple[Step, ...] = tuple(step for chapter in chapters for step in chapter.steps)
    settings = {
        "snapshot": materials.opened.view.snapshot,
        "outcome rules": materials.edition.key,
        "missing items": experiment.measures.missing_items,
        "seed": str(experiment.study.seed),
    }
    return methods_text(experiment.study.question, steps, policy=policy, settings=settings)
