"""Figures of merit on many weighted samples at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from outcomes.prognosis import metrics


@st.composite
def samples(draw):
    n = draw(st.integers(4, 40))
    outcome = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)), dtype=float)
    outcome[:2] = 0.0, 1.0
    probability = np.array(draw(st.lists(st.sampled_from(np.linspace(0, 1, 11)), min_size=n, max_size=n)))
    weights = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), dtype=float)
    weights[:2] = 1
    return outcome, probability, weights


@settings(max_examples=60, deadline=None)
@given(samples())
def test_auroc_and_brier_agree_with_scikit_learn(sample):
    outcome, probability, weights = sample
    area = metrics.auroc(outcome, probability, weights[None])[0]
    assert area == pytest.approx(roc_auc_score(outcome, probability, sample_weight=weights), abs=1e-9)
    score = metrics.brier(outcome, probability, weights[None])[0]
    assert score == pytest.approx(brier_score_loss(outcome, probability, sample_weight=weights), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(samples())
def test_weight_two_is_the_row_twice(sample):
    outcome, probability, weights = sample
    repeated = np.repeat(np.arange(outcome.size), weights.astype(int))
    once = np.ones((1, repeated.size))
    cuts = np.array([0.25, 0.5])
    for figure in (metrics.auroc, metrics.brier, metrics.scaled_brier, metrics.in_the_large):
        expected = figure(outcome[repeated], probability[repeated], once)
        np.testing.assert_allclose(figure(outcome, probability, weights[None]), expected, atol=1e-7)
    expected = metrics.net_benefits(outcome[repeated], probability[repeated], once, cuts)
    np.testing.assert_allclose(metrics.net_benefits(outcome, probability, weights[None], cuts), expected, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(samples())
def test_reversed_ranking_gives_the_complement(sample):
    outcome, probability, weights = sample
    ahead = metrics.auroc(outcome, probability, weights[None])[0]
    behind = metrics.auroc(outcome, 1 - probability, weights[None])[0]
    assert ahead + behind == pytest.approx(1)


def test_strata_compare_within_folds_only():
    outcome = np.array([0.0, 1.0, 0.0, 1.0])
    probability = np.array([0.1, 0.2, 0.8, 0.9])
    once = np.ones((1, 4))
    assert metrics.auroc(outcome, probability, once)[0] == pytest.approx(0.75)
    assert metrics.auroc(outcome, probability, once, np.array([0, 0, 1, 1]))[0] == pytest.approx(1)


def test_slope_recovers_a_known_distortion():
    rng = np.random.default_rng(1)
    odds = rng.normal(0, 1.5, 40_000)
    outcome = (rng.random(odds.size) < 1 / (1 + np.exp(-odds))).astype(float)
    shown = 1 / (1 + np.exp(-(2 * odds + 1)))  # twice as extreme, shifted
    slope, intercept = metrics.slope_and_intercept(outcome, shown, np.ones((1, odds.size)))
    assert slope[0] == pytest.approx(0.5, abs=0.02)
    assert intercept[0] == pytest.approx(-0.5, abs=0.05)


def test_in_the_large_is_not_the_intercept_of_the_joint_fit():
    rng = np.random.default_rng(2)
    odds = rng.normal(1, 1.5, 20_000)
    outcome = (rng.random(odds.size) < 1 / (1 + np.exp(-odds))).astype(float)
    shown = 1 / (1 + np.exp(-2 * odds))
    once = np.ones((1, odds.size))
    large = metrics.in_the_large(outcome, shown, once)[0]
    joint = metrics.slope_and_intercept(outcome, shown, once)[1][0]
    assert large < -0.3
    assert joint == pytest.approx(0, abs=0.05)


def test_slope_has_no_value_for_constant_probabilities_or_separated_outcomes():
    once = np.ones((1, 20))
    outcome = np.repeat([0.0, 1.0], 10)
    assert np.isnan(metrics.slope_and_intercept(outcome, np.full(20, 0.3), once)[0][0])
    assert np.isnan(metrics.slope_and_intercept(outcome, np.repeat([0.3, 0.6], 10), once)[0][0])


def test_one_outcome_only_gives_no_figure():
    once = np.ones((1, 3))
    outcome, probability = np.zeros(3), np.array([0.1, 0.2, 0.3])
    assert np.isnan(metrics.auroc(outcome, probability, once)[0])
    assert np.isnan(metrics.in_the_large(outcome, probability, once)[0])
    assert np.isnan(metrics.slope_and_intercept(outcome, probability, once)[0][0])


def test_extreme_probabilities_give_a_finite_slope():
    rng = np.random.default_rng(3)
    probability = rng.choice([0.0, 1.0], 200)
    outcome = np.where(rng.random(200) < 0.8, probability, 1 - probability)
    slope = metrics.slope_and_intercept(outcome, probability, np.ones((1, 200)))[0][0]
    assert 0 < slope < 0.3
