"""A model's metrics by group, against fairlearn and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import precision_score, roc_auc_score

from outcomes.errors import ConfigError
from outcomes.fairness.models import Predictions, model_breakdown

PREDICTIONS = Predictions("worse", "probability", 0.5)


@pytest.fixture(scope="module")
def people():
    generator = np.random.default_rng(5)
    n = 800
    probability = generator.uniform(0.05, 0.95, n)
    return pd.DataFrame(
        {
            "service": generator.choice(["A", "B", "C"], n, p=[0.5, 0.3, 0.2]),
            "probability": probability,
            "worse": pd.array(generator.random(n) < probability, dtype="boolean"),
        }
    )


def test_point_values_equal_fairlearn(people):
    found = model_breakdown(people, ["service"], PREDICTIONS).set_index("group")
    truth = people["worse"].to_numpy(dtype=bool)
    flagged = people["probability"].to_numpy() >= 0.5
    metrics = {
        "flag_rate": selection_rate,
        "tpr": true_positive_rate,
        "fpr": false_positive_rate,
        "ppv": precision_score,
    }
    services = people["service"].to_numpy(dtype=object)
    frame = MetricFrame(metrics=metrics, y_true=truth, y_pred=flagged, sensitive_features=services)
    for name in metrics:
        for group, value in frame.by_group[name].items():
            assert found.loc[group, f"{name}_pct"] == pytest.approx(100 * value, abs=1e-9)
            assert found.loc[group, f"{name}_low"] < 100 * value < found.loc[group, f"{name}_high"]
        assert found.loc["Everyone", f"{name}_pct"] == pytest.approx(100 * frame.overall[name], abs=1e-9)
    for group in "ABC":
        inside = services == group
        area = roc_auc_score(truth[inside], people["probability"][inside])
        assert found.loc[group, "auroc"] == pytest.approx(area, abs=1e-12)


def test_a_planted_miscalibration_shows_in_its_group_only(people):
    moved = people.assign(worse=people["worse"].mask(people["service"].eq("B") & (people["probability"] < 0.7), False))
    found = model_breakdown(moved, ["service"], PREDICTIONS).set_index("group")
    assert found.loc["B", "calibration_high"] < -0.5
    assert found.loc["A", "calibration_low"] < 0 < found.loc["A", "calibration_high"]


def test_unknown_outcomes_and_missing_probabilities_are_left_out_and_counted(people):
    holed = people.assign(worse=people["worse"].mask(people.index < 10))
    holed.loc[20:24, "probability"] = np.nan
    everyone = model_breakdown(holed, [], PREDICTIONS).iloc[0]
    assert (everyone["n"], everyone["left_out"]) == (785, 15)


def test_a_group_without_events_has_no_rate_among_events(people):
    none = people.assign(worse=people["worse"].mask(people["service"].eq("C"), False))
    row = model_breakdown(none, ["service"], PREDICTIONS).set_index("group").loc["C"]
    assert row["events"] == 0
    assert np.isnan(row["tpr_pct"])
    assert np.isnan(row["auroc"])
    assert np.isnan(row["calibration_in_the_large"])


def test_refusals(people):
    with pytest.raises(ConfigError, match="not in the table: region"):
        model_breakdown(people, ["region"], PREDICTIONS)
    with pytest.raises(ConfigError, match=r"threshold must be between 0 and 1, got 50"):
        model_breakdown(people, [], Predictions("worse", "probability", 50))
    with pytest.raises(ConfigError, match=r"800 of 800 probabilities are outside"):
        model_breakdown(people.assign(probability=2.0), [], PREDICTIONS)
