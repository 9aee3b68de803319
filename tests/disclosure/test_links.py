"""What ties cells is found from true counts, and kept without them."""

import numpy as np
import pandas as pd
import pytest
from cohorts import cohort, cross, outcome_by_group

from outcomes.disclosure.gate import Gap, release
from outcomes.disclosure.layout import layout
from outcomes.disclosure.links import find_links


def links(table, labels, counts, rates=None):
    return find_links(table, layout(labels, counts, rates or {}, {}))


def test_a_total_in_the_block_is_found():
    table = pd.DataFrame({"group": ["All", "a", "b"], "n": [20, 12, 8]})
    (found,) = links(table, ["group"], ["n"]).sums
    assert found.whole == (0, "n")
    assert found.parts == ((1, "n"), (2, "n"))


def test_a_total_that_is_the_denominator_is_found():
    table = pd.DataFrame({"level": ["a", "b", "c"], "n": [5, 6, 9], "of": [20, 20, 20]})
    found = links(table, ["level"], ["n", "of"], {"pct": ("n", "of")})
    assert (((0, "n"), (1, "n"), (2, "n")), (0, "of")) in {(one.parts, one.whole) for one in found.sums}
    assert ((1, "of"), (0, "of")) in found.copies


def test_a_cross_table_has_its_totals_both_ways():
    sums = links(cross(cohort(np.random.default_rng(3), 300)), ["gender", "ethnic"], ["n"]).sums
    assert sum(one.whole is not None for one in sums) == 4 + 5  # rows and columns, totals included


def test_breakdowns_of_the_same_people_share_the_mark_of_their_total():
    table = outcome_by_group(cohort(np.random.default_rng(4), 200))
    parts_only = table[table["group"].ne("Everyone")].reset_index(drop=True)
    sums = [one for one in links(parts_only, ["breakdown", "group"], ["n"]).sums if len(one.parts) > 1]
    assert len({one.mark for one in sums if one.parts[0][1] == "n"}) == 1


def test_the_steps_of_a_funnel_are_a_chain():
    table = pd.DataFrame({"step": list("abc"), "n": [90, 50, 44], "of": [90, 90, 90]})
    assert links(table, ["step"], ["n", "of"], {"pct": ("n", "of")}).chains == (((0, "n"), (1, "n"), (2, "n")),)


def test_groups_in_any_order_are_no_chain():
    table = pd.DataFrame({"step": list("abc"), "n": [50, 90, 44], "of": [90, 90, 90]})
    assert links(table, ["step"], ["n", "of"], {"pct": ("n", "of")}).chains == ()


def test_a_reference_group_beside_each_group_is_a_copy_of_its_row():
    table = pd.DataFrame({"g": ["x", "x"], "k": ["a", "b"], "e": [5, 9], "n": [30, 40], "re": [5, 5], "rn": [30, 30]})
    copies = links(table, ["g", "k"], ["e", "n", "re", "rn"], {"gap": Gap("e", "n", "re", "rn")}).copies
    assert ((1, "rn"), (0, "n")) in copies
    assert ((1, "re"), (0, "e")) in copies


@pytest.mark.parametrize("count", [4217, 10007])
def test_no_number_stands_in_the_links(count):
    table = pd.DataFrame({"group": ["All", "a", "b"], "n": [count, count - 900, 900]})
    made = release(table, labels=["group"], counts=["n"], title="t")
    assert str(count) not in repr(made.links)
