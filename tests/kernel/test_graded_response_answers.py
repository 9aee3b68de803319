"""The layout of answers for graded response models."""

import numpy as np
import pytest

from outcomes.errors import DataError
from outcomes.kernel.graded_response_answers import answers


def test_patterns_are_kept_once_and_people_find_theirs():
    codes = np.array([[1, 0, 1], [0, -1, 0], [1, 0, 1], [-1, -1, -1], [0, 1, 0]])
    data = answers(codes, np.array([1.0, 1.0, 2.0, 1.0, 0.5]))
    assert data.n_persons == 4.5
    assert data.pattern[3] == -1
    assert (data.codes[data.pattern[[0, 1, 2, 4]]] == codes[[0, 1, 2, 4]]).all()
    assert data.weights[data.pattern[0]] == 3.0


def test_table_rows_stand_for_the_answers_of_their_pair():
    codes = np.array([[0, 1, 0], [1, 0, 1], [-1, 2, -1], [0, -1, 1]])
    data = answers(codes)
    for row, packed in zip(data.codes, data.packed, strict=True):
        slots = data.slots[packed].ravel()[:3]
        expected = [data.item_slots[item] + a if a >= 0 else data.item_slots[-1] for item, a in enumerate(row)]
        assert slots.tolist() == expected


@pytest.mark.parametrize(
    ("codes", "weights", "match"),
    [
        ([0, 1], None, "one row a person"),
        ([[0, 1], [1, 0]], [1.0], "weights: 2 finite"),
        ([[0, 1], [1, 0]], [1.0, -1.0], "weights: 2 finite"),
        ([[-1, -1]], None, "nobody answered"),
        ([[0, -2], [1, 0]], None, "below -1"),
        ([[0, 2], [1, 0]], None, "nobody gave"),
        ([[0, -1], [1, -1]], None, "nobody gave"),
    ],
)
def test_what_cannot_be_used_is_refused(codes, weights, match):
    with pytest.raises(DataError, match=match):
        answers(np.array(codes), None if weights is None else np.array(weights))
