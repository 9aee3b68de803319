"""Rows of erased people are turned away file by file, and every count still adds up."""

import pandas as pd
import pytest

from outcomes.library.burial import turn_away
from outcomes.library.inputs import Input
from outcomes.library.keyring import PseudonymKey
from outcomes.library.state import State, open_stores
from outcomes.library.still_in_care import keep, kept, open_people, with_kept
from outcomes.library.tombstones import PATIENT, Tombstones, buried, bury, mark

KEY = PseudonymKey(b"k" * 32)


def one_file(table, frame, *, faulty=()):
    rows = frame.assign(
        _row=range(2, len(frame) + 2), _version="", _faulty=[place in faulty for place in range(len(frame))]
    )
    faults = pd.DataFrame({"row": [place + 2 for place in faulty], "rule": "out_of_range", "column": "phq9_1"})
    return Input(table, table, __file__, "ab", len(frame), 0, (), "", rows, faults, {})


@pytest.fixture
def stores(place):
    made = open_stores(place.library, place.vault, None)
    with made.library.writing(), made.vault.writing():
        yield made


NOTHING = State({}, {}, None)


def test_without_a_register_nothing_is_touched(stores):
    files = [one_file("patients", pd.DataFrame({"patient_id": ["A1", "A2"]}))]
    assert turn_away(files, stores, NOTHING, KEY) == files


def test_rows_and_their_faults_are_counted_out(stores):
    bury(
        stores.library.root,
        stores.vault,
        Tombstones(frozenset({mark(KEY, PATIENT, "A1")}), frozenset(), KEY.fingerprint),
    )
    answers = pd.DataFrame({"patient_id": ["A1", "A2", " A1", None], "phq9_1": [1, 2, 9, 3]})
    (left,) = turn_away([one_file("responses", answers, faulty=(2, 3))], stores, NOTHING, KEY)
    assert left.frame["patient_id"].dropna().tolist() == ["A2"]
    assert left.erased == 2
    assert left.faults["row"].tolist() == [5]


def test_a_new_identifier_of_a_known_number_gets_its_own_mark(stores):
    gone = Tombstones(frozenset({mark(KEY, "nhs_number", "9990000001")}), frozenset(), KEY.fingerprint)
    bury(stores.library.root, stores.vault, gone)
    people = pd.DataFrame({"patient_id": ["B7", "A2"], "nhs_number": ["999 000 0001", "9990000002"]})
    answers = pd.DataFrame({"patient_id": ["B7", "A2"], "phq9_1": [1, 2]})
    files = turn_away([one_file("patients", people), one_file("responses", answers)], stores, NOTHING, KEY)
    assert [file.frame["patient_id"].tolist() for file in files] == [["A2"], ["A2"]]
    assert mark(KEY, PATIENT, "B7") in buried(stores.library.root, stores.vault).marks


CARE = """
patient | episode | discharge  | open | why
A1      | E1      |            | yes  | no date of discharge
A2      | E1      | 2024-01-01 | no   | discharged
A3      | E1      | 2024-01-01 | yes  | one of two referrals is open
A3      | E2      |            | yes  | likewise
A4      | E1      |            | no   | a later row of the same referral has the date
A4      | E1      | 2024-01-01 | no   | likewise
"""


def test_whose_care_is_open(stores):
    rows = [[cell.strip() for cell in line.split("|")] for line in CARE.strip().splitlines()[1:]]
    frame = pd.DataFrame({"patient_id": [row[0] for row in rows], "episode_id": [row[1] for row in rows]})
    frame["discharge_date"] = pd.array([1 if row[2] else None for row in rows], dtype="Int32")
    wanted = {row[0] for row in rows if row[3] == "yes"}
    assert open_people({"ledger_referrals": frame}) == wanted
    assert open_people({"ledger_referrals": frame.drop(columns="discharge_date")}) == set(frame["patient_id"])
    assert open_people({}) == frozenset()
    assert keep(stores.vault, {"ledger_referrals": frame}) == len(wanted)
    assert set(kept(stores.vault)["ledger_referrals"]["patient_id"]) == wanted
    assert keep(stores.vault, {}, before={}) == 0
    assert with_kept(stores.vault, {"people": frame}) == {"people": frame}
