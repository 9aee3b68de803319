"""Targets of prediction: named, configurable, three-valued."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.measures.outcomes import outcomes
from outcomes.measures.scoring import totals
from outcomes.measures.targets import TARGET_NAMES, Target, target

Many = tuple[pd.DataFrame, pd.DataFrame]
REMISSION = Target("remission", instrument="dsm5_depression", at_most=2, from_occasion=20)


def sessions(**courses: list[tuple[int, float]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [("p", name, number, score) for name, visits in courses.items() for number, score in visits]
    table = pd.DataFrame(rows, columns=["pseudonym", "referral", "occasion", "dsm5_depression"])
    return table[["pseudonym", "referral"]].drop_duplicates(ignore_index=True), table


@pytest.mark.parametrize(
    ("visits", "expected", "reason"),
    [
        ([(0, 8), (20, 2)], True, "two symptoms are at most two"),
        ([(0, 8), (20, 3)], False, "three are not"),
        ([(20, 0), (24, 5)], False, "the last counts, not the best"),
        ([(20, 5), (24, 0)], True, "the last counts, not the first"),
        ([(24, 0), (20, 5)], True, "whatever the order of the rows"),
        ([(0, 0), (19, 0)], None, "no session from 20 on: missing, not a failure"),
        ([(20, 1), (25, np.nan)], True, "an unscored later session is skipped"),
        ([(20, np.nan)], None, "no score"),
    ],
)  # fmt: skip
def test_remission(visits: list[tuple[int, float]], expected: bool | None, reason: str) -> None:
    episodes, table = sessions(a=visits)
    found = target(REMISSION, episodes=episodes, totals=table).iloc[0]
    assert (None if found is pd.NA else bool(found)) is expected, reason


def test_a_target_says_itself_in_words() -> None:
    assert REMISSION.words() == "at most 2 on DSM-5 symptoms at the last scored session, from session 20 on"
    assert Target("reliable_recovery").words() == "reliable recovery"
    assert Target("reliable_improvement_on", instrument="phq9").words() == "reliable improvement on phq9"


def test_outcome_columns_are_targets_in_the_order_of_the_episodes(many: Many) -> None:
    episodes, occasions = many
    scored = totals(occasions, ["phq9", "gad7"])
    judged = outcomes(episodes, scored)
    shuffled = episodes.sample(frac=1, random_state=4)
    for name in ("reliable_recovery", "recovery", "reliable_deterioration", "dropped_out"):
        found = target(Target(name), episodes=shuffled, totals=scored, outcomes=judged)
        assert found.index.tolist() == shuffled.index.tolist()
        pd.testing.assert_series_equal(found.sort_index(), judged[name], check_names=False)
        assert str(found.dtype) == "boolean"


def test_improvement_on_one_instrument_needs_a_pair_and_an_index(many: Many) -> None:
    episodes, occasions = many
    scored = totals(occasions, ["phq9", "cfq"])
    found = target(Target("reliable_improvement_on", instrument="phq9"), episodes=episodes, totals=scored)
    assert found.notna().any()
    assert found.isna().any()
    assert {True, False} <= set(found.dropna())
    with pytest.raises(ConfigError, match="cfq has no published reliable-change index"):
        target(Target("reliable_improvement_on", instrument="cfq"), episodes=episodes, totals=scored)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Target("happiness"), "target 'happiness' is not known; known are paired, "),
        (Target("recovery"), "target 'recovery' needs the outcomes table"),
        (Target("remission"), "target 'remission' needs an instrument"),
        (Target("remission", instrument="phq9", at_most=4), "phq9 is not scored; score it first"),
        (Target("remission", instrument="dsm5_depression"), "needs at_most"),
        (Target("remission", instrument="phq8", at_most=4), "instrument 'phq8' is not known"),
    ],
)
def test_a_target_that_cannot_be_is_an_error(wanted: Target, message: str) -> None:
    episodes, table = sessions(a=[(20, 1)])
    with pytest.raises(ConfigError, match=message):
        target(wanted, episodes=episodes, totals=table)


def test_names_are_listed() -> None:
    assert {"reliable_recovery", "recovery", "reliable_deterioration", "dropped_out", "remission"} <= set(TARGET_NAMES)


@pytest.mark.shared
def test_remission_of_the_session_by_session_trial(shared_dir: Path) -> None:
    feed = pd.read_csv(shared_dir / "data" / "cbasp_sp_sessions" / "sessions.csv")
    table = feed[["patient", "session"]].astype({"patient": "str"})
    table = table.rename(columns={"patient": "referral", "session": "occasion"}).assign(pseudonym="p")
    for number, symptom in enumerate(feed.columns[3:], start=1):
        table[f"dsm5_depression_{number}"] = feed[symptom].astype("Int8")
    scored = totals(table, ["dsm5_depression"])
    episodes = table[["pseudonym", "referral"]].drop_duplicates(ignore_index=True)
    found = target(REMISSION, episodes=episodes, totals=scored)
    by_hand = []
    for referral in episodes["referral"]:
        own = feed[feed["patient"].astype("str").eq(referral) & feed["session"].ge(20)].dropna().sort_values("session")
        by_hand.append(None if own.empty else bool(own.iloc[-1, 3:].sum() <= 2))
    assert [None if value is pd.NA else bool(value) for value in found] == by_hand
    assert (sum(value is True for value in by_hand), by_hand.count(None)) == (80, 24)
