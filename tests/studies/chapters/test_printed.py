"""What is computed from counts is computed from the printed ones: the same printed counts, the same table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.disclosure.gate import Rate
from outcomes.fairness.breakdown import breakdown
from outcomes.fairness.gaps import Tolerance
from outcomes.studies.chapters.groups_gaps import everyone_table, shrunken_table
from outcomes.studies.chapters.groups_model import COUNTS, model_blocks, model_tables
from outcomes.studies.chapters.groups_model import RATES as MODEL_RATES
from outcomes.studies.chapters.printed import on_printed_people, people_of, printed_benefit, printed_counts

FIVE = Tolerance(points=5, minimum_events=100)
GROUPS = {"Female": (421, 201), "Male": (247, 99), "Not stated": (57, 15), "Other": (33, 9)}


def outcomes_of(groups):
    """One row a person; so many of each group had the outcome."""
    parts = [
        pd.DataFrame({"gender": name, "well": pd.array(np.arange(n) < events, dtype="boolean")})
        for name, (n, events) in groups.items()
    ]
    return breakdown(pd.concat(parts, ignore_index=True), ["gender"], flags=["well"], references={"gender": "Male"})


def alike(table, counts, rates, generator):
    """Other true counts of the same rows that print the same: a search among those near by."""
    shown = printed_counts(table, counts, rates, "midpoint6")[counts].to_numpy()
    found = table.reset_index(drop=True)
    near = found[counts].to_numpy(dtype=int)
    for _ in range(300):
        other = np.maximum(near + generator.integers(-3, 4, near.shape), 0)
        tried = found.assign(**{name: other[:, place] for place, name in enumerate(counts)})
        parts = [pair.pairs for pair in rates.values()]
        fits = np.ones(len(tried), dtype=bool)
        for pairs in parts:
            for part, whole in pairs:
                fits &= (tried[part] <= tried[whole]).to_numpy()
        tried.loc[~fits, counts] = found.loc[~fits, counts]
        same = (printed_counts(tried, counts, rates, "midpoint6")[counts].to_numpy() == shown).all(axis=1)
        found.loc[same, counts] = tried.loc[same, counts]
    return found


def with_true_gaps(table):
    """The gaps that the moved true counts would make, for a table that printed those by mistake."""
    share, others = table["events"] / table["n"], table["others_events"] / table["others_n"]
    return table.assign(rate_pct=100 * share, gap_others_points=100 * (share - others))


def test_gaps_to_everyone_tell_no_more_than_the_printed_counts():
    first = outcomes_of(GROUPS)
    other = with_true_gaps(alike(first, list(FOUR), RATES, np.random.default_rng(1)))
    assert not first[list(FOUR)].equals(other[list(FOUR)])
    assert not np.allclose(first["gap_others_points"], other["gap_others_points"], atol=0.05)
    pd.testing.assert_frame_equal(*(everyone_table(one, "midpoint6", "Well").released.table for one in (first, other)))


FOUR = ("n", "events", "others_n", "others_events")
RATES = {"rate_pct": Rate("events", "n"), "others_pct": Rate("others_events", "others_n")}


def test_shrunken_rates_and_gaps_with_verdicts_tell_no_more_either():
    first = outcomes_of(GROUPS)
    pair = {"rate_pct": RATES["rate_pct"]}
    other = alike(first, ["n", "events"], pair, np.random.default_rng(2))
    assert not first[["n", "events"]].equals(other[["n", "events"]])
    both = [shrunken_table(one, "midpoint6", "Well")[1].released.table for one in (first, other)]
    pd.testing.assert_frame_equal(*both)


def test_the_model_by_group_tells_no_more_than_its_printed_counts(materials, found):
    tables = model_tables(materials, found, ["gender"], FIVE, 0.5)
    by_group = tables["model_by_group"]
    other = alike(by_group, COUNTS, MODEL_RATES, np.random.default_rng(3))
    assert not by_group[COUNTS].reset_index(drop=True).equals(other[COUNTS])
    first, second = (
        {
            block.name: block.released.table
            for block in model_blocks({**tables, "model_by_group": table}, "midpoint6", found, 0.5, FIVE)
            if not isinstance(block, str)
        }
        for table in (by_group, other)
    )
    assert first.keys() == second.keys()
    for name in first:
        pd.testing.assert_frame_equal(first[name], second[name])


@given(st.integers(1, 5000), st.integers(1, 300), st.floats(-1e5, -10))
@settings(max_examples=50)
def test_bic_and_likelihood_together_tell_the_printed_number_of_people_only(people, parameters, likelihood):
    table = pd.DataFrame({"ll": [likelihood], "p": [parameters]})
    bic = -2 * table["ll"] + table["p"] * np.log(people)
    assert people_of(bic, table["ll"], table["p"]).tolist() == [people]
    shown = pd.Series(on_printed_people(bic, table["p"], people, "midpoint6"))
    told = people_of(shown, table["ll"], table["p"])
    assert told.tolist() == [np.ceil(people / 6) * 6 - 3]


def test_the_adjusted_criterion_takes_a_smaller_n():
    table = pd.DataFrame({"p": [10.0]})
    bic = pd.Series([200 + 10 * np.log((2026 + 2) / 24)])
    shown = on_printed_people(bic, table["p"], 2026, "midpoint6", adjusted=True)
    assert shown == pytest.approx([200 + 10 * np.log((2025 + 2) / 24)])


def test_a_withheld_number_of_people_leaves_no_criterion():
    shown = on_printed_people(pd.Series([100.0]), pd.Series([3]), 4, "threshold10")
    assert np.isnan(shown).all()


def test_none_of_a_group_is_not_told_from_a_few():
    groups = {**GROUPS, "Other": (33, 0)}
    few = {**GROUPS, "Other": (33, 4)}
    for write in (
        lambda table: everyone_table(table, "midpoint6", "Well").released,
        lambda table: shrunken_table(table, "midpoint6", "Well")[1].released,
    ):
        none, some = (write(outcomes_of(of)).table.set_index("group").loc["Other"] for of in (groups, few))
        assert none["events"] == some["events"] == 3


def test_a_net_benefit_is_that_of_rounded_positives():
    threshold = pd.Series([0.2, 0.5, 0.8])
    odds = threshold / (1 - threshold)
    right, wrong, n = pd.Series([140, 90, 30]), pd.Series([200, 51, 6]), pd.Series([525] * 3)
    true = (right - odds * wrong) / n
    shown = printed_benefit(true, n, right + wrong, threshold, "midpoint6")
    assert shown == pytest.approx(((pd.Series([141, 87, 27]) - odds * pd.Series([201, 51, 3])) / 525).to_numpy())
    assert shown == pytest.approx(true.to_numpy(), abs=3 * 5 / 525)
    near = (right - 1 - odds * (wrong + 1)) / n  # one true positive less, one false one more: the same bands but one
    assert printed_benefit(near, n, right + wrong, threshold, "midpoint6")[0] == pytest.approx(shown[0])
    assert np.allclose(printed_benefit(true, n, right + wrong, threshold, "threshold10")[:2], true[:2])
    assert np.isnan(printed_benefit(true, n, right + wrong, threshold, "threshold10")[2])
