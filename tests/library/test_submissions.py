"""A whole submission that was cut off is refused; what it no longer has is said and stays, known up to its last one."""

from datetime import date

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.library.intake import FeedRefused
from outcomes.library.state import open_stores
from outcomes.library.submissions import SUBMISSIONS

OCTOBER, NOVEMBER, DECEMBER = (date(2022, month, 30) for month in (10, 11, 12))
JUNE = date(2022, 4, 1)  # day zero of the later referrals


def whole(day, **options):
    return {"submission": "whole", "extract_date": day, **options}


def without_last_person(feed):
    last = feed["patients"]["patient_id"].iloc[-1]
    return {name: frame[frame["patient_id"] != last] for name, frame in feed.items()}


def listed(place):
    stores = open_stores(place.library, place.vault, None)
    return stores.vault.tables(stores.library.head()["vault"])[SUBMISSIONS]


def noted(report):
    return report.notes.set_index(["table", "rule"])["count"].to_dict()


def test_a_referral_that_is_no_longer_submitted_is_known_up_to_its_last_submission(place, feed):
    place.ingest(feed, **whole(OCTOBER))
    report = place.ingest(without_last_person(feed), **whole(NOVEMBER))
    assert report.adds_up
    told = noted(report)
    # One person with one open referral, four contacts and four sittings is gone; nothing of them is taken away.
    assert told["referrals", "no_longer_submitted"] == told["referrals", "open_no_longer_submitted"] == 1
    assert told["patients", "kept_not_resubmitted"] == 1
    assert told["contacts", "kept_not_resubmitted"] == told["responses", "kept_not_resubmitted"] == 4
    referrals = place.view().tables["referrals"].query("quarter == '2022Q2'")
    assert len(referrals) == 6
    assert referrals.loc[referrals["end_day"].isna(), "last_seen_day"].tolist() == [(OCTOBER - JUNE).days]
    assert set(referrals.loc[referrals["end_day"].notna(), "last_seen_day"]) == {(NOVEMBER - JUNE).days}


def test_the_order_of_whole_submissions_does_not_matter(places, feed):
    forth, back = places("forth"), places("back")
    less = without_last_person(feed)
    forth.ingest(feed, **whole(OCTOBER))
    one = forth.ingest(less, **whole(NOVEMBER))
    back.ingest(less, **whole(NOVEMBER))
    assert back.ingest(feed, **whole(OCTOBER)).snapshot == one.snapshot


def test_a_referral_that_comes_back_is_known_again(place, feed):
    place.ingest(feed, **whole(OCTOBER))
    place.ingest(without_last_person(feed), **whole(NOVEMBER))
    report = place.ingest(feed, **whole(DECEMBER))
    assert ("referrals", "no_longer_submitted") not in noted(report)
    referrals = place.view().tables["referrals"].query("quarter == '2022Q2'")
    assert set(referrals["last_seen_day"]) == {(DECEMBER - JUNE).days}


def test_a_truncated_refresh_is_refused_and_needs_a_word(place, feed):
    first = place.ingest(feed, **whole(OCTOBER))
    head = (place.library / "HEAD").read_bytes()
    cut = feed | {"responses": feed["responses"].head(13)}
    with pytest.raises(FeedRefused, match=r"responses, responses0\.csv: truncated_refresh") as caught:
        place.ingest(cut, **whole(NOVEMBER))
    report = caught.value.report
    assert report.adds_up
    assert report.tally["refused"].sum() == report.tally["read"].sum() == 6 + 7 + 28 + 13
    assert "fewer than half of the rows" in report.text()
    assert (place.library / "HEAD").read_bytes() == head
    assert place.view().snapshot == first.snapshot
    again = place.ingest(cut, **whole(NOVEMBER, fewer_rows_are_right=True))
    assert noted(again)["responses", "kept_not_resubmitted"] == 15
    assert len(place.view().tables["occasions"]) == 28


def test_half_of_the_rows_are_enough(place, feed):
    place.ingest(feed, **whole(OCTOBER))
    assert place.ingest(feed | {"responses": feed["responses"].head(14)}, **whole(NOVEMBER)).adds_up


