"""The service's table beside England's."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.measures.outcomes import outcomes
from outcomes.measures.rates import rates
from outcomes.measures.scoring import totals
from outcomes.measures.service import service_table

Many = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture
def tables(many: Many) -> tuple[pd.DataFrame, pd.DataFrame]:
    episodes, occasions = many
    rng = np.random.default_rng(2)
    timed = episodes.assign(
        days_waited=rng.integers(0, 150, len(episodes)).astype(float),
        days_first_to_second=rng.integers(0, 120, len(episodes)).astype(float),
    )
    return timed, outcomes(timed, totals(occasions, ["phq9", "gad7"]))


def test_england_stands_beside_as_published(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found = service_table(*tables).set_index(["measure", "label"])["england_rate_pct"]
    assert found[("recovery", "All")] == 49.9
    assert found[("reliable_improvement", "All")] == 66.5
    assert found[("reliable_deterioration", "All")] == 5.9
    # Not published as a rate: 600,286 of 672,193 finished courses waited at most six weeks.
    assert found[("wait_first", "within 6 weeks")] == 89.3
    assert found[("at_caseness", "All")] == 94.2
    assert np.isnan(found[("dropped_out", "All")])


def test_the_service_rows_are_those_of_rates(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    episodes, judged = tables
    table, own = service_table(episodes, judged).set_index("measure"), rates(judged).set_index("measure")
    for measure in own.index:
        columns = ["numerator", "denominator", "rate_pct", "low_pct", "high_pct"]
        assert table.loc[measure, columns].tolist() == own.loc[measure, columns].tolist()
    assert table.loc["finished_course", ["numerator", "denominator"]].tolist() == [
        judged["finished"].sum(),
        len(judged),
    ]


def test_waits_are_left_out_where_days_are_not_known(many: Many) -> None:
    episodes, occasions = many
    table = service_table(episodes, outcomes(episodes, totals(occasions, ["phq9", "gad7"])))
    assert not table["measure"].str.startswith("wait").any()
    assert len(table) == 10


def test_another_year_can_be_asked_for(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table = service_table(*tables, england_year="2019-20").set_index("measure")
    assert set(table["england_year"]) == {"2019-20"}
    assert float(table.loc[["recovery"], "england_rate_pct"].iloc[0]) != 49.9
    assert table.loc[["wait_first"], "england_rate_pct"].isna().all()
    with pytest.raises(ConfigError, match="no figures for year"):
        service_table(*tables, england_year="1998-99")


def test_an_empty_service_gets_an_honest_table(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    episodes, judged = tables
    table = service_table(episodes.iloc[:0], judged.iloc[:0])
    assert table["denominator"].eq(0).all()
    assert table["rate_pct"].isna().all()
    assert table["england_rate_pct"].notna().any()


def test_prorated_scores_are_never_silent(many: Many) -> None:
    episodes, occasions = many
    judged = outcomes(episodes, totals(occasions, ["phq9", "gad7"], missing="prorate"))
    row = service_table(episodes, judged).set_index("measure").loc["rests_on_imputed_items"]
    assert row["numerator"] == (judged["finished"] & judged["n_imputed"].gt(0)).sum() > 0
    assert row["denominator"] == judged["finished"].sum()
