"""For whom: every group beside its reference, a verdict only where there are enough, chance beside the widest gap."""

import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.fairness.counts import group_counts
from outcomes.fairness.gaps import Tolerance, reference_of
from outcomes.studies.chapters.groups import groups_chapter
from outcomes.studies.chapters.groups_gaps import gap_table
from outcomes.studies.experiment import FairnessSettings
from outcomes.tracking.guard import numbers_of

SETTINGS = FairnessSettings(by=("gender", "deprivation_quintile"))


def chapter_of(materials, found=None, settings=SETTINGS, seed=1):
    return groups_chapter(materials, found, settings, policy="midpoint6", seed=seed, threshold=0.5)


@pytest.fixture(scope="module")
def chapter(materials):
    return chapter_of(materials)


def test_every_breakdown_has_one_reference_and_verdicts_need_events(chapter, tables):
    shown = tables(chapter)["outcome_by_group"]
    assert shown["breakdown"].nunique() == 2
    assert shown[shown["verdict"].eq("reference")].groupby("breakdown").size().eq(1).all()
    assert set(shown["verdict"]) == {"reference", "too few to say"}


def test_groups_add_up_to_everybody(chapter, materials):
    table = chapter.internal["outcomes_by_group"]
    main = table[table["measure"].eq("reliable_recovery")]
    assert main.groupby("breakdown")["n"].sum().nunique() == 1
    assert (
        main.groupby("breakdown")["events"]
        .sum()
        .eq(int((materials.outcomes["finished"] & materials.outcomes["reliable_recovery"]).eq(True).sum()))
        .all()
    )


def test_the_widest_gap_stands_beside_chance_and_repeats(chapter, materials):
    chance = chapter.internal["widest_gaps"]
    assert chance["p_value"].between(0, 1, inclusive="right").all()
    pd.testing.assert_frame_equal(chance, chapter_of(materials).internal["widest_gaps"])


def test_the_funnel_is_by_group_too(chapter):
    assert set(chapter.internal["funnel_by_group"]["breakdown"]) >= set(SETTINGS.by)


def test_where_nobody_counts_there_is_nothing_to_compare(materials):
    judged = materials.outcomes.assign(finished=False).astype({"finished": "boolean"})
    none = type(materials)(**{**vars(materials), "outcomes": judged})
    with pytest.raises(DataError, match="nobody counts for reliable recovery, so there is nothing to compare"):
        chapter_of(none)


def test_without_outcomes_caseness_at_the_first_questionnaire_is_compared(materials, tables):
    bare = type(materials)(**{**vars(materials), "outcomes": None})
    chapter = chapter_of(bare)
    assert next(iter(tables(chapter))) == "gaps"
    assert chapter.internal["outcomes_by_group"]["measure"].unique().tolist() == [
        "phq9_at_caseness",
        "gad7_at_caseness",
    ]
    assert any(name.startswith("fairness/phq9_at_caseness/") for name in chapter.metrics)
    assert "funnel_by_group" not in chapter.internal


@pytest.mark.slow
def test_the_model_is_shown_by_group_for_people_it_had_not_seen(materials, found, tables):
    shown = tables(chapter_of(materials, found))["model_by_group"]
    assert {"Everyone", "Gender"} <= set(shown["breakdown"])
    assert int(shown.loc[0, "true_positives"]) <= int(shown.loc[0, "events"]) <= int(shown.loc[0, "n"])


def test_a_verdict_never_contradicts_the_interval_printed_beside_it():
    events = range(2500, 3200, 50)
    main = pd.DataFrame(
        {
            "breakdown": "gender",
            "group": [reference_of("gender"), *(f"Group {number}" for number in range(len(events)))],
            "events": [3000, *events],
            "n": 6000,
            "reference_events": [float("nan"), *([3000.0] * len(events))],
            "reference_n": [float("nan"), *([6000.0] * len(events))],
        }
    )
    table = gap_table(main, "midpoint6", "Reliable recovery", Tolerance(points=5.0, minimum_events=100)).table
    judged = table[table["verdict"].ne("reference")]
    exceeds = judged["gap_low"].gt(5) | judged["gap_high"].lt(-5)
    within = judged["gap_low"].ge(-5) & judged["gap_high"].le(5)
    assert table["verdict"].eq("reference").sum() == 1
    assert judged.loc[exceeds, "verdict"].eq("exceeds tolerance").all()
    assert judged.loc[~exceeds & ~within, "verdict"].eq("inconclusive").all()
    assert {"inconclusive", "exceeds tolerance"} <= set(judged["verdict"])


@pytest.mark.parametrize(
    "key",
    [
        *("gender", "age_band", "ethnic_group_16", "ethnic_group_5", "deprivation_quintile", "deprivation_decile"),
        *("sexual_orientation", "religion", "disability", "long_term_condition", "employment"),
        *("service", "referral_source", "year"),
    ],
)
def test_every_grouping_can_be_named_and_nobody_is_lost(materials, key):
    episodes = materials.episodes
    named = episodes if key in episodes else episodes.assign(**{key: "Christian"})
    counts = group_counts(materials.outcomes.merge(named[["pseudonym", "referral", key]]), [key])
    main = counts.loc[counts["measure"].eq("reliable_improvement")]
    finished = int(materials.outcomes["finished"].sum())
    assert main["n"].sum() >= finished if key == "disability" else main["n"].sum() == finished


def test_crossed_groups_are_compared_with_the_group_of_both_references(materials, tables):
    crossed = FairnessSettings(by=("gender",), intersections=(("gender", "deprivation_quintile"),))
    shown = tables(chapter_of(materials, settings=crossed))["outcome_by_group"]
    mine = shown.loc[shown["breakdown"].eq("Gender and deprivation quintile")].set_index("group")
    assert mine.loc["Male, Quintile 5 (least deprived)", "verdict"] == "reference"
    assert "no reference" not in set(mine["verdict"])


def test_small_groups_stand_raw_and_drawn_towards_the_others(chapter, tables):
    shown = tables(chapter)["small_groups"]
    assert "Deprivation quintile" in set(shown["breakdown"])
    known = shown.loc[shown["shrunken_pct"].notna()]
    assert known["own_weight_pct"].between(0, 100).all()
    assert known["shrunken_low"].lt(known["shrunken_pct"]).all()


def test_crossed_groups_keep_the_names_of_metrics_that_a_tracked_run_takes(materials):
    crossed = FairnessSettings(by=("gender",), intersections=(("gender", "deprivation_quintile"),))
    metrics = chapter_of(materials, settings=crossed).metrics
    known, _ = numbers_of(metrics)
    assert set(known) == set(metrics)
    assert "fairness/reliable_recovery/widest_gap_points/gender_and_deprivation_quintile" in metrics


def test_the_methods_cite_what_was_done_and_nothing_else(chapter, materials):
    (step,) = chapter.steps
    assert "newcombe_1998" in step.keys
    assert ("localio_2007" in step.keys) == bool(len(chapter.internal["remaining_gaps"]))
    assert ("hardt_2016" in step.keys) == ("abstention_by_group" in chapter.internal)
    assert ("jiang_nachum_2020" in step.keys) == ("remedies" in chapter.internal)
