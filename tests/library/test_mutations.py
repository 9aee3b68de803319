"""Feeds damaged at random: the tally holds, refused feeds change nothing, and only readable errors are raised."""

import numpy as np
import pytest

from outcomes.library.intake import FeedRefused

SEEDS = 40


def flip(content, rng):
    place = int(rng.integers(len(content)))
    return content[:place] + bytes([content[place] ^ (1 << int(rng.integers(8)))]) + content[place + 1 :]


def cut(content, rng):
    return content[: int(rng.integers(len(content)))]


def lines(content, rng):
    parts = content.split(b"\n")
    del parts[int(rng.integers(len(parts)))]
    return b"\n".join(parts)


def swap(content, rng):
    parts = content.split(b"\n")
    place = int(rng.integers(len(parts)))
    cells = parts[place].split(b",")
    one, other = rng.integers(len(cells), size=2)
    cells[one], cells[other] = cells[other], cells[one]
    parts[place] = b",".join(cells)
    return b"\n".join(parts)


def insert(content, rng):
    place = int(rng.integers(len(content)))
    strange = [
        b'"',
        b",",
        b"\n",
        b"\r",
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"NA",
        b"1e9",
        b"-",
        b"99999999999999999999",
        "٣".encode(),
        b";",
    ]
    return content[:place] + strange[int(rng.integers(len(strange)))] + content[place:]


def repeat(content, rng):
    parts = content.split(b"\n")
    place = int(rng.integers(len(parts)))
    return b"\n".join([*parts[:place], parts[place], *parts[place:]])


DAMAGE = (flip, cut, lines, swap, insert, repeat)


def attempt(place, source):
    """Take in, or return the report of the refusal; any other exception is a defect and passes through."""
    try:
        return place.ingest(source)
    except FeedRefused as error:
        return error.report


@pytest.mark.slow
def test_damaged_feeds_add_up_or_are_refused(place, feeds):
    feed = feeds(patients=2)
    clean = place.ingest(feed, kind="invented", seed=1)
    source = place.source(feed, kind="invented", seed=1)
    whole = {table: path.read_bytes() for table, (path,) in source.files.items()}
    head = (place.library / "HEAD").read_bytes()
    refused = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        table = sorted(whole)[int(rng.integers(len(whole)))]
        content = whole[table]
        for _ in range(int(rng.integers(1, 4))):
            content = DAMAGE[int(rng.integers(len(DAMAGE)))](content, rng) or b"x"
        source.files[table][0].write_bytes(content)
        before = (place.library / "HEAD").read_bytes()
        report = attempt(place, source)
        assert report.adds_up, seed
        if not report.snapshot:
            assert (place.library / "HEAD").read_bytes() == before, seed
            refused += 1
        else:
            assert (report.tally["refused"] == 0).all(), seed
        source.files[table][0].write_bytes(whole[table])
    assert 0 < refused < SEEDS
    # What was damaged cannot have taken away what was there: the first snapshot can still be read.
    assert len(place.view(snapshot=clean.snapshot).tables["patients"]) == 2
    assert head
