"""Plain words."""

from outcomes.prognosis.words import SENSITIVE, wording
from outcomes.reference.groups import groupings
from outcomes.reference.instruments import instruments


def test_every_item_has_a_word_and_safety_is_marked():
    for instrument in instruments().values():
        for item in instrument.items:
            found = wording(item.column)
            assert (found.word, found.label, found.safety) == (item.word, item.label, item.safety)


def test_totals_are_called_by_their_short_name():
    assert wording("phq9").word == "PHQ-9 total"
    assert wording("something_else").word == "something else"


def test_sensitive_attributes_are_known_groupings():
    assert not SENSITIVE - set(groupings())
