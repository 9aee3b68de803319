"""Roles are keys held: the table of docs/roles.md, run cell by cell on a library of an identified source."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from small_study import FROM_FILES, Place, identified

from outcomes.cli import main
from outcomes.library.roles import ROLES, create_keys

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "roles.md").read_text(encoding="utf-8")
SHORT = identified(FROM_FILES.split("[subtypes]", maxsplit=1)[0]) + "[flags]\n"
LATER = ("correct", "retain", "erase", "rotate")  # what changes the library comes last, its key at the very end


def table():
    """Command to role to what the page says."""
    lines = [line for line in PAGE.split("## Who can run")[1].splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    cells = {}
    for commands, *said in rows:
        for command in re.findall(r"`(\w+)`", commands):
            cells[command] = dict(zip(head[1:], said, strict=True))
    return cells


TABLE = table()
CELLS = [(command, role) for command in TABLE if command != "run" for role in TABLE[command]]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory, feed):
    """A library of an identified source with a fresh list and a project; its experiment file."""
    place = Place(tmp_path_factory.mktemp("roles"))
    keys = place.keys(project=True)
    create_keys(place.root / "new", region="uk")
    numbers = pd.read_csv(feed / "patients.csv", dtype=str)["nhs_number"]
    answer = place.root / f"X26HC036-{datetime.now(tz=UTC):%d%m%y}-0001.dat"
    answer.write_text("".join(f"{number},\n" for number in numbers), encoding="utf-8")
    (place.root / "who.txt").write_text("P0000001\n", encoding="utf-8")
    corrections = "table,patient_id,column,value,reason\npatients,P0000002,gender,2,a letter\n"
    (place.root / "corrections.csv").write_text(corrections, encoding="utf-8")
    experiment = place.write(SHORT)
    common = ["--workspace", str(place.workspace), "--keys", str(keys / "steward")]
    assert main(["ingest", str(experiment), "--source", str(feed), *common]) == 0
    assert main(["optout", str(experiment), "--allowlist", str(answer), *common]) == 0
    return place, experiment, feed, answer


def words(sealed, command, role):
    place, experiment, feed, answer = sealed
    special = {
        "ingest": ["--source", feed],
        "optout": ["--allowlist", answer],
        "projects": ["--register", place.root / "projects.toml"],
        "flags": ["--reports", place.reports],
        "export": ["--project", "small", "--to", place.workspace / f"extract of {role}"],
        "correct": [place.root / "corrections.csv"],
        "retain": ["--until", "2099-12-31", "--reason", "protocol"],
        "erase": ["--who", place.root / "who.txt"],
        "rotate": ["--what", "library", "--new", place.root / "new"],
    }
    keys = [] if role == "engineer" else ["--keys", place.root / "keys" / role]
    return [command, experiment, *special.get(command, ()), *keys, "--workspace", place.workspace]


@pytest.mark.parametrize(
    ("command", "role"), sorted(CELLS, key=lambda cell: (*LATER, cell[0]).index(cell[0]) if cell[0] in LATER else -1)
)
def test_a_role_can_do_what_its_keys_allow_and_nothing_else(sealed, command, role, capsys):
    code = main([str(word) for word in words(sealed, command, role)])
    said = capsys.readouterr()
    assert code == (0 if TABLE[command][role] == "yes" else 4), said.err
    if code:
        assert re.search(r"\.key|--keys|needs keys", said.err), said.err


def test_the_page_names_every_role_and_the_keys_that_it_holds():
    for role, purposes in ROLES.items():
        (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {role} |")]
        assert set(re.findall(r"`(\w+)\.key`", line)) == {one for one in purposes if one != "audit-public"}
    assert set(TABLE["verify"]) == {"engineer", *ROLES}


def test_nobody_else_has_left_a_readable_word_and_the_auditor_sees_all(sealed, capsys):
    place, experiment, feed, _ = sealed
    code = main(
        ["audit", str(experiment), "--workspace", str(place.workspace), "--keys", str(place.root / "keys" / "auditor")]
    )
    said = capsys.readouterr().out
    assert code == 0
    for role in ("analyst", "steward", "care", "release"):
        assert f"({role})" in said or f"{role}" in said
    assert "refused" in said
    patients = pd.read_csv(feed / "patients.csv", dtype=str)
    assert not any(one in said for one in (*patients["patient_id"], *patients["nhs_number"]))
