"""Published and recomputed numbers, and what evaluation refuses."""

from pathlib import Path

import dcurves
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.metrics import roc_auc_score

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.evaluation import LeakageWarning, calibration, discrimination, evaluate, net_benefit


@pytest.fixture(scope="module")
def cancer() -> pd.DataFrame:
    """Return the example data of the dcurves package: 750 people, outcome cancer, predictor cancerpredmarker."""
    return pd.read_csv(Path(dcurves.__file__).parent / "data" / "df_binary.csv")


def test_dcurves_example_discrimination(cancer):
    found = discrimination(cancer["cancer"], cancer["cancerpredmarker"])
    assert (found.n, found.n_events) == (750, 105)
    assert found.auroc == pytest.approx(0.860628, abs=5e-7)
    assert found.brier == pytest.approx(0.084929, abs=5e-7)


def test_dcurves_example_calibration(cancer):
    found = calibration(cancer["cancer"], cancer["cancerpredmarker"])
    assert found.in_the_large == pytest.approx(0, abs=1e-6)
    assert found.intercept == pytest.approx(0, abs=1e-6)
    assert found.slope == pytest.approx(1, abs=1e-6)
    # R's default loess
    assert found.ici == pytest.approx(0.01936, abs=1e-5)
    assert found.e50 == pytest.approx(0.01054, abs=1e-5)
    assert found.e90 == pytest.approx(0.05094, abs=1e-5)
    assert found.e_max == pytest.approx(0.1410, abs=1e-4)


def test_dcurves_example_net_benefit(cancer):
    found = net_benefit(cancer["cancer"], cancer["cancerpredmarker"], [0.05, 0.10, 0.15, 0.20, 0.30, 0.50])
    model = [0.105544, 0.087407, 0.079216, 0.067333, 0.054667, 0.021333]
    treat_all = [0.094737, 0.044444, -0.011765, -0.075, -0.228571, -0.72]
    np.testing.assert_allclose(found["model"], model, atol=5e-7)
    np.testing.assert_allclose(found["treat_all"], treat_all, atol=5e-7)
    assert found["treat_none"].eq(0).all()


def test_net_benefit_agrees_with_dcurves_at_every_threshold(cancer):
    cuts = [0.01 * step for step in range(1, 100)]
    theirs = dcurves.dca(data=cancer, outcome="cancer", modelnames=["cancerpredmarker"], thresholds=cuts)
    for column, ours in (("cancerpredmarker", "model"), ("all", "treat_all")):
        expected = theirs.loc[theirs["model"].eq(column)].sort_values("threshold")["net_benefit"].to_numpy()
        found = net_benefit(cancer["cancer"], cancer["cancerpredmarker"], cuts)[ours].to_numpy()
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_whoever_is_at_the_threshold_is_acted_upon():
    found = net_benefit([1, 0], [0.5, 0.2], [0.5]).iloc[0]
    assert (found["n_flagged"], found["model"]) == (1, 0.5)


def test_calibration_agrees_with_a_logistic_regression(cancer):
    shown = np.clip(cancer["cancerpredmarker"] * 0.7 + 0.05, 0, 1)
    odds = np.log(shown / (1 - shown))
    found = calibration(cancer["cancer"], shown)
    outcome = cancer["cancer"].astype(float)
    joint = sm.GLM(outcome, sm.add_constant(odds), family=sm.families.Binomial()).fit(tol=1e-12).params.to_numpy()
    offset = sm.GLM(outcome, np.ones(len(odds)), family=sm.families.Binomial(), offset=odds).fit(tol=1e-12)
    assert (found.intercept, found.slope) == pytest.approx(tuple(joint), abs=1e-7)
    assert found.in_the_large == pytest.approx(float(offset.params.iloc[0]), abs=1e-7)


def test_intervals_hold_the_estimate_and_are_reproducible(cancer):
    first = evaluate(cancer["cancer"], cancer["cancerpredmarker"], n_bootstrap=100, random_state=3)
    again = evaluate(cancer["cancer"], cancer["cancerpredmarker"], n_bootstrap=100, random_state=3)
    pd.testing.assert_frame_equal(first, again)
    bounded = first.dropna(subset=["low"])
    assert bounded["value"].between(bounded["low"], bounded["high"]).all()
    assert not first["metric"].duplicated().any()
    assert first["n"].eq(750).all()


