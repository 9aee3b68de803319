"""Files: owner only, whole or not at all, one reader each, and nothing that a spreadsheet would run."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyrage import DecryptError, decrypt
from pyrage.x25519 import Identity

from outcomes.errors import AccessError, ConfigError
from outcomes.flags import writer
from outcomes.flags.page import caseload_page, for_reader, reader_pages
from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.settings import FlagSettings
from outcomes.flags.writer import Writing, file_name, write_page, write_report

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


def test_each_file_is_encrypted_to_its_own_reader_and_nothing_lies_in_the_clear(tmp_path, report):
    keys = {reader: Identity.generate() for reader in ("supervisor", "T1", "T2", "T3")}
    readers = {reader: str(key.to_public()) for reader, key in keys.items()}
    receipt = write_report(tmp_path, report, writing=Writing(readers=readers))
    assert {path.name for path in tmp_path.iterdir()} == set(receipt.files)
    assert all(name.endswith(".age") or name == "last.json" for name in receipt.files)
    assert not any(b"X-ann" in path.read_bytes() for path in tmp_path.iterdir())
    assert b"X-ann" in decrypt((tmp_path / "therapist-T1.html.age").read_bytes(), [keys["T1"]])
    with pytest.raises(DecryptError):
        decrypt((tmp_path / "therapist-T1.html.age").read_bytes(), [keys["T3"]])
    del readers["T2"]
    with pytest.raises(ConfigError, match="'T2' has no key"):
        write_report(tmp_path / "other", report, writing=Writing(readers=readers))
    assert not any(path.suffix == ".html" for path in (tmp_path / "other").iterdir())


def test_one_file_a_person_holds_exactly_that_person(tmp_path, report):
    receipt = write_report(tmp_path, report, writing=Writing(per_person=True, per_therapist=True))
    sheets = [path.read_text() for path in sorted(tmp_path.glob("person-*.html"))]
    assert len(sheets) == 3
    assert sorted(["X-ann" in text, "X-cat" in text] for text in sheets) == [
        [False, False],
        [False, True],
        [True, False],
    ]
    assert len(receipt.files) == 4 + 1 + 3 + 3  # page, twins and duty list; what is kept; therapists; people


def test_pages_do_not_depend_on_how_many_are_drawn_at_a_time(tmp_path, monkeypatch, whole_service, course):
    monkeypatch.setattr(writer, "AT_ONCE", 10)
    desk = whole_service(40, seed=5)
    tables = CareTables(desk.caseload, desk.occasions, desk.totals, course)
    made = caseload_report(tables, settings=FlagSettings(), facts=FACTS)
    steps = []
    one = write_report(tmp_path / "one", made, writing=Writing(progress=lambda *step: steps.append(step)))
    two = write_report(tmp_path / "two", made, writing=Writing(processes=2))
    assert one.files == two.files
    assert one.digest == two.digest
    assert steps[-1] == (13, 13)


def test_a_page_drawn_among_many_is_the_page_drawn_alone(whole_service, course):
    desk = whole_service(40, seed=6, therapists=3)
    desk.person("nobodys", [12, 12], therapist=None, local_id="X-nobodys")
    tables = CareTables(desk.caseload, desk.occasions, desk.totals, course)
    made = caseload_report(tables, settings=FlagSettings(), facts=FACTS)
    before = pd.DataFrame({"referral": ["r-gone"], "therapist": ["T01"], "status": ["flag"]})
    pages = dict(reader_pages(made, ["", "T01", "T02", "T03"], before))
    for therapist, page in pages.items():
        mine = before.loc[before["therapist"].eq(therapist)]
        alone = caseload_page(for_reader(made, therapist), previous=mine, reader=therapist or "No therapist recorded")
        assert page == alone
    assert "X-nobodys" in pages[""]
    assert "1 referral has left" in pages["T01"]


SCRIPT = """
import os, sys
sys.path[:0] = [{tests!r}]
from made_up import expected_course, service
from test_writer import FACTS
from outcomes.flags import writer
from outcomes.flags.report import CareTables, caseload_report
from outcomes.flags.settings import FlagSettings
from outcomes.studies.workspace import staged
from pathlib import Path
desk = service(60, seed=1)
tables = CareTables(desk.caseload, desk.occasions, desk.totals, expected_course())
report = caseload_report(tables, settings=FlagSettings(), facts=FACTS)
written = []
real = os.fsync
def dies(handle):
    real(handle)
    written.append(handle)
    if len(written) == {after}:
        os.kill(os.getpid(), 9)
os.fsync = dies
with staged(Path({place!r}), private=True) as folder:
    writer.write_report(folder, report)
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 5])
def test_killed_for_good_leaves_no_half_report_and_a_rerun_finishes(tmp_path, after):
    """SIGKILL, which nothing can catch: under the final name lies the whole old report, or none."""
    final = tmp_path / "care"
    told = {"tests": str(Path(__file__).parent), "place": str(final)}
    ended = subprocess.run([sys.executable, "-c", SCRIPT.format(after=after, **told)], check=False)
    assert ended.returncode == -9
    assert not final.exists()
    subprocess.run([sys.executable, "-c", SCRIPT.format(after=-1, **told)], check=True)
    assert len(list(final.glob("therapist-*.html"))) == 12
    assert not list(tmp_path.rglob(f"{writer.UNFINISHED}*"))
    before = {path.name: path.read_bytes() for path in final.iterdir()}
    assert subprocess.run([sys.executable, "-c", SCRIPT.format(after=after, **told)], check=False).returncode == -9
    assert {path.name: path.read_bytes() for path in final.iterdir()} == before
