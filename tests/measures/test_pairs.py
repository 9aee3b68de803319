"""First and last scores: eligible, different, and in order."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.measures.pairs import eligible_occasions, episode_rows, first_last
from outcomes.measures.scoring import totals
from outcomes.reference.rules import rule_edition

EPISODE = pd.DataFrame({"pseudonym": ["p"], "referral": ["r"], "end_day": pd.array([100], dtype="Int32")})


def visits(text: str) -> pd.DataFrame:
    parts = [part.split(":") for part in text.split()]
    return pd.DataFrame(
        {
            "pseudonym": "p",
            "referral": "r",
            "occasion": range(1, len(parts) + 1),
            "day": pd.array([pd.NA if day == "?" else int(day) for day, _ in parts], dtype="Int32"),
            "phq9": [np.nan if score == "-" else float(score) for _, score in parts],
        }
    )


def said(score: float) -> str:
    return "none" if np.isnan(score) else f"{score:g}"


def test_cases_of_the_manual(manual: Callable[[str], list[dict[str, str]]]) -> None:
    wrong = []
    for case in manual("pairs"):
        found = first_last(EPISODE, visits(case["occasions"]), ["phq9"])["phq9"]
        if (said(found.first[0]), said(found.last[0])) != (case["first"], case["last"]):
            wrong.append((case, found))
    assert wrong == []


@pytest.mark.parametrize(
    ("contacts", "last"),
    [
        ([(14, "06", "")], 12),
        ([(14, "6 ", "")], 12),
        ([(14, "06", ""), (14, "02", "")], 8),
        ([(14, "02", "1098051000000103")], 12),
        ([(14, "02", "304891004")], 8),
        ([(7, "06", "")], 8),
        ([(None, "06", "")], 8),
        ([], 8),
    ],
)
def test_follow_up_and_employment_support_days_are_left_out(contacts: list[tuple[int, str, str]], last: float) -> None:
    table = pd.DataFrame(contacts, columns=["day", "appointment_type", "therapy"]).assign(pseudonym="p", referral="r")
    table["day"] = pd.array(table["day"].tolist(), dtype="Int32")
    found = first_last(EPISODE, visits("0:14 7:12 14:8"), ["phq9"], contacts=table)["phq9"]
    assert found.last[0] == last


def test_an_occasion_of_an_unknown_episode_is_not_eligible() -> None:
    other = visits("0:14 7:9").assign(referral="elsewhere")
    assert not eligible_occasions(other, EPISODE, edition=rule_edition()).any()
    assert np.isnan(first_last(EPISODE, other, ["phq9"])["phq9"].first[0])


def test_repeated_episodes_are_refused() -> None:
    with pytest.raises(DataError, match="1 rows repeat pseudonym and referral"):
        episode_rows(visits("0:1"), pd.concat([EPISODE, EPISODE]))


def test_imputed_items_of_both_scores_are_added() -> None:
    table = visits("0:14 7:12 14:8").assign(phq9_n_imputed=pd.array([2, 1, 1], dtype="Int64"))
    assert first_last(EPISODE, table, ["phq9"])["phq9"].n_imputed.tolist() == [3]


def test_agrees_with_a_slow_obvious_implementation(many: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    episodes, occasions = many
    scored = totals(occasions, ["phq9"])
    found = first_last(episodes, scored, ["phq9"])["phq9"]
    ends = episodes.set_index("referral")["end_day"]
    for row, referral in enumerate(episodes["referral"].head(300)):
        own = scored[scored["referral"].eq(referral)].sort_values("occasion")
        own = own[own["phq9"].notna() & own["day"].le(ends[referral])]
        first = own["phq9"].iloc[0] if len(own) else np.nan
        last = own["phq9"].iloc[-1] if len(own) > 1 else np.nan
        np.testing.assert_equal((found.first[row], found.last[row]), (first, last))


def test_row_order_does_not_matter(many: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    episodes, occasions = many
    scored = totals(occasions, ["phq9"])
    one = first_last(episodes, scored, ["phq9"])["phq9"]
    other = first_last(episodes, scored.iloc[::-1], ["phq9"])["phq9"]
    np.testing.assert_array_equal(one.first, other.first)
    np.testing.assert_array_equal(one.last, other.last)
