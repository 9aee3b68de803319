"""A step that the data do not bear is in the report, with its reason."""

from outcomes.errors import DataError
from outcomes.studies.chapters.gap import gap_chapter


def test_the_reason_stands_in_place_of_the_chapter(words):
    chapter = gap_chapter("Which states?", DataError("the feed holds no questionnaire."))
    assert chapter.section.heading == "Which states?"
    assert words(chapter).startswith("Too few data to say")
    assert words(chapter).endswith("The reason: the feed holds no questionnaire.")
    assert chapter.metrics == {}


def test_no_count_stands_in_the_reason(words):
    said = words(
        gap_chapter("Who?", DataError("3 people cannot be parted into 5 folds, of 1,234 rows; phq9_1 is blank"))
    )
    assert said.endswith("The reason: n people cannot be parted into n folds, of n rows; phq9_1 is blank.")
