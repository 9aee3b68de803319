"""Imputed copies: scikit-learn's rules, the truth recovered where gaps depend on what is seen."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from outcomes.errors import ConfigError
from outcomes.prognosis.imputing import ImputedLogistic


@pytest.mark.slow
@parametrize_with_checks([ImputedLogistic(n_imputations=2)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def gaps(n=4000, seed=0):
    """The second question is skipped the more often the higher the first."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    second = 0.8 * first + 0.6 * rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-(1.5 * second - 0.5 * first)))).astype(int)
    frame = pd.DataFrame({"first": first, "second": second})
    return frame, frame.assign(second=np.where(rng.random(n) < 1 / (1 + np.exp(-first)), np.nan, second)), y


def test_the_coefficients_of_the_complete_rows_are_recovered():
    whole, holed, y = gaps()
    truth = LogisticRegression(C=1e3).fit(whole, y).coef_[0]
    model = ImputedLogistic(strength=1e3, n_imputations=10).fit(holed, y)
    assert model.coefficients_ / model.spread_ == pytest.approx(truth, abs=0.15)
    naive = LogisticRegression(C=1e3).fit(holed.fillna(0), y).coef_[0]
    assert abs(naive[1] - truth[1]) > 0.2  # what filling in the mean would have given


def test_without_gaps_it_is_the_plain_regression():
    whole, _, y = gaps(500)
    model = ImputedLogistic(strength=0.1).fit(whole, y)
    standard = (whole - whole.mean()) / whole.std(ddof=0)
    peer = LogisticRegression(C=0.1, max_iter=500).fit(standard, y)
    assert model.predict_proba(whole)[:, 1] == pytest.approx(peer.predict_proba(standard)[:, 1], abs=1e-6)


def test_a_person_gets_the_same_number_whoever_stands_beside():
    _, holed, y = gaps(300)
    model = ImputedLogistic().fit(holed, y)
    together = model.predict_proba(holed)
    alone = np.vstack([model.predict_proba(holed.iloc[[row]]) for row in range(20)])
    assert alone == pytest.approx(together[:20], abs=1e-12)


def test_nothing_can_be_imputed_no_times():
    whole, _, y = gaps(50)
    with pytest.raises(ConfigError, match="n_imputations and n_sweeps must be at least 1"):
        ImputedLogistic(n_imputations=0).fit(whole, y)
