"""Ordered answers come out with the probabilities that went in."""

import numpy as np
import pytest

from outcomes.reference.instruments import instrument
from outcomes.simulation.items import ITEM_COLUMNS, at_least, draw_answers


def test_columns_are_those_of_the_two_instruments() -> None:
    assert ITEM_COLUMNS == instrument("phq9").item_columns + instrument("gad7").item_columns


def test_cumulative_probabilities_by_hand() -> None:
    found = at_least(np.array([1.0]), np.array([-1.0, 1.0, 2.0]))
    np.testing.assert_allclose(found, [[1 / (1 + np.exp(-2.0)), 0.5, 1 / (1 + np.exp(1.0))]])


@pytest.mark.parametrize("location", [-2.0, 0.0, 3.0])
def test_drawn_shares_are_the_probabilities(location: float) -> None:
    cumulative = at_least(np.full(40_000, location), np.array([-1.0, 1.0, 2.4]))
    answers = draw_answers(cumulative, np.random.default_rng(4))
    shares = [(answers >= code).mean() for code in (1, 2, 3)]
    np.testing.assert_allclose(shares, cumulative[0], atol=0.012)
    assert answers.dtype == np.int8
