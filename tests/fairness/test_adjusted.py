"""A gap that case mix makes goes away with it; one that it does not make stays."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.fairness.adjusted import ESTIMATED, OVERLAPPING, TOO_FEW, adjusted_gaps

REFERENCE = {"arm": "a"}


def people(n=4000, own=0.0, seed=1):
    """Group b is more severe; the outcome depends on severity, and on the group by `own` log-odds."""
    rng = np.random.default_rng(seed)
    second = rng.random(n) < 0.4
    severity = rng.normal(14 + 3 * second, 4)
    chance = 1 / (1 + np.exp(-(0.2 - 0.25 * (severity - 14) - own * second)))
    return pd.DataFrame(
        {
            "pseudonym": [f"p{i}" for i in range(n)],
            "arm": np.where(second, "b", "a"),
            "severity": severity,
            "well": pd.array(rng.random(n) < chance, dtype="boolean"),
        }
    )


def row(table, group):
    return table.set_index("group").loc[group]


def test_a_gap_made_by_severity_alone_is_crude_and_not_adjusted():
    found = row(adjusted_gaps(people(), ["arm"], "well", case_mix=["severity"], references=REFERENCE), "b")
    assert found["crude_gap_points"] < -12
    assert found["adjusted_gap_low"] < 0 < found["adjusted_gap_high"]
    assert abs(found["adjusted_gap_points"]) < 3
    assert found["status"] == ESTIMATED


def test_a_gap_of_its_own_remains_and_is_the_truth():
    data = people(n=20_000, own=0.8)
    severity = data["severity"].to_numpy()
    margin = 0.2 - 0.25 * (severity - 14)
    truth = 100 * (1 / (1 + np.exp(-(margin - 0.8))) - 1 / (1 + np.exp(-margin))).mean()
    found = row(adjusted_gaps(data, ["arm"], "well", case_mix=["severity"], references=REFERENCE), "b")
    assert found["adjusted_gap_points"] == pytest.approx(truth, abs=1.5)
    assert found["adjusted_gap_low"] < truth < found["adjusted_gap_high"]


def test_without_case_mix_the_adjusted_rate_is_the_crude_one():
    found = adjusted_gaps(people(n=500), ["arm"], "well", case_mix=[], references=REFERENCE)
    np.testing.assert_allclose(found["adjusted_pct"], found["crude_pct"], rtol=1e-6)
    gap = row(found, "b")
    assert gap["adjusted_gap_points"] == pytest.approx(gap["crude_gap_points"], rel=1e-6)


def test_rows_of_one_patient_do_not_make_it_surer():
    data = people(n=600)
    once = adjusted_gaps(data, ["arm"], "well", case_mix=["severity"], references=REFERENCE)
    thrice = adjusted_gaps(
        pd.concat([data] * 3, ignore_index=True), ["arm"], "well", case_mix=["severity"], references=REFERENCE
    )
    width = lambda table: row(table, "b")["adjusted_gap_high"] - row(table, "b")["adjusted_gap_low"]  # noqa: E731
    assert width(thrice) == pytest.approx(width(once), rel=0.01)


def test_those_without_an_outcome_are_counted_and_left_out():
    data = people(n=300)
    data.loc[:19, "well"] = pd.NA
    found = adjusted_gaps(data, ["arm"], "well", case_mix=["severity"], references=REFERENCE)
    assert found["n"].sum() == 280
    assert found["left_out"].eq(20).all()


def test_missing_case_mix_is_a_category_not_a_reason_to_drop_anybody():
    data = people(n=1000)
    data.loc[:99, "severity"] = np.nan
    data["deprivation"] = ["most", None] * 500
    found = adjusted_gaps(data, ["arm"], "well", case_mix=["severity", "deprivation"], references=REFERENCE)
    assert found["n"].sum() == 1000
    assert found["status"].eq(ESTIMATED).all()


def test_a_group_with_hardly_any_event_gets_no_adjusted_rate():
    data = people(n=300)
    data.loc[data.index[:12], "arm"] = "c"
    found = row(adjusted_gaps(data, ["arm"], "well", case_mix=["severity"], references=REFERENCE), "c")
    assert found["status"] == TOO_FEW
    assert np.isnan(found["adjusted_pct"])
    assert not np.isnan(found["crude_gap_points"])


def test_overlapping_groups_are_no_partition():
    data = people(n=300).assign(disability=["Mobility; Hearing", "None", "Hearing"] * 100)
    found = adjusted_gaps(data, ["disability"], "well", case_mix=["severity"])
    assert found["status"].eq(OVERLAPPING).all()
    assert found["adjusted_pct"].isna().all()


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match="not in the table: income"):
        adjusted_gaps(people(n=50), ["arm"], "well", case_mix=["income"])
