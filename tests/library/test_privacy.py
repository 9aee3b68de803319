"""No report, no message and no byte of the library shows a cell: sentinels are found in the vault and nowhere else."""

import json
import logging
import traceback

import pandas as pd
import pytest

from outcomes.errors import OutcomesError
from outcomes.library.intake import FeedRefused
from outcomes.tables.feed import feed_tables

SENTINEL = "Zz9Sentinel"
DAY = "1987-11-23"


def marked(feed):
    """Put a sentinel into every identifying text column, and an odd day into every date."""
    people = {one: f"{SENTINEL}P{place}" for place, one in enumerate(feed["patients"]["patient_id"])}
    episodes = {one: f"{SENTINEL}E{place}" for place, one in enumerate(feed["referrals"]["episode_id"])}
    tables = {}
    for name, frame in feed.items():
        frame = frame.assign(patient_id=frame["patient_id"].map(people))
        if "episode_id" in frame:
            frame = frame.assign(episode_id=frame["episode_id"].map(episodes))
        tables[name] = frame
    tables["patients"] = tables["patients"].assign(
        nhs_number=f"{SENTINEL}N", birth_date=DAY, gender=f"{SENTINEL}G", surname=f"{SENTINEL}S"
    )
    tables["referrals"] = tables["referrals"].assign(therapist_id=f"{SENTINEL}T", problem_descriptor=f"{SENTINEL}D")
    tables["contacts"] = tables["contacts"].assign(
        contact_id=[f"{SENTINEL}C{place}" for place in range(len(feed["contacts"]))]
    )
    return tables


def test_the_library_holds_no_identifier(place, feed):
    report = place.ingest(marked(feed), kind="identified", keys=place.new_key())
    told = (
        place.decoded(place.shelf)
        + report.text()
        + report.quarantine.to_csv()
        + report.tally.to_csv()
        + report.notes.to_csv()
    )
    assert report.tally["accepted"].sum() == 69
    for secret in (
        SENTINEL,
        DAY,
        "1987",
        "2022-04",
        *(str(pd.Timestamp(day).toordinal() - 719163) for day in (DAY, "2022-04-01", "2021-05-01")),
    ):
        assert secret not in told, secret
    for path in place.keys.glob("*/*.key"):
        assert path.read_text().splitlines()[1] not in told + place.decoded(place.safe)
    assert SENTINEL in place.decoded(place.safe)


def test_every_identifying_column_is_covered_by_this_test(feed):
    tables = marked(feed)
    for table in ("patients", "referrals", "contacts"):
        for column in feed_tables()[table].columns:
            if column.identifying and column.type == "id":
                assert tables[table][column.name].str.contains(SENTINEL).all(), column.name


def broken(feed):
    """Faults of every kind, each with the sentinel in the cell."""
    tables = marked(feed)
    yield {**tables, "referrals": tables["referrals"].assign(received_date=SENTINEL)}
    yield {**tables, "responses": tables["responses"].assign(phq9_1=SENTINEL)}
    yield {
        **tables,
        "responses": tables["responses"].rename(columns={"session_date": SENTINEL, "patient_id": SENTINEL + "2"}),
    }
    yield {**tables, "patients": pd.DataFrame([["x", SENTINEL]], columns=[SENTINEL, "y"])}
    yield {**tables, "contacts": tables["contacts"].assign(contact_date=["2022-06-01"] * 27 + [SENTINEL])}
    yield {**tables, "patients": tables["patients"].assign(patient_id=lambda rows: " " + rows["patient_id"])}
    yield {**tables, "referrals": tables["referrals"].assign(service_id=f"{SENTINEL} with blanks")}
    yield {**tables, "responses": pd.concat([tables["responses"], tables["responses"].assign(phq9_1="3", phq9_2="0")])}
    yield {**tables, "referrals": tables["referrals"].iloc[:1]}


@pytest.mark.parametrize("case", range(9))
def test_no_message_and_no_report_shows_a_cell(place, feed, case, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    said = ""
    try:
        report = place.ingest(list(broken(feed))[case])
    except OutcomesError as error:
        said = "".join(traceback.format_exception(error, limit=0)) + str(error.__context__)
        report = error.report if isinstance(error, FeedRefused) else None
    if report is not None:
        said += report.text() + report.quarantine.to_csv() + report.tally.to_csv()
        assert report.adds_up
        assert len(report.quarantine)
    output = capfd.readouterr()
    assert SENTINEL not in said + caplog.text + output.out + output.err


def test_a_headerless_file_does_not_print_its_first_row(place, feed):
    source = place.source(marked(feed))
    path = source.files["patients"][0]
    path.write_text("\n".join(path.read_text().splitlines()[1:]) + "\n")
    with pytest.raises(FeedRefused) as caught:
        place.ingest(source)
    assert SENTINEL not in str(caught.value) + caught.value.report.text()


def test_pseudonyms_are_not_plain_hashes(place, feed):
    import hashlib

    place.ingest(feed, kind="identified", keys=place.new_key())
    stored = place.decoded(place.shelf)
    for one in feed["patients"]["patient_id"]:
        for name in ("md5", "sha1", "sha256"):
            assert hashlib.new(name, one.encode()).hexdigest()[:32] not in stored


def test_the_manifest_names_no_file_and_no_time(place, feed):
    place.ingest(feed)
    manifest = place.shelf.manifest(place.view().snapshot)
    assert set(manifest) == {"layout", "name", "kind", "reason", "key", "purged", "tables"}
    assert place.root.name not in json.dumps(manifest)


def test_no_word_of_the_feed_stands_outside_the_seal(place, feed):
    place.ingest(marked(feed), kind="identified", keys=place.new_key())
    for path in [*place.library.rglob("*"), *place.vault.rglob("*")]:
        if path.is_file() and path.name != "writer.lock":
            sealed = path.read_bytes()
            assert sealed.startswith(b"outcomes-sealed-2 ")
            assert b"phq9" not in sealed
            assert SENTINEL.encode() not in sealed
