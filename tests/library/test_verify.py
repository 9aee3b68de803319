"""A changed byte, a missing or strange file, and a library put back to an older state are found."""

import shutil

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import AccessError
from outcomes.library import audit
from outcomes.library.verify import AUDIT_NOTE, verify


@pytest.fixture(scope="module")
def made(tmp_path_factory, place_at, feeds):
    """A library of an identified source, its vault and a log that the vault anchors, made once."""
    place, feed = place_at(tmp_path_factory.mktemp("made")), feeds()
    place.new_key()
    part = {name: frame for name, frame in feed.items() if name != "contacts"}
    place.ingest(part, kind="identified", keys=place.keys)
    place.ingest(feed, kind="identified", keys=place.keys)
    for _ in range(3):
        told = audit.append(place.root / "audit", keys=place.keys, command="ingest", purpose="tests")
    with place.safe.writing():
        place.safe.put_note(AUDIT_NOTE, {"log": told.log, "number": told.number, "digest": told.digest})
    return place


@pytest.fixture
def full(made, place_at, tmp_path):
    shutil.copytree(made.root, tmp_path / "full")
    return place_at(tmp_path / "full")


def looked(place, role=""):
    return verify(place.library, place.vault, place.root / "audit", keys=place.keys / role)


def files(place):
    folders = (place.library, place.vault, place.root / "audit")
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file() and path.stat().st_size)


def test_what_is_whole_is_said_to_be(full):
    found = looked(full)
    assert found.faults == found.unchecked == ()
    assert len(found.checked) == 3
    assert "every part has the hash that names it" in found.text()


def flipped(place, count, seed):
    """Flip one random bit of one random file at a time; how many were found."""
    rng, found = np.random.default_rng(seed), 0
    known = files(place)
    sizes = np.array([path.stat().st_size for path in known])
    for _ in range(count):
        path = known[rng.choice(len(known), p=sizes / sizes.sum()) if rng.random() < 0.5 else rng.integers(len(known))]
        content = path.read_bytes()
        changed = bytearray(content)
        changed[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(changed))
        found += bool(looked(place).faults)
        path.write_bytes(content)
    return found


def test_every_flipped_bit_is_found(full):
    assert flipped(full, 40, seed=1) == 40
    assert looked(full).faults == ()


def test_a_missing_and_a_strange_file_are_found(full):
    for path in files(full):
        if path.name.endswith((".part", ".manifest")) or path.name == "HEAD":
            kept = path.read_bytes()
            path.unlink()
            if path == full.library / "HEAD":
                with pytest.raises(AccessError, match="no library there"):
                    looked(full)
            else:
                assert looked(full).faults, path.name
            path.write_bytes(kept)
    for folder in (full.library, full.vault / "parts"):
        (folder / "strange").write_bytes(b"x")
        assert "there is a file that no state names" in looked(full).faults[0]
        (folder / "strange").unlink()


def test_two_files_that_change_places_are_found(full):
    one, other = sorted((full.library / "manifests").iterdir())
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    assert "stands in another's place" in looked(full).faults[0]


@pytest.mark.parametrize("what", ["library", "log", "both"])
def test_what_was_put_back_to_an_older_state_is_found(full, feed, tmp_path, what):
    old = {"library": full.library, "log": full.root / "audit"}
    for name, folder in old.items():
        shutil.copytree(folder, tmp_path / "copy" / name)
    more = feed | {
        "responses": pd.concat([feed["responses"], feed["responses"].tail(1).assign(session_date="2022-08-30")])
    }
    full.ingest(more, kind="identified", keys=full.keys)
    told = audit.append(full.root / "audit", keys=full.keys, command="ingest", purpose="tests")
    with full.safe.writing():
        full.safe.put_note(AUDIT_NOTE, {"log": told.log, "number": told.number, "digest": told.digest})
    assert looked(full).faults == ()
    for name in old if what == "both" else [what]:
        shutil.rmtree(old[name])
        shutil.copytree(tmp_path / "copy" / name, old[name])
    assert "older" in "".join(looked(full).faults)
    if what != "log":
        with pytest.raises(AccessError, match="put back to an older state"):
            full.ingest(more, kind="identified", keys=full.keys)


@pytest.mark.parametrize(
    ("role", "checked", "unchecked"),
    [("steward", 3, 1), ("analyst", 2, 2), ("care", 2, 2), ("release", 2, 2), ("auditor", 1, 2), ("", 3, 0)],
)
def test_what_cannot_be_checked_for_want_of_a_key_is_said(full, role, checked, unchecked):
    found = looked(full, role)
    assert (len(found.checked), len(found.unchecked)) == (checked, unchecked)
    assert found.faults == ()


def test_a_lost_library_is_made_again_from_its_vault(full, feed):
    before = full.shelf.head()
    shutil.rmtree(full.library)
    full.register((full.root / "projects.toml").read_text())
    full.ingest({"patients": feed["patients"]}, kind="identified", keys=full.keys)
    after = full.shelf.head()
    assert after["current"] == before["current"]
    assert after["counter"] > before["counter"]
    assert looked(full).faults == ()
