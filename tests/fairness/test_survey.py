"""Weighted shares of a survey: people drawn with unequal chances, and real answers of United States adults."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.fairness.survey import WEIGHTS_ONLY, WITH_DESIGN, weighted_shares
from outcomes.reference.groups import grouping

CYCLES = ("2005_2006", "2007_2008", "2009_2010", "2011_2012")
ITEMS = [f"DPQ0{number}0" for number in range(1, 10)]
GROUPINGS = {
    "gender": "RIAGENDR",
    "age_band": "RIDAGEYR",
    "race_hispanic_origin_us": "RIDRETH1",
    "education_us": "DMDEDUC2",
    "poverty_income_ratio_us": "INDFMPIR",
}


def sample(n=600, seed=2):
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 10, n)
    return pd.DataFrame(
        {
            "ill": pd.array(rng.random(n) < 0.3, dtype="boolean"),
            "weight": rng.uniform(1, 4, n),
            "stratum": stratum,
            "unit": rng.integers(0, 3, n),
            "gender": rng.choice(["Female", "Male"], n),
        }
    )


def test_equal_weights_give_the_variance_of_a_random_sample():
    one = sample().assign(weight=2.5)
    row = weighted_shares(one, [], "ill", weight="weight").iloc[0]
    assert row["weighted_pct"] == pytest.approx(row["raw_pct"])
    assert row["effective_n"] == pytest.approx(600)
    assert row["design_effect"] == pytest.approx(600 / 599)
    assert row["allows_for"] == WEIGHTS_ONLY


def test_the_error_is_that_of_a_stratified_jackknife_of_sampling_units():
    people = sample()
    design = {"weight": "weight", "stratum": "stratum", "unit": "unit"}
    row = weighted_shares(people, [], "ill", **design).iloc[0]
    share = row["weighted_pct"] / 100
    ill, weight = people["ill"].to_numpy(dtype=float), people["weight"].to_numpy()
    squares = 0.0
    for _, own in people.groupby("stratum"):
        units = own["unit"].unique()
        for unit in units:
            again = weight.copy()
            inside = people["stratum"].eq(own["stratum"].iloc[0]).to_numpy()
            dropped = inside & people["unit"].eq(unit).to_numpy()
            again[inside] *= len(units) / (len(units) - 1)
            again[dropped] = 0
            squares += (len(units) - 1) / len(units) * ((again @ ill) / again.sum() - share) ** 2
    linearised = row["design_effect"] * share * (1 - share) / row["n"]
    assert linearised == pytest.approx(squares, rel=0.05)
    assert row["allows_for"] == WITH_DESIGN


def test_a_group_drawn_too_often_is_weighted_down():
    people = sample(4000, 5)
    sick = people["ill"].to_numpy(dtype=bool)
    row = weighted_shares(people.assign(weight=np.where(sick, 1.0, 3.0)), [], "ill", weight="weight").iloc[0]
    raw = row["raw_pct"] / 100
    assert row["weighted_pct"] == pytest.approx(100 * raw / (raw + 3 * (1 - raw)))


def test_intervals_cover_a_population_in_which_units_are_alike():
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(300):
        unit = np.repeat(np.arange(40), 25)
        chance = np.clip(0.3 + np.repeat(rng.normal(0, 0.1, 40), 25), 0.02, 0.98)
        ill = pd.array(rng.random(1000) < chance, dtype="boolean")
        people = pd.DataFrame({"ill": ill, "weight": 1.0, "stratum": unit // 4, "unit": unit})
        row = weighted_shares(people, [], "ill", weight="weight", stratum="stratum", unit="unit").iloc[0]
        covered += row["low_pct"] <= 30 <= row["high_pct"]
    assert covered / 300 >= 0.91


def test_nobody_has_it_and_nobody_asked_have_no_interval():
    people = sample().assign(ill=pd.array([False] * 600, dtype="boolean"))
    found = weighted_shares(people, ["gender"], "ill", weight="weight")
    assert found["weighted_pct"].eq(0).all()
    assert found["high_pct"].isna().all()
    unasked = people.assign(ill=people["ill"].mask(people["gender"].eq("Male")))
    row = weighted_shares(unasked, ["gender"], "ill", weight="weight").set_index("group").loc["Male"]
    assert row["n"] == 0
    assert np.isnan(row["weighted_pct"])


def test_refusals():
    with pytest.raises(ConfigError, match="both or neither"):
        weighted_shares(sample(), [], "ill", weight="weight", stratum="stratum")
    with pytest.raises(ConfigError, match="not in the table: income"):
        weighted_shares(sample(), ["income"], "ill", weight="weight")
    with pytest.raises(DataError, match="weight_known"):
        weighted_shares(sample().assign(weight=-1.0), [], "ill", weight="weight")
    with pytest.raises(DataError, match="10 strata have a single sampling unit"):
        weighted_shares(sample().assign(unit=0), [], "ill", weight="weight", stratum="stratum", unit="unit")


@pytest.mark.shared
def test_depression_of_united_states_adults_by_sex_age_ethnicity_income_and_education(shared_dir):
    folder = shared_dir / "data" / "nhanes_phq9"
    table = pd.concat([pd.read_csv(folder / f"nhanes_phq9_{cycle}.csv") for cycle in CYCLES], ignore_index=True)
    answers = table[ITEMS].where(table[ITEMS].le(3))
    people = table.assign(ill=answers.sum(axis=1).ge(10).astype("boolean").mask(answers.isna().any(axis=1)))
    for key, code in GROUPINGS.items():
        people[key] = grouping(key).label(people[code].map(lambda value: "" if pd.isna(value) else f"{value:g}"))
    found = weighted_shares(
        people, list(GROUPINGS), "ill", weight="WTMEC2YR", stratum="SDMVSTRA", unit="SDMVPSU"
    ).set_index(["breakdown", "group"])
    assert found["low_pct"].dropna().lt(found["weighted_pct"].loc[found["low_pct"].notna()]).all()
    women, men = found.loc[("gender", "Female")], found.loc[("gender", "Male")]
    assert women["low_pct"] > men["high_pct"]
    assert women["raw_pct"] == pytest.approx(10.9, abs=0.05)
    assert men["raw_pct"] == pytest.approx(6.3, abs=0.05)
    income = found.loc["poverty_income_ratio_us"]
    assert income.loc["Under 1.00 (below the poverty line)", "low_pct"] > income.loc["4.00 and over", "high_pct"]
    education = found.loc["education_us"]
    assert education.loc["Less than 9th grade", "low_pct"] > education.loc["College graduate", "high_pct"]
    assert found.loc[("everyone", "Everyone"), "design_effect"] > 1
    assert (women["weighted_pct"], men["weighted_pct"]) == pytest.approx((9.09, 5.38), abs=0.01)


# NCHS Data Brief 172 (Pratt and Brody 2014), 2009-2012: moderate or severe symptoms, PHQ-9 of 10 or more, per cent
PUBLISHED = {
    ("age", "40-59"): 9.8,
    ("age", "60 and over"): 5.4,
    ("both", "2 40-59"): 12.3,
    ("both", "1 60 and over"): 3.4,
}


@pytest.mark.shared
def test_adults_of_2009_to_2012_are_as_depressed_as_was_published(shared_dir):
    folder = shared_dir / "data" / "nhanes_phq9"
    table = pd.concat([pd.read_csv(folder / f"nhanes_phq9_{cycle}.csv") for cycle in CYCLES[2:]], ignore_index=True)
    answers = table[ITEMS].where(table[ITEMS].le(3))
    people = table.assign(
        ill=answers.sum(axis=1).ge(10).astype("boolean").mask(answers.isna().any(axis=1)),
        age=np.select([table["RIDAGEYR"].lt(40), table["RIDAGEYR"].lt(60)], ["18-39", "40-59"], "60 and over"),
    )
    people["both"] = people["RIAGENDR"].astype(str) + " " + people["age"]
    found = weighted_shares(
        people, ["age", "both"], "ill", weight="WTMEC2YR", stratum="SDMVSTRA", unit="SDMVPSU"
    ).set_index(["breakdown", "group"])
    for group, published in PUBLISHED.items():
        assert found.loc[group, "weighted_pct"] == pytest.approx(published, abs=0.06)
    assert found.loc[("everyone", "Everyone"), "weighted_pct"] == pytest.approx(7.6, abs=0.3)  # 7.6 from age 12
