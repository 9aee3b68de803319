"""Rows of different tables fit together, or wait."""

import pandas as pd
import pytest

from outcomes.library.relations import settle, when


def pool(rows, **types):
    frame = pd.DataFrame(rows)
    meta = {"_version": "", "_old": False}
    texts = {name: "str" for name in frame if name not in types}
    return frame.astype(texts | types).assign(**meta)


def referrals(*rows):
    return pool(
        [dict(zip(["patient_id", "episode_id", "received_date", "discharge_date"], row, strict=True)) for row in rows],
        received_date="Int32",
        discharge_date="Int32",
    )


def sittings(*rows):
    return pool(
        [dict(zip(["patient_id", "episode_id", "session_date", "phq9_1"], row, strict=True)) for row in rows],
        session_date="Int32",
        phq9_1="Int8",
    )


# patient, episode, day -> state; referrals: p/E1 from day 100 to 200, q/F1 from 100, q/F2 from 300
CASES = """
p E1 100 | accepted
p E1 99  | date_before_referral
p E1 900 | accepted               # after the end: kept, measures decide
p E2 150 | no_referral
p .  150 | accepted               # the only referral
q .  150 | episode_not_stated
x .  150 | no_referral
q F1 150 | accepted
x E1 150 | no_referral            # another person's referral
"""


@pytest.mark.parametrize("line", CASES.strip().split("\n"))
def test_cases(line):
    cells, state = line.split("#")[0].split("|")
    patient, episode, day = cells.split()
    rows = sittings((patient, None if episode == "." else episode, int(day), 1))
    known = referrals(("p", "E1", 100, 200), ("q", "F1", 100, None), ("q", "F2", 300, None))
    assert settle({"referrals": known, "responses": rows}).states["responses"].tolist() == [state.strip()]


def test_without_referrals_every_row_has_a_place():
    settled = settle({"responses": sittings(("p", None, 5, 1), ("q", "F1", 5, 2))})
    assert settled.states["responses"].tolist() == ["accepted", "accepted"]
    assert settled.accepted["responses"]["_episode"].tolist() == ["", "F1"]


def test_a_referral_that_contradicts_itself_takes_its_rows_along():
    known = referrals(("p", "E1", 100, 200), ("p", "E1", 101, 200))
    settled = settle({"referrals": known, "responses": sittings(("p", "E1", 150, 1))})
    assert settled.states["referrals"].tolist() == ["contradicts_another_row"] * 2
    assert settled.states["responses"].tolist() == ["no_referral"]


def test_an_open_and_a_closed_version_are_one_referral():
    settled = settle(
        {
            "referrals": referrals(("p", "E1", 100, None), ("p", "E1", 100, 200)),
            "responses": sittings(("p", "E1", 150, 1)),
        }
    )
    assert settled.accepted["referrals"]["discharge_date"].tolist() == [200]


def test_contacts_without_an_id_are_known_by_what_they_say():
    rows = pool(
        [{"patient_id": "p", "contact_date": 5, "attendance": code} for code in ("5", "3", "5")], contact_date="Int32"
    )
    settled = settle({"contacts": rows, "responses": sittings(("p", None, 5, 1))})
    assert settled.states["contacts"].tolist() == ["accepted", "accepted", "same_row"]


def test_an_occasion_number_counts_before_a_date():
    rows = pd.DataFrame(
        {
            "occasion": pd.array([3, None, None, None], "Int32"),
            "session_date": pd.array([9, 9, None, None], "Int32"),
            "day": pd.array([None, 9, 9, None], "Int32"),
        }
    )
    places = when(rows)
    assert places.nunique() == 3
    assert places.isna().tolist() == [False, False, False, True]
    assert places[0] == when(rows[["occasion"]])[0]
