"""How it ended by first state: everybody with a state counts once, drop-out is corrected for uncertain states."""

import pandas as pd
import pytest

from outcomes.studies.chapters.endings import drop_out, drop_out_blocks, outcome_blocks, outcomes_by_state


def test_finished_courses_with_a_state_are_all_counted_once(materials, states):
    table = outcomes_by_state(materials, states)
    improvement = table[table["measure"].eq("reliable_improvement")]
    finished = materials.outcomes.loc[materials.outcomes["finished"].eq(True), "referral"]
    assert improvement["denominator"].sum() == finished.isin(states.trajectories.keys["referral"]).sum()
    assert set(table["first_state"]) <= set(range(1, states.model.n_states + 1))


def test_without_outcomes_there_is_nothing_by_state(materials, states):
    bare = type(materials)(**{**vars(materials), "outcomes": None})
    assert outcomes_by_state(bare, states) is None
    assert drop_out(bare, states) is None


def test_drop_out_is_given_assigned_and_corrected(materials, states):
    left = drop_out(materials, states)
    assert set(left["method"]) == {"naive", "bch", "ml"}
    naive = left[left["method"].eq("naive")]
    known = materials.outcomes["dropped_out"].notna() & materials.outcomes["referral"].isin(
        states.trajectories.keys["referral"]
    )
    assert naive["n_expected"].sum() == pytest.approx(int(known.sum()))
    assert naive["mean"].between(0, 1).all()


def test_a_corrected_share_outside_its_range_is_left_blank(materials, states):
    left = drop_out(materials, states)
    wild = left.assign(outside_range=left["method"].eq("bch"))
    shown = drop_out_blocks(wild, "midpoint6")[0].released.table
    assert pd.Series(shown["corrected"]).isin(["", None]).all() or pd.Series(shown["corrected"]).isna().all()
    assert pd.Series(shown["assigned"]).astype(str).ne("").any()


def test_printed_rates_follow_from_printed_counts(materials, states):
    shown = outcome_blocks(outcomes_by_state(materials, states), "midpoint6")[0].released.table
    told = shown[pd.to_numeric(shown["rate_pct"], errors="coerce").notna()]
    share = 100 * told["numerator"].astype(float) / told["denominator"].astype(float)
    assert (share - told["rate_pct"].astype(float)).abs().max() <= 0.0501
