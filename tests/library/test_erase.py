"""A person who is erased is nowhere, stays away, and leaves the library as if they had never been in it."""

import base64
import shutil

import pandas as pd
import pytest

from outcomes.errors import AccessError, DataError
from outcomes.library.care import care_view
from outcomes.library.erase import Found, clean_lists, erase, find, find_buried, foresee
from outcomes.library.intake import Source
from outcomes.library.keyring import source_key
from outcomes.library.lineage import note
from outcomes.library.optout import register_allowlist
from outcomes.library.parts import to_arrow, to_frame
from outcomes.library.state import open_stores
from outcomes.library.tombstones import buried, folder_of, intended, refuse_erased, settle_intent

CANARY, NUMBER, DATE = "CANARY-7", "999 876 5432", "1931-02-03"
OPEN_CARE = "00005"  # the fixture's last person has no date of discharge


def with_canary(feed):
    """The fixture's feed, its third person renamed, with a number, a birth date and answers that nobody else has."""
    named = {
        name: frame.assign(patient_id=frame["patient_id"].replace("00002", CANARY)) for name, frame in feed.items()
    }
    people = named["patients"]
    mine = people["patient_id"].eq(CANARY)
    people = people.assign(
        nhs_number=people["nhs_number"].mask(mine, NUMBER.replace(" ", "")),
        birth_date=people["birth_date"].mask(mine, DATE),
    )
    return named | {"patients": people}


def without(feed, person=CANARY):
    return {name: frame[frame["patient_id"].ne(person)].reset_index(drop=True) for name, frame in feed.items()}


def key_of(place, kind="anonymised"):
    return source_key(Source(format="tidy_wide", kind=kind, reason="made for tests", files={}), place.held, ())


def stores_of(place):
    return open_stores(place.library, place.vault, place.held)


def forget(place, *people, domain="patient", kind="anonymised"):
    """Erase, and close the matter, as the study does."""
    stores = stores_of(place)
    found = find(stores, people, domain=domain)
    told = erase(stores, found, key_of(place, kind))
    with stores.vault.writing():
        settle_intent(place.library, stores.vault)
    return told


def everything(place):
    """All bytes and all decoded content of library, vault and the register beside them."""
    said = [place.decoded(place.shelf), place.decoded(place.safe)]
    in_care = (place.safe.note("still_in_care") or {}).values()
    said += [to_frame(to_arrow(base64.b64decode(text))).to_csv() for text in in_care]
    beside = folder_of(place.library)
    said += [path.read_text() for path in beside.rglob("*") if path.is_file()] if beside.is_dir() else []
    return "\n".join(said)


def traces(place, kind="anonymised"):
    """How often the canary is found."""
    key, said = key_of(place, kind), everything(place)
    days = str((pd.Timestamp(DATE) - pd.Timestamp(0)).days)
    sought = [CANARY, NUMBER, NUMBER.replace(" ", ""), DATE, days, key.pseudonym("patient", CANARY)]
    sought += [key.pseudonym("referral", CANARY, f"E{place}") for place in range(7)]
    return {one: count for one in sought if (count := said.count(one))}


@pytest.mark.parametrize("domain", ["patient", "nhs_number"])
def test_an_erased_person_is_in_no_byte_and_no_cell(place, feed, domain):
    place.ingest(with_canary(feed))
    assert len(traces(place)) >= 5
    told = forget(place, CANARY if domain == "patient" else NUMBER, domain=domain)
    assert traces(place) == {}
    assert (told.people, told.library["patients"], told.library["referrals"], told.library["occasions"]) == (1, 1, 1, 4)
    assert told.vault["ledger_responses"] == 4
    assert told.in_care == 0


def test_the_library_is_as_if_they_had_never_been_in_it(places, feed):
    one, other = places("one"), places("other")
    one.ingest(with_canary(feed))
    told = forget(one, CANARY)
    fresh = other.ingest(without(with_canary(feed)))
    assert told.snapshot == fresh.snapshot
    for name, frame in other.view().tables.items():
        pd.testing.assert_frame_equal(one.view().tables[name], frame)


def test_the_last_day_that_was_theirs_alone_goes_with_them(places, feed):
    one, other = places("one"), places("other")
    spoken = with_canary(feed)
    mine = spoken["contacts"].index[spoken["contacts"]["patient_id"].eq(CANARY)][-1]
    spoken["contacts"].loc[mine, "contact_date"] = "2023-11-30"
    one.ingest(spoken)
    forget(one, CANARY)
    other.ingest(without(spoken))
    pd.testing.assert_frame_equal(one.view().tables["referrals"], other.view().tables["referrals"])
    assert one.ingest(without(spoken)).changed is False


