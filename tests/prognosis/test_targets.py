"""Which endings are foretold."""

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.targets import Target, ended_target, untouched

# open | started | completed | below caseness at start | measure | target | reason
CASES = """
False | True  | True  | False | True  | True  | recovered
False | True  | True  | False | False | False | did not
False | True  | True  | False |       | False | second score missing: a failure, as in the denominators
False | True  | False | False | True  | False | stopped after one session: a failure, whatever the scores say
False | True  | False | False |       | False | stopped after one session
True  | True  | False | False |       |       | still open: censored
True  | True  |       | False | True  |       | still open, whatever the scores say so far
False | False | False | False |       |       | never treated
False | True  | True  | True  | False |       | below caseness at the start: cannot recover
False | True  |       | False | True  | True  | completion not known (no contacts): the measure decides
"""


def read(text: str) -> pd.DataFrame:
    values = {"True": True, "False": False, "": None}
    rows = [[values[part.strip()] for part in line.split("|")[:6]] for line in text.strip().splitlines()]
    frame = pd.DataFrame(rows, columns=["open", "started", "completed", "not_at_caseness", "recovery", "target"])
    frame = frame.astype("boolean")
    frame.insert(0, "pseudonym", [f"p{n}" for n in range(len(frame))])
    return frame.assign(referral=frame["pseudonym"])


def test_cases():
    table = read(CASES)
    found = ended_target(table, table, "recovery")
    pd.testing.assert_series_equal(found.values, table["target"], check_names=False)
    assert found.counts == {
        "referrals": 10,
        "open": 2,
        "never_treated": 1,
        "not_at_caseness": 1,
        "true": 2,
        "false": 4,
        "false_unfinished_or_unpaired": 3,
    }
    assert "unfinished or unpaired courses count as false" in found.rule


# PHQ-9 first | anxiety measure | anxiety first | left out | reason (course stopped early, so that no flag is set)
STARTS = """
9  | gad7 | 7 | yes | below both thresholds
10 | gad7 | 7 | no  | at the threshold of the PHQ-9
9  | gad7 | 8 | no  | at the threshold of the GAD-7
9  | gad7 |   | no  | anxiety not known: stays in, as in the denominators
   | gad7 | 7 | no  | depression not known
9  |      |   | no  | no anxiety measure
"""


def test_those_below_caseness_are_left_out_even_where_they_stopped_early():
    rows = [[part.strip() for part in line.split("|")] for line in STARTS.strip("\n").splitlines()]
    keys = pd.DataFrame({"pseudonym": [f"p{n}" for n in range(len(rows))]})
    keys = keys.assign(referral=keys["pseudonym"])
    outcomes = keys.assign(
        phq9_first=[float(row[0]) if row[0] else None for row in rows],
        anxiety_measure=pd.array([row[1] or None for row in rows], dtype="str"),
        anxiety_first=[float(row[2]) if row[2] else None for row in rows],
        reliable_recovery=pd.array([None] * len(rows), dtype="boolean"),
        not_at_caseness=pd.array([None] * len(rows), dtype="boolean"),
    )
    found = ended_target(keys.assign(completed=False), outcomes)
    assert found.values.isna().tolist() == [row[3] == "yes" for row in rows]


def test_deterioration_is_asked_of_everybody():
    table = read(CASES).rename(columns={"recovery": "reliable_deterioration"})
    found = ended_target(table, table, "reliable_deterioration")
    assert found.values.notna().sum() == 7
    assert found.counts["not_at_caseness"] == 0


def test_order_of_the_outcome_rows_plays_no_part():
    table = read(CASES)
    shuffled = table.sample(frac=1, random_state=0)
    pd.testing.assert_series_equal(
        ended_target(table, table, "recovery").values, ended_target(table, shuffled, "recovery").values
    )


def test_wrong_tables():
    table = read(CASES)
    with pytest.raises(ConfigError, match="measure 'remission' is not a column"):
        ended_target(table, table, "remission")
    with pytest.raises(DataError, match="outcomes: 10 rows repeat a referral"):
        ended_target(table, pd.concat([table, table]), "recovery")


def test_endings_that_flags_may_have_changed_are_left_out_and_counted():
    values = pd.Series([True, False, True, None], dtype="boolean")
    episodes = pd.DataFrame({"end_day": pd.array([90, 101, 400, None], dtype="Int32")})
    found = untouched(Target(values, {"true": 2}, "recovery"), episodes, np.array([100.0, 100.0, np.inf, np.inf]))
    assert found.values.tolist() == [True, pd.NA, True, pd.NA]
    assert found.counts == {"true": 2, "after_flags": 1}
    assert "left out" in found.rule


def test_without_a_day_of_the_end_nothing_is_known_to_be_untouched():
    values = pd.Series([True, False], dtype="boolean")
    found = untouched(Target(values, {}, "recovery"), pd.DataFrame({"referral": ["a", "b"]}), np.full(2, 100.0))
    assert found.values.isna().all()
