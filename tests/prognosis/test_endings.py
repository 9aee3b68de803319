"""The partition: every finished referral in exactly one way to end and one change of scores."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.prognosis.endings import (
    CHANGES,
    ENDINGS,
    JOINT,
    OF_KIND,
    RECOVERED,
    change_of,
    ended,
    ending_of,
    possible,
)
from outcomes.reference.codelists import code_list

FLAGS = ("reliable_recovery", "recovery", "reliable_improvement", "no_reliable_change", "reliable_deterioration")
CASES = """
46   planned        mutually agreed completion
12   planned        discharged by agreement after advice
47   dropped_out    ended earlier than the professional planned
14   dropped_out    suitable but declined
16   dropped_out    assessment incomplete
13   referred_on    referred to another service
11   referred_on    signposted
49   died_or_other  died during treatment
17   died_or_other  died before treatment
48   died_or_other  ended earlier than the patient requested
96   unknown        the service says that it does not know
40   unknown        a retired code
999  unknown        no legal code
""".strip().splitlines()


@pytest.mark.parametrize("line", CASES)
def test_reasons_are_sorted_into_five_ways(line):
    code, ending, _ = line.split(maxsplit=2)
    assert ending_of(pd.Series([code], dtype="str")).tolist() == [ending]


def test_a_blank_reason_is_unknown_and_every_kind_of_the_list_has_a_way():
    assert ending_of(pd.Series([None, " "], dtype="str")).tolist() == ["unknown", "unknown"]
    kinds = {code.kind for code in code_list("end_code").codes.values()}
    assert kinds <= set(OF_KIND)
    assert set(OF_KIND.values()) == set(ENDINGS)


def everything():
    """Every end code, legal or not, with every combination of the five three-valued flags."""
    codes = [*code_list("end_code").codes, "999", None]
    rows = [(code, *flags) for code, flags in product(codes, product([True, False, pd.NA], repeat=len(FLAGS)))]
    table = pd.DataFrame(rows, columns=["end_reason", *FLAGS])
    who = [f"r{number}" for number in range(len(table))]
    table = table.assign(pseudonym=who, referral=who, end_day=10, last_seen_day=100)
    return table.astype(dict.fromkeys(FLAGS, "boolean") | {"end_reason": "str"})


def test_every_finished_referral_is_in_exactly_one_class_whatever_the_combination():
    table = everything()
    found = ended(table, table[["pseudonym", "referral", *FLAGS]])
    classes = list(zip(found.table["ending"], found.table["change"], strict=True))
    assert set(classes) <= set(JOINT)
    assert len(classes) == len(table) == found.counts["n"].sum()
    assert not found.table[["ending", "change"]].isna().any(axis=None)
    member = pd.DataFrame({joint: [one == joint for one in classes] for joint in JOINT})
    assert member.sum(axis="columns").eq(1).all()


def test_first_match_wins():
    table = pd.DataFrame(
        [[True] * 5, [False, True, True, True, True], [False, False, False, False, True]], columns=FLAGS
    )
    assert change_of(table.astype("boolean")).tolist() == [
        "reliable_recovery",
        "recovery_only",
        "reliable_deterioration",
    ]
    nothing = pd.DataFrame([[pd.NA] * 5], columns=FLAGS).astype("boolean")
    assert change_of(nothing).tolist() == ["not_assessable"]


def test_open_referrals_have_no_ending_and_are_seen_until_the_extract():
    episodes = pd.DataFrame(
        {"pseudonym": ["a", "b"], "referral": ["r", "s"], "end_day": [30, None], "last_seen_day": 90}
    )
    outcomes = episodes[["pseudonym", "referral"]].assign(**dict.fromkeys(FLAGS, False))
    found = ended(episodes.assign(end_reason=["46", "46"]), outcomes).table
    assert found["ending"].isna().tolist() == [False, True]
    assert found["change"].isna().tolist() == [False, True]
    assert found["seen_until"].tolist() == [90.0, 90.0]


def test_nobody_recovers_from_what_was_not_a_case(invented):
    allowed = pd.DataFrame(possible(np.array([True, False])), columns=list(CHANGES))
    assert not allowed.loc[0, list(RECOVERED)].any()
    assert allowed.loc[0].drop(list(RECOVERED)).all()
    assert allowed.loc[1].all()


def test_what_is_missing_is_named():
    episodes = pd.DataFrame({"pseudonym": ["a"], "referral": ["r"]})
    with pytest.raises(DataError, match="end_day is missing"):
        ended(episodes, episodes)
    with pytest.raises(DataError, match=r"reliable_recovery, recovery.* is missing"):
        ended(episodes.assign(end_day=3), episodes)
    twice = pd.concat([episodes, episodes]).assign(**dict.fromkeys(FLAGS, True))
    with pytest.raises(DataError, match="1 rows repeat a referral"):
        ended(episodes.assign(end_day=3), twice)


def test_by_a_day_later_endings_were_open_cases():
    episodes = pd.DataFrame(
        {"pseudonym": list("abc"), "referral": list("rst"), "end_day": [10.0, 50.0, np.nan], "last_seen_day": 90}
    )
    flags = episodes[["pseudonym", "referral"]].assign(**{name: pd.array([True] * 3, "boolean") for name in FLAGS})
    then = ended(episodes, flags).known_by(np.array([30.0, 30.0, 30.0])).table
    assert then["ending"].notna().tolist() == [True, False, False]
    assert then["change"].notna().tolist() == [True, False, False]
    assert then["seen_until"].tolist() == [30.0, 30.0, 30.0]
