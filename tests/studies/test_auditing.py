"""Every command of library kind leaves a line, done or refused, and no line names anybody."""

import shutil
from datetime import UTC, datetime

import pandas as pd
import pytest
from small_study import FROM_FILES, identified

from outcomes.errors import AccessError, ConfigError, DataError
from outcomes.library import audit
from outcomes.library.audit import read, receipt
from outcomes.studies.auditing import PURPOSES, keep_receipt, note_access, purpose_of
from outcomes.studies.caseload import write_caseload
from outcomes.studies.opening import ingest_feed, open_study, register_optout, verify_library
from outcomes.studies.outcome_table import service_table

SHORT = FROM_FILES.split("[subtypes]", maxsplit=1)[0] + "[flags]\n"


def told(request):
    _, workspace = request.read()
    lines = read(workspace.audit, workspace.keys)
    # What was written leaves a receipt of its files besides; here it is about what was read.
    return [(one.command, one.purpose, one.result) for one in lines if ", files " not in one.purpose]


def test_every_command_leaves_its_line(place, feed):
    text = identified(SHORT)
    request = place.request(text, source=feed, keys=place.keys(project=True))
    ingest_feed(request)
    request = place.request(text, keys=place.keys())
    with pytest.raises(AccessError, match="no opt-out allowlist"):
        service_table(request)
    answer = place.root / "answer.dat"
    answer.write_text("".join(f"{one},\n" for one in pd.read_csv(feed / "patients.csv", dtype=str)["nhs_number"]))
    listed = place.request(text, keys=place.keys(), allowlist=answer)
    register_optout(listed, dated=datetime.now(tz=UTC).date())
    service_table(request)
    write_caseload(request)
    verify_library(request)
    research = "research, project small"
    assert told(request) == [
        ("ingest", PURPOSES["ingest"], "done"),
        ("measures", research, "refused"),
        ("optout", PURPOSES["optout"], "done"),
        ("measures", research, "done"),
        ("flags", research, "done"),
        ("flags", "direct care", "done"),
        ("verify", PURPOSES["verify"], "done"),
    ]
    _, workspace = request.read()
    lines = read(workspace.audit, workspace.keys)
    assert lines[0].counts["read"] == sum(lines[0].counts[name] for name in ("accepted", "duplicate", "quarantined"))
    assert lines[3].snapshot == lines[0].snapshot != ""
    said = "".join(map(str, lines))
    patients = pd.read_csv(feed / "patients.csv", dtype=str)
    assert not any(one in said for one in (*patients["patient_id"], *patients["nhs_number"]))


def test_what_is_refused_before_there_is_anything_leaves_no_line(place, feed):
    request = place.request(identified(SHORT), source=feed)
    with pytest.raises(AccessError, match="needs keys"):
        ingest_feed(request)
    assert not (place.workspace / "small" / "audit").exists()


def test_a_refused_feed_leaves_a_line(place, feed, copied):
    ingest_feed(place.request(SHORT, source=feed))
    (copied / "responses.csv").write_text("person\nx\n")
    with pytest.raises(DataError):
        ingest_feed(place.request(SHORT, source=copied))
    assert told(place.request(SHORT))[-1] == ("ingest", PURPOSES["ingest"], "refused")


def test_nothing_is_read_without_a_line(place, feed, monkeypatch):
    ingest_feed(place.request(SHORT, source=feed))

    def broken(*_args, **_options):
        raise AccessError("the audit log cannot be written")

    monkeypatch.setattr(audit, "append", broken)
    with pytest.raises(AccessError, match="the audit log cannot be written"):
        open_study(place.request(SHORT), fresh=False)


def test_a_receipt_beside_a_report_finds_a_log_that_was_put_back(place, feed):
    request = place.request(SHORT, source=feed)
    ingest_feed(request)
    _, workspace = request.read()
    shutil.copytree(workspace.audit, place.root / "old")
    snapshot = open_study(place.request(SHORT), fresh=False).view.snapshot
    place.reports.mkdir()
    kept = keep_receipt(workspace, place.report, snapshot=snapshot)
    assert kept == place.reports / "small.receipt.json"
    assert "it is the one of 1 receipts" in verify_library(place.request(SHORT), receipts=[kept])
    shutil.rmtree(workspace.audit)
    (place.root / "old").rename(workspace.audit)
    with pytest.raises(DataError, match="not the one that a receipt was given for, or was put back to an older one"):
        verify_library(place.request(SHORT), receipts=[kept])
    kept.write_text("{}")
    with pytest.raises(ConfigError, match=r"small\.receipt\.json: this is no receipt"):
        verify_library(place.request(SHORT), receipts=[kept])


def test_a_line_gives_a_receipt_and_the_vault_keeps_it(place, feed):
    request = place.request(SHORT, source=feed)
    ingest_feed(request)
    experiment, workspace = request.read()
    assert purpose_of(experiment) == "research, invented source"
    told = note_access(workspace, "ingest", "tests", anchor=True)
    assert told == receipt(workspace.audit)
    assert "3 lines" in verify_library(request) or told.number == 2
