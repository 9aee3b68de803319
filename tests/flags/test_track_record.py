"""Are printed shares true? Observed shares beside told ones, by group, on people whose chances are known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import DataError
from outcomes.flags.track_record import SAID, doubtful_groups, group_cautions, track_record
from outcomes.flags.words import share


def past(n, seed, shift=0.0):
    """People of four groups with a known chance each; `shift` makes what they are told wrong for the last group."""
    rng = np.random.default_rng(seed)
    truth = rng.beta(2, 2, n)
    group = rng.choice(["a", "b", "c", "d"], n)
    told = np.clip(truth + np.where(group == "d", shift, 0), 0, 1)
    return pd.DataFrame({"ending": "recovery", "probability": told, "happened": rng.random(n) < truth, "group": group})


def test_about_seven_in_ten_is_seven_in_ten_in_nine_of_ten_cells():
    """Calibration of the words: with n, by group; each cell's interval covers what was said."""
    held = []
    for seed in range(25):
        table = track_record(past(4000, seed), ["group"])
        seven = table.loc[table["told"].eq("about 7 in 10")]
        assert seven["n"].between(50, 300).all()
        held += seven["holds"].tolist()
    assert len(held) == 100
    assert np.mean(held) >= 0.9


def test_words_that_are_wrong_for_a_group_are_found_in_that_group_only():
    table = track_record(past(8000, 1, shift=0.2), ["group"])
    assert doubtful_groups(table, "group")["group"].tolist() == ["d"]
    assert doubtful_groups(track_record(past(8000, 1), ["group"]), "group").empty


def test_over_many_groups_that_hold_a_caution_is_rare():
    cautioned = [
        len(doubtful_groups(track_record(past(4000, seed).assign(group=np.arange(4000) % 20), ["group"]), "group"))
        for seed in range(40)
    ]
    assert sum(n > 0 for n in cautioned) <= 6  # 5 % of 40, and chance


def test_people_of_a_group_for_whom_numbers_did_not_hold_are_told_so_and_nobody_else():
    unsure = pd.DataFrame(
        {
            "by": ["gender", "gender", "age_band", "age_band"],
            "group": ["Male", "Male", "Under 18", "75 to 89"],
            "ending": ["recovery", "dropped_out", "recovery", "recovery"],
            "verdict": ["off", "off", "too few", "too few"],
        }
    )
    episodes = pd.DataFrame(
        {
            "referral": ["r1", "r2", "r3", "r4"],
            "gender": ["Male", "Female", "Female", "Male"],
            "age_band": ["26 to 64", "Under 18", "26 to 64", "75 to 89"],
        }
    )
    found = group_cautions(unsure, episodes, asked=pd.Series(["r1", "r2", "r3"]))
    assert found.to_dict("records") == [
        {
            "referral": "r1",
            "words": "For people like this one the numbers were off before: gender, Male (stopping early, recovery).",
        },
        {
            "referral": "r2",
            "words": "Too few people like this one were seen before to know if the numbers hold: age, Under 18.",
        },
    ]


def test_where_every_group_held_nobody_is_cautioned():
    episodes = pd.DataFrame({"referral": ["r1"], "gender": ["Male"]})
    none = pd.DataFrame(columns=["by", "group", "ending", "verdict"])
    assert group_cautions(none, episodes, asked=pd.Series(["r1"])).empty


def test_few_people_are_said_to_be_few():
    table = doubtful_groups(track_record(past(120, 2), ["group"]), "group")
    assert set(table["verdict"]) == {"too few"}


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([True, False, None])), max_size=40))
def test_everybody_whose_ending_is_known_is_counted_once(rows):
    frame = pd.DataFrame(rows, columns=["probability", "happened"]).assign(ending="recovery")
    table = track_record(frame)
    known = frame["happened"].notna()
    assert table["n"].sum() == known.sum()
    assert table["n_true"].sum() == frame.loc[known, "happened"].sum()
    assert ((table["low"] <= table["share"] + 1e-12) & (table["share"] <= table["high"] + 1e-12)).all()


@pytest.mark.parametrize("probability", [0.0, 0.049, 0.05, 0.15, 0.5, 0.95, 0.951, 1.0])
def test_every_form_of_words_has_its_share(probability):
    assert share(probability) in SAID


def test_missing_columns_are_named():
    with pytest.raises(DataError, match="happened"):
        track_record(pd.DataFrame({"ending": [], "probability": []}))
