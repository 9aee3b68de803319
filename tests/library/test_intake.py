"""Intake loses nothing, depends on the set of rows only, and changes everything or nothing."""

import gzip
import os
import signal
import subprocess
import sys
import time
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from outcomes.errors import AccessError, ConfigError
from outcomes.library import intake
from outcomes.library.intake import FeedRefused, folder_source, ingest
from outcomes.library.roles import create_keys


def counts(report, table):
    rows = report.tally[report.tally["table"] == table]
    return tuple(int(rows[name].sum()) for name in ("read", "accepted", "duplicate", "quarantined", "refused"))


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "writer.lock"
    }


def test_a_clean_feed_is_accepted_whole(place, feed):
    report = place.ingest(feed)
    assert report.adds_up
    for table, frame in feed.items():
        assert counts(report, table) == (len(frame), len(frame), 0, 0, 0)
    tables = place.view().tables
    assert {name: len(frame) for name, frame in tables.items()} == {
        "patients": 6,
        "referrals": 7,
        "contacts": 28,
        "occasions": 28,
    }


def test_dates_become_days_and_the_quarter_stays(place, feed):
    place.ingest(feed)
    tables = place.view().tables
    referrals = tables["referrals"]
    assert sorted(referrals["quarter"].unique()) == ["2021Q2", "2022Q2"]
    assert sorted(referrals["end_day"].dropna().unique()) == [123, 153]
    assert referrals["end_day"].isna().sum() == 1
    assert set(tables["contacts"]["day"]) == {20, 27, 34, 41}
    assert set(tables["occasions"]["occasion"]) == {1, 2, 3, 4}
    # The latest date of the feed is the second discharge; the last thing known of an open referral.
    assert set(referrals["last_seen_day"]) == {
        (date(2022, 9, 1) - date(2022, 4, 1)).days,
        (date(2022, 9, 1) - date(2021, 5, 1)).days,
    }


def test_age_is_taken_on_day_zero_of_the_first_referral(place, feed):
    people = feed["patients"].assign(
        birth_date=["1996-05-01", "1996-05-02", "1996-04-01", "", "1932-01-01", "2004-04-02"]
    )
    referrals = feed["referrals"].assign(received_date="2022-05-01").assign(discharge_date="")
    late = {
        name: frame.assign(**{column: "2022-06-01"})
        for name, column, frame in [("contacts", "contact_date", feed["contacts"])]
    }
    place.ingest(
        {
            "patients": people,
            "referrals": referrals,
            **late,
            "responses": feed["responses"]
            .drop(columns="session_date")
            .assign(occasion=[str(n % 4) for n in range(28)]),
        }
    )
    bands = place.view().tables["patients"]["age_band"]
    assert sorted(bands.dropna()) == sorted(["26 to 64", "18 to 25", "26 to 64", "90 and over", "18 to 25"])
    assert bands.isna().sum() == 1


def test_the_same_feed_twice_changes_nothing(place, feed):
    first = place.ingest(feed)
    before = contents(place.root / "library"), contents(place.root / "vault")
    again = place.ingest(feed)
    assert again.snapshot == first.snapshot
    assert not again.changed
    assert again.adds_up
    for table, frame in feed.items():
        assert counts(again, table) == (len(frame), 0, len(frame), 0, 0)
    assert (contents(place.root / "library"), contents(place.root / "vault")) == before


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_rows_and_other_folders_give_the_same_snapshot(places, feed, seed):
    first = places("one").ingest(feed)
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in feed.items()}
    other = places("elsewhere/deeper")
    assert other.ingest(shuffled).snapshot == first.snapshot
    assert contents(other.library / "parts") == contents(places("one").library / "parts")


@pytest.mark.slow
def test_a_feed_split_in_ten_files_or_ten_intakes_gives_the_same_snapshot(places, feed):
    whole = places("whole").ingest(feed).snapshot
    parts = {name: [frame.iloc[place::10] for place in range(10)] for name, frame in feed.items()}
    assert places("files").ingest(parts).snapshot == whole
    steps = places("steps")
    for place in reversed(range(10)):
        report = steps.ingest({name: pieces[place] for name, pieces in parts.items()})
        assert report.adds_up
    assert report.snapshot == whole
    assert report.notes.loc[report.notes["rule"] == "earlier_row_released", "count"].sum() > 0


