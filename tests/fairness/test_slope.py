"""The gradient between two ends of a scale: from all groups, by their sizes, and never surer than the groups are."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from outcomes.errors import ConfigError
from outcomes.fairness.slope import slope_index

TENTHS = pd.DataFrame(
    {"events": [40, 47, 44, 52, 50, 58, 55, 61, 66, 64], "n": [100, 90, 110, 105, 95, 120, 80, 100, 130, 70]}
)


def test_the_slope_is_that_of_a_weighted_line_through_the_middles_of_the_groups():
    n = TENTHS["n"].to_numpy(dtype=float)
    place = (np.cumsum(n) - n / 2) / n.sum()
    line = sm.WLS(100 * TENTHS["events"] / n, sm.add_constant(place), weights=n).fit()
    found = slope_index(TENTHS)
    assert found.points == pytest.approx(line.params.iloc[1])
    assert found.first_pct == pytest.approx(line.params.iloc[0])
    assert found.last_pct == pytest.approx(line.params.sum())
    low, high = line.conf_int().to_numpy()[1]
    # here the groups scatter less about the line than chance alone would make them, so the wider, binomial one stands
    assert found.low < low < high < found.high


def test_groups_far_off_the_line_make_a_wide_interval_however_many_people_there_are():
    many = pd.DataFrame({"events": [400_000, 600_000, 450_000, 700_000, 500_000], "n": [1_000_000] * 5})
    found = slope_index(many)
    assert found.high - found.low > 20


def test_a_scale_turned_round_turns_the_sign_and_nothing_else():
    one, other = slope_index(TENTHS), slope_index(TENTHS.iloc[::-1])
    assert other.points == pytest.approx(-one.points)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))


@pytest.mark.parametrize(("events", "n", "groups"), [([1, 2], [5, 5], 2), ([1, 2, 0], [5, 5, 0], 2), ([], [], 0)])
def test_two_groups_are_no_gradient(events, n, groups):
    found = slope_index(pd.DataFrame({"events": events, "n": n}))
    assert found.n_groups == groups
    assert np.isnan(found.points)


def test_a_gradient_that_is_not_there_is_covered_at_its_level():
    rng = np.random.default_rng(4)
    n = np.full(10, 400)
    covered = 0
    for _ in range(400):
        found = slope_index(pd.DataFrame({"events": rng.binomial(n, 0.5), "n": n}))
        covered += found.low <= 0 <= found.high
    assert covered >= 0.95 * 400


def test_counts_that_cannot_be_are_errors():
    with pytest.raises(ConfigError, match="need the columns n"):
        slope_index(pd.DataFrame({"events": [1, 2, 3]}))
    with pytest.raises(ConfigError, match="between 0 and n"):
        slope_index(pd.DataFrame({"events": [6, 2, 3], "n": [5, 5, 5]}))
