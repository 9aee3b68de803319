"""Stopped before any single file operation: no half snapshot, no row lost, and the next command completes it.

Before operations that change what is on the disk for good, few of those that are alike; and before every seventh of
all, torn writes included (before every single one with EVERY_INSTANT=1 in the environment, half an hour).
"""

import hashlib
import json
import os
import shutil
from datetime import date

import pytest
from stopping import moments, operations, stopped

from outcomes.library.anchor import place_of
from outcomes.library.correction import correct, read_corrections
from outcomes.library.erase import erase, find, find_buried, naming_key
from outcomes.library.optout import register_allowlist
from outcomes.library.retention import Term, end_storage, set_term
from outcomes.library.roles import FILES, create_keys
from outcomes.library.rotate import ROTATIONS
from outcomes.library.sealing import vault_key
from outcomes.library.state import anchored, open_stores
from outcomes.library.store import HEAD, Store
from outcomes.library.tombstones import intended, one_at_a_time, settle_intent
from outcomes.library.verify import verify
from outcomes.library.writers import locked

TODAY = date(2023, 12, 31)
EVERY = ["lasting", pytest.param("every", marks=pytest.mark.slow)]
STRIDE = 1 if os.environ.get("EVERY_INSTANT") == "1" else 7
SLOW = pytest.mark.slow
WHO = "00123"


def stores_of(place):
    return open_stores(place.library, place.vault, place.keys)


def allow(place, feed, objecting=(), people=slice(None)):
    path, against = place.root / "allowed.dat", place.root / "objections.txt"
    path.write_text("".join(f"{number},\n" for number in feed["patients"]["nhs_number"].iloc[people]))
    against.write_text("".join(f"{one}\n" for one in objecting))
    register_allowlist(path, library=place.library, vault=place.vault, dated=TODAY, keys=place.keys, objections=against)


@pytest.fixture(scope="module")
def made(tmp_path_factory, place_at, feeds):
    """Two snapshots of an identified source, a list that allows everybody, a term, and a second set of keys."""
    place, feed = place_at(tmp_path_factory.mktemp("made")), feeds()
    place.ingest(
        {name: frame for name, frame in feed.items() if name != "contacts"}, kind="identified", keys=place.new_key()
    )
    place.ingest(feed, kind="identified", keys=place.keys)
    allow(place, feed)
    set_term(stores_of(place), Term(date(2023, 1, 1), "made for tests"))
    create_keys(place.root / "new", region="uk")
    return place


def at_which(steps, every):
    return moments(steps, every=True)[::STRIDE] if every == "every" else moments(steps, every=False)


def take_in(place, feed):
    later = feed["responses"].tail(1).assign(session_date="2022-08-30")
    place.ingest({"responses": later}, kind="identified", keys=place.keys)


def object_and_collect(place, feed):
    allow(place, feed, people=slice(1, None))
    take_in(place, feed)


def opt_out(place, feed):
    allow(place, feed, objecting=feed["patients"]["patient_id"].iloc[:1])


def forget(place, feed):
    stores = stores_of(place)
    key = naming_key(stores, place.keys)
    who = feed["patients"]["patient_id"].iloc[2]
    with one_at_a_time(place.library):
        for found in (find_buried, lambda stores, key: find(stores, [who], domain="patient")):
            asked = found(stores, key)
            if asked.local_ids or intended(place.library) is not None:
                erase(stores, asked if not asked.unknown else find_buried(stores, key), key)
                with locked(stores):
                    settle_intent(place.library, stores.vault)


def put_right(place, feed):
    stores = stores_of(place)
    row = feed["responses"].iloc[0]
    text = (
        "table,patient_id,episode_id,session_date,column,value,reason\n"
        f"responses,{row['patient_id']},{row['episode_id']},{row['session_date']},phq9_1,0,made for tests\n"
    )
    correct(stores, read_corrections(text), naming_key(stores, place.keys), today=TODAY, dry_run=False)


WORK = {
    "ingest": take_in,
    "collection after an objection": object_and_collect,
    "optout": opt_out,
    "erase": forget,
    "correct": put_right,
}


def copied(made, place_at, to):
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(made.root, to)
    return place_at(to)


def state(place):
    """What library and vault say: snapshot, state of the vault, list, tombstones."""
    stores = stores_of(place)
    head = anchored(place.library, stores.vault)
    notes = [stores.library.note("allowlist"), stores.vault.note("allowlist"), stores.vault.note("objections")]
    return head["current"], head["vault"], json.dumps(notes, sort_keys=True), stores.vault.note("tombstones")


def whole(place):
    """The current snapshot read whole, its content has the name that HEAD gives it; every row of the vault."""
    stores = stores_of(place)
    head = anchored(place.library, stores.vault)
    told = stores.library.manifest(head["current"])
    tables = stores.library.tables(head["current"])
    assert stores.library.name(tables, told["kind"]) == head["current"]
    held = stores.vault.tables(head["vault"])
    return {f"{name}: {line}" for name, frame in held.items() for line in frame.to_csv(index=False).splitlines()}


