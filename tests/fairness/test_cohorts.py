"""Everybody referred, given a year; and those whom nobody measured at the end."""

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.fairness.cohorts import followed, lost_pairs

YES, NO = True, False


def referrals():
    rows = [  # last seen, waited, ended, assessed, started, completed, paired, recovery
        (400, 30, 200, YES, YES, YES, YES, YES),
        (400, 30, 390, YES, YES, YES, YES, YES),  # recovered after the year
        (400, 380, None, YES, YES, NO, None, None),  # started after the year
        (400, None, None, YES, NO, NO, None, None),
        (364, 30, 200, YES, YES, YES, YES, YES),  # not followed for a year
    ]
    names = ["last_seen_day", "days_waited", "end_day", "assessed", "started", "completed", "paired", "recovery"]
    table = pd.DataFrame(rows, columns=names)
    flags = dict.fromkeys(names[3:], "boolean") | dict.fromkeys(names[:3], "Int64")
    return table.astype(flags)


def test_what_happened_later_than_a_year_is_not_reached_in_it():
    found = followed(referrals())
    assert len(found) == 4
    assert found["assessed"].sum() == 4
    assert found["started"].tolist() == [YES, YES, NO, NO]
    assert found["completed"].sum() == 1
    assert found["recovery"].sum() == 1


def test_a_longer_follow_up_keeps_fewer_and_sees_more():
    assert len(followed(referrals(), days=401)) == 0
    assert followed(referrals(), days=395)["recovery"].sum() == 2


def test_nothing_is_changed_in_the_table_given():
    given = referrals()
    followed(given)
    pd.testing.assert_frame_equal(given, referrals())


def test_recoveries_nobody_could_count():
    outcomes = pd.DataFrame(
        {
            "gender": ["Female"] * 10 + ["Male"] * 4,
            "finished": [YES] * 13 + [NO],
            "paired": [YES] * 6 + [NO] * 4 + [YES] * 3 + [NO],
            "recovery": [YES] * 3 + [NO] * 3 + [None] * 4 + [YES] * 3 + [None],
        }
    ).astype({"finished": "boolean", "paired": "boolean", "recovery": "boolean"})
    found = lost_pairs(outcomes, ["gender"]).set_index("group")
    assert found.loc["Female", ["finished", "unpaired", "recovered", "uncounted_recoveries"]].tolist() == [10, 4, 3, 2]
    assert found.loc["Female", "unpaired_pct"] == 40
    assert found.loc["Male", ["finished", "unpaired", "uncounted_recoveries"]].tolist() == [3, 0, 0]


def test_a_missing_column_is_named():
    with pytest.raises(ConfigError, match="needs the columns end_day"):
        followed(referrals().drop(columns="end_day"))
    with pytest.raises(ConfigError, match="not in the table: gender"):
        lost_pairs(pd.DataFrame({"finished": [YES], "paired": [YES], "recovery": [YES]}), ["gender"])
