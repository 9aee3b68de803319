"""The ways to end, printed: rounded, complete, and said when they cannot be foretold."""

from dataclasses import replace

import pytest

from outcomes.prognosis.endings import CHANGES, ENDINGS
from outcomes.publications.page import Section
from outcomes.studies.chapters.chapter import Chapter
from outcomes.studies.chapters.joint_endings import joint_blocks, joint_metrics


@pytest.fixture
def chapter(found):
    return Chapter(Section("Ways to end", tuple(joint_blocks(found.joint, 24, policy="midpoint6"))))


@pytest.mark.slow
def test_every_way_to_end_has_its_row_and_counts_are_rounded(chapter, tables):
    ways = tables(chapter)["ways_to_end"]
    assert len(ways) == len(ENDINGS) * len(CHANGES)
    assert (ways["n"] % 6).isin([0, 3]).all()


@pytest.mark.slow
def test_what_came_true_lies_within_its_row(chapter, tables, words):
    record = tables(chapter)["how_often_right"]
    assert record["n_true"].le(record["n"]).all()
    assert record["n"].ge(9).all()
    assert "add up to one" in words(chapter)


@pytest.mark.slow
def test_without_a_model_the_ways_to_end_are_still_counted_and_the_reason_is_given(found, tables, words):
    bare = replace(found.joint, validation=None, taught=None, lacking="endings: 3 rows finished")
    chapter = Chapter(Section("Ways to end", tuple(joint_blocks(bare, 24, policy="midpoint6"))))
    assert list(tables(chapter)) == ["ways_to_end"]
    assert words(chapter).endswith("The ways to end are not foretold: endings: 3 rows finished.")
    assert joint_metrics(bare) == {}


@pytest.mark.slow
def test_metrics_have_names_that_all_runs_share(found):
    names = joint_metrics(found.joint)
    assert "joint_endings/dropped_out/auroc/session_0" in names
    assert all(value == value for value in names.values())
