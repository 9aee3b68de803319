"""The plain baseline: features by hand, groups of clearly different courses, nothing out of nothing."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.subtypes.kmeans import TrajectoryKMeans, trajectory_features
from outcomes.subtypes.sequences import Sequences, sequences


def courses(lines: list[list[list[int]]]) -> Sequences:
    rows = [row for line in lines for row in line]
    starts = np.concatenate(([0], np.cumsum([len(line) for line in lines])))
    return Sequences(np.array(rows, dtype=np.int8), starts, ("a", "b"), np.arange(len(rows)))


def test_features_by_hand():
    table = trajectory_features(courses([[[3, 3], [2, 2], [1, 1]], [[1, -1]], [[-1, -1], [0, 2]], [[-1, -1]]]))
    pd.testing.assert_frame_equal(
        table,
        pd.DataFrame(
            {
                "first": [6.0, 2.0, 2.0, np.nan],  # one of two items answered: prorated
                "last": [2.0, 2.0, 2.0, np.nan],
                "mean": [4.0, 2.0, 2.0, np.nan],
                "slope": [-2.0, 0.0, 0.0, np.nan],
                "spread": [0.0, 0.0, 0.0, np.nan],
                "n": [3, 1, 1, 0],
            }
        ),
    )


def test_falling_and_staying_courses_fall_into_two_groups():
    rng = np.random.default_rng(0)
    falling = rng.random(200) < 0.5
    high = np.where(falling[:, None], np.array([3, 2, 1, 0]), 3)
    items = np.repeat(high.reshape(-1, 1), 2, axis=1) - (rng.random((800, 2)) < 0.1)
    data = Sequences(np.maximum(items, 0).astype(np.int8), np.arange(0, 801, 4), ("a", "b"), np.arange(800))
    model = TrajectoryKMeans(2).fit(data)
    assert (model.labels_ == np.where(falling, 1, 2)).mean() > 0.98  # by rising mean
    np.testing.assert_array_equal(model.predict(data), model.labels_)


def test_a_blank_course_belongs_nowhere():
    data = courses([[[3, 3]], [[0, 0]], [[-1, -1]]])
    assert TrajectoryKMeans(2).fit(data).labels_.tolist() == [2, 1, 0]


def test_more_groups_than_courses_are_refused():
    with pytest.raises(DataError, match="1 different courses do not make 2 groups"):
        TrajectoryKMeans(2).fit(courses([[[1, 1]], [[1, 1]]]))
    with pytest.raises(ConfigError, match="at least 1, got 0"):
        TrajectoryKMeans(0).fit(courses([[[1, 1]]]))
    assert sequences(courses([[[1, 1]]])).lengths.tolist() == [1]
