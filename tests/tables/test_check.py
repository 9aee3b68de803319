"""The check of a frame finds every fault and shows no cell."""

import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.tables.canonical import library_table, library_tables
from outcomes.tables.check import check, faults

A, B, R = "a" * 32, "b" * 32, "c" * 32


def occasions(**changes):
    frame = pd.DataFrame(
        {
            "pseudonym": [A, B],
            "referral": [R, R],
            "occasion": pd.array([1, 1], "Int32"),
            "day": pd.array([0, None], "Int32"),
            "phq9_1": pd.array([3, None], "Int8"),
        }
    ).astype({"pseudonym": "str", "referral": "str"})
    return frame.assign(**changes)


def test_a_right_frame_has_no_faults():
    assert faults(occasions(), library_table("occasions")) == ()
    check(occasions(), library_table("occasions"))


def test_all_faults_are_reported_together():
    wrong = occasions(pseudonym=pd.Series([A, "Ann Example"], dtype="str"), phq9_1=pd.array([7, 1], "Int8"), extra=1)
    with pytest.raises(DataError) as caught:
        check(wrong, library_table("occasions"))
    message = str(caught.value)
    assert "1 undeclared" in message
    assert "occasions.pseudonym: 1 of 2 rows break the rule allowed_codes; first at row 1" in message
    assert "occasions.phq9_1: 1 of 2 rows break the rule allowed_values; first at row 0" in message
    assert "Ann" not in message
    assert "extra" not in message


def test_a_key_may_not_repeat():
    twice = occasions(pseudonym=pd.Series([A, A], dtype="str"))
    assert [fault.rule for fault in faults(twice, library_table("occasions"))] == ["unique_key"]


def test_a_missing_key_column_and_a_wrong_type_are_faults():
    found = faults(occasions(phq9_1=["3", "1"]).drop(columns="referral"), library_table("occasions"))
    assert {(fault.column, fault.rule) for fault in found} == {
        ("referral", "missing key column"),
        ("phq9_1", "must be integer"),
    }


def test_a_blank_key_is_a_fault():
    blank = occasions(occasion=pd.array([1, None], "Int32"))
    assert ("occasion", "never_blank") in {
        (fault.column, fault.rule) for fault in faults(blank, library_table("occasions"))
    }


def test_library_tables_have_no_identifying_column():
    for table in library_tables().values():
        assert not [column.name for column in table.columns if column.identifying]
        assert set(table.key) <= set(table.names)


def test_codes_that_are_several_are_judged_one_by_one():
    frame = pd.DataFrame({"pseudonym": [A, B], "disability": ["01;05", "01;99"]}).astype("str")
    assert [(fault.column, fault.rows) for fault in faults(frame, library_table("patients"))] == [("disability", 1)]
