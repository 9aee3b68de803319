"""Feeds damaged at random, and files made to break a reader: the tally holds, refused feeds change nothing."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from library_bombs import MOST_MIB, apart, columns_20_000, huge_cell, huge_quoted_cell, small_gzip_bomb
from library_feeds import DAMAGE, damaged, write_feed

SEED_OF_THESE = 1_000_000


@pytest.mark.slow
def test_damaged_feeds_add_up_or_are_refused(tmp_path):
    """A hundredth of what `benchmarks/library_feeds.py` takes in, with seeds of its own."""
    told = list(damaged(20, SEED_OF_THESE, tmp_path))
    assert [defect for _, defect in told if defect] == []
    assert set(Counter(kind for kind, _ in told)) == {"refused", "partly quarantined", "accepted whole"}


def test_a_reader_that_lets_errors_out_is_found(tmp_path, monkeypatch):
    """The count of exceptions can be other than nought: a reader without its own handler turns it red."""
    from outcomes.sources import delimited

    def careless(*_args, **_kwargs):
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    told = damaged(2, SEED_OF_THESE, tmp_path)
    next(told)
    monkeypatch.setattr(delimited, "as_utf8", careless)
    assert next(told)[0] == "exception"


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_each_kind_of_damage_does_something(tmp_path, damage):
    write_feed(tmp_path)
    content = (tmp_path / "responses.csv").read_bytes()
    rng = np.random.default_rng(5)
    assert any(damage(content, rng) != content for _ in range(5))


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
