"""A library that was put back to an older copy is not read, with or without the vault."""

import shutil
from datetime import date

import pytest

from outcomes.errors import AccessError
from outcomes.library.anchor import check, moving, place_of
from outcomes.library.optout import register_allowlist

SAID = "was put back to an older copy; research reads nothing until the steward has made it again"


@pytest.fixture
def taken(place, feed):
    """An identified source whose copy was made before somebody objected."""
    place.ingest(feed, kind="identified", keys=place.new_key())
    allow(place, feed["patients"]["nhs_number"])
    shutil.copytree(place.library, place.root / "copy")
    return place


def allow(place, numbers):
    path = place.root / "allowed.dat"
    path.write_text("".join(f"{number},\n" for number in numbers))
    register_allowlist(path, library=place.library, vault=place.vault, dated=date(2023, 12, 31), keys=place.keys)


def put_back(place):
    shutil.rmtree(place.library)
    (place.root / "copy").rename(place.library)


def test_an_old_list_does_not_come_back_with_an_old_copy(taken, feed):
    allow(taken, feed["patients"]["nhs_number"].iloc[1:])
    assert len(taken.view().tables["patients"]) == 5
    put_back(taken)
    with pytest.raises(AccessError, match=SAID):
        taken.view(keys=taken.keys / "analyst")


def test_an_old_snapshot_does_not_come_back_as_the_current_one(taken, feed):
    taken.ingest(
        {name: frame for name, frame in feed.items() if name != "contacts"}, kind="identified", keys=taken.keys
    )
    more = feed["responses"].tail(1).assign(session_date="2022-08-30")
    taken.ingest({"responses": more}, kind="identified", keys=taken.keys)
    put_back(taken)
    with pytest.raises(AccessError, match=SAID):
        taken.view()


def test_the_same_copy_is_no_older_one(taken):
    put_back(taken)
    assert len(taken.view().tables["patients"]) == 6


def test_a_writer_that_was_stopped_locks_nobody_out(taken):
    with pytest.raises(KeyboardInterrupt), moving(taken.library):
        raise KeyboardInterrupt
    assert len(taken.view().tables["patients"]) == 6


@pytest.mark.parametrize("text", ["", "{}", '{"moving": false, "noted": {}}'])
def test_a_damaged_note_stops_reads(taken, text):
    place_of(taken.library).write_text(text)
    with pytest.raises(AccessError, match=SAID):
        check(taken.library)


def test_a_library_that_was_never_noted_is_not_checked(tmp_path):
    check(tmp_path / "library")
    assert not place_of(tmp_path / "library").exists()
