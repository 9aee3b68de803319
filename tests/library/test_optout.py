"""Opt-outs are honoured at every read; without a fresh list nobody of an identified source is read."""

import shutil
from datetime import date, timedelta

import pandas as pd
import pytest

from outcomes.errors import AccessError, DataError
from outcomes.library import optout, view
from outcomes.library.care import care_view
from outcomes.library.export import export
from outcomes.library.optout import ALLOWLIST, allowed_pseudonyms, register_allowlist
from outcomes.library.relink import identities
from outcomes.reference.governance import opt_out_rule

TODAY = date(2023, 12, 31)


@pytest.fixture
def identified(place, feed):
    place.ingest(feed, kind="identified", keys=place.new_key())
    return place


def listed(place, numbers, name="allowed.dat", ending=",\n"):
    path = place.root / name
    path.write_text("".join(f"{number}{ending}" for number in numbers))
    return path


def register(place, numbers, dated=TODAY, **options):
    return register_allowlist(
        listed(place, numbers), library=place.library, vault=place.vault, dated=dated, keys=place.held, **options
    )


def test_without_a_list_nobody_is_read(identified):
    with pytest.raises(AccessError, match="no opt-out allowlist is registered: research may read nobody"):
        identified.view()


def test_who_is_not_on_the_list_is_in_no_table(identified, feed):
    assert register(identified, feed["patients"]["nhs_number"].iloc[1:]) == 5
    view = identified.view()
    assert {name: len(frame) for name, frame in view.tables.items()} == {
        "patients": 5,
        "referrals": 5,
        "contacts": 20,
        "occasions": 20,
    }
    assert view.kind == "identified"
    assert "Opt-out list of 2023-12-31: 1 of 6 people are not on it and were left out" in view.statement


def test_the_list_is_honoured_for_old_snapshots_too(identified, feed):
    register(identified, feed["patients"]["nhs_number"])
    first = identified.view().snapshot
    register(identified, feed["patients"]["nhs_number"].iloc[:2])
    assert len(identified.view(snapshot=first).tables["patients"]) == 2


def test_a_stale_list_is_refused_to_the_day(identified, feed):
    longest = opt_out_rule().longest_age_days
    register(identified, feed["patients"]["nhs_number"], dated=TODAY - timedelta(days=longest))
    assert len(identified.view().tables["patients"]) == 6
    register(identified, feed["patients"]["nhs_number"], dated=TODAY - timedelta(days=longest + 1))
    with pytest.raises(AccessError, match=r"22 days old, 21 \(unverified\) are allowed"):
        identified.view()
    with pytest.raises(AccessError, match="22 days old, 7 are allowed"):
        identified.view(max_age_days=7)
    assert len(identified.view(max_age_days=30).tables["patients"]) == 6


def test_a_list_from_the_future_is_refused(identified, feed):
    register(identified, feed["patients"]["nhs_number"], dated=TODAY + timedelta(days=1))
    with pytest.raises(AccessError, match="dated in the future"):
        identified.view()


def test_an_empty_list_is_not_registered(identified):
    with pytest.raises(AccessError, match="the list is empty"):
        register(identified, [])
    assert identified.shelf.note(ALLOWLIST) is None


def test_a_list_that_matches_nobody_lets_nobody_be_read(identified):
    assert register(identified, ["1112223333"]) == 0
    with pytest.raises(AccessError, match="allows nobody in this library"):
        identified.view()


def test_a_damaged_list_is_refused(identified, feed):
    register(identified, feed["patients"]["nhs_number"])
    for said in ({}, {"date": "x", "pseudonyms": []}, {"date": "2023-12-31", "pseudonyms": 3}):
        with identified.shelf.writing():
            identified.shelf.put_note(ALLOWLIST, said)
        with pytest.raises(AccessError, match="allowlist is damaged"):
            allowed_pseudonyms(identified.shelf, today=TODAY)
    listed_there = identified.library / f"{ALLOWLIST}.note"
    listed_there.write_bytes(listed_there.read_bytes()[:-1])
    with pytest.raises(AccessError, match="allowlist is damaged"):
        allowed_pseudonyms(identified.shelf, today=TODAY)
    with pytest.raises(AccessError, match="put back to an older copy"):
        identified.view()


