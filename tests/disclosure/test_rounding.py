"""The rounding of every policy against its definition, written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.disclosure.rounding import half_up, percentage, rounded, rounded_numerator
from outcomes.errors import DisclosureError
from outcomes.reference.policies import disclosure_policy

CASES = """
policy                 true printed  reason
midpoint6              0    0        nobody is nobody
midpoint6              1    3        lowest step
midpoint6              6    3        end of the lowest step
midpoint6              7    9        next step
midpoint6              12   9
midpoint6              13   15
nhs_talking_therapies  0    nan      zero is starred as well
nhs_talking_therapies  4    nan
nhs_talking_therapies  5    5
nhs_talking_therapies  7    5
nhs_talking_therapies  8    10       halves do not arise in whole counts
nhs_talking_therapies  12   10
redact7_round5         0    0        a structural zero may be shown
redact7_round5         7    nan
redact7_round5         8    10
threshold10            9    nan
threshold10            10   10       no rounding
"""


@pytest.mark.parametrize("line", CASES.strip().splitlines()[1:])
def test_counts_are_printed_as_the_policy_says(line):
    policy, true, printed = line.split()[:3]
    np.testing.assert_array_equal(rounded(int(true), disclosure_policy(policy)), float(printed))


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_six_true_counts_share_a_printed_one(count):
    rule = disclosure_policy("midpoint6")
    printed = float(rounded(count, rule))
    neighbours = rounded(np.arange(max(count - 6, 0), count + 7), rule)
    assert (neighbours == printed).sum() == (1 if count == 0 else 6)


@settings(deadline=None)
@given(st.integers(13, 4000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_printed_numerator_always_stands_for_several_true_ones(pair):
    events, n = pair
    rule = disclosure_policy("midpoint6")
    whole = rounded(n, rule)
    every = rounded_numerator(np.arange(n + 1), np.full(n + 1, n), np.full(n + 1, whole), rule)
    assert (every == every[events]).sum() >= 2
    assert 0 < every[events] < whole
    assert (np.diff(every) >= 0).all()


def test_ties_go_up_in_decimals_not_in_binary():
    assert half_up([0.125, 1.005, -0.5, np.nan], 2)[:3].tolist() == [0.13, 1.01, -0.5]
    assert float(percentage(1, 8, 0)) == 13.0  # 12.5
    assert float(percentage(1, 16, 1)) == 6.3  # 6.25
    assert np.isnan(percentage(0, 0, 1))


def test_impossible_counts_are_refused():
    rule = disclosure_policy("midpoint6")
    with pytest.raises(DisclosureError, match="must not be negative"):
        rounded([-1], rule)
    with pytest.raises(DisclosureError, match="must not exceed its denominator"):
        rounded_numerator([3], [2], [3], rule)


def test_nought_has_no_minus():
    assert not np.signbit(half_up([-0.001, -0.0, 0.001], 2)).any()
