"""The outcome of a course: the manual's cases, and laws that hold for every service."""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.measures.outcomes import counted_courses, dropped_out, outcomes
from outcomes.measures.scoring import totals
from outcomes.reference.instruments import instrument
from outcomes.reference.rules import rule_edition

Many = tuple[pd.DataFrame, pd.DataFrame]
HEADINGS = {
    "case": "at_caseness",
    "recovered": "recovery",
    "improved": "reliable_improvement",
    "deteriorated": "reliable_deterioration",
    "no change": "no_reliable_change",
    "reliably recovered": "reliable_recovery",
}
SIGNS = {"y": True, "n": False, "?": None}


def numbers(cell: str) -> list[float]:
    if cell in {"-", "-> -"}:
        return [np.nan, np.nan]
    return [np.nan if part.strip() == "-" else float(part) for part in cell.split(">")]


def judge(case: dict[str, str]) -> dict[str, bool | None]:
    edition = rule_edition()
    rule = edition.descriptor_rule(case["problem"])
    table = pd.DataFrame({"pseudonym": "p", "referral": "r", "occasion": [1, 2], "day": [0, 70]})
    table["phq9"], table["gad7"] = numbers(case["PHQ-9"]), numbers(case["GAD-7"])
    if rule is not None:
        table[rule.instrument] = numbers(case["own measure"])
    episodes = pd.DataFrame({"pseudonym": ["p"], "referral": ["r"], "completed": [True]})
    episodes["problem_descriptor"] = pd.array([None if case["problem"] == "-" else case["problem"]], dtype="str")
    found = outcomes(episodes, table).iloc[0]
    return {name: None if found[name] is pd.NA else bool(found[name]) for name in HEADINGS.values()}


def test_cases_of_the_manual(manual: Callable[[str], list[dict[str, str]]]) -> None:
    cases = manual("outcomes")
    wrong = []
    for case in cases:
        wanted = {name: SIGNS[case[heading]] for heading, name in HEADINGS.items()}
        if judge(case) != wanted:
            wrong.append((case, judge(case)))
    assert wrong == []
    assert len(cases) >= 30


