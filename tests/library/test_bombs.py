"""Files that are made to break a reader take less than a gibibyte, and no message or file shows what is in them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from library_bombs import MOST_MIB, apart, columns_20_000, huge_cell, huge_quoted_cell, small_gzip_bomb

BECAME = {
    small_gzip_bomb: "refused: compression_ratio",
    columns_20_000: "refused: too_many_columns",
    huge_cell: "accepted but for cell_too_long",
    huge_quoted_cell: "accepted but for cell_too_long",
}


@pytest.mark.slow
@pytest.mark.parametrize("make", BECAME, ids=lambda make: make.__name__)
def test_bombs_are_refused_or_set_apart_in_little_memory(tmp_path, make):
    """Four of the eight of `benchmarks/library_bombs.py`, each in a process of its own."""
    told = apart(make(tmp_path))
    assert told["became"] == BECAME[make]
    assert told["adds_up"]
    assert not told["echoed"]
    assert told["peak_mib"] < MOST_MIB
