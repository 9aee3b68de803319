"""A model at a new service, and in a later period."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit

from outcomes.errors import DataError
from outcomes.prognosis.features import features_of
from outcomes.prognosis.metrics import log_odds
from outcomes.prognosis.updating import AS_IT_IS, SHIFTED, STRETCHED, drift, recalibrate

CASES = """
0.0   1.0   as it is                     the service is like those that taught
-0.8  1.0   intercept updated            everybody does worse
0.5   0.4   intercept and slope updated  the model is too sure of itself
""".strip().splitlines()


@pytest.mark.parametrize("line", CASES)
def test_the_least_change_that_is_needed_is_made(line):
    shift, slope, how = float(line[:6]), float(line[6:12]), line[12:41].strip()
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 1.5, 4000)
    y = rng.random(4000) < expit(shift + slope * odds)
    found = recalibrate(y, expit(odds))
    assert found.how == how
    assert {AS_IT_IS, SHIFTED, STRETCHED} >= {found.how}
    assert found.intercept == pytest.approx(shift, abs=0.1)
    assert found.slope == pytest.approx(slope, abs=0.1)
    assert found.apply(expit(odds)).mean() == pytest.approx(y.mean(), abs=0.01)


def test_the_stretched_model_is_the_logistic_fit_of_another_program():
    rng = np.random.default_rng(1)
    odds = rng.normal(0, 1, 800)
    y = rng.random(800) < expit(1 + 0.4 * odds)
    found = recalibrate(y, expit(odds))
    peer = sm.Logit(y.astype(float), sm.add_constant(log_odds(expit(odds)))).fit(disp=0)
    assert (found.intercept, found.slope) == pytest.approx(tuple(peer.params), abs=1e-6)


def test_a_service_that_is_nearly_empty_updates_nothing():
    with pytest.raises(DataError, match=r"10 past courses with and 10 without.*has 2 and 3"):
        recalibrate([1, 1, 0, 0, 0], [0.5, 0.4, 0.2, 0.1, 0.3])
    with pytest.raises(DataError, match="must be columns of one length"):
        recalibrate([], [])


def test_the_same_people_have_not_drifted_and_changed_answers_are_found(invented):
    table = features_of(invented.courses, 1)
    still = drift(table, table)
    assert still["stability_index"].max() < 0.01
    assert not still["moved"].any()
    worse = replace(table, frame=table.frame.assign(phq9_now=table.frame["phq9_now"] + 8))
    found = drift(table, worse)
    assert found.loc[0, "feature"] == "phq9_now"
    assert found.set_index("feature")["moved"].to_dict()["phq9_now"]
    assert found["moved"].sum() == 1


def test_missing_values_and_new_categories_count_as_drift(invented):
    table = features_of(invented.courses, 1)
    gone = table.frame.assign(gad7_now=np.nan, gender="Never seen before")
    found = drift(table, replace(table, frame=gone)).set_index("feature")
    assert found.loc[["gad7_now", "gender"], "moved"].all()
    assert found.loc["gad7_now", "missing_later"] == 1


def test_other_columns_or_nobody_are_refused(invented):
    table = features_of(invented.courses, 1)
    with pytest.raises(DataError, match="do not have the same columns"):
        drift(table, table.without_sensitive())
    few = replace(table, frame=table.frame.head(9), keys=table.keys.head(9))
    with pytest.raises(DataError, match="10 people in each period"):
        drift(table, few)
    assert isinstance(drift(table, table), pd.DataFrame)
