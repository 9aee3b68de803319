"""Waits: bands and standards at their exact days."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.measures.waits import wait_rates, waits

SIGN = {"y": True, "n": False, "?": None}


def episodes(first: list[float | None], second: list[float | None]) -> pd.DataFrame:
    n = len(first)
    return pd.DataFrame(
        {
            "pseudonym": [f"p{i}" for i in range(n)],
            "referral": "r",
            "days_waited": pd.array(first, dtype="Int32"),
            "days_first_to_second": pd.array(second, dtype="Int32"),
        }
    )


def plain(value: object) -> bool | None:
    return None if value is pd.NA else bool(value)


def test_cases_of_the_manual(manual: Callable[[str], list[dict[str, str]]]) -> None:
    for case in manual("waits"):
        days = None if case["days"] == "-" else int(case["days"])
        found = waits(episodes([days], [None])).iloc[0]
        assert (found["wait_band"] if days is not None else "none") == case["band"]
        assert plain(found["within_six_weeks"]) is SIGN[case["within 6 weeks"]], case
        assert plain(found["within_eighteen_weeks"]) is SIGN[case["within 18 weeks"]], case
        assert days is not None or pd.isna(found["wait_band"])


def test_second_wait_flags_are_above_not_at() -> None:
    found = waits(episodes([0] * 5, [28, 29, 90, 91, None]))
    assert [plain(value) for value in found["second_wait_over_28"]] == [False, True, True, True, None]
    assert [plain(value) for value in found["second_wait_over_90"]] == [False, False, False, True, None]


def test_weeks_are_days_by_seven() -> None:
    assert waits(episodes([14, None], [None, None]))["weeks_waited"].fillna(-1).tolist() == [2, -1]


def test_bands_part_everybody_with_a_wait() -> None:
    found = waits(episodes(list(range(200)), [None] * 200))
    assert found["wait_band"].notna().all()
    assert found["wait_band"].nunique() == 4


def test_rates_count_finished_courses_with_a_wait() -> None:
    table = waits(episodes([10, 43, 200, None, 5], [5, 30, None, None, 3]))
    found = wait_rates(table, np.array([True, True, True, True, False])).set_index(["measure", "label"])
    assert found.loc[("wait_first", "within 6 weeks"), ["numerator", "denominator"]].tolist() == [1, 3]
    assert found.loc[("wait_first", "within 18 weeks"), "rate_pct"] == 66.7
    assert found.loc[("wait_first_to_second", "29 to 56 days"), ["numerator", "denominator"]].tolist() == [1, 2]
    bands = found.loc["wait_first"].drop(index=["within 6 weeks", "within 18 weeks"])
    assert bands["numerator"].sum() == 3


def test_waits_without_days_are_an_error() -> None:
    with pytest.raises(DataError, match=r"episodes\.days_waited: the column is missing"):
        waits(pd.DataFrame({"pseudonym": ["p"], "referral": ["r"]}))
