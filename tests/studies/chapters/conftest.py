"""What a chapter printed, and how to read it."""

import pytest

from outcomes.publications.page import Picture, Table


@pytest.fixture
def tables():
    """Give the released tables of a chapter by name."""

    def of(chapter):
        return {
            block.name: block.released.table for block in chapter.section.blocks if isinstance(block, Table | Picture)
        }

    return of


@pytest.fixture
def words():
    """Give the sentences of a chapter as one text."""
    return lambda chapter: " ".join(block for block in chapter.section.blocks if isinstance(block, str))
