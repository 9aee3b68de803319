"""Checklists are whole, and name only places that a release can have."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from outcomes.errors import ConfigError
from outcomes.publications import checklists
from outcomes.publications.checklists import CHECKLISTS, TO_WRITE, UNREAD, checklist, filled

LENGTHS = {"tripod_ai": 52, "grolts": 21, "strobe": 34, "record": 13}  # lines of the published lists
SRC = Path(__file__).resolve().parents[2] / "src" / "outcomes"


def numbered(spec: str) -> list[str]:
    """Write out "3abc 4" as 3a, 3b, 3c, 4."""
    return [
        f"{main.rstrip('abcdefg')}{letter}"
        for main in spec.split()
        for letter in (main[len(main.rstrip("abcdefg")) :] or [""])
    ]


PUBLISHED = {
    "tripod_ai": numbered(
        "1 2 3abc 4 5ab 6abc 7 8abc 9abc 10 11 12abcdefg 13 14 15 16 17 18abcdef 19 20abc 21 22 23ab 24 25 26 27abc"
    ),
    "grolts": numbered("1 2 3abc 4 5 6ab 7 8 9 10 11 12 13 14abc 15 16"),
    "strobe": numbered("1ab 2 3 4 5 6ab 7 8 9 10 11 12abcde 13abc 14abc 15 16abc 17 18 19 20 21 22"),
    "record": numbered("1.1 1.2 1.3 6.1 6.2 6.3 7.1 12.1 12.2 12.3 13.1 19.1 22.1"),
}


@pytest.mark.parametrize("key", CHECKLISTS)
def test_it_has_every_published_line_once_and_in_order(key):
    held = checklist(key)
    assert [item.number for item in held.items] == PUBLISHED[key]
    assert len(held.items) == LENGTHS[key]
    assert held.key == key
    assert "https://doi.org/" in held.citation
    assert all(item.section and item.asks for item in held.items)


@pytest.mark.parametrize(
    ("number", "part"),
    [
        ("1", "Title"), ("2", "Abstract"), ("3c", "Introduction"), ("17", "Methods"), ("18f", "Open science"),
        ("19", "Patient and public involvement"), ("20a", "Results"), ("27c", "Discussion"),
    ],
)  # fmt: skip
def test_a_line_of_tripod_ai_stands_under_its_heading(number, part):
    sections = {item.number: item.section for item in checklist("tripod_ai").items}
    assert sections[number].partition(":")[0] == part


def test_lines_that_tripod_ai_asks_of_development_or_evaluation_only():
    applies = {item.number: item.applies for item in checklist("tripod_ai").items}
    assert [number for number, mark in applies.items() if mark == "D"] == [
        "9a", "12a", "12b", "12c", "15", "22", "27a", "27b",
    ]  # fmt: skip
    assert [number for number, mark in applies.items() if mark == "E"] == ["12f", "12g", "20c", "24"]


@pytest.mark.parametrize("key", CHECKLISTS)
def test_it_says_with_what_it_was_compared(key):
    held = checklist(key)
    assert held.compared in filled(key, [])
    assert (UNREAD in filled(key, [])) is not held.verified


def test_a_list_that_was_not_read_says_so(monkeypatch):
    unread = replace(checklist("record"), verified=False)
    monkeypatch.setattr(checklists, "checklist", lambda key: unread)
    assert UNREAD in filled("record", [])


@pytest.mark.parametrize("key", CHECKLISTS)
def test_what_nothing_answers_is_left_to_the_author(key):
    left_out = sum(bool(item.left_out) for item in checklist(key).items)
    assert filled(key, []).count(TO_WRITE) == LENGTHS[key] - left_out
    assert f"0 of {LENGTHS[key]} lines point to a place in this release, 0 of them" in filled(key, [])


def test_what_is_left_out_on_purpose_says_why():
    (line,) = [line for line in filled("grolts", []).splitlines() if line.startswith("| 14c |")]
    assert line.endswith("| left out on purpose: a line of one person shows that person |")


def test_what_a_place_does_not_say_is_left_to_the_author():
    said = filled("record", ["figures/flow"])
    (line,) = [line for line in said.splitlines() if line.startswith("| 6.1 |")]
    assert line.endswith(f"| figures/flow; {TO_WRITE}: the codes and rules behind each step |")
    assert "2 of 13 lines point to a place in this release, 2 of them with something left to write" in said


def names_in_studies() -> set[str]:
    """List every word that studies can give a table, a figure or a step of the methods as its name."""
    told = set()
    for path in [*(SRC / "studies").rglob("*.py"), *(SRC / "publications").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told |= {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return told


def test_every_place_is_one_that_a_release_can_have():
    told = names_in_studies() | {"README.md", "Settings", "Software"}
    for key in CHECKLISTS:
        for item in checklist(key).items:
            for place in item.where:
                name = place.partition("/")[2] or place.partition("#")[2] or place
                known = any(one.startswith(name[:-1]) for one in told) if name.endswith("*") else name in told
                assert known, f"{key} {item.number}: {place}"


def test_answers_are_places_of_the_release():
    said = filled("tripod_ai", ["figures/calibration", "figures/calibration_intake", "methods.md#Prediction"])
    (line,) = [line for line in said.splitlines() if line.startswith("| 12e |")]
    assert "figures/calibration, figures/calibration_intake, methods.md#Prediction" in line


def test_an_unknown_one_is_refused():
    with pytest.raises(ConfigError, match="checklist must be one of"):
        checklist("consort")
