"""Published and simulated figures are set side by side without arithmetic slips."""

import numpy as np
import pandas as pd
import pytest

from outcomes.reference.figures import england
from outcomes.simulation.comparison import GAP_MEASURES, compare, finished_shares, published_moments


def published_as_if_measured() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """England's own counts in the shape of a service's measures."""
    total = england("2022-23", "total").set_index("measure")
    received = total.loc["referrals_received", "numerator"]
    service = pd.DataFrame(
        {
            "measure": ["recovery", "finished_course"],
            "label": "All",
            "numerator": [total.loc["recovery", "numerator"], total.loc["finished_course", "numerator"]],
            "denominator": [total.loc["recovery", "denominator"], received],
            "england_rate_pct": [49.9, 38.2],
        }
    ).astype({"numerator": "int64", "denominator": "int64"})
    groups = {}
    for key in ("deprivation_decile", "ethnic_group_5"):
        table = england("2022-23", key)
        asked = table[table["measure"] == "referrals_received"].set_index("label")["numerator"]
        table = table[table["measure"].isin(GAP_MEASURES)]
        denominator = table["denominator"].fillna(table["label"].map(asked))
        groups[key] = pd.DataFrame(
            {
                "measure": table["measure"],
                key: table["label"],
                "numerator": table["numerator"],
                "denominator": denominator,
            }
        ).astype({"numerator": "int64", "denominator": "int64"})
    return service, groups


def scores(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    moments = published_moments().set_index("measure")
    return pd.DataFrame(
        {
            "finished": True,
            "paired": pd.array([True] * n, dtype="boolean"),
            **{
                column: moments.loc[measure, "mean"] + moments.loc[measure, "sd"] * rng.standard_normal(n)
                for measure, column in (
                    ("phq9_first", "phq9_first"),
                    ("phq9_last", "phq9_last"),
                    ("gad7_first", "anxiety_first"),
                    ("gad7_last", "anxiety_last"),
                )
            },
        }
    )


def test_england_against_itself_has_no_difference() -> None:
    figures = compare(*published_as_if_measured(), scores())
    rates = figures[figures["unit"].isin(["percent", "points gap"])]
    assert len(rates) == 2 + 10 * 3 + 5 * 3
    assert rates["difference"].abs().max() < 0.051  # published rates are rounded to one decimal
    assert rates["within"].all()


def test_published_moments_are_weighted_by_courses() -> None:
    moments = published_moments().set_index("measure")
    np.testing.assert_allclose(moments.loc["phq9_first", ["mean", "sd"]].to_numpy(float), [13.806, 6.008], atol=0.001)
    np.testing.assert_allclose(moments.loc["gad7_last", ["mean", "sd"]].to_numpy(float), [8.507, 5.670], atol=0.001)


def test_a_gap_that_is_not_there_is_seen() -> None:
    service, groups = published_as_if_measured()
    table = groups["deprivation_decile"]
    worse = (table["measure"] == "recovery") & table["deprivation_decile"].str.contains("most deprived")
    groups["deprivation_decile"] = table.assign(numerator=table["numerator"].mask(worse, table["numerator"] * 9 // 10))
    figures = compare(service, groups, scores())
    outside = figures[~figures["within"] & figures["unit"].eq("points gap")]
    assert outside["label"].tolist() == ["Decile 1 (most deprived)"]
    assert outside["difference"].iloc[0] == pytest.approx(-4.16, abs=0.05)


def test_scores_of_unfinished_and_unpaired_courses_stay_out() -> None:
    service, groups = published_as_if_measured()
    extra = scores(4).assign(phq9_first=1000.0)
    extra["finished"] = [False, False, True, True]
    extra["paired"] = pd.array([True, True, False, None], dtype="boolean")
    one = compare(service, groups, scores())
    two = compare(service, groups, pd.concat([scores(), extra], ignore_index=True))
    pd.testing.assert_frame_equal(one, two)


def test_finished_shares_count_referrals() -> None:
    rows = pd.DataFrame({"finished": [True, False, True, False], "group": ["a", "a", "a", "b"]})
    found = finished_shares(rows, "group").set_index("group")
    assert found[["numerator", "denominator"]].to_numpy().tolist() == [[2, 3], [0, 1]]
