"""Answers in long form become the sittings of the wide form."""

from datetime import date

import numpy as np
import pyarrow as pa

from outcomes.library.long_form import to_sittings
from outcomes.library.typed import FAULTY, read_rows
from outcomes.tables.cells import Reading
from outcomes.tables.feed import feed_table

READING = Reading(latest=date(2024, 1, 1), missing={"phq9_2": frozenset({"9"})})


def sittings(*rows):
    names = ["patient_id", "occasion", "instrument", "item", "response"]
    cells = pa.table({name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(names)})
    return to_sittings(
        read_rows(cells, np.arange(2, len(rows) + 2), feed_table("answers"), READING, constants={}, versions=[]),
        READING,
    )


def test_one_row_a_sitting():
    found = sittings(
        ("a", "1", "phq9", "1", "3"),
        ("a", "1", "GAD-7", "02", "1"),
        ("a", "2", "phq9", "total", "13.5"),
        ("b", "1", "PHQ9", "1", ""),
    )
    frame = found.frame.set_index(["patient_id", "occasion"])
    assert len(frame) == 3
    assert frame.loc[("a", 1), ["phq9_1", "gad7_2"]].tolist() == [3, 1]
    assert frame.loc[("a", 2), "phq9_total"] == 13.5
    assert frame.loc[("b", 1), ["phq9_1", "gad7_2"]].isna().all()


def test_repeated_answers_are_told_apart_from_contradictions():
    found = sittings(("a", "1", "phq9", "1", "3"), ("a", "1", "phq9", "1", "3"), ("a", "1", "phq9", "1", "2"))
    assert found.members["repeated"].tolist() == [False, True, False]
    assert found.members["_member"].tolist() == [0, -1, 1]
    assert len(found.frame) == 2


def test_declared_missing_codes_reach_the_answers():
    found = sittings(("a", "1", "phq9", "2", "9"), ("a", "1", "phq9", "1", "1"))
    assert found.notes["phq9_2", "declared_missing"] == 1
    assert found.frame["phq9_2"].isna().all()


def test_faults_are_located_by_record():
    found = sittings(
        ("a", "1", "phq9", "1", "4"),
        ("a", "1", "phq9", "0", "1"),
        ("a", "1", "mood", "1", "1"),
        ("a", "1", "phq9", "1", "1"),
    )
    assert found.faults.sort_values("row")[["row", "rule"]].to_numpy().tolist() == [
        [2, "out_of_range"],
        [3, "unknown_item"],
        [4, "unknown_instrument"],
    ]


def test_safety_answers_of_faulty_rows_are_kept_marked():
    found = sittings(("", "1", "phq9", "9", "2"), ("a", "1", "phq9", "9", "x"), ("a", "1", "phq9", "1", "x"))
    kept = found.frame[found.frame[FAULTY]]
    assert kept["phq9_9"].tolist()[0] == 2
    assert kept["phq9_9"].isna().tolist() == [False, True]
