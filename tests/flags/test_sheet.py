"""What one person's sheet says, and why not to lean on it."""

import pytest

from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.settings import FlagSettings
from outcomes.flags.sheet import people


def sheet(desk, course=None):
    tables = CareTables(desk.caseload, desk.occasions, desk.totals, course)
    return people(caseload_report(tables, settings=FlagSettings(), facts=Facts("S", "invented", "h", "e")))[0]


# scores | day of the report (forms at days 7, 14 ...) | doubts
@pytest.mark.parametrize(
    ("scores", "as_of", "doubts"),
    [
        ([12, 12, 12], 22, ()),
        ([12, 12], 15, ("There are only 2 scores. One more can turn it.",)),
        ([12], 8, ("There is only 1 score. One more can turn it.",)),
        ([12, 12, 12], 21 + 28, ("The last form is 4 weeks old.",)),
        ([12, 12, 12], 21 + 27, ()),
    ],
)
def test_few_scores_and_old_forms_are_doubts(desk, scores, as_of, doubts):
    assert sheet(desk.person("p", scores, as_of=as_of)).doubts == doubts


def test_the_last_form_is_told_in_its_own_words_and_never_its_safety_question(desk):
    person = sheet(desk.person("p", [8], as_of=8, items={"phq9_3": 3, "phq9_9": 2}))
    ((name, said),) = person.now
    assert name == "PHQ-9"
    assert said[0] == ("Almost daily", "sleep")
    assert not any("self-harm" in words for _, words in said)


def test_reasons_are_led_by_words_that_are_said_once(desk, course):
    person = sheet(desk.person("p", [12, 25], [8, 20], as_of=15), course)
    assert person.leads == ("Got worse.", "Not on track.")
    assert len(person.reasons) == 4


def test_a_course_with_too_few_people_behind_it_is_not_drawn(desk, course):
    """It is not used by the rule either, and a ragged band of five people would be believed."""
    desk.person("p", [12, 12], as_of=15)
    assert 'class="band"' in sheet(desk, course).charts[0]
    assert 'class="band"' not in sheet(desk, course.assign(n=49)).charts[0]
