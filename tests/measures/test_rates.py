"""Rates: the published ones, all of them, to the digit; and what other rules would have said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.measures.outcomes import outcomes
from outcomes.measures.rates import add_rates, published_rate, rates
from outcomes.measures.scoring import totals
from outcomes.reference.rules import rule_edition

Many = tuple[pd.DataFrame, pd.DataFrame]
PUBLISHED_AS = {
    "reliable_improvement": "improvement",
    "reliable_deterioration": "deterioration",
    "no_reliable_change": "no_reliable_change",
    "recovery": "recovery",
    "reliable_recovery": "reliable_recovery",
}


@pytest.fixture(scope="module")
def england(shared_dir: Path) -> pd.DataFrame:
    file = shared_dir / "data" / "nhs_talking_therapies_annual" / "england_measures_2017_2023.csv"
    table = pd.read_csv(file, dtype="str", keep_default_na=False)
    rated = table[table["improvement_pct"].ne("NULL")].reset_index(drop=True)
    names = [*PUBLISHED_AS.values(), "finished_course_treatment", "at_caseness", "not_at_caseness"]
    return rated.assign(**{name: rated[name].astype(np.int64) for name in names})


def denominator(england: pd.DataFrame, measure: str) -> np.ndarray:
    finished = england["finished_course_treatment"].to_numpy()
    whole = rule_edition().denominators[measure] == "finished"
    return finished if whole else finished - england["not_at_caseness"].to_numpy()


def differing(england: pd.DataFrame, rate: Callable[[np.ndarray, np.ndarray], np.ndarray], below: str = "ours") -> int:
    wrong = 0
    for measure, name in PUBLISHED_AS.items():
        n = denominator(england, measure) if below == "ours" else england[below].to_numpy()
        if below != "ours" and not measure.endswith("recovery"):
            continue
        wrong += int((rate(england[name].to_numpy(), n) != england[f"{name}_pct"].astype(float).to_numpy()).sum())
    return wrong


@pytest.mark.shared
def test_every_published_rate_comes_out_exactly(england: pd.DataFrame) -> None:
    checked = 0
    for measure, name in PUBLISHED_AS.items():
        ours = published_rate(england[name], denominator(england, measure))
        theirs = england[f"{name}_pct"].astype(float).to_numpy()
        assert (ours == theirs).all(), england.loc[ours != theirs, ["reporting_period", "variable_a"]]
        checked += len(ours)
    assert checked == 2_825
    assert len(england) == 565


@pytest.mark.shared
def test_half_even_rounding_does_not_reproduce_them(england: pd.DataFrame) -> None:
    assert differing(england, published_rate) == 0
    ties = differing(
        england, lambda events, n: np.array([round(1000 * e / m) / 10 for e, m in zip(events, n, strict=True)])
    )
    assert ties > 0
    assert differing(england, lambda events, n: np.round(events / n * 100, 1)) > 0


@pytest.mark.shared
def test_dividing_by_at_caseness_does_not_reproduce_them(england: pd.DataFrame) -> None:
    assert differing(england, published_rate, below="at_caseness") > 100
    assert differing(england, published_rate, below="finished_course_treatment") > 1_000


def test_a_published_example_with_the_right_and_the_wrong_denominator() -> None:
    # England 2024-25: recovery 321,061 of 635,185.
    assert published_rate(321_061, 635_185) == 50.5


def test_denominators_keep_the_unpaired_and_drop_those_not_at_caseness(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7"]))
    found = rates(table).set_index("measure")
    finished = int(table["finished"].sum())
    not_case = int(table["not_at_caseness"].sum())
    assert not_case > 0
    assert table.loc[table["finished"], "paired"].eq(other=False).sum() > 0
    assert set(found.loc[["reliable_improvement", "no_reliable_change"], "denominator"]) == {finished}
    assert set(found.loc[["recovery", "reliable_recovery"], "denominator"]) == {finished - not_case}
    assert found.loc["recovery", "numerator"] == table["recovery"].sum()
    assert found.loc["recovery", "not_assessable"] == (
        table["finished"] & table["recovery"].isna() & ~table["not_at_caseness"].fillna(value=False)
    ).sum()  # fmt: skip


def test_courses_on_a_measure_without_threshold_are_left_out_and_counted(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7", "cfq"]))
    found = rates(table).set_index("measure")
    unknown = int((table["finished"] & ~table["change_threshold_known"]).sum())
    assert unknown > 50
    assert found["threshold_unknown"].eq(unknown).all()
    assert found.loc["reliable_improvement", "denominator"] == table["finished"].sum() - unknown


def test_groups_add_up_to_the_whole(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7"])).assign(gender=episodes["gender"])
    parts, whole = rates(table, by=["gender"]), rates(table)
    summed = parts.groupby("measure")[["numerator", "denominator", "not_assessable"]].sum()
    pd.testing.assert_frame_equal(summed.loc[whole["measure"]].reset_index(), whole[["measure", *summed.columns]])
    assert parts.loc[parts["measure"].eq("recovery"), "gender"].tolist() == ["Female", "Male", "Not known"]


def test_overlapping_groups_count_a_person_in_each(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7"])).assign(disability=episodes["disability"])
    found = rates(table, by=["disability"])
    hearing = found[found["disability"].eq("Hearing") & found["measure"].eq("reliable_improvement")]
    expected = int((table["finished"] & table["disability"].str.contains("Hearing")).sum())
    assert hearing["denominator"].tolist() == [expected]
    assert set(found["disability"]) == {"Hearing", "Sight", "No disability"}


def test_two_groupings_at_once_and_rows_in_group_order(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7"])).assign(gender=episodes["gender"], service="A")
    found = rates(table, by=["service", "gender"])
    assert found.columns[:3].tolist() == ["measure", "service", "gender"]
    assert len(found) == 5 * 3


def test_group_labels_renamed_change_nothing_else(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7"]))
    one = rates(table.assign(team=episodes["gender"]), by=["team"])
    other = rates(
        table.assign(team=episodes["gender"].map({"Female": "a", "Male": "b", "Not known": "c"})), by=["team"]
    )
    pd.testing.assert_frame_equal(one.drop(columns="team"), other.drop(columns="team"))


def test_a_missing_group_is_a_row_not_a_loss(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7"]))
    some = table.assign(team=episodes["gender"].where(episodes["gender"].ne("Male")))
    found = rates(some, by=["team"])
    assert found.loc[found["measure"].eq("reliable_improvement"), "denominator"].sum() == table["finished"].sum()


def test_nobody_gives_no_rate_and_an_interval_holds_its_rate(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7"]))
    assert rates(table.iloc[:0])["rate_pct"].isna().all()
    found = rates(table)
    assert found["low_pct"].lt(found["rate_pct"]).all()
    assert found["high_pct"].gt(found["rate_pct"]).all()


def test_duplicated_people_double_the_counts_and_keep_the_rates(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7"]))
    once, twice = rates(table), rates(pd.concat([table, table], ignore_index=True))
    assert twice["numerator"].eq(2 * once["numerator"]).all()
    assert twice["rate_pct"].eq(once["rate_pct"]).all()


def test_an_unjoined_group_column_is_an_error() -> None:
    with pytest.raises(ConfigError, match="cannot group by gender: join these columns"):
        rates(pd.DataFrame({"finished": [True]}), by=["gender"])


def test_intervals_are_those_of_wilson() -> None:
    found = add_rates(pd.DataFrame({"numerator": [10, 0], "denominator": [20, 0]}), decimals=1)
    # Wilson 1927 for 10 of 20: 29.93 to 70.07 percent.
    assert found["low_pct"].iloc[0] == pytest.approx(29.93, abs=0.005)
    assert found["high_pct"].iloc[0] == pytest.approx(70.07, abs=0.005)
    assert found[["rate_pct", "low_pct", "high_pct"]].iloc[1].isna().all()
