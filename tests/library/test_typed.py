"""Typed rows keep their record numbers, and versions sort as people mean them."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from outcomes.library.typed import FAULTY, ROW, VERSION, read_rows, version_keys
from outcomes.tables.cells import Reading
from outcomes.tables.feed import feed_table


def typed(**columns):
    cells = pa.table({name: pa.array(texts) for name, texts in columns.items()})
    numbers = np.arange(2, cells.num_rows + 2)
    reading = Reading(latest=date(2024, 1, 1))
    return read_rows(cells, numbers, feed_table("responses"), reading, constants={"occasion": "1"}, versions=[])


def test_faulty_rows_are_marked_and_located():
    rows = typed(patient_id=["a", "", "c"], phq9_1=["1", "9", "x"])
    assert rows.frame[FAULTY].tolist() == [False, True, True]
    assert rows.faults.to_numpy().tolist() == [
        [3, "required_blank", "patient_id"],
        [3, "out_of_range", "phq9_1"],
        [4, "not_a_number", "phq9_1"],
    ]
    assert rows.frame[ROW].tolist() == [2, 3, 4]
    assert rows.frame["occasion"].tolist() == [1, 1, 1]
    assert str(rows.frame["phq9_1"].dtype) == "Int8"


def test_no_rows_are_no_fault():
    rows = typed(patient_id=pa.array([], pa.string()).to_pylist() or pa.array([], pa.string()))
    assert len(rows.frame) == len(rows.faults) == 0
    assert VERSION in rows.frame


def test_versions_sort_as_numbers_and_dates():
    def order(*texts):
        keys = version_keys([pa.chunked_array([list(texts)])], len(texts))
        return [texts[place] for place in keys.argsort()]

    assert order("10", "9", "100") == ["9", "10", "100"]
    assert order("2022-10", "2022-09", "2021-12") == ["2021-12", "2022-09", "2022-10"]
    assert order("1", "", "0") == ["", "0", "1"]


def test_the_first_version_column_counts_most():
    month, row = pa.chunked_array([["2022-01", "2022-02"]]), pa.chunked_array([["9", "1"]])
    keys = version_keys([month, row], 2)
    assert keys[0] < keys[1]
    assert version_keys([], 2).tolist() == ["", ""]
    assert isinstance(keys, pd.Series)
