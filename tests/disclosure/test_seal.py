"""A released table cannot be made elsewhere, nor changed afterwards."""

import copy
from dataclasses import replace

import pandas as pd
import pytest

from outcomes.disclosure import seal
from outcomes.disclosure.gate import release
from outcomes.disclosure.seal import Column, Hidden, Released, signature
from outcomes.errors import DisclosureError


@pytest.fixture
def table():
    frame = pd.DataFrame({"group": ["a", "b"], "n": [500, 4], "mean": [1.5, 2.5]})
    return release(frame, labels=["group"], counts=["n"], statistics={"mean": "n"}, title="Means", notes=["A note."])


def test_what_comes_from_the_gate_verifies_and_a_copy_too(table):
    assert table.verify() is table
    assert copy.deepcopy(table).verify().title == "Means"


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"notes": ()},
        {"policy": "threshold10"},
        {"hidden": ()},
        {"hidden": (Hidden(0, "n", "too few"),)},
        {"hidden": (Hidden(0, "mean", "too few"),)},
        {"hidden": (Hidden(1, "mean", "too many"),)},
        {"columns": (Column("n", "count"),)},
        {"seal": "0" * 64},
        {"seal": ""},
    ],
)
def test_changing_any_part_breaks_the_seal(table, change):
    with pytest.raises(DisclosureError, match="does not belong to its content"):
        replace(table, **change).verify()


def test_changing_a_cell_in_place_breaks_the_seal(table):
    table.table.loc[0, "n"] = 500
    with pytest.raises(DisclosureError, match="does not belong to its content"):
        table.verify()


def test_renaming_or_reordering_breaks_the_seal(table):
    for changed in (
        table.table.rename(columns={"n": "m"}),
        table.table.iloc[::-1],
        table.table[["n", "group", "mean"]],
    ):
        with pytest.raises(DisclosureError, match="does not belong"):
            replace(table, table=changed).verify()


def test_a_hand_made_record_does_not_verify():
    made = Released(pd.DataFrame({"n": [7]}), (Column("n", "count"),), "t", (), "midpoint6", ())
    with pytest.raises(DisclosureError, match="did not come through"):
        made.verify()


def test_another_process_has_another_key(table, monkeypatch):
    monkeypatch.setattr(seal, "_KEYS", [b"another process"])
    assert signature(table) != table.seal
