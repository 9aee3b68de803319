"""Arrangements: nothing is lost, nothing is computed, hidden cells stay words."""

import pandas as pd

from outcomes.disclosure.gate import Statistic, release
from outcomes.publications.grids import across, plain, table_one, under_headings


def test_an_interval_stands_beside_its_estimate(recovery):
    grid = plain(recovery, headings={"rate_pct": "Recovered (%)"}, leave_out=("reference_events", "reference_n"))
    assert grid.header == (
        "Breakdown", "Group", "Events", "n", "Recovered (%)", "95 % CI", "Gap (points)", "95 % CI",
    )  # fmt: skip
    first = [word.text for word in grid.rows[0]]
    assert first[2:6] == ["1,467", "2,997", "48.9", "47.2 to 50.7"]
    assert grid.rows[2][4].hidden
    assert grid.rows[2][4].text == "too few"
    assert grid.rows[1][6].text.startswith(("+", "−"))


def test_headings_stand_above_their_rows(recovery):
    rows = under_headings(recovery, by="breakdown").rows
    assert [row[0].text for row in rows][:4] == ["Gender", "Female", "Male", "Not stated"]
    assert [row[0].heads for row in rows] == [True, False, False, False, True, False]
    assert rows[1][0].indent
    assert len({len(row) for row in rows}) == 1


def test_rows_of_one_label_alone_can_be_printed(recovery):
    grid = under_headings(recovery, by="breakdown", only=("group", "Male"))
    assert [row[0].heads for row in grid.rows] == [True, False]
    assert "Group" not in grid.header
    whole = under_headings(recovery, by="breakdown", leave_out=("group",))
    assert grid.rows[1] == whole.rows[2]


def test_a_cross_table_shows_every_combination_once():
    frame = pd.DataFrame({"item": ["a", "a", "b"], "state": [1, 2, 1], "mean": [1.0, 2.0, 3.0], "n": [90, 3, 90]})
    table = release(frame, labels=["item", "state"], counts=["n"], statistics={"mean": "n"}, title="t")
    grid = across(table, row="item", column="state", value="mean", heading_of_rows="Item")
    assert grid.header == ("Item", "1", "2")
    assert [[word.text for word in row] for row in grid.rows] == [["a", "1.00", "too few"], ["b", "3.00", "–"]]


def test_table_one_prints_n_with_per_cent_and_mean_with_spread():
    frame = pd.DataFrame(
        {
            "group": ["A"] * 4,
            "characteristic": ["People", "Age, mean (SD)", "Sex", "Sex"],
            "level": ["", "", "Female", "Male"],
            "n": [200, 190, 120, 80],
            "of": [None, None, 200, 200],
            "share_pct": [None, None, 60.0, 40.0],
            "mean": [None, 41.26, None, None],
            "sd": [None, 13.9, None, None],
        }
    ).astype({"of": float, "share_pct": float, "mean": float, "sd": float})
    table = release(
        frame,
        labels=["group", "characteristic", "level"],
        counts=["n", "of"],
        rates={"share_pct": ("n", "of")},
        statistics={"mean": Statistic("n", decimals=1), "sd": Statistic("n", decimals=1)},
        title="People",
    )
    rows = [[word.text for word in row] for row in table_one(table).rows]
    assert rows == [
        ["People", "201"],
        ["Age, mean (SD)", "41.3 (13.9)"],
        ["Sex, n (%)", ""],
        ["Female", "117 (58.2)"],
        ["Male", "81 (40.3)"],
    ]
