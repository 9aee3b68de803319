"""Behind the crude gap: case mix, a year's cohort, services and years, crossed groups, England's gradient."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.publications.page import Picture, Table
from outcomes.studies.chapters.groups_beyond import (
    breakdown_title,
    crossed,
    gradient,
    lost_on_the_way,
    remaining,
    services_and_years,
)

POLICY = "midpoint6"


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(9)
    n = 4000
    severe = rng.random(n) < 0.5
    second = rng.random(n) < np.where(severe, 0.6, 0.3)
    well = rng.random(n) < np.where(severe, 0.35, 0.6)
    quintiles = [f"Quintile {i}" for i in (1, 2, 3, 4)]
    quintiles = [f"{quintiles[0]} (most deprived)", *quintiles[1:], "Quintile 5 (least deprived)"]
    return pd.DataFrame(
        {
            "pseudonym": [f"p{i}" for i in range(n)],
            "referral": [f"r{i}" for i in range(n)],
            "gender": np.where(second, "Female", "Male"),
            "deprivation_quintile": rng.choice(quintiles, n),
            "service": rng.choice(["S1", "S2", "S3", "S4"], n),
            "year": rng.choice(["2021-22", "2022-23"], n),
            "phq9_first": np.where(severe, 20.0, 12.0) + rng.normal(0, 1, n),
            "reliable_recovery": pd.array(well, dtype="boolean"),
        }
    )


def named(blocks):
    return {block.name: block.released for block in blocks if isinstance(block, (Table, Picture))}


def test_what_severity_makes_is_gone_after_adjustment_and_the_crude_gap_stays_beside_it(rows):
    blocks, table = remaining(rows, ["gender"], "reliable_recovery", ("phq9_first", "employment"), POLICY)
    shown = named(blocks)["remaining_gaps"].table.set_index("group")
    assert shown.loc["Female", "crude_gap_points"] < -5
    assert abs(shown.loc["Female", "adjusted_gap_points"]) < 5
    assert "neither explains nor excuses" in blocks[0]
    assert "Not in the feed: employment." in blocks[0]
    assert table["n"].sum() == len(rows)


def test_nothing_to_adjust_for_is_said(rows):
    blocks, table = remaining(rows, ["gender"], "reliable_recovery", ("employment",), POLICY)
    assert "no difference can be adjusted" in blocks[0]
    assert table.empty


def test_services_and_years_stand_with_their_spread(rows):
    blocks, tables = services_and_years(rows, "reliable_recovery", POLICY)
    shown = named(blocks)
    assert shown["between_services"].table.loc[0, "prediction_low"] < shown["between_services"].table.loc[0, "mean_pct"]
    assert shown["outcome_by_year"].table["year"].tolist() == ["2021-22", "2022-23"]
    assert tables["outcome_by_service"]["n"].sum() == len(rows)


def test_one_service_and_one_year_are_no_comparison(rows):
    one = rows.assign(service="S1", year="2022-23")
    assert services_and_years(one, "reliable_recovery", POLICY) == ([], {})


def test_englands_gradient_stands_beside_the_services_own(rows):
    table = gradient(rows, "reliable_recovery", POLICY).released.table
    assert len(table) == 5
    published = table["published_pct"].to_numpy(dtype=float)
    assert (np.diff(published) > 0).all()  # England: the less deprived, the more recover
    assert gradient(rows.drop(columns="deprivation_quintile"), "reliable_recovery", POLICY) is None


def test_a_cohort_is_followed_for_a_year_or_said_not_to_be(rows):
    n = len(rows)
    staged = rows[["pseudonym", "referral", "gender"]].assign(
        last_seen_day=500,
        days_waited=30,
        end_day=200,
        **{name: pd.array([True] * n, dtype="boolean") for name in ("assessed", "started", "completed", "finished")},
        paired=pd.array(np.arange(n) % 10 > 0, dtype="boolean"),
        recovery=rows["reliable_recovery"],
    )
    blocks, tables = lost_on_the_way(staged, ["gender"], POLICY)
    assert set(named(blocks)) == {"funnel_by_group", "unpaired_by_group"}
    assert tables["lost_pairs"]["unpaired"].sum() == n / 10
    recent, _ = lost_on_the_way(staged.assign(last_seen_day=100), ["gender"], POLICY)
    assert recent == ["No referral was followed for twelve months, so no cohort can be shown."]


def test_crossed_groups_have_a_name_and_a_title(rows):
    wide, names = crossed(rows, (("gender", "deprivation_quintile"),))
    assert names == ["gender and deprivation_quintile"]
    assert wide[names[0]].nunique() == 10
    assert (
        breakdown_title(names[0])
        == f"{breakdown_title('gender')} and " + breakdown_title("deprivation_quintile").lower()
    )
    with pytest.raises(ConfigError, match="not there: income"):
        crossed(rows, (("gender", "income"),))
