"""A key becomes a heading."""

import pytest

from outcomes.publications.page import Section
from outcomes.studies.chapters.chapter import Chapter, title_of


@pytest.mark.parametrize(
    ("key", "heading"),
    [("reliable_recovery", "Reliable recovery"), ("recovery", "Recovery"), ("at_caseness", "At caseness")],
)
def test_a_key_is_written_as_a_heading(key, heading):
    assert title_of(key) == heading


def test_a_chapter_hands_on_nothing_unless_told():
    bare = Chapter(Section("What?", ()))
    assert (dict(bare.internal), dict(bare.metrics), bare.steps, bare.key_figures) == ({}, {}, (), ())
