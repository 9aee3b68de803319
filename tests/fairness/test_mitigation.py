"""Remedies are experiments: the ledger says who gains and who loses."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.fairness.mitigation import AS_IS, CONSTRAINED, EQUAL_CHANCE, RECALIBRATED, ledger, widest_gaps
from outcomes.fairness.models import Predictions

TOLD = Predictions("worse", "probability", 0.5)


@pytest.fixture(scope="module")
def found():
    """In group b the model says too little: its probabilities are shifted down."""
    rng = np.random.default_rng(6)
    n = 6000
    margin = rng.normal(0, 1.2, n)
    second = rng.random(n) < 0.5
    data = pd.DataFrame(
        {
            "pseudonym": np.arange(n),
            "arm": np.where(second, "b", "a"),
            "worse": pd.array(rng.random(n) < 1 / (1 + np.exp(-margin)), dtype="boolean"),
            "probability": 1 / (1 + np.exp(-(margin - 1.2 * second))),
        }
    )
    data.loc[:19, "worse"] = pd.NA
    return ledger(data, "arm", TOLD).set_index(["remedy", "group"])


def test_as_it_is_nobody_gains_and_nobody_loses(found):
    for group in "ab":
        row = found.loc[AS_IS, group]
        assert (row["newly_flagged"], row["no_longer_flagged"]) == (0, 0)
    assert found.loc[(AS_IS, "b"), "tpr_pct"] < found.loc[(AS_IS, "a"), "tpr_pct"] - 20


def test_recalibrating_mends_the_group_that_was_told_too_little(found):
    assert found.loc[(AS_IS, "b"), "calibration_error"] > 0.15
    assert found.loc[(RECALIBRATED, "b"), "calibration_error"] < 0.05
    row = found.loc[RECALIBRATED, "b"]
    assert row["needs_gained"] > 300
    assert row["net_benefit"] > found.loc[(AS_IS, "b"), "net_benefit"]


def test_a_threshold_in_each_group_gives_those_who_need_it_one_chance(found):
    rates = found.loc[EQUAL_CHANCE, "tpr_pct"]
    assert rates["a"] == pytest.approx(rates["b"], abs=4)
    assert found.loc[(EQUAL_CHANCE, "a"), "needs_lost"] > 0  # somebody pays: that is what the ledger is for


def test_the_counts_add_up(found):
    assert found["n"].groupby("remedy").sum().eq(5980).all()
    before = found.loc[AS_IS, "flagged"]
    for remedy in (RECALIBRATED, EQUAL_CHANCE):
        rows = found.loc[remedy]
        pd.testing.assert_series_equal(
            rows["flagged"], before + rows["newly_flagged"] - rows["no_longer_flagged"], check_names=False
        )
        assert rows["true_positives"].le(rows["events"]).all()


def test_a_small_group_stays_as_it_is():
    rng = np.random.default_rng(1)
    data = pd.DataFrame(
        {
            "pseudonym": np.arange(460),
            "arm": ["a"] * 400 + ["b"] * 60,
            "worse": pd.array(rng.random(460) < 0.5, dtype="boolean"),
            "probability": rng.random(460),
        }
    )
    rows = ledger(data, "arm", TOLD).set_index(["remedy", "group"])
    assert rows.loc[(RECALIBRATED, "b"), ["newly_flagged", "no_longer_flagged"]].tolist() == [0, 0]


def test_remedies_are_compared_by_the_widest_gap_between_groups_that_are_large_enough(found):
    gaps = widest_gaps(found.reset_index())
    rates = found.loc[AS_IS, "tpr_pct"]
    assert gaps[AS_IS] == pytest.approx(rates["a"] - rates["b"])
    assert gaps[EQUAL_CHANCE] < 5 < gaps[AS_IS]
    small = found.reset_index().assign(events=49)
    assert widest_gaps(small) == {}


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match="not in the table: arm, worse"):
        ledger(pd.DataFrame({"pseudonym": [1], "probability": [0.5]}), "arm", TOLD)


def test_a_remedy_inside_the_training_is_judged_by_the_probabilities_it_gave():
    rng = np.random.default_rng(2)
    data = pd.DataFrame(
        {
            "pseudonym": np.arange(400),
            "arm": rng.choice(["a", "b"], 400),
            "worse": pd.array(rng.random(400) < 0.5, dtype="boolean"),
            "probability": rng.random(400),
        }
    )
    data["other"] = data["probability"].where(data["arm"].eq("a"), 1 - data["probability"])
    rows = ledger(data, "arm", TOLD, trained={CONSTRAINED: "other"}).set_index(["remedy", "group"])
    assert rows.loc[(CONSTRAINED, "a"), ["newly_flagged", "no_longer_flagged"]].tolist() == [0, 0]
    second = data.loc[data["arm"].eq("b")]
    assert rows.loc[(CONSTRAINED, "b"), "newly_flagged"] == second["probability"].lt(0.5).sum()
    assert rows.loc[(CONSTRAINED, "b"), "flagged"] == second["other"].ge(0.5).sum()
    needed = second.loc[second["worse"].astype(bool)]
    assert rows.loc[(CONSTRAINED, "b"), "tpr_pct"] == pytest.approx(100 * needed["other"].ge(0.5).mean())
    with pytest.raises(DataError, match="without a probability of another model: other 400"):
        ledger(data.assign(other=np.nan), "arm", TOLD, trained={CONSTRAINED: "other"})
