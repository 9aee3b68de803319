"""What a figure reads is what the released table holds."""

import numpy as np
import pandas as pd
import pytest

from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError
from outcomes.publications.figures.reading import distinct, matrix, numbers, rows_of, words


@pytest.fixture
def table():
    frame = pd.DataFrame(
        {
            "item": ["sleep", "sleep", "mood", "mood", "fear"],
            "state": [2, 1, 2, 1, 2],
            "mean": [2.6, 0.4, 1.4, 0.2, 0.7],
            "n": [200, 300, 4, 300, 200],
        }
    )
    return release(frame, labels=["item", "state"], counts=["n"], statistics={"mean": "n"}, title="States")


def test_labels_are_read_as_words_even_where_they_are_numbers(table):
    assert words(table, "item") == ["sleep", "sleep", "mood", "mood", "fear"]
    assert words(table, "state") == ["2", "1", "2", "1", "2"]


def test_numbers_are_the_printed_ones_and_hidden_ones_are_not_numbers(table):
    np.testing.assert_array_equal(numbers(table, "mean"), [2.6, 0.4, np.nan, 0.2, 0.7])
    np.testing.assert_array_equal(numbers(table, "n"), [201, 297, 3, 297, 201])  # rounded at the gate, not here
    assert (2, "mean") in table.reasons


def test_a_matrix_keeps_the_order_of_appearance_and_leaves_holes(table):
    rows, columns, values = matrix(table, "item", "state", "mean")
    assert rows == ["sleep", "mood", "fear"]
    assert columns == ["2", "1"]
    np.testing.assert_array_equal(values, [[2.6, 0.4], [np.nan, 0.2], [0.7, np.nan]])


def test_distinct_keeps_the_first_of_each():
    assert distinct(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]
    assert distinct([]) == []


def test_rows_of_a_name_are_all_of_its_rows_in_order():
    found = rows_of(["b", "a", "b"])
    assert {name: rows.tolist() for name, rows in found.items()} == {"b": [0, 2], "a": [1]}
    assert list(found) == ["b", "a"]
    assert rows_of([]) == {}


@pytest.mark.parametrize("read", [words, numbers])
def test_a_column_that_is_not_there_is_named_with_those_that_are(table, read):
    with pytest.raises(DisclosureError, match="'States' has no column 'median'; it has item, state"):
        read(table, "median")


def test_a_matrix_of_a_column_that_is_not_there_is_refused(table):
    with pytest.raises(DisclosureError, match="has no column 'class'"):
        matrix(table, "item", "class", "mean")
