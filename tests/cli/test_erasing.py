"""erase, retain, correct: the steward's keys and nobody else's; identifiers from a file, never back on the screen."""

import io
from datetime import UTC, datetime

import pandas as pd
import pytest
from small_study import FROM_FILES, Place, identified

from outcomes.cli import main

ROLES = ("engineer", "analyst", "care", "release", "auditor")
SHORT = identified(FROM_FILES.split("[subtypes]", maxsplit=1)[0])
COMMANDS = {
    "erase": ["--who", "request.txt", "--by-nhs-number", "--dry-run"],
    "retain": ["--until", "2090-12-31", "--reason", "protocol", "--dry-run"],
    "correct": ["corrections.csv", "--dry-run"],
}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory, feed):
    """A library of an identified source, a request, a list of corrections."""
    place = Place(tmp_path_factory.mktemp("duties"))
    keys = place.keys(project=True)
    people = pd.read_csv(feed / "patients.csv", dtype=str)
    steward = ["--workspace", str(place.workspace), "--keys", str(keys / "steward")]
    assert main(["ingest", str(place.write(SHORT)), "--source", str(feed), *steward]) == 0
    (place.root / "request.txt").write_text(people["nhs_number"].iloc[5] + "\n")
    line = f"patients,{people['patient_id'].iloc[7]},gender,9,asked again\n"
    (place.root / "corrections.csv").write_text("table,patient_id,column,value,reason\n" + line)
    return place, keys, people


def run(sealed, command, role, monkeypatch, *, words=None):
    place, keys, _ = sealed
    monkeypatch.chdir(place.root)
    held = [] if role == "engineer" else ["--keys", str(keys / role)]
    words = COMMANDS[command] if words is None else words
    return main([command, "experiment.toml", *words, "--workspace", str(place.workspace), *held])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_but_the_steward_can(sealed, command, role, monkeypatch, capsys):
    assert run(sealed, command, role, monkeypatch) == 4
    assert "key" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_the_steward_can(sealed, command, monkeypatch, capsys):
    assert run(sealed, command, "steward", monkeypatch) == 0
    said = capsys.readouterr().out
    assert "dry run" in said
    assert not any(one in said for one in (*sealed[2]["nhs_number"], *sealed[2]["patient_id"]))


def test_whom_is_said_once(sealed, monkeypatch, capsys):
    for words in ([], ["--who", "request.txt", "--resume"]):
        assert run(sealed, "erase", "steward", monkeypatch, words=words) == 2
        assert "one of the two" in capsys.readouterr().err
    assert run(sealed, "erase", "steward", monkeypatch, words=["--who", "not_there.txt"]) == 4


def test_from_the_keyboard_to_the_receipt(sealed, monkeypatch, capsys):
    place, _, people = sealed
    who = people["patient_id"].iloc[3]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{who}\n"))
    assert run(sealed, "erase", "steward", monkeypatch, words=["--who", "-"]) == 0
    assert "Receipt:" in capsys.readouterr().out
    receipt = place.workspace / "small" / "erasures" / "receipt_0001.json"
    assert f'"date": "{datetime.now(tz=UTC).date().isoformat()}"' in receipt.read_text()
    assert who not in receipt.read_text()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{who}\n"))
    assert run(sealed, "erase", "steward", monkeypatch, words=["--who", "-"]) == 3
    assert who not in capsys.readouterr().err
    assert run(sealed, "erase", "steward", monkeypatch, words=["--resume"]) == 0
    assert "Nobody to erase." in capsys.readouterr().out
    assert run(sealed, "verify", "steward", monkeypatch, words=[]) == 0