def test_nobody_can_read_the_snapshots_that_held_them(place, feed):
    old = place.ingest({name: frame for name, frame in with_canary(feed).items() if name != "contacts"}).snapshot
    new = place.ingest(with_canary(feed)).snapshot
    told = forget(place, CANARY)
    assert {old, new} <= told.doomed
    assert told.dropped == 2
    for name in (old, new):
        with pytest.raises(AccessError, match="there is no snapshot"):
            place.view(snapshot=name)
        with pytest.raises(AccessError, match="held somebody who was erased"):
            refuse_erased(place.library, name)
        with pytest.raises(AccessError, match="held somebody who was erased"):
            note(place.shelf, what="model", place="workspace/model.json", snapshot=name, made_by="a test")
    assert len(place.view().tables["patients"]) == 5


@pytest.mark.parametrize("form", ["tidy_wide", "tidy_long"])
def test_the_next_feed_does_not_bring_them_back(place, feed, to_long, form):
    fed = with_canary(feed)
    if form == "tidy_long":
        fed = fed | {"responses": to_long(fed["responses"])}
    place.ingest(fed, format=form)
    snapshot = forget(place, CANARY).snapshot
    report = place.ingest(fed, format=form)
    assert report.snapshot == snapshot
    assert traces(place) == {}
    refused = report.tally.set_index("table")["refused"].to_dict()
    answers = 4 if form == "tidy_wide" else 64
    assert refused == {"patients": 1, "referrals": 1, "contacts": 4, "responses": answers}
    parts = report.tally[["accepted", "duplicate", "quarantined", "refused"]].sum(axis=1)
    assert (report.tally["read"] == parts).all()
    assert CANARY not in report.text()


def test_another_local_identifier_does_not_bring_them_back(place, feed):
    fed = with_canary(feed)
    place.ingest(fed)
    snapshot = forget(place, CANARY).snapshot
    renamed = {
        name: frame.assign(patient_id=frame["patient_id"].replace(CANARY, "NEW-1")) for name, frame in fed.items()
    }
    assert place.ingest(renamed).snapshot == snapshot
    later = {name: renamed[name] for name in ("referrals", "responses")}  # without the number, they are known by now
    assert place.ingest(later).snapshot == snapshot


def test_all_local_identifiers_of_a_number_are_one_person(place, feed):
    fed = with_canary(feed)
    again = fed["patients"][fed["patients"]["patient_id"].eq(CANARY)].assign(patient_id="SECOND")
    place.ingest(fed | {"patients": pd.concat([fed["patients"], again])})
    assert foresee(stores_of(place), find(stores_of(place), [CANARY], domain="patient"), key_of(place)).people == 2
    forget(place, CANARY)
    assert "SECOND" not in everything(place)


@pytest.mark.parametrize("what", ["library", "both"])
def test_a_restored_backup_does_not_bring_them_back(place, feed, what):
    place.ingest(with_canary(feed))
    for folder in (place.library, place.vault):
        shutil.copytree(folder, place.root / "backup" / folder.name)
    told = forget(place, CANARY)
    for folder in (place.library, place.vault)[: 1 if what == "library" else 2]:
        shutil.rmtree(folder)
        shutil.copytree(place.root / "backup" / folder.name, folder)
    if what == "library":
        with pytest.raises(AccessError, match="put back to an older state"):
            place.ingest(with_canary(feed))
        return
    with pytest.raises(AccessError, match="held somebody who was erased since"):
        place.view()
    with pytest.raises(AccessError, match="held somebody who was erased since"):
        place.ingest(with_canary(feed))
    stores = stores_of(place)
    again = erase(stores, find_buried(stores, key_of(place)), key_of(place))
    with stores.vault.writing():
        settle_intent(place.library, stores.vault)
    assert again.snapshot == told.snapshot
    assert traces(place) == {}
    assert place.ingest(with_canary(feed)).snapshot == told.snapshot


def test_a_dry_run_changes_nothing_and_says_the_same_numbers(place, feed):
    place.ingest(with_canary(feed))
    before = {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()}
    stores = stores_of(place)
    foreseen = foresee(stores, find(stores, [CANARY], domain="patient"), key_of(place))
    assert {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()} == before
    told = forget(place, CANARY)
    assert (foreseen.people, foreseen.library, foreseen.vault) == (told.people, told.library, told.vault)


def test_an_unknown_identifier_changes_nothing_and_is_not_repeated(place, feed):
    place.ingest(feed)
    stores = stores_of(place)
    found = find(stores, ["nobody-at-all", "00001"], domain="patient")
    assert found.unknown == 1
    with pytest.raises(DataError, match=r"1 of the identifiers given stand for nobody") as caught:
        erase(stores, found, key_of(place))
    assert "nobody-at-all" not in str(caught.value)
    assert intended(place.library) is None
    assert len(place.view().tables["patients"]) == 6


