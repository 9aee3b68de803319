"""A step that the data do not bear is in the report, with its reason."""

from outcomes.errors import DataError
from outcomes.studies.chapters.gap import gap_chapter


def test_the_reason_stands_in_place_of_the_chapter(words):
    chapter = gap_chapter("Which states?", DataError("the feed holds no questionnaire."))
    assert chapter.section.heading == "Which states?"
    assert words(chapter).startswith("Too few data to say")
    assert words(chapter).endswith("The reason: the feed holds no questionnaire.")
    assert chapter.metrics == {}
