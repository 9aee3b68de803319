"""How it went: rates with their denominators, England beside, courses of those who were still there."""

import pytest

from outcomes.studies.chapters.change import change_chapter


@pytest.fixture(scope="module")
def chapter(materials):
    return change_chapter(materials, policy="midpoint6")


def test_headlines_are_the_released_rates(chapter, tables):
    table = tables(chapter)["outcomes"].set_index("measure")
    for figure in chapter.key_figures:
        assert figure.value == f"{table.loc[figure.label, 'rate_pct']} %"
    assert chapter.key_figures[0].label == "Reliable recovery"


def test_recovery_leaves_out_those_who_were_not_at_caseness(chapter):
    rates = chapter.internal["outcome_rates"].set_index("measure")
    denominators = rates["denominator"]
    assert denominators["recovery"] == denominators["reliable_improvement"] - rates["numerator"]["not_at_caseness"]
    assert denominators["reliable_recovery"] == denominators["recovery"]


def test_metrics_are_the_true_rates(chapter, materials):
    judged = materials.outcomes
    finished = int(judged["finished"].eq(True).sum())
    improved = int((judged["finished"] & judged["reliable_improvement"]).eq(True).sum())
    assert chapter.metrics["outcomes/reliable_improvement_pct"] == pytest.approx(100 * improved / finished, abs=0.051)


def test_the_course_says_whom_it_is_about(chapter, words):
    assert "They are not the course that one person can expect." in words(chapter)


def test_one_occasion_says_nothing_about_change(materials, words):
    first = materials.totals.sort_values("occasion").drop_duplicates("referral")
    once = type(materials)(**{**vars(materials), "totals": first, "outcomes": None})
    chapter = change_chapter(once, policy="midpoint6")
    assert words(chapter) == "Everybody was asked once, so nothing can be said about change."
    assert chapter.key_figures == ()


def test_nobody_paired_gives_no_rates(materials, tables):
    judged = materials.outcomes.assign(paired=False).astype({"paired": "boolean"})
    none = type(materials)(**{**vars(materials), "outcomes": judged})
    assert "outcomes" not in tables(change_chapter(none, policy="midpoint6"))
