"""What every reader returns counts its records."""

import numpy as np
import pyarrow as pa

from outcomes.sources.raw import Limits, RawTable, refused


def test_rows_are_readable_and_unreadable_records():
    raw = RawTable(pa.table({"a": ["x", "y"]}), np.array([2, 4]), unreadable=((3, "bad_quotes"),))
    assert raw.rows == 3


def test_a_refused_file_has_no_cells_but_records():
    raw = refused("encoding", 17)
    assert (raw.rows, raw.refused, raw.cells.num_rows) == (17, "encoding", 0)


def test_the_caps_leave_room_for_a_real_feed_and_none_for_a_bomb():
    assert Limits().max_bytes > 10**8
    assert Limits().max_ratio < 1000