def test_the_mesh_format_and_its_dated_name(identified, feed):
    numbers = feed["patients"]["nhs_number"]
    spaced = [f"{number[:3]} {number[3:6]} {number[6:]}" for number in numbers]
    path = listed(identified, spaced, name="X26HC036_201223_0001.dat")
    assert register_allowlist(path, library=identified.library, vault=identified.vault, keys=identified.keys) == 6
    assert identified.shelf.note(ALLOWLIST)["date"] == "2023-12-20"


def test_a_name_without_a_date_needs_one(identified, feed):
    path = listed(identified, feed["patients"]["nhs_number"], name="list.dat")
    with pytest.raises(AccessError, match=r"list\.dat: no DDMMYY date in the name"):
        register_allowlist(path, library=identified.library, vault=identified.vault, keys=identified.keys)


def test_a_file_with_several_cells_a_line_is_no_list(identified):
    path = listed(identified, ["1112223333,yes", "1112223334,no"])
    with pytest.raises(DataError, match="2 lines hold more than one identifier") as caught:
        register_allowlist(path, library=identified.library, vault=identified.vault, keys=identified.keys, dated=TODAY)
    assert "1112223333" not in str(caught.value)


def test_local_objections_are_left_out(identified, feed):
    objections = listed(identified, ["00001"], name="objections.txt", ending="\n")
    assert register(identified, feed["patients"]["nhs_number"], objections=objections) == 5
    assert register(identified, feed["patients"]["nhs_number"]) == 5


def test_local_identifiers_may_be_listed(identified):
    assert register(identified, ["00001", "1"], identifier="patient_id") == 1


def test_without_an_nhs_number_nobody_can_be_checked(place, feed):
    people = feed["patients"].copy()
    people.loc[0, "nhs_number"] = ""
    place.ingest(feed | {"patients": people}, kind="identified", keys=place.new_key())
    assert register(place, feed["patients"]["nhs_number"]) == 5


def test_people_of_a_later_feed_are_matched_with_the_list(place, feed):
    few = {name: frame[frame["patient_id"] == "00001"] for name, frame in feed.items()}
    place.ingest(few, kind="identified", keys=place.new_key())
    register(place, feed["patients"]["nhs_number"].iloc[1:])
    assert len(place.view().tables["patients"]) == 1
    place.ingest(feed, kind="identified", keys=place.keys)
    assert len(place.view().tables["patients"]) == 5


def test_the_library_holds_no_number_of_the_list(identified, feed):
    register(identified, feed["patients"]["nhs_number"])
    said = b"".join(path.read_bytes() for path in identified.library.rglob("*") if path.is_file())
    assert feed["patients"]["nhs_number"].iloc[0].encode() not in said


@pytest.mark.parametrize("kind", [{"kind": "anonymised"}, {"kind": "invented", "seed": 1}])
def test_other_sources_need_no_list_and_say_so(place, feed, kind):
    place.ingest(feed, **kind)
    view = place.view()
    assert len(view.tables["patients"]) == 6
    assert ("anonymised before it came (made for tests)" in view.statement) == (kind["kind"] == "anonymised")
    assert ("Invented data" in view.statement) == (kind["kind"] == "invented")


def test_the_allowlist_is_read_whole(place):
    with place.shelf.writing():
        place.shelf.put_note(ALLOWLIST, {"date": "2023-12-30", "pseudonyms": ["a", "b"]})
    assert allowed_pseudonyms(place.shelf, today=TODAY) == (frozenset({"a", "b"}), date(2023, 12, 30))