def test_rows_that_wait_for_their_referral_and_answers_kept_for_safety_go_too(place, feed):
    fed = with_canary(feed)
    responses = fed["responses"].assign(phq9_9="2")
    mine = responses.index[responses["patient_id"].eq(CANARY)]
    responses.loc[mine[0], "episode_id"] = "E999"
    responses.loc[mine[1], "phq9_1"] = "8"
    responses.loc[mine[2], "patient_id"] = f" {CANARY}"
    place.ingest(fed | {"responses": responses})
    assert len(care_view(place.library, place.vault).safety) == 3
    forget(place, CANARY)
    assert traces(place) == {}
    place.ingest(fed | {"responses": responses})
    assert traces(place) == {}


def test_a_person_of_whom_only_waiting_rows_are_known_can_be_erased(place, feed):
    stray = feed["responses"].head(1).assign(patient_id=CANARY, episode_id="E999")
    place.ingest(feed | {"responses": pd.concat([feed["responses"], stray])})
    assert forget(place, CANARY).vault["ledger_responses"] == 1
    assert traces(place) == {}


def test_somebody_in_care_stays_with_their_therapist_and_nowhere_else(place, feed):
    place.ingest(feed)
    before = care_view(place.library, place.vault)
    told = forget(place, OPEN_CARE)
    assert told.in_care == 1
    after = care_view(place.library, place.vault)
    for name, frame in before.tables.items():
        pd.testing.assert_frame_equal(after.tables[name], frame)
    assert len(place.view().tables["patients"]) == 5
    assert key_of(place).pseudonym("patient", OPEN_CARE) not in place.decoded(place.shelf)
    held = place.safe.tables(place.shelf.head()["vault"])
    assert not any(OPEN_CARE in set(frame["patient_id"]) for frame in held.values() if "patient_id" in frame)


def test_direct_care_goes_on_until_it_ends(place, feed):
    place.ingest(feed)
    snapshot = forget(place, OPEN_CARE).snapshot
    later = feed["responses"].tail(1).assign(session_date="2022-10-01", phq9_9="3", phq9_1="9")
    fine = feed["responses"].tail(1).assign(session_date="2022-10-08")
    assert place.ingest({"responses": pd.concat([later, fine])}).snapshot == snapshot
    care = care_view(place.library, place.vault)
    mine = care.tables["referrals"].loc[care.tables["referrals"]["patient_id"].eq(OPEN_CARE), "referral"]
    assert care.tables["occasions"]["referral"].isin(mine).sum() == 5
    assert care.safety["patient_id"].tolist() == [OPEN_CARE]
    ended = feed["referrals"].tail(1).assign(discharge_date="2022-11-01", end_code="46")
    versioned = {"versions": {"referrals": ("discharge_date",)}}
    assert place.ingest({"referrals": ended, "responses": fine}, **versioned).snapshot == snapshot
    assert place.safe.note("still_in_care") is None
    assert OPEN_CARE not in set(care_view(place.library, place.vault).tables["patients"]["patient_id"])


def test_the_opt_out_lists_forget_them_too(place, feed):
    fed = with_canary(feed)
    place.ingest(fed, kind="identified", keys=place.new_key())
    answer, objecting = place.root / "answer.dat", place.root / "objections.txt"
    answer.write_text("".join(f"{number},\n" for number in fed["patients"]["nhs_number"]))
    objecting.write_text(f"00001\n{CANARY}\n")
    day = pd.Timestamp("2023-12-20").date()
    options = {"library": place.library, "vault": place.vault, "dated": day, "keys": place.keys}
    register_allowlist(answer, objections=objecting, **options)
    forget(place, CANARY, kind="identified")
    assert traces(place, "identified") == {}
    assert len(place.view().tables["patients"]) == 4
    register_allowlist(answer, objections=objecting, naming=key_of(place, "identified"), **options)
    assert traces(place, "identified") == {}
    assert place.safe.note("objections") == {"patient_ids": ["00001"]}
    register_allowlist(answer, objections=objecting, **options)
    stores = stores_of(place)
    with stores.vault.writing():
        clean_lists(stores, key_of(place, "identified"))
    assert traces(place, "identified") == {}


def test_another_key_cannot_be_used_to_slip_past_the_register(place, feed):
    place.ingest(with_canary(feed))
    forget(place, CANARY)
    for folder in (place.library, place.vault):
        shutil.rmtree(folder)
    with pytest.raises(AccessError, match="made with another pseudonym key"):
        place.ingest(with_canary(feed), reason="another reason, and so another key")
    assert place.ingest(with_canary(feed)).tally["refused"].sum() == 10
    assert traces(place) == {}


def test_erasing_twice_is_erasing_once(place, feed):
    place.ingest(with_canary(feed))
    first = forget(place, CANARY)
    stores = stores_of(place)
    assert find(stores, [CANARY], domain="patient").unknown == 1
    again = erase(stores, find_buried(stores, key_of(place)), key_of(place))
    assert (again.people, again.snapshot) == (0, first.snapshot)
    assert erase(stores, Found((), ()), key_of(place)).people == 0
    assert len(buried(place.library).marks) == 2
