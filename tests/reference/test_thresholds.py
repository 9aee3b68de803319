"""A threshold is crossed at the published number, not at its neighbour in binary."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import ConfigError
from outcomes.reference.loader import Entry
from outcomes.reference.thresholds import Threshold, decimal_steps, read_bands, read_threshold


def limit(value: str, direction: str = "at_least") -> Threshold:
    return Threshold(Decimal(value), direction, verified=True, source="clark_2018")


def test_a_change_of_073_on_a_mean_scale_is_reliable_although_binary_says_less() -> None:
    assert 2.53 - 1.80 < 0.73  # what binary arithmetic says
    assert limit("0.73").met([2.53 - 1.80]).tolist() == [True]


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("at_least", [False, True, True]), ("above", [False, False, True]), ("at_most", [True, True, False])],
)
def test_the_direction_decides_what_the_limit_itself_means(direction: str, expected: list[bool]) -> None:
    assert limit("2.3", direction).met([2.29, 2.3, 2.31]).tolist() == expected


def test_missing_scores_never_meet_a_threshold() -> None:
    for direction in ("at_least", "above", "at_most"):
        assert not limit("10", direction).met([np.nan]).any()


@settings(deadline=None)
@given(hundredths=st.integers(0, 50_000), cut=st.integers(0, 50_000))
def test_comparison_agrees_with_exact_arithmetic_for_every_two_decimal_score(hundredths: int, cut: int) -> None:
    exact = Fraction(hundredths, 100) >= Fraction(cut, 100)
    assert bool(limit(str(Decimal(cut) / 100)).met([hundredths / 100])[0]) is exact


@settings(deadline=None)
@given(points=st.integers(0, 81), answered=st.integers(7, 9))
def test_a_prorated_total_below_ten_is_never_ten(points: int, answered: int) -> None:
    exact = Fraction(points * 9, answered)
    assert bool(limit("10").met([points * 9 / answered])[0]) is (exact >= 10)


def test_steps_keep_missing_missing() -> None:
    assert np.isnan(decimal_steps([np.nan])[0])


def test_a_threshold_says_itself_in_words() -> None:
    assert limit("10").words() == "10 or more"
    assert limit("2.3", "above").words() == "above 2.3"
    assert limit("2", "at_most").words() == "2 or less"


def test_an_unknown_direction_is_refused() -> None:
    entry = Entry({"value": 10, "direction": "over", "source": "clark_2018"}, "x.toml")
    with pytest.raises(ConfigError, match="direction must be one of"):
        read_threshold(entry, verified=True)


@pytest.mark.parametrize(
    ("bands", "message"),
    [
        ([(0, 4), (6, 27)], "must start at 5, starts at 6"),
        ([(0, 4), (4, 27)], "must start at 5, starts at 4"),
        ([(1, 27)], "must start at 0, starts at 1"),
        ([(0, 26)], "end at 26, the total at 27"),
    ],
)
def test_bands_with_a_gap_or_an_overlap_are_refused(bands: list[tuple[int, int]], message: str) -> None:
    entries = [
        Entry({"label": f"band {low}", "lowest": low, "highest": high, "source": "clark_2018"}, "x.toml")
        for low, high in bands
    ]
    with pytest.raises(ConfigError, match=message):
        read_bands(entries, 0, 27)
