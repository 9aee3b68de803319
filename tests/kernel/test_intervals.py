"""Score intervals against statsmodels, Newcombe's own worked example, and the laws they must obey."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import t
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from outcomes.errors import ConfigError
from outcomes.kernel.intervals import (
    auc,
    calibration_in_the_large,
    logit_t,
    mean_interval,
    newcombe,
    proportion,
    wilson,
)

COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(COUNTS, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_equals_statsmodels(pair, level):
    events, n = pair
    bounds = wilson(events, n, level)
    expected = proportion_confint(events, n, alpha=1 - level, method="wilson")
    assert (float(bounds.low), float(bounds.high)) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(COUNTS)
def test_wilson_holds_the_estimate_and_mirrors(pair):
    events, n = pair
    bounds, mirrored = wilson(events, n), wilson(n - events, n)
    assert 0 <= bounds.low <= events / n <= bounds.high <= 1
    assert float(bounds.low) == pytest.approx(1 - float(mirrored.high), abs=1e-12)


def test_none_is_exactly_zero_all_is_exactly_one_and_neither_is_a_point():
    bounds = wilson([0, 4], [4, 4])
    assert bounds.low[0] == 0.0
    assert bounds.high[1] == 1.0
    assert bounds.high[0] > 0.4
    assert bounds.low[1] < 0.6


def test_nobody_and_missing_give_nan_without_warning():
    bounds = wilson([0, np.nan, 1], [0, 5, np.nan])
    assert np.isnan(bounds.low).all()
    assert np.isnan(bounds.high).all()
    assert np.isnan(proportion(0, 0))


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [  # Newcombe 1998, Table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_reproduces_the_published_examples(first, second, low, high):
    bounds = newcombe(*first, *second)
    assert float(bounds.low) == pytest.approx(low, abs=5.1e-5)
    assert float(bounds.high) == pytest.approx(high, abs=5.1e-5)


@settings(deadline=None)
@given(COUNTS, COUNTS)
def test_newcombe_turns_its_sign_with_the_groups(first, second):
    forth, back = newcombe(*first, *second), newcombe(*second, *first)
    assert float(forth.low) == pytest.approx(-float(back.high), abs=1e-12)


def test_newcombe_against_nobody_is_unknown():
    assert np.isnan(newcombe(3, 10, 0, 0).low)


def test_mean_interval_needs_two_values():
    bounds = mean_interval([10.0, 10.0], [5.0, 5.0], [100, 1])
    assert bounds.high[0] == pytest.approx(10 + 1.959964 * 0.5)
    assert np.isnan(bounds.low[1])


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_no_coverage_is_refused(level):
    with pytest.raises(ConfigError, match=f"level must be strictly between 0 and 1, got {level}"):
        wilson(1, 2, level)


def test_impossible_counts_are_refused():
    with pytest.raises(ConfigError, match="events must not exceed n; they do in 1 places"):
        wilson([1, 3], [2, 2])
    with pytest.raises(ConfigError, match="must not be negative"):
        wilson(-1, 2)


def test_auc_equals_scikit_learn_with_ties():
    generator = np.random.default_rng(0)
    events, scores = generator.random(300) < 0.3, generator.integers(0, 12, 300) / 12
    assert auc(events, scores).value == pytest.approx(roc_auc_score(events, scores), abs=1e-12)


def test_delong_variance_equals_the_slow_definition():
    generator = np.random.default_rng(1)
    events = np.repeat([True, False], [25, 40])
    scores = np.round(generator.normal(size=65) + events, 1)
    x, y = scores[events][:, None], scores[~events][None, :]
    wins = (x > y) + 0.5 * (x == y)
    variance = wins.mean(axis=1).var(ddof=1) / 25 + wins.mean(axis=0).var(ddof=1) / 40
    area = wins.mean()
    reach = 1.959963984540054 * np.sqrt(variance) / (area * (1 - area))
    found = auc(events, scores)
    assert (found.value, found.low, found.high) == pytest.approx(
        (area, expit(logit(area) - reach), expit(logit(area) + reach)), abs=1e-10
    )


def test_auc_of_one_kind_of_people_is_unknown_and_perfect_separation_has_no_interval():
    assert np.isnan(auc([True] * 5, np.arange(5)).value)
    assert np.isnan(auc([True] + [False] * 5, np.arange(6)).value)
    perfect = auc([False, False, True, True], [1, 2, 3, 4])
    assert perfect.value == 1
    assert np.isnan(perfect.low)


def test_calibration_in_the_large_equals_an_offset_model():
    generator = np.random.default_rng(2)
    predicted = generator.uniform(0.05, 0.9, 400)
    events = generator.random(400) < expit(logit(predicted) + 0.6)
    model = sm.GLM(events.astype(float), np.ones(400), family=sm.families.Binomial(), offset=logit(predicted)).fit()
    found = calibration_in_the_large(events, predicted)
    assert found.value == pytest.approx(model.params[0], abs=1e-8)
    assert (found.low, found.high) == pytest.approx(tuple(model.conf_int()[0]), abs=1e-6)


def test_calibration_in_the_large_of_extremes():
    assert np.isnan(calibration_in_the_large([1, 1], [0.5, 0.5]).value)
    assert np.isnan(calibration_in_the_large([1, 0], [0.5, 1.0]).value)
    assert calibration_in_the_large([1] * 99 + [0], [1e-6] * 100).value == pytest.approx(
        logit(0.99) - logit(1e-6), abs=1e-6
    )


def test_a_survey_share_has_the_logit_interval_by_hand():
    low, high = logit_t([0.2], [0.03], 12)
    half = t.ppf(0.975, 12) * 0.03 / (0.2 * 0.8)
    assert (float(low[0]), float(high[0])) == pytest.approx((expit(logit(0.2) - half), expit(logit(0.2) + half)))
    mirrored = logit_t([0.8], [0.03], 12)
    assert float(mirrored.low[0]) == pytest.approx(1 - float(high[0]))


def test_none_all_and_no_freedom_have_no_survey_interval():
    found = logit_t([0.0, 1.0, 0.5, np.nan], [0.1, 0.1, np.nan, 0.1], 10)
    assert np.isnan(found.low).all()
    assert np.isnan(logit_t(0.5, 0.1, 0).high)
    with pytest.raises(ConfigError, match="strictly between 0 and 1"):
        logit_t(0.5, 0.1, 3, level=1.0)