def test_rows_wait_in_the_vault_until_their_referral_comes(places, feed):
    whole = places("whole").ingest(feed).snapshot
    late = places("late")
    first = late.ingest(
        {name: feed[name] for name in ("patients", "contacts", "responses")} | {"referrals": feed["referrals"].head(3)}
    )
    assert counts(first, "responses") == (28, 12, 0, 16, 0)
    assert set(first.quarantine["rule"]) == {"no_referral"}
    second = late.ingest({"referrals": feed["referrals"], "responses": feed["responses"].head(1)})
    assert second.snapshot == whole


def test_long_and_wide_feeds_give_the_same_library(places, feed, to_long):
    wide = places("wide").ingest(feed)
    long = places("long").ingest(feed | {"responses": to_long(feed["responses"])}, format="tidy_long")
    assert long.snapshot == wide.snapshot
    assert counts(long, "responses") == (28 * 16, 28 * 16, 0, 0, 0)


@pytest.mark.slow
def test_long_feeds_split_anywhere_give_the_same_library(places, feed, to_long):
    whole = places("whole").ingest(feed).snapshot
    long = to_long(feed["responses"])
    steps = places("steps")
    for part in range(3):
        report = steps.ingest(feed | {"responses": long.iloc[part::3]}, format="tidy_long")
    assert report.snapshot == whole
    again = steps.ingest(feed | {"responses": long}, format="tidy_long")
    assert again.snapshot == whole
    assert counts(again, "responses") == (448, 0, 448, 0, 0)


def test_long_answers_with_faults(place, feed, to_long):
    long = to_long(feed["responses"]).reset_index(drop=True)
    long.loc[0, "response"] = "7"
    long.loc[1, "instrument"] = "phq99"
    long.loc[2, "item"] = "10"
    long.loc[3, "session_date"] = "not a day"
    long.loc[4, "instrument"] = "PHQ-9"
    long = pd.concat(
        [
            long,
            long.iloc[[5, 5]],
            long.iloc[[6]].assign(response=lambda row: [str((int(row["response"].iloc[0]) + 1) % 4)]),
        ]
    )
    report = place.ingest(feed | {"responses": long}, format="tidy_long")
    assert report.adds_up
    rules = report.quarantine.groupby("rule")["row"].count().to_dict()
    assert rules["out_of_range"] == rules["unknown_instrument"] == rules["unknown_item"] == rules["date_malformed"] == 1
    # The sitting with two answers to one question is quarantined whole: which of its rows are right is not known.
    assert rules["contradicts_another_row"] == 17
    assert counts(report, "responses")[2] == 2


def test_parquet_and_gzip_say_the_same_as_csv(places, feed):
    whole = places("csv").ingest(feed).snapshot
    other = places("parquet")
    source = other.source(feed)
    paths = {}
    for table, (path,) in source.files.items():
        if table == "contacts":
            paths[table] = path.with_suffix(".csv.gz")
            paths[table].write_bytes(gzip.compress(path.read_bytes()))
        else:
            paths[table] = path.with_suffix(".parquet")
            frame = feed[table]
            items = {name: pa.array(frame[name].astype(int)) for name in frame if name.startswith(("phq9", "gad7"))}
            pq.write_table(
                pa.table({name: items.get(name, pa.array(frame[name].tolist())) for name in frame}), paths[table]
            )
    report = other.ingest(
        intake.Source(
            format="tidy_wide",
            kind="anonymised",
            reason="made for tests",
            files={table: (path,) for table, path in paths.items()},
        )
    )
    assert report.snapshot == whole


# ---- the dirt of real extracts --------------------------------------------------------------------------------------


def test_resubmissions_keep_the_newest_by_declared_columns(places, feed):
    clean = places("clean").ingest(feed).snapshot
    old = feed["referrals"].assign(month="2022-06", row_id="9", discharge_date="", end_code="")
    new = feed["referrals"].assign(month="2022-06", row_id="10")
    place = places("versions")
    tables = feed | {"referrals": pd.concat([new, old])}
    report = place.ingest(tables, versions={"referrals": ("month", "row_id")})
    assert report.snapshot == clean
    assert counts(report, "referrals") == (14, 7, 7, 0, 0)
    assert report.notes.set_index("rule").loc["superseded", "count"] == 7


