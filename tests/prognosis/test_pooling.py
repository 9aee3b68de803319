"""Services left out in turn: a published random-effects example, a recovered spread, prediction intervals that hold."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from outcomes.errors import DataError
from outcomes.prognosis.pooling import across_services, pool
from outcomes.prognosis.splits import BY_SERVICE

EFFECTS = [0.0267, -0.0945, 0.2151, 0.4104, 0.3313, 0.1223, 0.3871]
ERRORS = [0.11, 0.2, 0.09, 0.15, 0.12, 0.18, 0.1]


def test_the_pooled_mean_and_its_spread_are_those_of_another_program():
    peer = combine_effects(np.array(EFFECTS), np.array(ERRORS) ** 2, method_re="iterated")
    found = pool(EFFECTS, ERRORS)
    assert found.between_sd**2 == pytest.approx(peer.tau2, rel=1e-4)
    assert found.value == pytest.approx(peer.mean_effect_re, abs=1e-6)
    width = np.sqrt(max(peer.scale_hksj_re, 1.0)) * peer.sd_eff_w_re
    assert (found.high - found.low) / 2 == pytest.approx(2.446912 * width, rel=1e-4)


def test_a_further_service_lies_wider_than_the_mean_and_where_it_is_expected():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(200):
        truth = rng.normal(1.0, 0.2, 13)
        found = pool(truth[:12] + rng.normal(0, 0.1, 12), np.full(12, 0.1))
        assert found.predicted_low < found.low < found.value < found.high < found.predicted_high
        inside.append(found.predicted_low < truth[12] < found.predicted_high)
    assert 0.88 < np.mean(inside) <= 1.0


def test_equal_services_have_no_spread_and_two_are_too_few():
    assert pool([1.0, 1.0, 1.0], [0.1, 0.2, 0.1]).between_sd == 0
    with pytest.raises(DataError, match="2 services can be judged; at least 3"):
        pool([1.0, np.nan, 1.0], [0.1, 0.1, 0.1])


def predictions(n_services, n=400, seed=1):
    rng = np.random.default_rng(seed)
    p = rng.beta(2, 2, n_services * n)
    return pd.DataFrame(
        {
            "landmark": 2,
            "model": "boosted_trees",
            "validation": BY_SERVICE,
            "fold": np.repeat(np.arange(n_services), n),
            "probability": p,
            "outcome": (rng.random(p.size) < p).astype(int),
        }
    )


def test_true_probabilities_have_slope_one_in_every_service():
    found = across_services(predictions(6)).set_index("metric")
    assert found["n_services"].eq(6).all()
    slope = found.loc["calibration_slope"]
    assert slope["low"] < 1 < slope["high"]
    assert slope["value"] == pytest.approx(1, abs=0.1)
    assert 0.5 < found.loc["auroc", "predicted_low"] < found.loc["auroc", "value"] < 1


def test_services_with_one_outcome_are_left_out_and_too_few_give_an_empty_table():
    table = predictions(4)
    empty = table.assign(outcome=table["outcome"].where(table["fold"].lt(2), 1))
    assert across_services(empty).empty
    assert across_services(table.assign(validation="by patient")).empty
