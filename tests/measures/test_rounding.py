"""Halves go up, exactly."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import ConfigError
from outcomes.measures.rounding import half_up_ratio


@pytest.mark.parametrize(("events", "n", "expected"), [(49, 400, 12.3), (1, 8, 12.5), (1, 16, 6.3), (33, 800, 4.1)])
def test_ties_go_up_where_python_goes_to_even(events: int, n: int, expected: float) -> None:
    assert half_up_ratio(events, n, 1, scale=100) == expected
    assert round(49 / 400 * 100, 1) == 12.2  # the other rule


@settings(deadline=None)
@given(n=st.integers(1, 3_000_000), share=st.floats(0, 1), decimals=st.integers(0, 3))
def test_agrees_with_decimal_arithmetic(n: int, share: float, decimals: int) -> None:
    events = int(share * n)
    exact = (Decimal(events) * 100 / Decimal(n)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    assert float(half_up_ratio(events, n, decimals, scale=100)) == float(exact)


def test_nobody_has_no_rate_and_bad_counts_are_refused() -> None:
    assert np.isnan(half_up_ratio(0, 0, 1))
    with pytest.raises(ConfigError, match="whole numbers, not negative"):
        half_up_ratio(-1, 2, 1)
    with pytest.raises(ConfigError, match="whole numbers, not negative"):
        half_up_ratio(0.5, 2, 1)