def test_each_course_is_improved_deteriorated_or_unchanged_and_only_one_of_them(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7", "spin", "cfq"]))
    three = table[["reliable_improvement", "reliable_deterioration", "no_reliable_change"]]
    known = table["paired"].eq(other=True) & table["change_threshold_known"]
    assert three[known].sum(axis=1).eq(1).all()
    assert three[~known].isna().all(axis=None)
    assert known.sum() > 500


def test_reliable_recovery_is_recovery_and_improvement(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7", "spin"]))
    known = table["reliable_recovery"].notna()
    both = table["recovery"] & table["reliable_improvement"]
    assert table.loc[known, "reliable_recovery"].eq(both[known]).all()
    assert table.loc[table["reliable_recovery"].eq(other=True), "at_caseness"].all()
    assert table["at_caseness"].eq(~table["not_at_caseness"]).all()
    assert {True, False} <= set(table["reliable_recovery"].dropna())


def test_row_order_of_episodes_and_scores_does_not_matter(many: Many) -> None:
    episodes, occasions = many
    scored = totals(occasions, ["phq9", "gad7", "spin", "cfq"])
    one = outcomes(episodes, scored)
    shuffled = episodes.sample(frac=1, random_state=5)
    other = outcomes(shuffled, scored.iloc[::-1])
    assert other["referral"].tolist() == shuffled["referral"].tolist()
    pd.testing.assert_frame_equal(one, other.sort_values("referral", ignore_index=True))


def test_every_unassessable_change_has_a_reason_and_no_other(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7", "spin", "cfq"]))
    assert table["not_assessable_because"].isna().eq(table["reliable_improvement"].notna()).all()
    assert set(table["not_assessable_because"].dropna()) == {
        "course not completed",
        "no second score on both measures",
        "first score missing",
        "no published threshold for cfq",
    }


def test_only_completed_courses_are_judged_unless_asked(many: Many) -> None:
    episodes, occasions = many
    scored = totals(occasions, ["phq9", "gad7"])
    table, everyone = outcomes(episodes, scored), outcomes(episodes, scored, courses="all")
    assert table.loc[~episodes["completed"], ["paired", "at_caseness", "recovery"]].isna().all(axis=None)
    assert everyone["finished"].all()
    assert everyone["reliable_improvement"].notna().sum() > table["reliable_improvement"].notna().sum()


def test_without_contacts_every_closed_course_counts() -> None:
    episodes = pd.DataFrame(
        {"completed": pd.array([pd.NA, pd.NA, True, False], dtype="boolean"), "open": [False, True, False, False]}
    )
    assert counted_courses(episodes).tolist() == [True, False, True, False]
    assert counted_courses(episodes[["open"]]).tolist() == [True, False, True, True]
    assert counted_courses(pd.DataFrame(index=range(2))).tolist() == [True, True]
    with pytest.raises(ConfigError, match="courses must be one of"):
        counted_courses(episodes, "some")


@pytest.mark.parametrize(
    ("code", "left"),
    [("47", True), ("47 ", True), ("46", False), ("48", False), ("13", False), ("49", False), ("96", None),
     ("95", None), ("", None), (None, None), ("42", None), ("7X", None)],
)  # fmt: skip
def test_dropped_out_by_end_reason(code: str | None, left: bool | None) -> None:
    found = dropped_out(pd.DataFrame({"end_reason": pd.array([code], dtype="str")})).iloc[0]
    assert (None if found is pd.NA else bool(found)) is left


def test_dropped_out_is_unknown_without_end_reasons() -> None:
    assert dropped_out(pd.DataFrame(index=range(3))).isna().all()


def test_a_feed_with_one_questionnaire_is_not_assessable_but_no_error(many: Many) -> None:
    episodes, occasions = many
    table = outcomes(episodes, totals(occasions, ["phq9"]))
    assert table["recovery"].isna().all()
    assert table["phq9_first"].notna().any()
    with pytest.raises(DataError, match="neither phq9 nor gad7 is scored"):
        outcomes(episodes, totals(occasions, ["spin"]))


def test_nobody_and_nothing_scored_are_no_errors(many: Many) -> None:
    episodes, occasions = many
    scored = totals(occasions, ["phq9", "gad7"])
    assert outcomes(episodes.iloc[:0], scored).empty
    empty = outcomes(episodes, scored.iloc[:0])
    assert set(empty.loc[empty["finished"], "not_assessable_because"]) == {"first score missing"}


def test_an_edition_can_be_named_and_unknown_ones_are_refused(many: Many) -> None:
    episodes, occasions = many
    scored = totals(occasions, ["phq9", "gad7"])
    pd.testing.assert_frame_equal(
        outcomes(episodes, scored), outcomes(episodes, scored, edition="nhs_talking_therapies_v2_1")
    )
    with pytest.raises(ConfigError, match="rule edition 'v3' is not known"):
        outcomes(episodes, scored, edition="v3")


def test_the_callers_tables_are_left_alone(many: Many) -> None:
    episodes, occasions = many
    scored = totals(occasions, ["phq9", "gad7"])
    before = episodes.copy(), scored.copy()
    outcomes(episodes, scored)
    pd.testing.assert_frame_equal(episodes, before[0])
    pd.testing.assert_frame_equal(scored, before[1])


@pytest.mark.slow
def test_a_national_quarter_of_occasions_is_judged_in_seconds() -> None:
    rng = np.random.default_rng(1)
    n_episodes, n_occasions = 100_000, 800_000
    of_episode = np.sort(rng.integers(0, n_episodes, n_occasions))
    referral = np.array([f"r{number:012x}" for number in range(n_episodes)])
    episodes = pd.DataFrame({"pseudonym": referral, "referral": referral, "completed": True})
    episodes["problem_descriptor"] = rng.choice(["F320", "F411", "F401"], n_episodes)
    number = np.arange(n_occasions) - np.searchsorted(of_episode, of_episode) + 1
    keys = {"pseudonym": referral[of_episode], "referral": referral[of_episode], "occasion": number, "day": number * 7}
    items = {
        column: pd.array(rng.integers(0, 4, n_occasions, dtype=np.int8), dtype="Int8")
        for key in ("phq9", "gad7")
        for column in instrument(key).item_columns
    }
    occasions = pd.DataFrame({**keys, **items})
    start = time.process_time()
    table = outcomes(episodes, totals(occasions, ["phq9", "gad7"]))
    assert time.process_time() - start < 20  # about 4 s on one core of 2025
    assert table["paired"].sum() > 90_000
