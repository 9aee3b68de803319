"""Parts and total may differ by the rounding, not by more, and must not give a withheld part away."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.disclosure.consistency import check_total
from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError


def table(parts, total, policy="midpoint6"):
    frame = pd.DataFrame({"group": [f"part {i}" for i in range(len(parts))] + ["All"], "n": [*parts, total]})
    return release(frame, labels=["group"], counts=["n"], policy=policy, title="Parts")


@settings(deadline=None)
@given(st.lists(st.integers(0, 900), min_size=1, max_size=20), st.sampled_from(["midpoint6", "nhs_talking_therapies"]))
def test_a_true_total_is_always_consistent(parts, policy):
    check_total(table(parts, sum(parts), policy), count="n", label="group", total="All")


def test_other_people_are_noticed():
    with pytest.raises(DisclosureError, match="not the same people"):
        check_total(table([100, 200], 400), count="n", label="group", total="All")


def test_a_single_withheld_part_beside_an_exact_total_is_noticed():
    with pytest.raises(DisclosureError, match="withhold two"):
        check_total(table([100, 4], 104, "threshold10"), count="n", label="group", total="All")


def test_a_block_needs_its_total():
    with pytest.raises(DisclosureError, match="needs one row 'Total'"):
        check_total(table([100, 4], 104), count="n", label="group", total="Total")
