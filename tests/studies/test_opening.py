"""How a study gets at its data: feeds of every kind come in with a tally that adds up, or are refused in words."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from small_study import FROM_FILES, INVENTED, identified

from outcomes.errors import AccessError, ConfigError, DataError
from outcomes.studies.opening import day_of, ingest_feed, open_study, register_optout, verify_library

DIRTY = INVENTED.replace("patients = 500", "dirty = true, patients = 300")
SENTINEL = "Q7SENTINEL"


def cells(folder, name):
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)


def change(folder, name, how):
    how(cells(folder, name)).to_csv(folder / f"{name}.csv", index=False)


def put(row, column, value):
    def how(table):
        table.loc[row, column] = value
        return table

    return how


def drop(column):
    return lambda table: table.drop(columns=column)


def opened(place, feed, text=FROM_FILES):
    return open_study(place.request(text, source=feed), fresh=True)


def test_an_invented_service_comes_in_whole(place):
    steps = []
    study = open_study(
        place.request(INVENTED.replace("500", "60")), fresh=True, progress=lambda *step: steps.append(step)
    )
    assert study.view.kind == "invented"
    assert study.intake.adds_up
    assert study.intake.tally["quarantined"].sum() == 0
    assert steps[-1] == ("Reading the research view", 1, 1)
    assert len(study.view.tables["patients"]) == 60


def test_the_same_feed_is_read_again_only_where_that_is_asked_for(place, feed):
    first = opened(place, feed)
    assert open_study(place.request(FROM_FILES), fresh=False).intake is None
    again = opened(place, feed)
    assert again.view.snapshot == first.view.snapshot
    assert not again.intake.changed


def test_the_dirt_of_real_feeds_is_counted_and_nothing_is_lost(place):
    study = open_study(place.request(DIRTY), fresh=True)
    tally = study.intake.tally
    assert study.intake.adds_up
    assert tally["duplicate"].sum() > 0
    assert tally["quarantined"].sum() > 0
    read = {
        name: len(cells(place.workspace / "small" / "feed", name)) for name in ("patients", "referrals", "contacts")
    }
    told = tally.set_index("table")["read"].to_dict()
    assert {name: told[name] for name in read} == read


FAULTS = [  # table, what is spoilt, rule of the quarantine line
    ("responses", put(3, "phq9_1", "4"), "out_of_range"),
    ("responses", put(3, "phq9_1", "-1"), "out_of_range"),
    ("responses", put(3, "gad7_2", SENTINEL), ""),
    ("responses", put(3, "session_date", "2022-02-30"), ""),
    ("responses", put(3, "session_date", "2099-01-01"), ""),
    ("responses", put(3, "session_date", ""), "no_date_or_occasion"),
    ("patients", put(3, "birth_date", "31/12/1980"), ""),
    ("patients", put(3, "patient_id", ""), ""),
    ("referrals", put(3, "received_date", SENTINEL), ""),
    ("contacts", put(3, "contact_date", "tomorrow"), ""),
]


@pytest.mark.parametrize(("table", "how", "rule"), FAULTS, ids=[f"{table}{i}" for i, (table, *_) in enumerate(FAULTS)])
def test_a_wrong_cell_is_a_quarantine_line_and_never_shown(place, copied, table, how, rule):
    change(copied, table, how)
    report = opened(place, copied).intake
    line = report.quarantine.query("table == @table")
    assert len(line) >= 1
    assert (line["row"] == 5).any()  # the header is record 1
    assert not rule or rule in set(line["rule"])
    assert report.adds_up
    assert SENTINEL not in report.text()
    assert "2099" not in report.text()


def test_an_unknown_code_is_kept_as_not_known(place, copied):
    change(copied, "patients", put(3, "gender", "Q"))
    report = opened(place, copied).intake
    assert "unknown_code" in set(report.notes["rule"])
    assert report.adds_up


def test_codes_with_lost_zeros_and_blanks_are_mended(place, copied):
    change(copied, "contacts", lambda table: table.assign(appointment_type=" 2 "))
    study = opened(place, copied)
    assert set(study.view.tables["contacts"]["appointment_type"].dropna()) == {"02"}


def test_identifiers_with_leading_zeros_stay_apart(place, copied):
    change(copied, "patients", lambda table: table.assign(patient_id=table["patient_id"].replace("P0000001", "00123")))
    change(copied, "patients", lambda table: table.assign(patient_id=table["patient_id"].replace("P0000002", "123")))
    assert len(opened(place, copied).view.tables["patients"]) >= 150


REFUSED = [
    ("responses", drop("patient_id"), r"responses\.csv"),
    ("referrals", drop("received_date"), r"referrals\.csv"),
    ("patients", drop("patient_id"), r"patients\.csv"),
    ("contacts", drop("contact_date"), r"contacts\.csv"),
    ("responses", lambda table: table.assign(patient_id=""), r"responses\.csv"),
]


@pytest.mark.parametrize(("table", "how", "said"), REFUSED, ids=range(len(REFUSED)))
def test_a_file_that_cannot_be_used_refuses_the_feed(place, copied, table, how, said):
    change(copied, table, how)
    with pytest.raises(DataError, match=said):
        opened(place, copied)
    with pytest.raises(AccessError, match="nothing was taken in yet"):
        verify_library(place.request(FROM_FILES))


def test_a_refused_feed_leaves_the_library_as_it_was(place, feed, copied):
    snapshot = opened(place, feed).view.snapshot
    change(copied, "responses", drop("patient_id"))
    with pytest.raises(DataError, match=r"responses\.csv"):
        opened(place, copied)
    assert snapshot in verify_library(place.request(FROM_FILES))


def test_a_binary_file_is_refused_in_words(place, copied):
    (copied / "responses.csv").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(DataError, match=r"responses\.csv"):
        opened(place, copied)


def test_a_trailing_comma_does_not_shift_columns(place, copied):
    lines = (copied / "patients.csv").read_text().splitlines()
    (copied / "patients.csv").write_text("\n".join([lines[0], *(line + "," for line in lines[1:])]) + "\n")
    with pytest.raises(DataError, match=r"patients\.csv"):
        opened(place, copied)


def test_no_feed_at_all_says_how_to_name_one(place):
    with pytest.raises(ConfigError, match="no feed: give its folder with --source, or as path"):
        ingest_feed(place.request(FROM_FILES))


def test_a_feed_that_is_not_there_is_named_without_its_path(place):
    with pytest.raises(ConfigError, match="the feed's folder 'nowhere' is not there") as caught:
        ingest_feed(place.request(FROM_FILES, source=place.root / "nowhere"))
    assert str(place.root) not in str(caught.value)


def test_a_folder_without_responses_is_an_error_that_says_which_files_count(place, copied):
    (copied / "responses.csv").unlink()
    with pytest.raises(ConfigError, match=r"no responses\.parquet, responses\.csv, responses\.csv\.gz in this folder"):
        opened(place, copied)


def test_an_invented_feed_without_its_note_needs_the_seed(place, copied):
    text = FROM_FILES.replace("\nseed = 7", "")
    assert opened(place, copied, text).view.kind == "invented"
    (copied / "feed.toml").unlink()
    with pytest.raises(ConfigError, match="an invented feed needs its seed"):
        opened(place, copied, text)


def test_declared_columns_and_codes_hold_without_declared_files_too(place, copied):
    change(copied, "responses", lambda table: table.rename(columns={"phq9_1": "Mood"}).assign(gad7_1="99"))
    text = FROM_FILES.replace(
        "[subtypes]",
        '[source.columns]\nresponses = { phq9_1 = "Mood" }\n[source.missing_codes]\ngad7_1 = ["99"]\n[subtypes]',
    )
    study = opened(place, copied, text)
    occasions = study.view.tables["occasions"]
    assert study.intake.tally["quarantined"].sum() == 0
    assert occasions["phq9_1"].notna().any()
    assert occasions["gad7_1"].isna().all()


def test_a_column_that_no_table_has_is_a_fault_of_the_declaration(place, feed):
    text = FROM_FILES.replace("[subtypes]", '[source.columns]\nresponses = { mood = "Mood" }\n[subtypes]')
    with pytest.raises(ConfigError, match=r"columns\.responses: 'mood' is not a column of that table"):
        opened(place, feed, text)


def test_another_kind_of_source_is_not_mixed_into_a_library(place, feed):
    opened(place, feed)
    with pytest.raises((AccessError, ConfigError, DataError), match="invented"):
        opened(place, feed, FROM_FILES.replace('"invented"', '"anonymised"').replace("\nseed = 7", ""))


def test_the_report_of_intake_is_a_page_of_counts(place, feed):
    text = ingest_feed(place.request(FROM_FILES, source=feed))
    assert re.search(r"Library snapshot [0-9a-f]{32}", text)
    assert "patients.csv" in text
    assert not set(cells(feed, "patients")["patient_id"]) & set(re.findall(r"\w+", text))


def test_a_damaged_part_is_found(place, feed):
    opened(place, feed)
    assert "every part has the hash that names it" in verify_library(place.request(FROM_FILES))
    part = next((place.workspace / "small" / "library" / "parts").glob("*.part"))
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(
        DataError, match=r"not as they were written:\n  library: a part of table .* is missing or damaged"
    ):
        verify_library(place.request(FROM_FILES))


def test_an_optout_is_registered_by_itself_and_holds_at_the_next_read(place, feed, tmp_path):
    everybody = cells(feed, "patients")["patient_id"]
    allowed = everybody[:40]
    answer = tmp_path / "answer_150123_1.dat"
    answer.write_text("".join(f"{person},\n" for person in allowed), encoding="utf-8")
    request = place.request(identified(FROM_FILES), source=feed, keys=place.keys(project=True), allowlist=answer)
    with pytest.raises(AccessError, match="no library yet"):
        register_optout(request, by_patient_id=True)
    ingest_feed(request)
    today = datetime.now(tz=UTC).date()
    said = register_optout(request, by_patient_id=True, dated=today)
    assert "40 people" in said
    assert not any(person in said for person in allowed)
    objecting = tmp_path / "objections.txt"
    objecting.write_text(f"{allowed.iloc[0]}\n", encoding="utf-8")
    assert "39 people" in register_optout(request, by_patient_id=True, dated=today, objections=objecting)
    study = open_study(replace(request, source=None, allowlist=None), fresh=False)
    assert len(study.view.tables["patients"]) == 39
    with pytest.raises(ConfigError, match="give the answer of the opt-out check"):
        register_optout(replace(request, allowlist=None))


def test_a_day_on_the_command_line_is_a_date_or_refused():
    assert day_of(None, "--dated") is None
    assert day_of("2023-03-31", "--dated") == date(2023, 3, 31)
    with pytest.raises(ConfigError, match="--dated must be a date as YYYY-MM-DD, got '31/03/2023'"):
        day_of("31/03/2023", "--dated")
