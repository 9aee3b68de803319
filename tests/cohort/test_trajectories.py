"""Ragged arrays hold what was answered, in order, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from outcomes.cohort.trajectories import trajectories
from outcomes.errors import DataError


def occasions():
    return pd.DataFrame(
        {
            "pseudonym": list("bbaacc"),
            "referral": list("ssrrtt"),
            "occasion": pd.array([2, 1, 0, 27, 1, 2], "Int32"),
            "day": pd.array([7, 0, None, None, 3, 4], "Int32"),
            "phq9_1": pd.array([1, 3, 0, None, None, None], "Int8"),
            "phq9_2": pd.array([2, None, 0, 1, None, None], "Int8"),
        }
    )


def test_what_is_held():
    ragged = trajectories(occasions(), ["phq9_1", "phq9_2"])
    assert ragged.items.tolist() == [[0, 0], [-1, 1], [3, -1], [1, 2]]
    assert ragged.items.dtype == np.int8
    assert ragged.items.flags.c_contiguous
    assert ragged.starts.tolist() == [0, 2, 4]
    assert ragged.keys.to_numpy().tolist() == [["a", "r"], ["b", "s"]]
    assert ragged.occasion.tolist() == [0, 27, 1, 2]
    assert np.isnan(ragged.day[:2]).all()
    assert ragged.day[2:].tolist() == [0, 7]
    assert ragged.lengths.tolist() == [2, 2]
    assert ragged.sequence.tolist() == [0, 0, 1, 1]


def test_zero_is_an_answer_and_missing_is_not():
    assert trajectories(occasions(), ["phq9_1"]).items.ravel().tolist() == [0, 3, 1]


def test_row_order_does_not_matter():
    first, second = (
        trajectories(occasions(), ["phq9_1"]),
        trajectories(occasions().sample(frac=1, random_state=3), ["phq9_1"]),
    )
    assert np.array_equal(first.items, second.items)
    assert np.array_equal(first.starts, second.starts)
    pd.testing.assert_frame_equal(first.keys, second.keys)


@pytest.mark.parametrize("chosen", [[1, 0], [0, 0, 1], [1]])
def test_selecting_whole_sequences(chosen):
    ragged = trajectories(occasions(), ["phq9_1", "phq9_2"])
    part = ragged.select(np.array(chosen))
    for place, sequence in enumerate(chosen):
        one = ragged.items[ragged.starts[sequence] : ragged.starts[sequence + 1]]
        assert np.array_equal(part.items[part.starts[place] : part.starts[place + 1]], one)
        assert part.keys.iloc[place].tolist() == ragged.keys.iloc[sequence].tolist()


def test_selecting_by_mask():
    ragged = trajectories(occasions(), ["phq9_1", "phq9_2"])
    assert ragged.select(np.array([False, True])).keys["pseudonym"].tolist() == ["b"]
    assert len(ragged.select(np.array([False, False])).items) == 0


def test_absent_columns_and_empty_answers_are_errors():
    with pytest.raises(DataError, match="occasions have no column gad7_1"):
        trajectories(occasions(), ["phq9_1", "gad7_1"])
    with pytest.raises(DataError, match="no sitting has an answer"):
        trajectories(occasions().tail(2), ["phq9_1"])