def test_a_late_correction_is_a_new_snapshot_and_the_old_one_stays(place, feed):
    versions = {"versions": {"responses": ("sent",)}}
    first = place.ingest(feed | {"responses": feed["responses"].assign(sent="2022-10-01")}, **versions)
    changed = (
        feed["responses"]
        .head(1)
        .assign(sent="2022-11-01", phq9_1=lambda rows: [str((int(rows["phq9_1"].iloc[0]) + 1) % 4)])
    )
    second = place.ingest({"responses": changed}, **versions)
    assert second.snapshot != first.snapshot
    assert second.changed
    old, new = (place.view(snapshot=name).tables["occasions"]["phq9_1"] for name in (first.snapshot, second.snapshot))
    assert (old != new).sum() == 1
    assert (
        place.ingest(feed | {"responses": feed["responses"].assign(sent="2022-10-01")}, **versions).snapshot
        == second.snapshot
    )


def test_contradicting_rows_without_a_version_are_all_quarantined(place, feed):
    other = feed["responses"].head(1).assign(phq9_1=lambda rows: [str((int(rows["phq9_1"].iloc[0]) + 1) % 4)])
    report = place.ingest(feed | {"responses": pd.concat([feed["responses"], other])})
    assert counts(report, "responses") == (29, 27, 0, 2, 0)
    assert report.quarantine[["row", "rule"]].to_numpy().tolist() == [
        [2, "contradicts_another_row"],
        [30, "contradicts_another_row"],
    ]


def test_a_contradiction_in_a_later_file_withdraws_the_earlier_row(places, feed):
    other = feed["responses"].head(1).assign(phq9_1=lambda rows: [str((int(rows["phq9_1"].iloc[0]) + 1) % 4)])
    together = places("together").ingest(feed | {"responses": [feed["responses"], other]}).snapshot
    apart = places("apart")
    apart.ingest(feed)
    report = apart.ingest({"responses": other})
    assert report.snapshot == together
    assert report.notes.set_index("rule").loc["earlier_row_withdrawn", "count"] == 1


def test_rows_that_complete_each_other_are_joined(places, feed):
    whole = places("whole").ingest(feed).snapshot
    phq = [name for name in feed["responses"] if name.startswith("phq9")]
    gad = [name for name in feed["responses"] if name.startswith("gad7")]
    halves = pd.concat(
        [feed["responses"].assign(**dict.fromkeys(phq, "")), feed["responses"].assign(**dict.fromkeys(gad, ""))]
    )
    report = places("halves").ingest(feed | {"responses": halves})
    assert report.snapshot == whole
    assert counts(report, "responses") == (56, 56, 0, 0, 0)


def test_a_reused_contact_id_is_another_contact(place, feed):
    again = feed["contacts"].head(1).assign(contact_date="2021-08-01", attendance="3")
    report = place.ingest(feed | {"contacts": pd.concat([feed["contacts"], again])})
    assert counts(report, "contacts") == (29, 29, 0, 0, 0)


def test_ids_that_look_alike_stay_apart(place, feed):
    people = ["00123", "123", "NA", "NULL", "None", "nan"]
    named = dict(zip(feed["patients"]["patient_id"], people, strict=True))
    place.ingest({name: frame.assign(patient_id=frame["patient_id"].map(named)) for name, frame in feed.items()})
    assert place.view().tables["patients"]["pseudonym"].nunique() == 6
    assert sorted(place.vault.glob("parts/*")) != []


def test_orphans_and_dates_before_the_referral(place, feed):
    contacts, responses = feed["contacts"].copy(), feed["responses"].copy()
    contacts.loc[0, "episode_id"] = "E999"
    responses.loc[0, "session_date"] = "2021-04-30"
    responses.loc[1, "patient_id"] = "nobody"
    report = place.ingest(feed | {"contacts": contacts, "responses": responses})
    assert report.quarantine[["table", "row", "rule"]].to_numpy().tolist() == [
        ["contacts", 2, "no_referral"],
        ["responses", 2, "date_before_referral"],
        ["responses", 3, "no_referral"],
    ]


