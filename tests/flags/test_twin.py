"""The twins for machines say what the page says, and nothing that a spreadsheet would run."""

import csv
import io
import json
from datetime import date

import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.settings import FlagSettings
from outcomes.flags.twin import csv_twin, json_twin, last_report, read_twin

FACTS = Facts("Service A", "invented", "abc123", "nhs_talking_therapies_v2_1", date(2025, 3, 31))


@pytest.fixture
def report(desk, course):
    desk.person("ann", [12, 20], item9=[0, 2], as_of=15, therapist="T1", local_id="X-ann")
    desk.person("bob", [12, 12], as_of=15, therapist="T2", local_id="=1+1")
    desk.person("cat", as_of=15, therapist="T3", local_id="X-cat")
    aside = pd.DataFrame({"instrument": ["phq9"], "item": [9], "answer": [1], "patient_id": ["X-unsure"]})
    tables = CareTables(desk.caseload, desk.occasions, desk.totals, course, quarantined=aside)
    return caseload_report(tables, settings=FlagSettings(), facts=FACTS)


def test_twins_say_what_the_page_says(report):
    told = json.loads(json_twin(report))
    assert [row["status"] for row in told["open_referrals"]] == ["flag", "no flag", "cannot score"]
    assert told["open_referrals"][0]["safety"] == ["PHQ-9 question 9: above zero, day 14."]
    assert told["notice"][0] == "This page is not an alert system."
    assert told["duty_list"][0]["person_as_given"] == "X-unsure"
    rows = list(csv.DictReader(io.StringIO(csv_twin(report))))
    assert [row["status"] for row in rows] == ["flag", "no flag", "cannot score"]
    assert "went up from 12 to 20" in rows[0]["reasons"]


def test_no_cell_of_the_csv_is_a_formula(report):
    for row in csv.reader(io.StringIO(csv_twin(report))):
        assert not any(cell[:1] in "=+-@\t\r" for cell in row if cell)
    assert "'=1+1" in csv_twin(report)


def test_last_report_is_read_back(tmp_path, report):
    for name, text in (("caseload.json", json_twin(report)), ("last.json", last_report(report))):
        (tmp_path / name).write_text(text)
        back = read_twin(tmp_path / name)
        assert dict(zip(back["referral"], back["status"], strict=True)) == {
            "r-ann": "flag",
            "r-bob": "no flag",
            "r-cat": "cannot score",
        }
    assert not any(name in last_report(report) for name in ("X-ann", "X-cat", "above zero"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"open_referrals": [{"referral": "secret"}]}', "not json"])
def test_a_wrong_last_report_is_refused_without_its_content(tmp_path, text):
    path = tmp_path / "last.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"last\.json is not the JSON twin") as caught:
        read_twin(path)
    assert "secret" not in str(caught.value)
