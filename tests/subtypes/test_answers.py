"""Answers numbered by those of the fit."""

import numpy as np
import pytest

from outcomes.errors import DataError
from outcomes.subtypes.answers import answers_seen, coded
from outcomes.subtypes.sequences import Sequences


def data(items: list[list[int]]) -> Sequences:
    rows = np.array(items, dtype=np.int8)
    return Sequences(rows, np.arange(len(rows) + 1), ("a", "b"), np.arange(len(rows)))


def test_answers_are_numbered_by_what_was_seen():
    seen = answers_seen(data([[0, 1], [3, -1], [0, 5]]))
    assert [each.tolist() for each in seen] == [[0, 3], [1, 5]]
    assert coded(data([[3, 5], [0, -1]]), seen).tolist() == [[1, 1], [0, -1]]


def test_what_was_never_seen_is_refused_without_its_value():
    seen = answers_seen(data([[0, 1], [3, 5]]))
    with pytest.raises(DataError, match="a: 1 answers of a kind that the fit has never seen"):
        coded(data([[2, 1]]), seen)
    with pytest.raises(DataError, match="b: never answered"):
        answers_seen(data([[0, -1], [1, -1]]))