def test_a_referral_closed_before_it_was_received(place, feed):
    referrals = feed["referrals"].copy()
    referrals.loc[6, "discharge_date"] = "2022-03-31"
    report = place.ingest(feed | {"referrals": referrals})
    assert report.quarantine["rule"].value_counts().to_dict() == {"no_referral": 8, "discharge_before_receipt": 1}


def test_without_an_episode_the_only_referral_is_meant(place, feed):
    report = place.ingest(feed | {"responses": feed["responses"].drop(columns="episode_id")})
    # The first person has two referrals: which one is meant is not guessed.
    assert counts(report, "responses") == (28, 20, 0, 8, 0)
    assert set(report.quarantine["rule"]) == {"episode_not_stated"}


def test_padded_codes_are_mended_and_counted(places, feed):
    clean = places("clean").ingest(feed).snapshot
    dirty = feed | {
        "patients": feed["patients"].assign(
            gender=lambda rows: " " + rows["gender"].str.lower(),
            ethnic_category=lambda rows: rows["ethnic_category"].str.lower(),
        ),
        "contacts": feed["contacts"].assign(
            appointment_type=lambda rows: rows["appointment_type"].str.lstrip("0"), attendance="05"
        ),
        "responses": feed["responses"].assign(
            phq9_1=lambda rows: rows["phq9_1"] + ".0", session_date=lambda rows: rows["session_date"] + " 00:00:00"
        ),
    }
    report = places("dirty").ingest(dirty)
    assert report.snapshot == clean
    noted = report.notes.set_index(["table", "column", "rule"])["count"]
    assert noted["contacts", "appointment_type", "restore_lost_zero"] == 28
    assert noted["contacts", "attendance", "drop_leading_zeros"] == 28
    assert noted["responses", "phq9_1", "drop_decimal_point_zero"] == 28
    assert noted["responses", "session_date", "time_left_off"] == 28
    assert noted["patients", "ethnic_category", "upper_case"] == 6


def test_unknown_codes_are_counted_and_lose_their_text(place, feed):
    report = place.ingest(feed | {"patients": feed["patients"].assign(gender="Ms Sentinel")})
    assert report.notes.set_index("rule").loc["unknown_code", "count"] == 6
    assert set(place.view().tables["patients"]["gender"]) == {"?"}


def test_undeclared_columns_never_enter(place, feed):
    report = place.ingest(feed | {"patients": feed["patients"].assign(surname="Sentinel", gp_notes="Sentinel")})
    assert report.tally.set_index("table").loc["patients", "undeclared_columns"] == 2
    assert "Sentinel" not in report.text()
    assert "surname" not in place.view().tables["patients"]


def test_where_somebody_lives_enters_as_a_region_and_no_finer(place, feed):
    people = feed["patients"].assign(region=["Y56", "y60 ", "", "E12000007", "SW1A 1AA", "E01000001"])
    finer = {"postcode": "ZZ9 9ZZ", "lsoa": "E01999999", "msoa": "E02999999", "local_authority": "E09999999"}
    report = place.ingest(feed | {"patients": people.assign(**finer)})
    assert report.notes.set_index(["column", "rule"]).loc[("region", "unknown_code"), "count"] == 3
    assert report.tally.set_index("table").loc["patients", "undeclared_columns"] == len(finer)
    told = place.view().tables["patients"]["region"]
    assert sorted(told.dropna()) == ["?", "?", "?", "Y56", "Y60"]
    assert told.isna().sum() == 1
    for store in (place.shelf, place.safe):
        assert not any(cell in place.decoded(store) for cell in (*finer.values(), "SW1A", "E01000001", "E12000007"))
    assert "region" in set(report.anonymity["known"])


