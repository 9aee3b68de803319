"""A report says in words what every rule means, and is cut where nobody would read on."""

import pandas as pd


def test_every_rule_of_a_report_has_a_meaning():
    import re
    from pathlib import Path

    import outcomes
    from outcomes.library.relations import RELATION_RULES
    from outcomes.library.report import MEANINGS
    from outcomes.reference.code_cleaning import RULES

    root = Path(outcomes.__file__).parent
    text = (root / "tables" / "cells.py").read_text()
    named = set(re.findall(r'fault="([a-z_]+)"', text)) | set(RULES) | set(RELATION_RULES)
    named |= set(re.findall(r'refused\("([a-z_]+)"', (root / "sources" / "delimited.py").read_text()))
    assert named <= set(MEANINGS)


def test_a_long_report_is_cut_and_says_so(place, feed):
    contacts = feed["contacts"].assign(contact_date="x")
    report = place.ingest(feed | {"contacts": pd.concat([contacts.head(27), feed["contacts"].tail(1)])})
    assert report.summary()["count"].tolist() == [27]
    assert "date_malformed" in report.text()
    assert "not a date in the declared format" in report.text()


def test_the_data_managers_sheet_names_file_row_rule_and_count(place, feed):
    import hashlib
    import io

    contacts = feed["contacts"].copy()
    contacts.loc[[0, 5], "contact_date"] = "sometime"
    contacts.loc[9, "episode_id"] = "E999"
    report = place.ingest(feed | {"contacts": contacts})
    sheet = pd.read_csv(io.StringIO(report.quarantine_sheet()), keep_default_na=False)
    assert list(sheet) == ["sha256", "file", "table", "row", "rule", "column", "count", "meaning", "to_do"]
    assert sheet[["row", "rule", "column", "count"]].to_numpy().tolist() == [
        [2, "date_malformed", "contact_date", 2],
        [7, "date_malformed", "contact_date", 2],
        [11, "no_referral", "", 1],
    ]
    written = place.root / "feed" / "contacts0.csv"
    assert set(sheet["sha256"]) == {hashlib.sha256(written.read_bytes()).hexdigest()}
    assert "sometime" not in report.quarantine_sheet()
    assert "E999" not in report.quarantine_sheet()
    assert sheet["to_do"].ne("").all()


def test_a_refused_feed_has_its_sheet_too(place, feed):
    import pytest

    from outcomes.library.intake import FeedRefused

    with pytest.raises(FeedRefused) as caught:
        place.ingest(feed | {"referrals": feed["referrals"].drop(columns="received_date")})
    lines = caught.value.report.quarantine_sheet().splitlines()
    assert len(lines) == 2
    assert ",0,missing_column,received_date,1," in lines[1]


def test_what_is_to_be_done_is_said_for_rules_that_exist():
    from outcomes.library.meanings import MEANINGS, TO_DO, to_do

    assert set(TO_DO) <= set(MEANINGS)
    assert to_do("out_of_range").startswith("correct the cell")
