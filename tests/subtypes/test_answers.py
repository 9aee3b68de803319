"""Answers numbered by those of the fit."""

import numpy as np
import pytest

from outcomes.errors import DataError
from outcomes.subtypes.answers import answers_seen, coded, people_weights
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


@pytest.mark.parametrize(
    "weights", [[1.0], [-1.0, 1.0, 1.0], [np.nan, 1.0, 1.0], [np.inf, 1.0, 1.0], [0.0, 0.0, 0.0], ["secret", 1.0, 1.0]]
)
def test_weights_that_stand_for_nobody_are_refused(weights):
    with pytest.raises(DataError, match="3 finite numbers of at least 0 are needed") as refused:
        people_weights(weights, 3)
    assert "secret" not in str(refused.value)


def test_no_weights_are_no_weights():
    assert people_weights(None, 3) is None
    assert people_weights([[0.0], [1.0], [2.0]], 3).tolist() == [0.0, 1.0, 2.0]
