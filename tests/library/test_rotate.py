"""After a key is changed the old one opens nothing, the new one everything, and the data say the same."""

import shutil
from datetime import date

import pandas as pd
import pytest

from outcomes.errors import AccessError, OutcomesError
from outcomes.library.audit import append
from outcomes.library.care import care_view
from outcomes.library.optout import register_allowlist
from outcomes.library.roles import FILES, create_keys
from outcomes.library.rotate import ROTATIONS, rotate_library, rotate_pseudonyms, rotate_vault
from outcomes.library.verify import verify


@pytest.fixture(scope="module")
def made(tmp_path_factory, place_at, feeds):
    """Two snapshots, a list, a log and a second set of keys, made once."""
    place, feed = place_at(tmp_path_factory.mktemp("made")), feeds()
    place.ingest(
        {name: frame for name, frame in feed.items() if name != "contacts"}, kind="identified", keys=place.new_key()
    )
    place.ingest(feed, kind="identified", keys=place.keys)
    path = place.root / "allowed.dat"
    path.write_text("".join(f"{number},\n" for number in feed["patients"]["nhs_number"].iloc[1:]))
    register_allowlist(path, library=place.library, vault=place.vault, dated=date(2023, 12, 31), keys=place.keys)
    append(place.root / "audit", keys=place.keys, command="x", purpose="tests")
    create_keys(place.root / "new", region="uk")
    return place


@pytest.fixture
def full(made, place_at, tmp_path):
    shutil.copytree(made.root, tmp_path / "full")
    return place_at(tmp_path / "full")


def take_over(place, what):
    """Replace one key in every role's folder, as the command says afterwards."""
    for path in place.keys.glob(f"*/{FILES[what]}"):
        path.write_bytes(next((place.root / "new").glob(f"*/{FILES[what]}")).read_bytes())


def said(place):
    """What research and care read, without names."""
    view = place.view()
    care = care_view(place.library, place.vault, keys=place.keys)
    tables = [*view.tables.values(), *care.tables.values(), care.safety]
    kept = [
        frame.drop(columns=[name for name in ("pseudonym", "referral", "therapist") if name in frame])
        for frame in tables
    ]
    return [frame.sort_values(list(frame), ignore_index=True) for frame in kept]


@pytest.mark.parametrize("what", list(ROTATIONS))
def test_the_same_is_read_with_the_new_key(full, feed, what):
    before, snapshots = said(full), len(full.shelf.head()["history"])
    ROTATIONS[what](full.library, full.vault, keys=full.keys, new=full.root / "new")
    if what != "pseudonym":
        with pytest.raises(OutcomesError, match="is sealed with key"):
            said(full)
    take_over(full, what)
    for one, other in zip(before, said(full), strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert len(full.shelf.head()["history"]) == (1 if what == "pseudonym" else snapshots)
    assert verify(full.library, full.vault, full.root / "audit", keys=full.keys).faults == ()
    assert not full.ingest(feed, kind="identified", keys=full.keys).tally["accepted"].sum()
    assert verify(full.library, full.vault, full.root / "audit", keys=full.keys).faults == ()


@pytest.mark.parametrize("what", ["library", "vault"])
def test_no_file_is_left_that_the_old_key_opens(full, what):
    old = (full.shelf if what == "library" else full.safe).key
    folder = full.library if what == "library" else full.vault
    ROTATIONS[what](full.library, full.vault, keys=full.keys, new=full.root / "new")
    left = [path.name for path in folder.rglob("*") if path.is_file() and path.read_bytes().startswith(old.header)]
    assert left == []


def test_every_history_entry_stays_readable(full):
    before = [full.view(snapshot=entry["snapshot"]).tables for entry in full.shelf.head()["history"]]
    rotate_library(full.library, full.vault, keys=full.keys, new=full.root / "new")
    take_over(full, "library")
    rotate_vault(full.library, full.vault, keys=full.keys, new=full.root / "new")
    take_over(full, "vault")
    after = [full.view(snapshot=entry["snapshot"]).tables for entry in full.shelf.head()["history"]]
    for one, other in zip(before, after, strict=True):
        assert set(one) == set(other)
        for name in one:
            pd.testing.assert_frame_equal(one[name], other[name])


def test_new_pseudonyms_share_none_with_the_old(full):
    old = set(full.view().tables["occasions"]["pseudonym"])
    everything = full.decoded(full.shelf) + full.decoded(full.safe)
    assert all(name in everything for name in old)
    assert rotate_pseudonyms(full.library, full.vault, keys=full.keys, new=full.root / "new") == 6
    everything = full.decoded(full.shelf) + full.decoded(full.safe)
    assert not any(name in everything for name in old)


@pytest.mark.parametrize("what", list(ROTATIONS))
def test_a_stop_before_the_head_is_replaced_leaves_the_old_key_working(full, monkeypatch, what):
    before = said(full)

    def stop(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("outcomes.library.store.Store.commit", stop)
    with pytest.raises(KeyboardInterrupt):
        ROTATIONS[what](full.library, full.vault, keys=full.keys, new=full.root / "new")
    monkeypatch.undo()
    for one, other in zip(before, said(full), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_a_library_stays_in_its_region(full):
    create_keys(full.root / "us", region="us")
    for what in ("library", "vault"):
        with pytest.raises(AccessError, match="a library stays in its region"):
            ROTATIONS[what](full.library, full.vault, keys=full.keys, new=full.root / "us")


def test_only_the_right_pseudonym_key_is_changed(full):
    create_keys(full.root / "other", region="uk")
    (full.keys / "steward" / "pseudonym.key").write_bytes(
        (full.root / "other" / "steward" / "pseudonym.key").read_bytes()
    )
    with pytest.raises(AccessError, match="the library was made with another pseudonym key"):
        rotate_pseudonyms(full.library, full.vault, keys=full.keys, new=full.root / "new")


@pytest.mark.parametrize("what", list(ROTATIONS))
def test_a_key_is_not_changed_for_itself(full, what):
    before = full.shelf.head()
    with pytest.raises(AccessError, match=rf"the new {what}.key is the one in use: create other keys"):
        ROTATIONS[what](full.library, full.vault, keys=full.keys / "steward", new=full.keys / "steward")
    assert full.shelf.head() == before
