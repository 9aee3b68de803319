"""England's figures stand here as they were published."""

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.reference.figures import england, england_figures, england_years

PCT = {
    "reliable_improvement": "improvement",
    "reliable_deterioration": "deterioration",
    "no_reliable_change": "no_reliable_change",
    "recovery": "recovery",
    "reliable_recovery": "reliable_recovery",
}


def test_totals_of_the_latest_year() -> None:
    total = england("2022-23", "total").set_index("measure")
    assert int(total.loc["finished_course", "numerator"]) == 672_193
    assert float(total.loc["recovery", "rate_pct"]) == 49.9
    assert float(total.loc["reliable_improvement", "rate_pct"]) == 66.5
    assert float(total.loc["reliable_recovery", "rate_pct"]) == 46.8


def test_every_rate_follows_from_its_own_counts() -> None:
    table = pd.concat([england(year) for year in england_years()])
    rated = table[table["rate_pct"].notna()]
    assert len(rated) > 700
    for row in rated.itertuples():
        exact = Decimal(int(row.numerator)) * 100 / Decimal(int(row.denominator))
        assert exact.quantize(Decimal("0.1"), ROUND_HALF_UP) == Decimal(str(row.rate_pct)), (row.label, row.measure)


def test_course_weighted_means_of_the_year() -> None:
    table = england("2022-23", "therapy")
    means = table[table["mean"].notna()].assign(weighted=lambda t: t["mean"] * t["denominator"].astype(float))
    summed = means.groupby("measure")[["weighted", "denominator"]].sum()
    found = (summed["weighted"] / summed["denominator"].astype(float)).round(1)
    assert found[["phq9_first", "phq9_last", "gad7_first", "gad7_last"]].tolist() == [13.8, 9.5, 12.7, 8.5]


def test_the_most_deprived_recover_least() -> None:
    table = england(breakdown="deprivation_decile")
    rate = table[table["measure"].eq("recovery")].set_index("label")["rate_pct"]
    assert rate["Decile 1 (most deprived)"] < rate["Decile 5"] < rate["Decile 10 (least deprived)"]


def test_licence_and_source_travel_with_the_figures() -> None:
    described = england_figures()
    assert "Open Government Licence v3.0" in described.licence
    assert set(england()["source"]) == {described.source}


def test_a_new_table_is_given_every_time() -> None:
    mine = england()
    mine.loc[:, "numerator"] = 0
    assert int(england()["numerator"].max()) > 0


def test_unknown_years_and_breakdowns_are_errors() -> None:
    with pytest.raises(ConfigError, match=r"no figures for year '1999-00'; there are 2017-18, "):
        england("1999-00")
    with pytest.raises(ConfigError, match="no breakdown 'gender' for 2019-20"):
        england("2019-20", "gender")


@pytest.mark.shared
def test_every_figure_is_the_published_one(shared_dir: Path) -> None:
    file = shared_dir / "data" / "nhs_talking_therapies_annual" / "england_measures_2017_2023.csv"
    published = pd.read_csv(file, dtype="str", keep_default_na=False)
    checked = 0
    for year in england_years():
        theirs = published[published["reporting_period"].eq(year)]
        ours = england(year)
        ours = ours[ours["rate_pct"].notna() & ~ours["measure"].str.startswith("therapy_")]
        for row in ours.itertuples():
            name = PCT[row.measure]
            same = theirs[name].eq(str(int(row.numerator))) & theirs[f"{name}_pct"].eq(f"{row.rate_pct:g}")
            assert same.any(), (year, row.breakdown, row.label, row.measure)
            checked += 1
    assert checked > 400
