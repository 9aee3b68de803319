"""What may be put in: tables, trajectories, arrays; and what is refused without showing a value."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.subtypes.sequences import Trajectories, sequences

TABLE = pd.DataFrame(
    {
        "pseudonym": ["b", "a", "a", "b", "a"],
        "referral": ["1", "1", "1", "1", "2"],
        "occasion": [2, 2, 1, 1, 1],
        "day": [7, 7, 0, 0, 0],
        "q_1": pd.array([3, 1, 0, pd.NA, 2], dtype="Int8"),
        "q_2": [0.0, np.nan, 1.0, 2.0, 3.0],
    }
)


@dataclass
class Ragged:
    items: np.ndarray
    starts: np.ndarray
    columns: tuple[str, ...]
    occasion: np.ndarray | None = None


def test_a_table_is_sorted_by_sequence_and_occasion_and_remembers_its_rows():
    found = sequences(TABLE)
    assert found.columns == ("q_1", "q_2")
    assert found.starts.tolist() == [0, 2, 3, 5]
    assert found.items.tolist() == [[0, 1], [1, -1], [2, 3], [-1, 2], [3, 0]]
    assert found.rows.tolist() == [2, 1, 4, 3, 0]
    assert found.sequence.tolist() == [0, 0, 1, 2, 2]
    assert found.position.tolist() == [0, 1, 0, 0, 1]


def test_sequences_put_in_again_count_their_own_rows():
    once = sequences(TABLE)
    again = sequences(once)
    assert again.rows.tolist() == [0, 1, 2, 3, 4]
    assert again.items.tolist() == once.items.tolist()
    assert once.rows.tolist() == [2, 1, 4, 3, 0]


def test_other_names_and_chosen_items():
    table = TABLE.rename(columns={"pseudonym": "patient", "occasion": "session"})
    found = sequences(table, by=["patient", "referral"], order="session", items=["q_2"])
    assert found.columns == ("q_2",)
    assert found.items.ravel().tolist() == [1, -1, 3, 2, 0]


def test_trajectories_are_taken_as_they_are():
    ragged = Ragged(np.array([[0], [1], [-1]], dtype=np.int8), np.array([0, 2, 3]), ("q",))
    assert isinstance(ragged, Trajectories)
    found = sequences(ragged)
    assert found.items.ravel().tolist() == [0, 1, -1]
    assert sequences(found) is found


def test_an_array_holds_one_occasion_each():
    found = sequences(np.array([[1.0, np.nan], [0.0, 2.0]]))
    assert found.columns == ("item_1", "item_2")
    assert found.items.tolist() == [[1, -1], [0, 2]]
    assert found.lengths.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (lambda t: t, {"by": "id"}, "none of .* is a column"),
        (lambda t: t, {"order": "date"}, "'date' is not a column"),
        (lambda t: t, {"items": ["q_9"]}, "q_9"),
        (lambda t: t.iloc[:0], {}, "holds no occasion"),
    ],
)
def test_a_wrong_description_of_the_table_is_refused(change, arguments, message):
    with pytest.raises((ConfigError, DataError), match=message):
        sequences(change(TABLE), **arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: pd.concat([t, t.iloc[[0]]]), "1 occasions stand twice"),
        (lambda t: t.assign(pseudonym=[None, "a", "a", "b", "a"]), "1 of 5 rows name no sequence"),
        (lambda t: t.assign(occasion=[np.nan, 2, 1, 1, 1]), "1 of 5 occasions have no place in time"),
        (lambda t: t.assign(q_2=[0.5, 1, 1, 1, 1]), r"q_2: 1 of 5 answers are not whole numbers"),
        (lambda t: t.assign(q_2=[-7, 1, 1, 1, 1]), r"q_2: 1 of 5 answers are not whole numbers"),
        (lambda t: t.assign(q_2=[777, 1, 1, 1, 1]), r"q_2: 1 of 5 answers are not whole numbers"),
        (lambda t: t.assign(q_2=["SENTINEL", "1", "1", "1", "1"]), "must be numbers or missing"),
    ],
)
def test_a_wrong_table_is_refused_without_showing_a_cell(change, message):
    with pytest.raises(DataError, match=message) as caught:
        sequences(change(TABLE))
    assert "SENTINEL" not in str(caught.value)
    assert "777" not in str(caught.value)


@pytest.mark.parametrize(
    ("items", "starts", "message"),
    [
        (np.zeros((3, 1), dtype=np.int8), [0, 2], "must rise from 0"),
        (np.zeros((3, 1), dtype=np.int8), [0, 2, 2, 3], "must rise from 0"),
        (np.zeros((3, 2), dtype=np.int8), [0, 3], "one row an occasion and one column an item"),
    ],
)
def test_wrong_trajectories_are_refused(items, starts, message):
    with pytest.raises(DataError, match=message):
        sequences(Ragged(items, np.array(starts), ("q",)))


def test_duplicate_occasions_of_trajectories_are_refused():
    ragged = Ragged(np.zeros((3, 1), dtype=np.int8), np.array([0, 2, 3]), ("q",), np.array([1, 1, 1]))
    with pytest.raises(DataError, match="1 occasions stand twice"):
        sequences(ragged)


def test_anything_else_is_refused():
    with pytest.raises(ConfigError, match="got list"):
        sequences([[1, 2]])
