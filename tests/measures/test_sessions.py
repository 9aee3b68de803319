"""Means by session are of those who answered then."""

import numpy as np
import pandas as pd
import pytest

from outcomes.measures.sessions import session_means

ROWS = pd.DataFrame(
    {
        "pseudonym": ["a", "a", "a", "b", "b", "c"],
        "referral": ["r", "r", "r", "s", "s", "t"],
        "occasion": [4, 2, 9, 1, 2, 1],
        "phq9": [8.0, 12.0, np.nan, 20.0, 16.0, 10.0],
    }
)


def test_sessions_are_counted_from_the_first_scored_one() -> None:
    found = session_means(ROWS, ["phq9"], last_session=5)
    assert found["session"].tolist() == [0, 1]
    assert found["n"].tolist() == [3, 2]
    assert found["mean"].tolist() == [14, 12]
    assert found["sd"].tolist() == pytest.approx([np.std([12, 20, 10], ddof=1), np.std([8, 16], ddof=1)])
    assert found["low"].lt(found["mean"]).all()
    assert found["high"].gt(found["mean"]).all()


def test_later_sessions_than_asked_are_left_out_and_row_order_does_not_matter() -> None:
    assert session_means(ROWS, ["phq9"], last_session=0)["session"].tolist() == [0]
    pd.testing.assert_frame_equal(
        session_means(ROWS, ["phq9"], last_session=5), session_means(ROWS.iloc[::-1], ["phq9"], last_session=5)
    )