def test_totals_without_items_become_scores(place, feed):
    rows = feed["responses"][["patient_id", "episode_id", "session_date"]].assign(phq9_total="13.5", spin_total="")
    rows.loc[0, "phq9_total"] = "28"
    report = place.ingest(feed | {"responses": rows})
    scores = place.view().tables["scores"]
    assert len(scores) == 27
    assert set(scores["total"]) == {13.5}
    assert set(scores["instrument"]) == {"phq9"}
    assert report.notes.set_index("rule").loc["fractional_total", "count"] == 27
    assert report.quarantine["rule"].tolist() == ["out_of_range"]


def test_totals_are_reconciled_with_items(place, feed):
    items = [name for name in feed["responses"] if name.startswith("phq9")]
    totals = feed["responses"][items].astype(int).sum(axis=1)
    totals.iloc[0] = (totals.iloc[0] + 1) % 28
    report = place.ingest(feed | {"responses": feed["responses"].assign(phq9_total=totals.astype(str))})
    assert report.notes.set_index("rule").loc["total_disagrees_with_items", "count"] == 1
    assert "scores" not in place.view().tables


def test_wsas_nine_is_kept_as_does_not_apply(place, feed):
    rows = feed["responses"].assign(**{f"wsas_{item}": "4" for item in range(1, 6)})
    from outcomes.reference.instruments import instrument

    column = next(item.column for item in instrument("wsas").items if item.not_applicable)
    place.ingest(feed | {"responses": rows.assign(**{column: "9"})})
    assert set(place.view().tables["occasions"][column]) == {9}


def test_ragged_rows_are_quarantined_by_their_number(place, feed):
    source = place.source(feed)
    path = source.files["responses"][0]
    lines = path.read_text().splitlines()
    lines[3] += ","
    lines[5] = lines[5].rsplit(",", 2)[0]
    path.write_text("\n".join(lines) + "\n")
    report = place.ingest(source)
    assert report.adds_up
    assert report.quarantine[["row", "rule"]].to_numpy().tolist() == [
        [4, "wrong_number_of_cells"],
        [6, "wrong_number_of_cells"],
    ]


# ---- feeds without some tables --------------------------------------------------------------------------------------


def test_without_referrals_day_zero_is_the_first_dated_sitting(place, feed):
    place.ingest({"responses": feed["responses"]})
    tables = place.view().tables
    assert set(tables) == {"patients", "referrals", "occasions"}
    assert set(tables["occasions"]["day"]) == {0, 7, 14, 21}
    assert set(tables["referrals"]["quarter"]) == {"2021Q2", "2022Q2"}
    assert tables["referrals"]["end_day"].isna().all()


def test_without_dates_the_feed_s_own_occasion_numbers_stay(place):
    rows = pd.DataFrame({"who": ["a", "a", "b"], "session": ["7", "0", "27"], "mood": ["1", "0", "1"]})
    columns = {"responses": {"patient_id": "who", "occasion": "session", "dsm5_depression_1": "mood"}}
    place.ingest({"responses": rows}, columns=columns)
    occasions = place.view().tables["occasions"]
    assert sorted(occasions["occasion"]) == [0, 7, 27]
    assert occasions["day"].isna().all()


def test_one_sitting_a_person_needs_neither_date_nor_number(place):
    rows = pd.DataFrame({"patient_id": ["a", "b", "b"], "phq9_1": ["1", "2", "3"]})
    report = place.ingest({"responses": rows})
    assert counts(report, "responses") == (3, 1, 0, 2, 0)
    assert set(place.view().tables["occasions"]["occasion"]) == {1}


def test_constants_and_days(place):
    rows = pd.DataFrame({"patient_id": ["a", "a"], "day": ["0", "30"], "bdi2_total": ["40", "20"]})
    place.ingest({"responses": rows}, constants={"responses": {"episode_id": "only"}})
    assert place.view().tables["scores"]["day"].tolist() == [0, 30]


def test_a_row_without_date_is_quarantined(place, feed):
    responses = feed["responses"].copy()
    responses.loc[0, "session_date"] = ""
    report = place.ingest(feed | {"responses": responses})
    assert report.quarantine["rule"].tolist() == ["no_date_or_occasion"]


def test_dates_after_the_declared_extract_are_in_the_future(place, feed):
    report = place.ingest(feed, extract_date=date(2022, 4, 30))
    assert set(report.quarantine["rule"]) == {"date_in_future", "no_referral"}
    assert report.adds_up


