"""Simulated answers are judged as real ones are; both sides of every rule."""

import numpy as np
import pytest

from outcomes.errors import DataError
from outcomes.reference.instruments import instrument
from outcomes.subtypes.item_outcomes import judges

COLUMNS = (*instrument("phq9").item_columns, *instrument("gad7").item_columns)


def answers(phq9, gad7):
    row = np.zeros(16, dtype=np.int8)
    for place in range(phq9):
        row[place % 9] += 1
    for place in range(gad7):
        row[9 + place % 7] += 1
    return row[None]


@pytest.mark.parametrize(
    ("first", "last", "recovery", "better", "worse"),
    [
        ((15, 12), (9, 7), 1, 1, 0),  # below both thresholds, both down by their index
        ((10, 0), (9, 0), 1, 0, 0),  # recovery by one point, not reliable
        (
            (15, 12),
            (10, 7),
            0,
            0,
            0,
        ),  # one still at caseness; phq9 down by 5 is below 6, gad7 by 5 is its index: see below
        ((9, 7), (3, 0), np.nan, 1, 0),  # not a case, but reliably better
        ((15, 2), (8, 8), 0, 0, 0),  # both ways: neither
        ((5, 5), (12, 5), np.nan, 0, 1),
    ],
)
def test_rules(first, last, recovery, better, worse):
    found = judges(COLUMNS, ("phq9", "gad7"))
    one, two = answers(*first), answers(*last)
    index = float(instrument("gad7").reliable_change.value)
    if (first, last) == ((15, 12), (10, 7)):
        better = int(index <= 5)
    np.testing.assert_array_equal(found["recovery"](one, two), [recovery])
    assert found["reliable_improvement"](one, two).tolist() == [better]
    assert found["reliable_deterioration"](one, two).tolist() == [worse]
    assert found["change_in_phq9"](one, two).tolist() == [last[0] - first[0]]


def test_an_instrument_that_lacks_an_item_is_not_judged():
    found = judges(COLUMNS[:-1], ("phq9", "gad7"))
    assert "change_in_gad7" not in found
    assert found["recovery"](answers(9, 15), answers(9, 0)).tolist() != [1.0]
    with pytest.raises(DataError, match="no instrument"):
        judges(("phq9_1",), ("phq9",))
