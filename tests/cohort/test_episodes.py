"""One row a referral: what counts as treatment, waiting and completion."""

import pandas as pd
import pytest

from outcomes.cohort.episodes import episodes, financial_year, took_place
from outcomes.errors import DataError
from outcomes.reference.groups import groupings
from outcomes.reference.rules import rule_edition

# day, attendance, appointment type, therapy, step -> is it a treatment contact?
CONTACTS = """
10 | 5 | 01 | 304891004        | high | no   # an assessment only
20 | 3 | 02 | 304891004        | high | no   # did not come
25 | 5 | 02 | 1098051000000103 |      | no   # employment support
30 | 6 | 02 | 748051000000105  | low  | yes  # late but seen
44 | 5 | 03 | 304891004        | high | yes  # assessment and treatment
50 | 7 | 02 | 304891004        | high | no   # late, not seen
60 | 5 | 05 | 304891004        | high | yes  # review and treatment
70 | 5 | 06 | 304891004        | high | no   # follow-up
90 | 5 | 02 | 304891004        | high | no   # after the end
"""
LINES = CONTACTS.strip().split("\n")


def tables(contacts=CONTACTS, end_day=80):
    lines = [[cell.strip() or None for cell in line.split("#")[0].split("|")] for line in contacts.strip().split("\n")]
    rows = pd.DataFrame(
        [line[:5] for line in lines], columns=["day", "attendance", "appointment_type", "therapy", "step"]
    )
    rows = rows.astype("str").assign(day=rows["day"].astype("Int32"), medium="01", pseudonym="p", referral="r")
    referrals = pd.DataFrame(
        {
            "pseudonym": ["p", "q"],
            "referral": ["r", "s"],
            "service": "S",
            "therapist": "t",
            "referral_source": "B1",
            "problem_descriptor": "F320",
            "quarter": ["2022Q2", "2023Q1"],
            "end_day": pd.array([end_day, None], "Int32"),
            "end_reason": ["46", None],
            "last_seen_day": pd.array([300, 100], "Int32"),
        }
    )
    patients = pd.DataFrame(
        {"pseudonym": ["p", "q"], "gender": ["1", None], "ethnic_category": ["L", "?"], "age_band": ["26 to 64", None]}
    )
    numbered = rows.assign(contact_number=pd.array(range(1, len(rows) + 1), "Int32"))
    return {"patients": patients, "referrals": referrals, "contacts": numbered}


def test_which_contacts_count():
    first, second = episodes(tables()).to_dict("records")
    assert first["treatment_contacts"] == sum("yes" in line for line in CONTACTS.split("\n"))
    assert first["days_waited"] == 30
    assert first["weeks_waited"] == pytest.approx(30 / 7)
    assert first["days_first_to_second"] == 14
    assert (first["assessed"], first["started"], first["completed"], first["open"]) == (True, True, True, False)
    assert first["highest_step"] == "high"
    assert first["therapy"] == "304891004"
    assert (second["assessed"], second["started"], second["completed"], second["open"]) == (False, False, False, True)
    assert second["treatment_contacts"] == 0
    assert pd.isna(second["days_waited"])


def test_an_unplanned_contact_took_place_without_an_attendance_code():
    given = tables()
    contacts = given["contacts"].assign(planned="Y")
    contacts.loc[contacts["day"].eq(20), ["attendance", "planned"]] = [None, "N"]
    first = episodes(given | {"contacts": contacts}).iloc[0]
    assert first["treatment_contacts"] == sum("yes" in line for line in CONTACTS.split("\n")) + 1
    assert first["days_waited"] == 20
    assert took_place(contacts, rule_edition()).tolist() == [line.split("|")[1].strip() != "7" for line in LINES]


def test_an_unplanned_assessment_is_one():
    given = tables("10 |  | 01 | 304891004 | high | no")
    assert not episodes(given).iloc[0]["assessed"]
    assert episodes(given | {"contacts": given["contacts"].assign(planned="N")}).iloc[0]["assessed"]


def test_an_open_referral_is_not_completed():
    assert not episodes(tables(end_day=None))["completed"].any()


def test_one_treatment_contact_is_no_course():
    one = episodes(tables("30 | 5 | 02 | 304891004 | low | yes")).iloc[0]
    assert one["started"]
    assert not one["completed"]
    assert one["highest_step"] == "low"
    assert pd.isna(one["days_first_to_second"])


def test_of_equally_frequent_therapies_the_first_is_named():
    both = "30 | 5 | 02 | 748051000000105 | low | yes\n40 | 5 | 02 | 304891004 | high | yes"
    assert episodes(tables(both)).iloc[0]["therapy"] == "748051000000105"


def test_without_contacts_attendance_is_not_known():
    given = tables()
    del given["contacts"]
    found = episodes(given)
    for name in (
        "assessed",
        "started",
        "completed",
        "treatment_contacts",
        "days_waited",
        "weeks_waited",
        "therapy",
        "highest_step",
    ):
        assert found[name].isna().all(), name


def test_without_referrals_nobody_is_known_to_be_open():
    given = tables()
    given["referrals"] = given["referrals"].assign(quarter=None, end_day=pd.array([None, None], "Int32"))
    del given["contacts"]
    assert episodes(given)["open"].isna().all()


def test_every_grouping_becomes_a_label_column():
    found = episodes(tables())
    assert found["ethnic_group_5"].tolist() == ["Asian or Asian British", "Not known"]
    assert found["gender"].tolist() == ["Male", "Not known"]
    assert found["age_band"].tolist() == ["26 to 64", "Not known"]
    assert not set(found.columns) & {
        key
        for key, one in groupings().items()
        if one.column not in ("gender", "ethnic_category", "age_years", "referral_source")
    }


def test_one_row_a_referral_in_their_order_and_the_tables_stay_as_they_were():
    given = tables()
    copies = {name: frame.copy() for name, frame in given.items()}
    assert episodes(given)["referral"].tolist() == ["r", "s"]
    for name, frame in given.items():
        pd.testing.assert_frame_equal(frame, copies[name])


def test_row_order_of_contacts_does_not_matter():
    given = tables()
    shuffled = given | {"contacts": given["contacts"].sample(frac=1, random_state=1)}
    pd.testing.assert_frame_equal(episodes(given), episodes(shuffled))


def test_contacts_of_no_referral_are_an_error():
    given = tables()
    with pytest.raises(DataError, match="9 rows have no referral"):
        episodes(given | {"contacts": given["contacts"].assign(referral="x")})


def test_absent_tables_are_named():
    with pytest.raises(DataError, match="absent: patients, referrals"):
        episodes({})


def test_the_financial_year_begins_in_april():
    quarters = pd.Series(["2022Q1", "2022Q2", "2022Q3", "2022Q4", "2023Q1", None], dtype="str")
    assert financial_year(quarters).tolist()[:5] == ["2021-22", "2022-23", "2022-23", "2022-23", "2022-23"]
    assert financial_year(quarters).isna().iloc[5]


def test_the_route_of_referral_is_read_from_the_referral_itself():
    given = tables()
    sent = given | {"referrals": given["referrals"].assign(referral_source=["A1", None])}
    assert episodes(sent)["referral_route"].tolist() == ["Primary care", "Not known"]
    untold = given | {"referrals": given["referrals"].assign(referral_source=None)}
    assert "referral_route" not in episodes(untold)