# ---- refused feeds --------------------------------------------------------------------------------------------------

REFUSALS = {
    "missing_column": lambda feed: feed | {"referrals": feed["referrals"].drop(columns="received_date")},
    "no_answer_column": lambda feed: (
        feed | {"responses": feed["responses"][["patient_id", "episode_id", "session_date"]]}
    ),
    "no_usable_row": lambda feed: feed | {"responses": feed["responses"].assign(session_date="sometime")},
    "no_declared_column": lambda feed: feed | {"patients": feed["patients"].add_prefix("x_")},
}


@pytest.mark.parametrize("rule", REFUSALS)
def test_a_feed_with_a_file_that_cannot_be_used_changes_nothing(place, feed, rule):
    place.ingest(feed)
    before = contents(place.root / "library"), contents(place.root / "vault")
    with pytest.raises(FeedRefused, match=rule) as caught:
        place.ingest(REFUSALS[rule](feed))
    report = caught.value.report
    assert report.adds_up
    assert report.tally["refused"].sum() == report.tally["read"].sum() == 6 + 7 + 28 + 28
    assert (contents(place.root / "library"), contents(place.root / "vault")) == before
    assert report.text().startswith("Refused; the library is unchanged")


def test_a_refused_first_feed_makes_no_library(place, feed):
    with pytest.raises(FeedRefused, match="file_not_found"):
        place.ingest(
            intake.Source(
                format="tidy_wide", kind="anonymised", reason="none", files={"responses": (place.root / "no.csv",)}
            )
        )
    assert not place.library.exists()


def test_a_missing_version_column_refuses_the_feed(place, feed):
    with pytest.raises(FeedRefused, match="version_column_missing"):
        place.ingest(feed, versions={"referrals": ("sent",)})


def test_a_first_feed_needs_responses(place, feed):
    with pytest.raises(ConfigError, match="files must name the responses: the library holds none yet"):
        place.ingest({"patients": feed["patients"]})
    with pytest.raises(ConfigError, match="files must name at least one of patients"):
        place.ingest({})


def test_all_faults_of_a_declaration_are_told_at_once(place, feed):
    with pytest.raises(ConfigError, match="kind must be one of") as caught:
        place.ingest(feed, kind="secret", format="xml", columns={"responses": {"phq10_1": "x"}})
    assert "format must be one of 'tidy_wide', 'tidy_long', got 'xml'" in str(caught.value)
    assert "'phq10_1' is not a column of that table" in str(caught.value)


# ---- kinds, keys, folders, writers ----------------------------------------------------------------------------------


def test_an_identified_feed_needs_a_key_file(place, feed):
    with pytest.raises(AccessError, match="an identified feed needs keys"):
        place.ingest(feed, kind="identified")
    assert place.ingest(feed, kind="identified", keys=place.new_key()).adds_up


def test_an_invented_feed_uses_its_own_key_and_no_other(places, feed):
    options = {"kind": "invented", "seed": 1}
    first = places("one").ingest(feed, **options)
    assert places("two").ingest(feed, **options).snapshot == first.snapshot
    assert places("three").ingest(feed, kind="invented", seed=2).snapshot != first.snapshot
    other = places("four")
    with pytest.raises(AccessError, match="a real key is not to be used"):
        other.ingest(feed, keys=other.new_key(), **options)


def test_a_library_takes_one_kind_and_one_key(place, feed):
    place.ingest(feed, kind="invented", seed=1)
    with pytest.raises(AccessError, match="one that is anonymised needs a library of its own"):
        place.ingest(feed)
    with pytest.raises(AccessError, match="made with another key"):
        place.ingest(feed, kind="invented", seed=2)


def test_library_and_vault_lie_apart(place, feed):
    source = place.source(feed)
    with pytest.raises(AccessError, match="neither inside the other"):
        ingest(source, library=place.library, vault=place.library / "vault")
    with pytest.raises(AccessError, match="neither inside the other"):
        ingest(source, library=place.library, vault=place.library)


def test_a_key_inside_the_library_is_refused(place, feed):
    key = place.library / "keys"
    create_keys(key, region="uk")
    with pytest.raises(AccessError, match="must lie outside library and vault"):
        place.ingest(feed, kind="identified", keys=key)


