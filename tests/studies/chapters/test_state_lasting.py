"""Persistence item by item, in words that a reader knows."""

import pandas as pd

from outcomes.studies.chapters.state_lasting import item_of, item_word, lasting_blocks


def lasting(gap):
    return pd.DataFrame(
        {
            "item": ["phq9_3", "phq9_3"],
            "kind": ["persistence", "onset"],
            "n_pairs": [400, 300],
            "observed": [0.8, 0.1],
            "implied": [0.8 - gap, 0.1],
            "residual": [40 * gap, 0.0],
            "noticed": [abs(40 * gap) > 2, False],
        }
    )


def test_how_much_persists_beyond_the_states_is_said():
    said, table = lasting_blocks(lasting(0.1), "midpoint6")
    assert "for 1 of 1 items" in said
    assert "10 points more persist than the states carry" in said
    (row,) = table.released.table.to_dict("records")
    assert row["item"] == "3 sleep"
    assert (row["persists_observed_pct"], row["persists_implied_pct"], row["persists_residual"]) == (80, 70, 4.0)
    assert (row["begins_observed_pct"], row["begins_implied_pct"], row["begins_residual"]) == (10, 10, 0.0)


def test_where_states_carry_everything_nothing_more_is_said():
    assert "points" not in lasting_blocks(lasting(0.0), "midpoint6")[0]


def test_items_have_words():
    assert item_word("gad7_3", several=True) == "GAD-7 3 worry"
    assert item_of("phq9_9").safety
