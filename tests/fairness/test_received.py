"""Waits, steps and therapies by group: counted among those for whom they are known, by the standards of the rules."""

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.fairness.received import OTHER, received


def referrals():
    return pd.DataFrame(
        {
            "pseudonym": [f"p{i}" for i in range(6)],
            "referral": [f"r{i}" for i in range(6)],
            "gender": ["Female", "Female", "Female", "Male", "Male", None],
            "days_waited": [42, 43, None, 126, 127, 1],
            "days_first_to_second": [28, 29, None, 90, 91, None],
            "highest_step": pd.array(["low", "high", None, "high", "high", "low"], dtype="str"),
            "therapy": pd.array(["304891004", "286711000000107", None, "304891004", "x", "304891004"], dtype="str"),
        }
    )


@pytest.mark.parametrize(
    ("group", "what", "events", "n"),
    [
        ("Female", "Within 6 weeks", 1, 2),
        ("Male", "Within 6 weeks", 0, 2),
        ("Male", "Within 18 weeks", 1, 2),
        ("Female", "Second after over 28 days", 1, 2),
        ("Male", "Second after over 90 days", 1, 2),
        ("Female", "High intensity", 1, 2),
        ("Male", "High intensity", 2, 2),
        ("Female", "Counselling for depression", 1, 2),
        ("Male", "Cognitive behaviour therapy", 1, 2),
        ("Not known", "Within 6 weeks", 1, 1),
    ],
)
def test_each_group_is_counted_among_those_for_whom_it_is_known(group, what, events, n):
    table = received(referrals(), ["gender"]).set_index(["group", "received"])
    assert table.loc[(group, what), ["events", "n"]].tolist() == [events, n]


def test_therapies_beyond_the_most_frequent_are_other_and_all_add_up():
    many = pd.concat([referrals()] * 4, ignore_index=True)
    many["therapy"] = [f"t{i % 9}" for i in range(len(many))]
    table = received(many, ["gender"])
    own = table.loc[table["what"].eq("main therapy")]
    assert own["received"].nunique() == 7
    assert OTHER in set(own["received"])
    sums = own.groupby("group").agg(events=("events", "sum"), n=("n", "first"))
    assert sums["events"].eq(sums["n"]).all()


def test_who_is_in_two_groups_counts_in_both():
    both = referrals().assign(disability=["Sight;Hearing", "Sight", "Sight", "Hearing", "Hearing", "No disability"])
    table = received(both, ["disability"]).set_index(["group", "received"])
    assert table.loc[("Sight", "Within 6 weeks"), "n"] == 2
    assert table.loc[("Hearing", "Within 6 weeks"), "n"] == 3


def test_without_steps_there_are_waits_only_and_absent_columns_are_said():
    bare = referrals().drop(columns=["highest_step", "therapy"])
    assert set(received(bare, ["gender"])["what"]) == {"wait"}
    with pytest.raises(ConfigError, match="not in the table: region"):
        received(bare, ["region"])