GONE = 12  # of 60; benchmarks/library_security.py lets 50 of 500 opt out and runs every command


@pytest.fixture(scope="module")
def sixty(tmp_path_factory, place_at, feeds):
    """Sixty people of whom every fifth is not on the list, none of them purged yet; and the feed without them."""
    place, feed = place_at(tmp_path_factory.mktemp("sixty")), feeds(60, seed=3)
    place.ingest(feed, kind="identified", keys=place.new_key())
    gone = feed["patients"]["patient_id"].iloc[::5]
    stays = ~feed["patients"]["patient_id"].isin(gone)
    register(place, feed["patients"].loc[stays, "nhs_number"])
    people, _ = identities(place.library, place.vault, keys=place.keys)
    names = set(people.loc[people["patient_id"].isin(gone), "pseudonym"])
    assert len(names) == GONE
    return place, feed, names, {name: frame[~frame["patient_id"].isin(gone)] for name, frame in feed.items()}


@pytest.fixture
def large(sixty, place_at, tmp_path):
    place, *rest = sixty
    shutil.copytree(place.root, tmp_path / "large")
    return place_at(tmp_path / "large"), *rest


def nobody_of(names, tables):
    """The check that the mutation test turns red."""
    for name, frame in tables.items():
        assert not names & set(frame["pseudonym"]), name


def test_research_reads_what_a_library_without_them_would_say(large, places, feed):
    place, _, names, without = large
    nobody_of(names, place.view().tables)
    other = places("without")
    other.root.mkdir()
    shutil.copytree(place.keys, other.keys)
    other.register((place.root / "projects.toml").read_text())
    other.ingest(without, kind="identified", keys=other.keys)
    register(other, without["patients"]["nhs_number"])
    assert set(place.view().tables) == set(other.view().tables)
    for name, frame in other.view().tables.items():
        pd.testing.assert_frame_equal(place.view().tables[name], frame)


def test_the_check_turns_red_when_the_filter_is_taken_out(large, monkeypatch):
    place, _, names, _ = large
    nobody_of(names, place.view().tables)
    monkeypatch.setattr(view, "only", lambda frame, _allowed: frame)
    with pytest.raises(AssertionError):
        nobody_of(names, place.view().tables)


def test_an_extract_leaves_them_out_too(large, tmp_path):
    place, _, _, without = large
    made = export(place.view(), "one", tmp_path / "extract", keys=place.keys)
    assert made.rows["patients"] == len(without["patients"]) == 48


def test_the_next_collection_takes_them_out_of_every_byte_and_care_goes_on(large):
    place, feed, names, _ = large
    before = care_view(place.library, place.vault, keys=place.keys).tables
    assert all(name in place.decoded(place.shelf) for name in names)
    place.ingest(feed, kind="identified", keys=place.keys)
    assert not any(name in place.decoded(place.shelf) for name in names)
    assert len(place.shelf.head()["history"]) == 1
    assert "12 of 60 people are not on it and were left out" in place.view().statement
    after = care_view(place.library, place.vault, keys=place.keys).tables
    for name, frame in before.items():
        pd.testing.assert_frame_equal(after[name], frame)
    assert len(after["patients"]) == 60


def test_who_is_allowed_again_comes_back_at_the_next_collection(large):
    place, feed, names, _ = large
    place.ingest(feed, kind="identified", keys=place.keys)
    register(place, feed["patients"]["nhs_number"])
    assert len(place.view().tables["patients"]) == 48
    place.ingest(feed, kind="identified", keys=place.keys)
    assert names <= set(place.view().tables["patients"]["pseudonym"])


def test_the_collection_filter_is_what_purges(large, monkeypatch):
    place, feed, names, _ = large
    monkeypatch.setattr(optout, "only", lambda frame, _allowed: frame)
    place.ingest(feed, kind="identified", keys=place.keys)
    assert all(name in place.decoded(place.shelf) for name in names)
    nobody_of(names, place.view().tables)
