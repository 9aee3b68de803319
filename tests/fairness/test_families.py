"""Many gaps at once: wider intervals, and no more false alarms than declared."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import test_proportions_2indep as score_test

from outcomes.errors import ConfigError
from outcomes.fairness.families import family
from outcomes.kernel.intervals import newcombe

score_test.__test__ = False


def gaps(rows):
    return pd.DataFrame(rows, columns=["events", "n", "reference_events", "reference_n"])


def test_one_comparison_is_its_own_family():
    found = family(gaps([(60, 100, 45, 100)])).iloc[0]
    bounds = newcombe(60, 100, 45, 100)
    assert found["simultaneous_low"] == pytest.approx(100 * float(bounds.low))
    assert found["q_value"] == found["p_value"]
    assert found["told_apart"]


def test_a_larger_family_asks_for_more():
    rows = [(60, 100, 45, 100), *[(50, 100, 50, 100)] * 9]
    found = family(gaps(rows))
    assert found["family_size"].eq(10).all()
    assert not found["told_apart"].any()
    assert found["q_value"].iloc[0] == pytest.approx(10 * found["p_value"].iloc[0])


def test_the_score_test_is_that_of_statsmodels():
    found = family(gaps([(60, 100, 45, 120), (5, 40, 9, 30)]))
    for row in found.itertuples():
        peer = score_test(row.events, row.n, row.reference_events, row.reference_n, method="score", correction=False)
        assert row.p_value == pytest.approx(peer.pvalue, rel=1e-9)


def test_a_side_without_anybody_is_no_comparison():
    found = family(gaps([(60, 100, 45, 100), (0, 0, 45, 100), (3, 9, np.nan, np.nan)]))
    assert found["family_size"].eq(1).all()
    assert found["told_apart"].isna().tolist() == [False, True, True]
    assert np.isnan(found["simultaneous_low"].iloc[2])


def test_with_no_gap_a_family_of_twelve_raises_a_false_alarm_in_one_of_twenty():
    rng = np.random.default_rng(8)
    alarms = 0
    for _ in range(400):
        n = rng.integers(100, 900, 12)
        events = rng.binomial(n, 0.5)
        rows = [(events[i], n[i], events[0], n[0]) for i in range(1, 12)]
        alarms += bool(family(gaps(rows))["told_apart"].any())
    assert alarms <= 0.05 * 400 + 2 * np.sqrt(400 * 0.05 * 0.95)


def test_groups_can_be_held_against_everyone_else():
    rows = gaps([(60, 100, 45, 100)]).rename(columns={"reference_events": "others_events", "reference_n": "others_n"})
    assert family(rows, beside="others")["told_apart"].all()
    with pytest.raises(ConfigError, match="against reference or others, got 'all'"):
        family(rows, beside="all")


def test_a_missing_column_is_named():
    with pytest.raises(ConfigError, match="need the columns reference_n"):
        family(gaps([(1, 2, 3, 4)]).drop(columns="reference_n"))
