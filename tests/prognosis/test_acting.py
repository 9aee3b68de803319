"""Acting on a threshold, counted by hand; how often predictions came true."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_score, recall_score

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.resampling import cluster_bootstrap
from outcomes.prognosis.acting import at_threshold, distributions, how_often_right


def test_ten_people_by_hand():
    """Six flagged, four rightly; one unfavourable ending missed."""
    unfavourable = [1, 1, 1, 1, 0, 0, 1, 0, 0, 0]
    told = [0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    found = at_threshold(unfavourable, told, threshold=0.5, n_bootstrap=0).set_index("metric")
    assert found["n_flagged"].unique().tolist() == [6]
    values = found["value"].to_dict()
    assert values["flag_rate"] == pytest.approx(0.6)
    assert values["sensitivity"] == pytest.approx(4 / 5)
    assert values["ppv"] == pytest.approx(4 / 6)
    assert values["number_needed_to_review"] == pytest.approx(1.5)
    assert values["recovered_among_flagged"] == pytest.approx(2 / 6)


def test_scikit_learn_counts_the_same_and_intervals_hold_the_value():
    rng = np.random.default_rng(0)
    p = rng.random(500)
    y = (rng.random(500) < p).astype(int)
    found = at_threshold(y, p, threshold=0.4, pseudonyms=np.arange(500) // 2).set_index("metric")
    assert found.loc["ppv", "value"] == pytest.approx(precision_score(y, p >= 0.4), abs=1e-9)
    assert found.loc["sensitivity", "value"] == pytest.approx(recall_score(y, p >= 0.4), abs=1e-9)
    assert found["value"].between(found["low"], found["high"]).all()


def test_nobody_flagged_has_no_predictive_value():
    found = at_threshold([1, 0], [0.1, 0.2], threshold=0.5, n_bootstrap=0).set_index("metric")["value"]
    assert found["flag_rate"] == 0
    assert found[["ppv", "number_needed_to_review"]].isna().all()
    with pytest.raises(ConfigError, match="threshold must be strictly"):
        at_threshold([1, 0], [0.1, 0.2], threshold=1.0)
    with pytest.raises(DataError, match="missing or outside 0-1"):
        at_threshold([1, 0], [0.1, 1.2], threshold=0.5)


def test_everybody_is_in_one_bin_of_the_distributions():
    found = distributions([0, 1, 1, 0], [0.0, 1.0, 0.55, 0.1])
    assert found.groupby("outcome")["n"].sum().tolist() == [2, 2]
    assert found.query("outcome == 1 and low > 0.85")["n"].tolist() == [1]


def test_bins_hold_ten_people_and_together_everybody():
    rng = np.random.default_rng(1)
    p = rng.beta(2, 5, 400)
    past = pd.DataFrame({"pseudonym": np.arange(400) // 2, "ending": "recovery", "probability": p, "happened": p > 0.3})
    found = how_often_right(past)
    assert found["n_patients"].ge(10).all()
    assert found["n"].sum() == 400
    assert found["n_true"].sum() == int((p > 0.3).sum())
    assert (found["low"].iloc[0], found["high"].iloc[-1]) == (0.0, 1.0)
    assert (found["low"].iloc[1:].to_numpy() == found["high"].iloc[:-1].to_numpy()).all()


def test_fewer_than_ten_people_are_no_record_and_the_unknown_are_left_out():
    past = pd.DataFrame({"pseudonym": range(9), "ending": "recovery", "probability": 0.5, "happened": True})
    assert how_often_right(past).empty
    assert how_often_right(past.assign(happened=pd.array([pd.NA] * 9, dtype="boolean"))).empty
    with pytest.raises(DataError, match="column ending is missing"):
        how_often_right(past.drop(columns="ending"))


def test_intervals_are_those_of_weighing_every_resample_of_patients():
    rng = np.random.default_rng(4)
    p, who = rng.random(300), rng.integers(0, 120, 300)
    y = (rng.random(300) < p).astype(int)
    found = at_threshold(y, p, threshold=0.6, pseudonyms=who, n_bootstrap=60, random_state=9).set_index("metric")
    weights = np.array(list(cluster_bootstrap(who, 60, np.random.default_rng(9))))
    ppv = [np.average(y[p >= 0.6], weights=one[p >= 0.6]) for one in weights]
    sensitivity = [np.average(p[y == 1] >= 0.6, weights=one[y == 1]) for one in weights]
    for metric, values in (("ppv", ppv), ("sensitivity", sensitivity)):
        assert found.loc[metric, ["low", "high"]].tolist() == pytest.approx(np.quantile(values, [0.025, 0.975]))
