"""A small group is drawn to the others, a large one speaks for itself."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.fairness.shrunken import shrunken


def test_four_of_four_is_not_everybody():
    table, prior = shrunken(pd.DataFrame({"events": [4, 480, 610, 300, 90], "n": [4, 1000, 1000, 800, 200]}))
    small = table.iloc[0]
    assert small["shrunken_pct"] < 75
    assert small["shrunken_high"] < 100
    assert small["own_weight_pct"] < 20
    assert table.iloc[1]["own_weight_pct"] > 80
    assert prior.mean_pct == pytest.approx(50, abs=6)


def test_groups_that_differ_by_chance_only_are_drawn_together():
    rng = np.random.default_rng(2)
    n = np.full(40, 60)
    table, prior = shrunken(pd.DataFrame({"events": rng.binomial(n, 0.5), "n": n}))
    assert prior.people > 300
    assert np.ptp(table["shrunken_pct"]) < 0.3 * np.ptp(100 * table["events"] / table["n"])


def test_over_many_groups_it_is_nearer_the_truth_than_the_raw_rate():
    rng = np.random.default_rng(3)
    truth = rng.beta(20, 20, 300)
    n = rng.integers(5, 60, 300)
    events = rng.binomial(n, truth)
    table, prior = shrunken(pd.DataFrame({"events": events, "n": n}))
    raw = np.mean((events / n - truth) ** 2)
    drawn = np.mean((table["shrunken_pct"] / 100 - truth) ** 2)
    assert drawn < 0.6 * raw
    assert 25 < prior.people < 65
    covered = (table["shrunken_low"] / 100 <= truth) & (truth <= table["shrunken_high"] / 100)
    assert 0.9 < covered.mean() < 0.99


def test_two_groups_share_too_little():
    table, prior = shrunken(pd.DataFrame({"events": [4, 40, 0], "n": [4, 90, 0]}))
    assert prior is None
    assert table["shrunken_pct"].isna().all()


def test_a_missing_column_is_named():
    with pytest.raises(ConfigError, match="need the columns n"):
        shrunken(pd.DataFrame({"events": [1]}))
