"""What does the report say about a step that the data do not bear? That it was not possible, and why."""

import re

from outcomes.errors import DataError
from outcomes.publications.page import Section
from outcomes.studies.chapters.chapter import Chapter

ABSENT = "Too few data to say."
NUMBER = re.compile(r"\b\d[\d,.]*\b")


def gap_chapter(heading: str, reason: DataError) -> Chapter:
    """Say in place of a chapter why it is not there.

    Parameters
    ----------
    heading
        Of the chapter that is missing.
    reason
        What the data lack; its text names columns, rules and counts, never a value.

    Returns
    -------
    Chapter
        One paragraph. Numbers are written as n: a count that no policy has rounded is not printed.
    """
    why = NUMBER.sub("n", str(reason)).rstrip(".")
    said = f"Too few data to say: this step was asked for and was not possible. The reason: {why}."
    return Chapter(Section(heading, (said,), ABSENT))
