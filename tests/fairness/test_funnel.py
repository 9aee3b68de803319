"""Who is lost where: stages nest, unknown is not reached, groups add up to everyone."""

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.fairness.funnel import funnel


def flags(*values):
    return pd.array(values, dtype="boolean")


@pytest.fixture
def referrals():
    return pd.DataFrame(
        {
            "service": ["A", "A", "A", "B", None],
            "assessed": flags(True, True, False, True, True),
            "started": flags(True, None, True, True, False),
            "completed": flags(None, None, None, None, None),
            "paired": flags(True, True, True, False, True),
        }
    )


def test_a_stage_counts_those_who_reached_every_stage_before(referrals):
    everyone = funnel(referrals).set_index("stage")
    assert everyone["n"].to_dict() == {"Referred": 5, "Assessed": 4, "Started treatment": 2, "Paired scores": 1}
    assert everyone["lost"].tolist() == [0, 1, 2, 1]
    assert everyone["share_pct"].tolist()[1:] == [80, 40, 20]
    assert everyone["share_pct"].isna().tolist() == [True, False, False, False]


def test_a_stage_that_is_known_for_nobody_is_left_out(referrals):
    assert "Completed treatment" not in set(funnel(referrals)["stage"])


def test_groups_add_up_to_everyone_and_not_known_is_one(referrals):
    found = funnel(referrals, ["service"])
    groups = found.loc[found["breakdown"].eq("service")]
    assert set(groups["group"]) == {"A", "B", "Not known"}
    everyone = found.loc[found["breakdown"].eq("everyone")].set_index("stage")["n"]
    pd.testing.assert_series_equal(groups.groupby("stage", sort=False)["n"].sum(), everyone)


def test_an_absent_breakdown_is_refused(referrals):
    with pytest.raises(ConfigError, match="not in the table: region"):
        funnel(referrals, ["region"])
