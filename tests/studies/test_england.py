"""England as a fairness report: every printed rate is the published one, with gradient, gaps and change."""

import pandas as pd
import pytest

from outcomes.cli.app import main
from outcomes.errors import ConfigError
from outcomes.fairness.published import RATED, published_figures
from outcomes.studies.england import TOLERANCE, england_report, write_england


@pytest.fixture(scope="module")
def report():
    return england_report(published_figures())


@pytest.fixture(scope="module")
def tables(report):
    return {block.name: block.released.table for block in report.tables()}


def printed_rates(tables):
    return pd.concat([tables[f"rates_{measure}"].assign(measure=measure) for measure in RATED])


def test_every_printed_rate_is_the_published_one_and_only_tiny_counts_are_withheld(tables):
    figures = published_figures()
    rates = printed_rates(tables)
    assert len(rates) == len(figures) == 520
    ours = rates.sort_values("measure", kind="stable")["rate_pct"].to_numpy()
    theirs = figures.sort_values("measure", kind="stable")
    shown = ~pd.isna(ours)
    assert (ours[shown] == theirs["rate_pct"].to_numpy()[shown]).all()
    few = theirs["numerator"].lt(10) | (theirs["denominator"] - theirs["numerator"]).lt(10)
    assert few.to_numpy()[~shown].all()
    assert 0 < (~shown).sum() < 20


def test_the_gradient_of_recovery_is_steep_and_its_line_lies_near_the_published_ends(tables):
    steep = tables["deprivation_gradient"].set_index("measure").loc["Recovery"]
    assert steep["slope_low"] > 5
    assert steep["slope_points"] == pytest.approx(steep["least_deprived_pct"] - steep["most_deprived_pct"], abs=0.11)
    deciles = (
        tables["groups_recovery"].loc[lambda t: t["group"].str.contains("deprived")].set_index("group")["rate_pct"]
    )
    assert steep["most_deprived_pct"] == pytest.approx(deciles["Decile 1 (most deprived)"], abs=3)
    assert steep["least_deprived_pct"] == pytest.approx(deciles["Decile 10 (least deprived)"], abs=3)


def test_gaps_stand_against_the_reference_and_against_everyone_else_with_verdicts(tables):
    table = tables["groups_recovery"].set_index("group")
    most = table.loc["Decile 1 (most deprived)"]
    assert most["gap_high"] < -TOLERANCE.points
    assert most["verdict"] == "exceeds tolerance"
    assert table.loc["Decile 10 (least deprived)", "verdict"] == "reference"
    together = tables["everyone_recovery"].set_index("group")
    assert together.loc["Decile 1 (most deprived)", "gap_others_points"] < 0
    assert together.loc["Decile 1 (most deprived)", "told_apart"] == "yes"


def test_the_years_are_compared_with_the_year_before(tables):
    total = tables["over_the_years"].loc[lambda t: t["measure"].eq("Recovery")].set_index("year")
    assert pd.isna(total["change_points"].iloc[0])
    change = total.loc["2022-23", "rate_pct"] - total.loc["2021-22", "rate_pct"]
    assert total.loc["2022-23", "change_points"] == pytest.approx(change, abs=0.051)
    assert tables["change_recovery"]["years"].tolist() == ["2017-18, 2022-23"]


def test_one_year_alone_has_no_change_and_a_wrong_year_names_the_right_ones(tmp_path):
    record = write_england(tmp_path, year="2022-23")
    assert (record.place / "report.html").is_file()
    assert not (record.place / "tables" / "change_recovery.csv").exists()
    assert record.equal + record.withheld == record.rates
    with pytest.raises(ConfigError, match="there are 2017-18"):
        write_england(tmp_path, year="1999-00")


def test_the_command_says_how_many_rates_are_equal(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("outcomes.studies.england.write_report", lambda report, folder, methods: [])
    assert main(["england", "--reports", str(tmp_path)]) == 0
    assert "of 520 published rates stand in the report to the digit" in " ".join(capsys.readouterr().out.split())


@pytest.mark.shared
def test_all_rates_of_the_published_file_come_out_again(shared_dir):
    file = shared_dir / "data" / "nhs_talking_therapies_annual" / "england_measures_2017_2023.csv"
    figures = published_figures(file)
    found = {block.name: block.released.table for block in england_report(figures).tables()}
    rates = printed_rates(found)
    theirs = pd.concat([figures.loc[figures["measure"].eq(measure)] for measure in RATED])
    shown = rates["rate_pct"].notna().to_numpy()
    assert len(rates) == 2_825
    assert (~shown).sum() == 50
    assert (rates["rate_pct"].to_numpy()[shown] == theirs["rate_pct"].to_numpy()[shown]).all()
    slopes = found["deprivation_gradient"].loc[lambda t: t["measure"].eq("Recovery")]
    assert len(slopes) == 6
    assert slopes["slope_low"].gt(TOLERANCE.points).all()
    assert set(found["change_recovery"]["breakdown"]) >= {"Gender", "Ethnic group", "Deprivation decile", "Religion"}