def test_another_vault_is_refused(place, feed):
    place.ingest(feed)
    with pytest.raises(AccessError, match="does not belong to this library"):
        ingest(place.source(feed), library=place.library, vault=place.root / "other vault")


def test_two_writers_do_not_meet(place, feed):
    place.ingest(feed)
    source = place.source(feed)
    with place.shelf.writing(), pytest.raises(AccessError, match="another writer is at work"):
        place.ingest(source)
    assert place.ingest(source).adds_up


def test_the_vault_is_for_its_owner_only(place, feed):
    place.ingest(feed)
    assert (place.vault.stat().st_mode & 0o777) == 0o700
    for path in place.vault.rglob("*"):
        assert (path.stat().st_mode & 0o077) == 0, path.name


def test_an_interrupted_intake_leaves_the_library_as_it_was(place, feed, monkeypatch):
    first = place.ingest(feed)
    before = contents(place.library)

    def stop(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("outcomes.library.store.Store.commit", stop)
    more = feed["responses"].head(1).assign(session_date="2021-08-30")
    with pytest.raises(KeyboardInterrupt):
        place.ingest({"responses": more})
    monkeypatch.undo()
    assert {name: contents(place.library)[name] for name in before} == before
    assert place.view().snapshot == first.snapshot
    assert len(contents(place.library)) > len(before)
    again = place.ingest(feed)
    assert again.snapshot == first.snapshot
    assert contents(place.library) == before


@pytest.mark.slow
def test_a_killed_intake_leaves_the_library_as_it_was(place, feeds):
    big = feeds(patients=400)
    first = place.ingest({name: frame for name, frame in big.items() if name != "contacts"}, kind="invented", seed=1)
    source = place.source(big)
    script = (
        "import sys; from pathlib import Path; from outcomes.library.intake import folder_source, ingest; "
        "feed, library, vault = map(Path, sys.argv[1:]); "
        "ingest(folder_source(feed, kind='invented', seed=1), library=library, vault=vault)"
    )
    command = [sys.executable, "-c", script, str(place.root / "final"), str(place.library), str(place.vault)]
    (place.root / "final").mkdir()
    for table, (path,) in source.files.items():
        path.rename(place.root / "final" / f"{table}.csv")
    rng = np.random.default_rng(3)
    survived = 0
    for _ in range(4):
        child = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})
        until = time.monotonic() + 60
        while (
            child.poll() is None
            and time.monotonic() < until
            and not list(place.vault.glob("parts/*.partial"))
            and len(list((place.vault / "manifests").iterdir())) == 1
        ):
            time.sleep(0.002)
        time.sleep(float(rng.uniform(0, 0.03)))
        child.send_signal(signal.SIGKILL)
        child.wait()
        survived += place.view().snapshot == first.snapshot
        place.view()
    report = ingest(
        folder_source(place.root / "final", kind="invented", seed=1), library=place.library, vault=place.vault
    )
    assert report.adds_up
    assert "contacts" in place.view().tables
    assert not list(place.root.rglob("*.partial"))


def test_a_folder_that_cannot_be_written_is_a_readable_error(place, feed, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AccessError, match="cannot be written \\(No space left on device\\); nothing was changed"):
        place.ingest(feed)


def test_folder_source_finds_the_tables(place, feed):
    source = place.source(feed)
    for table, (path,) in source.files.items():
        path.rename(path.with_name(f"{table}.csv"))
    found = folder_source(place.root / "feed", kind="invented", seed=3)
    assert set(found.files) == set(feed)
    with pytest.raises(ConfigError, match="no responses"):
        folder_source(place.root, kind="invented", seed=3)


def test_a_service_with_one_patient_is_taken_in(place, feeds):
    assert place.ingest(feeds(patients=1)).adds_up
    assert len(place.view().tables["patients"]) == 1


def test_an_empty_table_is_no_error(place, feed):
    report = place.ingest(feed | {"contacts": feed["contacts"].head(0)})
    assert counts(report, "contacts") == (0, 0, 0, 0, 0)
    assert len(place.view().tables["contacts"]) == 0
