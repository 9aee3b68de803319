"""The files: layout, same bytes, nothing left from before, nothing written when something may not leave."""

from dataclasses import replace

import pytest

from outcomes.errors import ConfigError, DisclosureError
from outcomes.publications.page import Section
from outcomes.publications.writer import report_files, write_report


def test_layout_and_bytes(report, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    written = write_report(report, one, methods="# Methods\n")
    write_report(report, two, methods="# Methods\n")
    names = [path.relative_to(one).as_posix() for path in written]
    assert names[:2] == ["report.html", "methods.md"]
    assert {"tables/recovery.csv", "tables/recovery.md", "tables/recovery.tex"} <= set(names)
    assert {"figures/funnel.svg", "figures/funnel.pdf", "figures/funnel.png"} <= set(names)
    on_disk = sorted(path.relative_to(one).as_posix() for path in one.rglob("*") if path.is_file())
    assert on_disk == sorted(names)
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_what_an_earlier_run_left_is_removed_and_foreign_files_stay(report, tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "old.csv").write_text("old")
    (tmp_path / "tables" / "mine.txt").write_text("mine")
    write_report(replace(report, sections=()), tmp_path)
    assert not (tmp_path / "tables" / "old.csv").exists()
    assert (tmp_path / "tables" / "mine.txt").read_text() == "mine"


def test_nothing_is_written_when_something_may_not_leave(report, tmp_path):
    table = report.tables()[0]
    bare = replace(report, sections=(Section("One", (replace(table, released=table.released.table),)),))
    with pytest.raises(DisclosureError, match="only released tables"):
        write_report(bare, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_true_count_in_any_file(report):
    for name, content in report_files(report):
        if not name.endswith((".png", ".pdf", ".svg", ".html")):
            assert b"3000" not in content
            assert b"3,000" not in content


def test_a_name_that_is_no_file_name_is_refused(report, tmp_path):
    table = replace(report.tables()[0], name="../up")
    with pytest.raises(ConfigError, match=r"'\.\./up' cannot name a file"):
        write_report(replace(report, sections=(Section("One", (table,)),)), tmp_path)