def test_additions_that_mostly_repeat_are_said_to_look_cut_off(place, feed):
    place.ingest(feed)
    report = place.ingest({"responses": feed["responses"].head(5)})
    assert noted(report)["responses", "smaller_refresh"] == 5
    assert "is it cut off?" in report.text()
    fresh = feed["responses"].head(2).assign(session_date=["2021-08-28", "2021-08-29"])
    assert ("responses", "smaller_refresh") not in noted(place.ingest({"responses": fresh}))


def test_a_whole_submission_says_of_which_day_it_is(place, feed):
    with pytest.raises(ConfigError, match="submission = 'whole' needs extract_date"):
        place.ingest(feed, submission="whole")
    with pytest.raises(ConfigError, match="submission must be one of 'additions', 'whole', got 'all'"):
        place.ingest(feed, submission="all")


def test_every_file_is_listed_with_its_hash(place, feed):
    import hashlib

    place.ingest(feed, **whole(OCTOBER))
    place.ingest(feed, **whole(OCTOBER))
    told = listed(place)
    assert told["feed"].tolist() == [1, 1, 1, 1]
    assert told.set_index("table").loc["responses", "rows"] == 28
    written = place.root / "feed" / "responses0.csv"
    assert told.set_index("table").loc["responses", "sha256"] == hashlib.sha256(written.read_bytes()).hexdigest()
    place.ingest({"responses": feed["responses"].head(20)}, **whole(NOVEMBER))
    assert listed(place)["feed"].tolist() == [1, 1, 1, 1, 2]


def test_a_correction_is_traced_to_its_file_and_the_old_snapshot_to_its_own(place, feed):
    versions = {"versions": {"responses": ("sent",)}}
    first = place.ingest(feed | {"responses": feed["responses"].assign(sent="1")}, **versions)
    changed = feed["responses"].head(1).assign(sent="2", phq9_1="0", phq9_2="0", phq9_3="3")
    second = place.ingest({"responses": changed}, **versions)
    stores = open_stores(place.library, place.vault, None)
    files = {
        state["snapshot"]: set(stores.vault.tables(state["vault"])[SUBMISSIONS]["sha256"])
        for state in stores.library.head()["history"]
    }
    assert set(files) == {first.snapshot, second.snapshot}
    assert files[second.snapshot] - files[first.snapshot] == set(second.tally["sha256"])


def test_unplanned_contacts_enter_as_such(place, feed):
    said = pd.Series(["Y", "n", " N", "perhaps"] * 7)
    place.ingest(feed | {"contacts": feed["contacts"].assign(planned=said)})
    contacts = place.view().tables["contacts"]
    assert contacts["planned"].value_counts().to_dict() == {"N": 14, "Y": 7, "?": 7}


def test_a_feed_that_does_not_say_whether_contacts_were_planned_has_no_such_column(place, feed):
    place.ingest(feed)
    assert "planned" not in place.view().tables["contacts"]


EXPERIMENT = """
[study]
name = "refreshed"
title = "A feed that is sent whole"
question = "Is a refresh that was cut off noticed?"
seed = 1

[source]
format = "tidy_wide"
kind = "anonymised"
reason = "made for tests"
submission = "whole"
extract_date = {day}

[source.files]
referrals = "referrals0.csv"
responses = "responses0.csv"
"""


def test_the_command_refuses_says_row_by_row_why_and_takes_the_word(place, feed, capsys):
    from outcomes.cli.app import main

    def run(tables, day, *words):
        place.source({name: tables[name] for name in ("referrals", "responses")})
        (place.root / "experiment.toml").write_text(EXPERIMENT.format(day=day.isoformat()))
        folders = ["--workspace", str(place.root / "var"), "--source", str(place.root / "feed")]
        return main(["ingest", str(place.root / "experiment.toml"), *folders, *words])

    cut = feed | {"responses": feed["responses"].head(5)}
    assert run(feed, OCTOBER) == 0
    assert run(cut, NOVEMBER) == 3
    assert "responses, responses0.csv: truncated_refresh" in capsys.readouterr().err
    (sheet,) = (place.root / "var").rglob("quarantine.csv")
    assert "truncated_refresh,,1,a whole submission with fewer than half" in sheet.read_text()
    assert run(cut, NOVEMBER, "--fewer-rows") == 0
    assert "kept_not_resubmitted" in capsys.readouterr().out
    assert sheet.read_text().splitlines() == ["sha256,file,table,row,rule,column,count,meaning,to_do"]
