"""Every true table fits the bounds that its printed table gives: the attacker is never told something false."""

import numpy as np
import pandas as pd
import pytest
from cohorts import cohort, drafts, outcome_by_group
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.disclosure.attack import attack
from outcomes.disclosure.gate import release
from outcomes.disclosure.rounding import rounded
from outcomes.disclosure.sameness import same_cells
from outcomes.disclosure.system import band, system_of
from outcomes.reference.policies import disclosure_policies, disclosure_policy

POLICIES = sorted(disclosure_policies())


@given(st.integers(0, 5000), st.sampled_from(POLICIES))
def test_a_true_count_lies_in_the_band_of_what_is_printed(count, policy):
    rule = disclosure_policy(policy)
    printed = float(rounded(count, rule))
    if not np.isnan(printed):
        low, high = band(printed, rule)
        assert low <= count <= high
        assert np.isnan(float(rounded(high + 1, rule))) or float(rounded(high + 1, rule)) != printed
        assert low == 0 or np.isnan(float(rounded(low - 1, rule))) or float(rounded(low - 1, rule)) != printed


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=8), st.sampled_from(POLICIES))
def test_the_truth_fits_everything_an_attacker_writes_down(pairs, policy):
    table = pd.DataFrame(
        {
            "group": [f"group {place}" for place in range(len(pairs))],
            "events": [min(pair) for pair in pairs],
            "n": [max(pair) for pair in pairs],
        }
    )
    made = release(
        table, labels=["group"], counts=["events", "n"], rates={"pct": ("events", "n")}, policy=policy, title="t"
    )
    check_truth_fits(system_of({"t": made}), table)


def check_truth_fits(system, table):
    true = {place: float(table.loc[cell[1], cell[2]]) for place, cells in system.cells.items() for cell in cells}
    for place, value in true.items():
        assert system.lower[place] <= value <= system.upper[place]
    for terms, low, high in system.rows:
        if terms.keys() <= true.keys():
            assert low - 1e-6 <= sum(often * true[place] for place, often in terms.items()) <= high + 1e-6


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 45), min_size=4, max_size=4), st.sampled_from(POLICIES))
def test_a_part_of_two_wholes_that_are_parts_themselves_fits_too(cells, policy):
    both, only_event, only_flagged, _ = cells
    table = pd.DataFrame(
        {
            "group": ["a"],
            "n": [sum(cells)],
            "events": [both + only_event],
            "flagged": [both + only_flagged],
            "hits": [both],
        }
    )
    rates = {"flag_pct": ("flagged", "n"), "tpr_pct": ("hits", "events"), "ppv_pct": ("hits", "flagged")}
    counts = ["n", "events", "flagged", "hits"]
    made = release(table, labels=["group"], counts=counts, rates=rates, policy=policy, title="t")
    check_truth_fits(system_of({"t": made}), table)
    attack({"t": made})  # raises where no true counts fit


@pytest.mark.parametrize("policy", POLICIES)
def test_tables_of_one_cohort_never_contradict_each_other(policy):
    for seed in range(6):
        attack(drafts(cohort(np.random.default_rng(seed)), policy))  # raises where no true counts fit


def test_the_same_row_in_two_tables_is_one_number():
    made = drafts(cohort(np.random.default_rng(1), 120))["outcome"]
    found = same_cells({"one": made, "two": made})
    assert found["two", 3, "n"] == ("one", 3, "n")
    assert not any(cell[0] == "one" and of[0] == "two" for cell, of in found.items())


def test_equal_numbers_of_different_groups_are_not_taken_for_one():
    table = outcome_by_group(cohort(np.random.default_rng(1), 120)).iloc[1:3].assign(n=40, events=20)
    made = release(table, labels=["breakdown", "group"], counts=["events", "n"], title="t")
    assert ("t", 1, "n") not in same_cells({"t": made})


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("most", [3, 8, 20, 45])
def test_two_hundred_random_parts_of_parts_fit(most, policy):
    both, only_event, only_flagged, neither = np.random.default_rng(most).integers(0, most + 1, size=(4, 200))
    table = pd.DataFrame({"n": both + only_event + only_flagged + neither, "events": both + only_event})
    table = table.assign(flagged=both + only_flagged, hits=both, group=[f"group {place}" for place in range(200)])
    rates = {"f": ("flagged", "n"), "t": ("hits", "events"), "p": ("hits", "flagged"), "e": ("events", "n")}
    counts = ["n", "events", "flagged", "hits"]
    made = release(table, labels=["group"], counts=counts, rates=rates, policy=policy, title="t")
    check_truth_fits(system_of({"t": made}), table)
