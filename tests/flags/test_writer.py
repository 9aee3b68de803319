"""Files: owner only, whole or not at all, one reader each, and nothing that a spreadsheet would run."""

import os
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from outcomes.errors import AccessError
from outcomes.flags import writer
from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.settings import FlagSettings
from outcomes.flags.writer import file_name, write_page, write_report

FACTS = Facts("Service A", "invented", "abc123", "nhs_talking_therapies_v2_1", date(2025, 3, 31))


@pytest.fixture
def report(desk, course):
    desk.person("ann", [12, 20], item9=[0, 2], as_of=15, therapist="T1", local_id="X-ann")
    desk.person("bob", [12, 12], as_of=15, therapist="T2", local_id="=1+1")
    desk.person("cat", as_of=15, therapist="T3", local_id="X-cat")
    aside = pd.DataFrame({"instrument": ["phq9"], "item": [9], "answer": [1], "patient_id": ["X-unsure"]})
    tables = CareTables(desk.caseload, desk.occasions, desk.totals, course, quarantined=aside)
    return caseload_report(tables, settings=FlagSettings(), facts=FACTS)


def test_files_can_be_read_by_their_owner_only(tmp_path, report):
    old = os.umask(0)
    try:
        write_report(tmp_path / "made", report)
    finally:
        os.umask(old)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "made").iterdir()} == {0o600}


def test_each_therapist_gets_exactly_that_caseload(tmp_path, report):
    write_report(tmp_path, report)
    first, second = ((tmp_path / f"therapist-T{n}.html").read_text() for n in (1, 3))
    assert "X-ann" in first
    assert "X-cat" not in first
    assert "X-ann" not in second
    assert "X-cat" in second
    assert "X-unsure" not in first + second + (tmp_path / "caseload.html").read_text()
    assert "X-unsure" in (tmp_path / "duty.html").read_text()


def test_receipt_holds_hashes_and_counts_and_nobody(tmp_path, report):
    receipt = write_report(tmp_path, report)
    assert sorted(receipt.files) == sorted(path.name for path in tmp_path.iterdir())
    assert receipt.counts["open"] == 3
    assert not any(name in repr(receipt) for name in ("X-ann", "r-ann", "bob", "X-cat"))


def test_same_report_same_bytes_in_another_folder(tmp_path, report):
    once, again = (write_report(tmp_path / name, report).files for name in ("one", "two"))
    assert once == again


def test_killed_half_way_leaves_the_old_file_and_a_rerun_finishes(tmp_path, monkeypatch, report):
    write_page(tmp_path / "caseload.html", "old")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            write_page(tmp_path / "caseload.html", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["caseload.html"]
    assert (tmp_path / "caseload.html").read_text() == "old"
    (tmp_path / f"{writer.UNFINISHED}abc").write_text("left by a kill -9")
    write_report(tmp_path, report)
    assert not list(tmp_path.glob(f"{writer.UNFINISHED}*"))


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AccessError, match="No space left"):
        write_page(tmp_path / "caseload.html", "new")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(AccessError, match="check the folder"):
        write_page(tmp_path / "none" / "page.html", "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(AccessError, match="can't be made"):
        write_report(tmp_path / "file" / "folder", None)


@pytest.mark.parametrize("code", ["../../etc/passwd", "a/b", "", ".", "x" * 300, "<b>", "Zoë", "con:aux", "-rf"])
def test_no_therapist_code_becomes_a_path(code):
    name = file_name(code)
    assert Path(name).name == name
    assert name.isalnum()
    assert len(name) == 16
