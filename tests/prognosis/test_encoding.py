"""Categories as numbers."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.prognosis.encoding import Encoding


@pytest.fixture
def frame() -> pd.DataFrame:
    labels = ["Female"] * 12 + ["Male"] * 10 + ["Other"] * 3 + [None] * 2
    return pd.DataFrame({"age": np.arange(27.0), "gender": pd.Series(labels, dtype="str")})


def test_rare_missing_and_unseen_categories_are_unknown(frame):
    encoding = Encoding.learn(frame)
    assert encoding.names == ("age", "gender=Female", "gender=Male", "gender=unknown")
    assert encoding.sources == ("age", "gender", "gender", "gender")
    unseen = pd.DataFrame({"gender": ["Male", "Other", None, "Martian", "unknown"], "age": [1.0, 2, 3, 4, np.nan]})
    found = encoding.apply(unseen)
    np.testing.assert_array_equal(found[:, 3], [0, 1, 1, 1, 1])
    np.testing.assert_array_equal(found[:, 1:].sum(axis=1), 1)
    assert np.isnan(found[4, 0])


def test_order_of_columns_plays_no_part(frame):
    encoding = Encoding.learn(frame)
    np.testing.assert_array_equal(encoding.apply(frame[["gender", "age"]]), encoding.apply(frame))


def test_wrong_columns_are_named_without_values(frame):
    encoding = Encoding.learn(frame)
    with pytest.raises(DataError, match="column gender is missing"):
        encoding.apply(frame[["age"]])
    with pytest.raises(DataError, match=r"features.age: was a number in training") as caught:
        encoding.apply(frame.assign(age="sentinel-7"))
    assert "sentinel" not in str(caught.value)


def test_no_column_and_no_row():
    assert Encoding.learn(pd.DataFrame(index=range(3))).apply(pd.DataFrame(index=range(3))).shape == (3, 0)
    empty = pd.DataFrame({"gender": pd.Series([], dtype="str")})
    assert Encoding.learn(empty).apply(empty).shape == (0, 1)
