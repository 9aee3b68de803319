"""Moves within and between subtypes, by hand and with intervals; shape is what severity does not explain."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.subtypes.crossing import crossing, moves_by_subtype, state_shapes
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.stability import bootstrap

MOVES = np.array([[50.0, 10.0, 0.0], [5.0, 20.0, 5.0], [0.0, 2.0, 8.0]])


def test_moves_are_added_up_by_subtype():
    table = moves_by_subtype(MOVES, ("somatic", "somatic", "cognitive")).set_index(["from_subtype", "to_subtype"])
    assert table.loc[("somatic", "somatic"), "n_expected"] == 85
    assert table.loc[("somatic", "cognitive"), "share"] == pytest.approx(5 / 90)
    assert table.loc[("cognitive", "somatic"), "share"] == pytest.approx(2 / 10)
    # of 20 changes of state from a somatic state 15 end in another somatic one
    assert table.loc[("somatic", "somatic"), "share_of_changes"] == pytest.approx(15 / 20)
    assert table.loc[("cognitive", "somatic"), "share_of_changes"] == 1.0
    sums = table.groupby("from_subtype")["share"].sum()
    np.testing.assert_allclose(sums, 1.0)


@pytest.mark.parametrize(
    ("sleep", "mood", "error", "shape"),
    [
        (0.30, -0.2, 0.02, "somatic"),  # a tenth of the range, and clear
        (0.30, -0.2, 0.20, "even"),  # as large, but not clear
        (0.10, -0.1, 0.01, "even"),  # clear, but below a twentieth of the range
        (-0.2, 0.40, 0.02, "cognitive"),
        (np.nan, np.nan, np.nan, "even"),  # nobody there
    ],
)
def test_a_shape_must_be_large_and_clear(sleep, mood, error, shape):
    residuals = pd.DataFrame(
        {"state": [1, 1], "item": ["sleep", "mood"], "residual": [sleep, mood], "standard_error": [error, error]}
    )
    domains = {"sleep": "somatic", "mood": "cognitive"}
    found = state_shapes(residuals, domains, {"sleep": 3.0, "mood": 3.0})
    assert found["shape"].tolist() == [shape]
    with pytest.raises(ConfigError, match="without one: mood"):
        state_shapes(residuals, {"sleep": "somatic"}, {"sleep": 3.0, "mood": 3.0})


def test_crossing_of_fitted_states_with_intervals(small):
    model = LatentMarkov(3, n_starts=3).fit(small.sequences)
    shapes = ("a", "b", "a")
    table = crossing(model, small.sequences, shapes, bootstrap(model, small.sequences, n_resamples=6))
    first = table.iloc[0]
    assert (first["from_subtype"], first["to_subtype"]) == ("any", "the same")
    assert first["n_from"] == pytest.approx(2000)  # 400 people, five moves each
    assert (table["share_low"].le(table["share"]) & table["share"].le(table["share_high"])).all()
    assert table["share_error"].gt(0).all()
    bare = crossing(model, small.sequences, shapes)
    assert bare["share_low"].isna().all()
    np.testing.assert_array_equal(bare["share"], table["share"])
    with pytest.raises(ConfigError, match="one for each of the 3 states"):
        crossing(model, small.sequences, ("a", "b"))


def test_one_subtype_keeps_everybody(small):
    model = LatentMarkov(2, n_starts=2).fit(small.sequences)
    assert crossing(model, small.sequences, ("even", "even"))["share"].tolist() == [1.0, 1.0]
