"""A released curve has no step for a single person."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.disclosure.curves import thin_curve
from outcomes.errors import DisclosureError


@settings(deadline=None)
@given(st.lists(st.integers(0, 15), min_size=1, max_size=60))
def test_every_step_stands_for_ten_people(steps):
    kept = thin_curve(pd.DataFrame({"flagged": np.cumsum(steps)}), reached="flagged")["flagged"].to_numpy()
    assert (np.diff(kept) >= 10).all()
    assert kept[0] == steps[0]


def test_falling_curves_and_several_curves_keep_their_order():
    table = pd.DataFrame(
        {
            "model": ["a", "b", "a", "b", "a", "b"],
            "left": [100, 50, 95, 39, 80, 38],
        }
    )
    kept = thin_curve(table, reached="left", by=["model"])
    assert kept.to_dict("list") == {"model": ["a", "b", "b", "a"], "left": [100, 50, 39, 80]}


def test_without_ends_the_first_vertex_is_not_kept():
    assert thin_curve(pd.DataFrame({"n": [0, 5, 20]}), reached="n", ends=False)["n"].tolist() == [20]


def test_a_curve_without_counts_is_refused():
    with pytest.raises(DisclosureError, match="not in the curve: n"):
        thin_curve(pd.DataFrame({"x": [1]}), reached="n")
    with pytest.raises(DisclosureError, match="every vertex has its count"):
        thin_curve(pd.DataFrame({"n": [1.0, np.nan]}), reached="n")