@pytest.mark.slow
def test_interval_of_the_area_agrees_with_a_slow_bootstrap_of_patients():
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(60), 4)
    level = np.repeat(rng.normal(size=60), 4)
    outcome = (level + np.repeat(rng.normal(0, 1, 60), 4) > 0).astype(int)  # rows of a patient say the same
    probability = 1 / (1 + np.exp(-level))
    table = evaluate(outcome, probability, pseudonyms=patients, n_bootstrap=300).set_index("metric")
    slow = []
    for _ in range(300):
        rows = np.concatenate([np.flatnonzero(patients == one) for one in rng.integers(0, 60, 60)])
        slow.append(roc_auc_score(outcome[rows], probability[rows]))
    low, high = np.quantile(slow, [0.025, 0.975])
    assert table.loc["auroc", "low"] == pytest.approx(low, abs=0.02)
    assert table.loc["auroc", "high"] == pytest.approx(high, abs=0.02)
    alone = evaluate(outcome, probability, n_bootstrap=300).set_index("metric").loc["auroc"]
    assert alone["high"] - alone["low"] < 0.7 * (high - low)  # rows for patients: too narrow


def test_row_order_plays_no_part(cancer):
    shuffled = cancer.sample(frac=1, random_state=1)
    plain = evaluate(cancer["cancer"], cancer["cancerpredmarker"], n_bootstrap=0)
    moved = evaluate(shuffled["cancer"], shuffled["cancerpredmarker"], n_bootstrap=0)
    np.testing.assert_allclose(plain["value"], moved["value"], atol=1e-9)


def test_every_bin_of_the_curve_holds_ten_people():
    rng = np.random.default_rng(4)
    for n in (3, 10, 19, 37, 500):
        probability = np.round(rng.random(n), 1)
        curve = calibration(rng.random(n) < probability, probability).curve
        assert curve["n"].ge(10).all()
        assert curve["n"].sum() == (n if n >= 10 else 0)
        assert curve["predicted"].is_monotonic_increasing


def test_a_high_area_that_may_be_chance_does_not_warn():
    rng = np.random.default_rng(0)
    outcome = np.repeat([0, 1], 60)
    probability = 1 / (1 + np.exp(-(rng.normal(0, 1, 120) + 2.0 * outcome)))
    found = evaluate(outcome, probability, n_bootstrap=50).set_index("metric").loc["auroc"]
    assert found["low"] < 0.9 < found["high"]


def test_a_suspicious_area_warns():
    outcome = np.repeat([0, 1], 60)
    probability = np.repeat([0.1, 0.9], 60) + np.tile([0.0, 0.01], 60)
    with pytest.warns(LeakageWarning, match="only known at the end"):
        evaluate(outcome, probability, n_bootstrap=0)


@pytest.mark.parametrize(
    ("outcome", "probability", "message"),
    [
        ([0, 1], [0.1], "columns of one length"),
        ([], [], "columns of one length"),
        ([0, 2], [0.1, 0.2], "outcome: 1 of 2 values"),
        ([0, np.nan], [0.1, 0.2], "outcome: 1 of 2 values"),
        ([0, 1], [0.1, 1.2], "probability: 1 of 2 values"),
        ([0, 1], [np.nan, 0.2], "probability: 1 of 2 values"),
    ],
)
def test_wrong_columns_are_located_not_shown(outcome, probability, message):
    for question in (discrimination, calibration, evaluate):
        with pytest.raises(DataError, match=message):
            question(outcome, probability)


def test_missing_in_a_nullable_column_is_found():
    with pytest.raises(DataError, match="outcome: 1 of 2 values are missing"):
        discrimination(pd.Series([True, None], dtype="boolean"), [0.1, 0.2])


def test_wrong_parameters_are_quoted():
    with pytest.raises(ConfigError, match=r"strictly between 0 and 1, got \[0.0\]"):
        net_benefit([0, 1], [0.1, 0.2], [0.0])
    with pytest.raises(ConfigError, match="n_bins must be at least 1, got 0"):
        calibration([0, 1], [0.1, 0.2], n_bins=0)
    with pytest.raises(ConfigError, match="must not be negative, got -1"):
        evaluate([0, 1], [0.1, 0.2], n_bootstrap=-1)
