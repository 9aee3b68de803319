"""After attack and withhold nothing is told, and what is gone takes everything computed from it along."""

import numpy as np
import pandas as pd
import pytest
from cohorts import cohort, drafts, single_pattern

from outcomes.disclosure.attack import attack
from outcomes.disclosure.gate import Statistic, release
from outcomes.disclosure.rounding import percentage
from outcomes.disclosure.system import WITHHELD
from outcomes.disclosure.withholding import attack_and_withhold, withhold
from outcomes.reference.policies import disclosure_policies

COHORTS = 12  # benchmarks/disclosure.py takes 200


def table():
    frame = pd.DataFrame({"g": ["a", "b"], "events": [30, 40], "n": [60, 90], "auc": [0.7, 0.8]})
    return release(
        frame,
        labels=["g"],
        counts=["events", "n"],
        rates={"pct": ("events", "n", "low", "high")},
        statistics={"auc": Statistic("n", "events")},
        title="t",
    )


def test_what_stands_on_a_withheld_count_goes_with_it():
    gone = withhold(table(), [(0, "n")])
    assert gone.table.iloc[0][["n", "pct", "low", "high", "auc"]].isna().all()
    assert gone.table.loc[0, "events"] == 27
    assert gone.table.loc[1].tolist() == table().table.loc[1].tolist()
    assert {cell.column for cell in gone.hidden if cell.reason == WITHHELD} == {"n", "pct", "auc"}
    gone.verify()


def test_nothing_to_withhold_changes_nothing():
    draft = table()
    assert withhold(draft, []) is draft


@pytest.mark.parametrize("policy", sorted(disclosure_policies()))
def test_nothing_is_told_after_it(policy):
    for seed in range(COHORTS // 4):
        done = attack_and_withhold(drafts(cohort(np.random.default_rng(seed)), policy))
        assert attack(done.tables) == ()
        assert (done.told == 0) == (not done.withheld)


def test_random_cohorts_under_midpoint6_tell_nothing_and_every_percentage_follows_from_printed_counts():
    for seed in range(COHORTS):
        done = attack_and_withhold(drafts(cohort(np.random.default_rng(1000 + seed))))
        assert attack(done.tables) == ()
        shown = done.tables["outcome"].table
        shown = shown[shown["rate_pct"].notna()]
        np.testing.assert_array_equal(shown["rate_pct"], percentage(shown["events"], shown["n"], 1))


def test_six_ones_are_withheld():
    frame = pd.DataFrame({"g": ["All", *"abcdef"], "n": [6, 1, 1, 1, 1, 1, 1]})
    done = attack_and_withhold({"t": release(frame, labels=["g"], counts=["n"], title="t")})
    assert (done.told, len(done.withheld), done.rounds) == (7, 7, 2)
    assert done.tables["t"].table["n"].isna().all()


def test_where_the_cell_is_gone_already_its_neighbour_goes_too():
    frame = pd.DataFrame({"g": ["All", *"abc"], "n": [40, 26, 11, 3]})
    draft = release(frame, labels=["g"], counts=["n"], policy="threshold10", title="t")
    done = attack_and_withhold({"t": draft})
    assert attack(done.tables) == ()
    assert done.tables["t"].table["n"].isna().sum() >= 2


def test_what_is_withheld_in_a_table_is_withheld_in_the_figure_of_a_part_of_it():
    frame = pd.DataFrame({"by": "ward", "g": ["All", *"abcdef"], "n": [6, 1, 1, 1, 1, 1, 1]})
    whole = release(frame, labels=["by", "g"], counts=["n"], title="t")
    part = release(frame[["g", "n"]].iloc[1:4], labels=["g"], counts=["n"], title="figure")
    done = attack_and_withhold({"whole": whole, "part": part})
    assert done.tables["part"].table["n"].isna().all()


def test_complete_tables_of_a_single_pattern_are_solved_although_rounded_and_then_withheld():
    told = 0
    for seed in range(COHORTS):
        made = single_pattern(np.random.default_rng(seed))
        ones = int((made["rare"].table["n"].iloc[1:] == 3).sum())
        found = attack(made)
        assert bool(found) == (ones == 6)  # six ones under a total of six: all seven print 3, and nothing else fits
        done = attack_and_withhold(made)
        assert attack(done.tables) == ()
        told += done.told
    assert told > 0
