"""A research view is one whole snapshot, and says which."""

import pytest

from outcomes.errors import AccessError, DataError


def test_the_current_snapshot_is_read_unless_said(place, feed):
    first = place.ingest({name: frame for name, frame in feed.items() if name != "contacts"})
    second = place.ingest(feed)
    assert place.view().snapshot == second.snapshot
    assert "contacts" not in place.view(snapshot=first.snapshot).tables


def test_there_must_be_a_library_and_a_snapshot(place, feed):
    with pytest.raises(AccessError, match="no library there, or nothing was taken in yet"):
        place.view()
    place.ingest(feed)
    for name in ("0" * 32, "../vault", ""):
        if name:
            with pytest.raises(AccessError, match="there is no snapshot"):
                place.view(snapshot=name)


def test_a_damaged_part_is_noticed(place, feed):
    place.ingest(feed)
    part = sorted((place.library / "parts").iterdir())[0]
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(bytes(content))
    with pytest.raises(DataError, match="is missing or damaged"):
        place.view()


def test_readers_need_no_lock(place, feed):
    place.ingest(feed)
    with place.shelf.writing():
        assert len(place.view().tables["patients"]) == 6


def test_types_are_those_of_the_declarations(place, feed):
    from outcomes.tables.canonical import library_table
    from outcomes.tables.check import check

    place.ingest(feed)
    for name, frame in place.view().tables.items():
        check(frame, library_table(name))
    occasions = place.view().tables["occasions"]
    assert str(occasions["phq9_1"].dtype) == "Int8"
    assert str(occasions["day"].dtype) == "Int32"
    assert str(occasions["pseudonym"].dtype) == "str"