def clean(place):
    found = verify(place.library, place.vault, place.root / "audit", keys=place.keys).faults
    at_rest = json.loads(place_of(place.library).read_text())["moving"] is False
    return found == () and at_rest and stores_of(place).vault.head()["pending"] is None


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("what", [name if name == "optout" else pytest.param(name, marks=SLOW) for name in WORK])
def test_whoever_is_stopped_loses_nothing_and_the_next_one_completes_it(made, place_at, feed, tmp_path, what, every):
    work = WORK[what]
    done = copied(made, place_at, tmp_path / "done")
    before, kept = state(done), whole(done)
    steps = operations(done.root, lambda: work(done, feed))
    after, left = state(done), whole(done)
    assert clean(done)
    assert before != after
    assert len(steps) > 10
    for at in at_which(steps, every):
        place = copied(made, place_at, tmp_path / "again")
        assert stopped(place.root, lambda place=place: work(place, feed), at), at
        assert state(place)[:2] in {before[:2], after[:2]} or what == "collection after an objection", at
        assert whole(place) >= kept & left, at
        work(place, feed)
        if what == "correct":  # said twice, it is a newer version of the same value
            assert state(place)[0] == after[0], at
        else:
            assert state(place) == after, at
            assert whole(place) == left, at
        assert clean(place), at


@pytest.mark.slow
@pytest.mark.parametrize("what", ["ingest", "erase", "collection after an objection"])
def test_whoever_is_stopped_twice_is_completed_by_the_third(made, place_at, feed, tmp_path, what):
    work = WORK[what]
    done = copied(made, place_at, tmp_path / "done")
    steps = operations(done.root, lambda: work(done, feed))
    after = state(done)
    for at in moments(steps, every=False)[1::3]:
        for again in (8, 20):
            place = copied(made, place_at, tmp_path / "again")
            assert stopped(place.root, lambda place=place: work(place, feed), at)
            stopped(place.root, lambda place=place: work(place, feed), again)
            work(place, feed)
            assert state(place) == after, (at, again)
            assert clean(place), (at, again)


def test_the_instant_between_head_and_its_copy_is_settled(made, place_at, feed, tmp_path):
    # An erasure whose HEAD is in place and whose copy in the vault is not; the history that the copy names is gone.
    done = copied(made, place_at, tmp_path / "done")
    steps = operations(done.root, lambda: forget(done, feed))
    heads = [at for at, what in enumerate(steps) if what == f"replace {HEAD}.partial"]
    place = copied(made, place_at, tmp_path / "again")
    assert stopped(
        place.root, lambda: forget(place, feed), heads[2]
    )  # the vault's first, the library's, the vault's second
    assert (
        stores_of(place).vault.head()["pending"]["digest"]
        == hashlib.sha256((place.library / HEAD).read_bytes()).hexdigest()
    )
    forget(place, feed)
    assert state(place) == state(done)
    assert clean(place)


@pytest.mark.slow
@pytest.mark.parametrize("other", ["optout", "correct", "ingest"])
def test_another_command_settles_what_was_left(made, place_at, feed, tmp_path, other):
    # The instant between the library's HEAD and the vault's copy of it, with a history that has to go.
    done = copied(made, place_at, tmp_path / "done")
    steps = operations(done.root, lambda: object_and_collect(done, feed))
    for at in moments(steps, every=False):
        place = copied(made, place_at, tmp_path / "again")
        assert stopped(place.root, lambda place=place: object_and_collect(place, feed), at)
        WORK[other](place, feed)
        whole(place)
        assert clean(place), at


def take_over(place, what):
    for path in place.keys.glob(f"*/{FILES[what]}"):
        path.write_bytes(next((place.root / "new").glob(f"*/{FILES[what]}")).read_bytes())


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.slow
@pytest.mark.parametrize("what", list(ROTATIONS))
def test_a_rotation_that_was_stopped_is_completed_by_the_same_command(made, place_at, feed, tmp_path, what, every):
    def rotate(place):
        ROTATIONS[what](place.library, place.vault, keys=place.keys / "steward", new=place.root / "new" / "steward")

    done = copied(made, place_at, tmp_path / "done")
    steps = operations(done.root, lambda: rotate(done))
    take_over(done, what)
    after = state(done)
    assert clean(done)
    for at in at_which(steps, every):
        place = copied(made, place_at, tmp_path / "again")
        assert stopped(place.root, lambda place=place: rotate(place), at)
        rotate(place)
        take_over(place, what)
        assert state(place) == after, at
        whole(place)
        assert clean(place), at
        assert len(place.view().tables["patients"]) == 6


@pytest.mark.parametrize("every", EVERY)
def test_an_end_of_storage_that_was_stopped_is_completed(made, place_at, tmp_path, every):
    def end(place):
        stores = stores_of(place)
        if (place.library / HEAD).is_file() or any(place.vault.rglob("*")):
            end_storage(stores, TODAY)

    done = copied(made, place_at, tmp_path / "done")
    steps = operations(done.root, lambda: end(done))
    for at in at_which(steps, every):
        place = copied(made, place_at, tmp_path / "again")
        assert stopped(place.root, lambda place=place: end(place), at)
        end(place)
        assert not [path for root in (place.library, place.vault) for path in root.rglob("*") if path.is_file()], at


def test_a_library_that_is_not_the_vaults_is_left_as_it_is(made, place_at, feed, tmp_path):
    place = copied(made, place_at, tmp_path / "again")
    shutil.copytree(place.library, tmp_path / "old")
    take_in(place, feed)
    shutil.rmtree(place.library)
    shutil.copytree(tmp_path / "old", place.library)
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in place.library.rglob("*") if path.is_file()}
    with locked(stores_of(place)):
        pass
    assert before == {
        path: hashlib.sha256(path.read_bytes()).digest() for path in place.library.rglob("*") if path.is_file()
    }
    assert Store(place.vault, key=vault_key(place.keys)).head()["pending"] is None
