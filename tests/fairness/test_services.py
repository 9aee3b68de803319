"""What services share, and how far another one may lie from it."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.fairness.services import between_services


def test_services_that_are_alike_have_no_spread():
    found = between_services(pd.DataFrame({"events": [50, 51, 49, 50, 50], "n": [100] * 5}))
    assert found.tau == 0
    assert found.i2_pct == 0
    assert found.mean_pct == pytest.approx(50, abs=0.1)
    assert found.mean_low < 50 < found.mean_high


def test_the_planted_spread_is_found_and_the_prediction_interval_holds_another_service():
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(60):
        rates = 1 / (1 + np.exp(-rng.normal(0.0, 0.4, 21)))
        n = rng.integers(150, 600, 21)
        counts = pd.DataFrame({"events": rng.binomial(n, rates), "n": n}).iloc[:20]
        found = between_services(counts)
        inside.append(found.prediction_low <= 100 * rates[20] <= found.prediction_high)
    assert 0.25 < found.tau < 0.6
    assert found.prediction_low < found.mean_low < found.mean_pct < found.mean_high < found.prediction_high
    assert 0.87 <= np.mean(inside) <= 1


def test_a_service_where_everybody_recovered_is_not_certain():
    found = between_services(pd.DataFrame({"events": [4, 40, 45], "n": [4, 90, 90]}))
    assert np.isfinite(found.mean_pct)
    assert found.prediction_high < 100


def test_two_services_say_nothing_about_a_third():
    found = between_services(pd.DataFrame({"events": [4, 40, 0], "n": [10, 90, 0]}))
    assert found.n_services == 2
    assert np.isnan(found.prediction_low)


def test_impossible_counts_are_refused():
    with pytest.raises(ConfigError, match="between 0 and n"):
        between_services(pd.DataFrame({"events": [5], "n": [4]}))
    with pytest.raises(ConfigError, match="need the columns n"):
        between_services(pd.DataFrame({"events": [5]}))
