"""Sudden gains and losses by the published criteria, and change in standard deviations."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from outcomes.errors import ConfigError, DataError
from outcomes.measures.change import critical_values, effect_sizes, sudden_gains
from outcomes.reference.sudden_change import sudden_change_criteria
from outcomes.reference.thresholds import Threshold

SEVEN = Threshold(Decimal(7), "at_least", verified=True, source="tang_derubeis_1999")
NAN = np.nan


def course(scores: list[float], key: str = "bdi2", first: int = 1, referral: str = "r") -> pd.DataFrame:
    occasions = range(first, first + len(scores))
    return pd.DataFrame({"pseudonym": "p", "referral": referral, "occasion": occasions, "day": pd.NA, key: scores})


def gains(scores: list[float], kind: str = "gain") -> list[int]:
    return sudden_gains(course(scores), "bdi2", kind=kind, smallest=SEVEN)["occasion_before"].tolist()


@pytest.mark.parametrize(
    ("scores", "expected", "reason"),
    [
        ([32, 31, 33, 5, 6, 7], [3], "worked example of the R package suddengains: all three criteria met"),
        ([NAN, 31, 33, 5, NAN, 7], [3], "one missing on each side: 4.303 is still far exceeded"),
        ([32, 31, 33, 26, 25, 24], [], "seven points, but under a quarter of 33"),
        ([24, 24, 24, 18, 18, 18], [], "six points are too few"),
        ([24, 24, 24, 17, 17, 17], [3], "seven points and over a quarter of 24"),
        ([28, 28, 28, 21, 21, 21], [3], "exactly a quarter of 28"),
        ([29, 29, 29, 22, 22, 22], [], "seven of 29 is less than a quarter"),
        ([30, 10, 30, 15, 30, 10], [], "large, but no larger than the scatter around it"),
        ([NAN, NAN, 33, 5, 6, 7], [], "one score before: nothing can be said"),
        ([32, 31, 33, 5, NAN, NAN], [], "one score after: nothing can be said"),
        ([32, 31, NAN, 5, 6, 7], [], "the session before the change is missing"),
        ([32, 31, 33, NAN, 6, 7], [], "the session after the change is missing"),
        ([33, 5, 6, 7], [], "from session one to two there is one score before"),
        ([32, 33, 5, 6], [2], "two before and two after are enough"),
        ([], [], "nobody"),
    ],
)  # fmt: skip
def test_sudden_gain(scores: list[float], expected: list[int], reason: str) -> None:
    assert gains(scores) == expected, reason


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([5, NAN, 7, 16, 12, 14], [3]),
        ([20, 20, 20, 24, 24, 24], []),
        ([30, 30, 30, 37, 37, 37], []),
        ([5, 5, 5, 5], []),
    ],
)
def test_sudden_loss_is_the_mirror_image(scores: list[float], expected: list[int]) -> None:
    assert gains(scores, "loss") == expected


def test_critical_values_follow_the_scores_present() -> None:
    found = critical_values(np.array([4.0, 3.0, 2.0, 0.0]), sudden_change_criteria())
    np.testing.assert_array_equal(found, [2.776, 3.182, 4.303, NAN])
    table = sudden_gains(course([NAN, 31, 33, 5, NAN, 7]), "bdi2", smallest=SEVEN).iloc[0]
    assert (table["critical_value"], table["n_before"], table["n_after"]) == (4.303, 2, 2)
    one_side = sudden_gains(course([NAN, 31, 33, 5, 6, 7]), "bdi2", smallest=SEVEN).iloc[0]
    assert one_side["critical_value"] == 3.182


def test_a_missing_session_asks_for_a_clearer_gap() -> None:
    # Means 20 and 10.5 lie 3.08 pooled deviations apart: over 2.776, under the 3.182 of five scores. A sixth score
    # at the mean makes it 3.56 deviations, against 2.776.
    after = [11.0, 8.0, 12.5]
    assert gains([NAN, 17.0, 23.0, *after]) == []
    assert gains([20.0, 17.0, 23.0, *after]) == [3]


def test_a_gap_in_the_session_numbers_is_a_missing_session() -> None:
    table = course([32, 31, 33, 5, 6, 7])
    assert len(sudden_gains(table, "bdi2", smallest=SEVEN)) == 1
    moved = table.assign(occasion=[0, 1, 2, 4, 5, 6])
    assert sudden_gains(moved, "bdi2", smallest=SEVEN).empty


def test_gains_do_not_cross_from_one_course_to_the_next() -> None:
    two = pd.concat([course([32, 31, 33], referral="a"), course([5, 6, 7], first=4, referral="b")])
    assert sudden_gains(two, "bdi2", smallest=SEVEN).empty


@pytest.mark.parametrize(
    ("later", "given_back"),
    [([6, 7], False), ([6, 18], False), ([6, 19], True), ([6, 7, 30], True), ([6, 7, NAN, 19], True)],
)
def test_half_given_back_is_a_reversal(later: list[float], given_back: bool) -> None:
    found = sudden_gains(course([32, 31, 33, 5, *later]), "bdi2", smallest=SEVEN)
    assert found["reversed"].tolist() == [given_back]


def test_reliable_change_of_the_instrument_is_the_default_limit() -> None:
    assert len(sudden_gains(course([20, 20, 20, 14, 14, 14], "phq9"), "phq9")) == 1
    assert sudden_gains(course([20, 20, 20, 15, 15, 15], "phq9"), "phq9").empty
    with pytest.raises(ConfigError, match="bdi2 has no published reliable-change index; pass `smallest`"):
        sudden_gains(course([1.0]), "bdi2")


def test_wrong_kind_missing_column_and_repeated_sessions_are_errors() -> None:
    with pytest.raises(ConfigError, match="kind must be one of"):
        sudden_gains(course([1.0]), "bdi2", kind="both", smallest=SEVEN)
    with pytest.raises(DataError, match=r"totals\.phq9: the column is missing"):
        sudden_gains(course([1.0]), "phq9")
    with pytest.raises(DataError, match="rule unique_occasion"):
        sudden_gains(course([1.0, 2.0]).assign(occasion=1), "bdi2", smallest=SEVEN)


def slow(scores: list[float], sign: int) -> list[int]:
    """The three criteria in a loop, written apart from the product."""
    found = []
    for n in range(len(scores) - 1):
        before = [s for s in scores[max(0, n - 2) : n + 1] if not np.isnan(s)]
        after = [s for s in scores[n + 1 : n + 4] if not np.isnan(s)]
        if np.isnan(scores[n]) or np.isnan(scores[n + 1]) or min(len(before), len(after)) < 2:
            continue
        change = sign * (scores[n] - scores[n + 1])
        df = len(before) + len(after) - 2
        pooled = np.sqrt((np.var(before) * len(before) + np.var(after) * len(after)) / df)
        gap = sign * (np.mean(before) - np.mean(after))
        large = change >= 7 and change >= scores[n] / 4
        if large and gap > round(student.ppf(0.975, df), 3) * pooled + 1e-12:
            found.append(n + 1)
    return found


@settings(max_examples=60, deadline=None)
@given(scores=st.lists(st.one_of(st.just(NAN), st.integers(0, 63).map(float)), max_size=14), loss=st.booleans())
def test_agrees_with_a_loop_over_the_criteria(scores: list[float], loss: bool) -> None:
    kind, sign = ("loss", -1) if loss else ("gain", 1)
    assert gains(scores, kind) == slow(scores, sign)


def test_many_courses_at_once_equal_each_alone_whatever_the_row_order() -> None:
    rng = np.random.default_rng(8)
    tables = [course(list(rng.integers(0, 40, 12).astype(float)), referral=f"r{i:03d}") for i in range(80)]
    alone = pd.concat([sudden_gains(table, "bdi2", smallest=SEVEN) for table in tables], ignore_index=True)
    together = sudden_gains(pd.concat(tables).sample(frac=1, random_state=1), "bdi2", smallest=SEVEN)
    assert len(alone) > 5
    pd.testing.assert_frame_equal(together, alone)


def test_effect_size_is_mean_change_over_first_deviation() -> None:
    table = pd.DataFrame(
        {
            "finished": [True, True, True, False],
            "phq9_first": [10.0, 20.0, 30.0, 99.0],
            "phq9_last": [5.0, 10.0, NAN, 0.0],
            "anxiety_measure": ["gad7", "gad7", "spin", "gad7"],
            "anxiety_first": [10.0, 14.0, 60.0, 1.0],
            "anxiety_last": [4.0, 4.0, 2.0, 1.0],
        }
    )
    found = effect_sizes(table).set_index("measure")
    assert found.index.tolist() == ["phq9", "gad7"]
    assert found.loc["phq9", ["n", "mean_first", "mean_last", "mean_change"]].tolist() == [2, 15, 7.5, 7.5]
    assert found.loc["phq9", "effect_size"] == pytest.approx(7.5 / np.std([10, 20], ddof=1))
    assert found.loc["gad7", "mean_change"] == 8


def test_effect_size_of_nobody_and_of_no_spread_is_missing() -> None:
    table = pd.DataFrame({"finished": [True, True], "phq9_first": [10.0, 10.0], "phq9_last": [5.0, 4.0]})
    assert np.isnan(effect_sizes(table, ["phq9"])["effect_size"].iloc[0])
    assert effect_sizes(table.iloc[:0], ["phq9"])["n"].tolist() == [0]
