"""What the library says follows from the accepted rows, and from nothing else."""

import pandas as pd
import pytest

from outcomes.library.derive import derive
from outcomes.library.names import name_all


def called(domain, *parts):
    return f"{domain}:{'/'.join(parts)}"


def rows(**columns):
    frame = pd.DataFrame({"patient_id": "a", "_episode": ""} | columns)
    return frame.astype(dict.fromkeys(("patient_id", "_episode"), "str"))


def tables(responses, extract_day=None, **others):
    accepted = {"responses": responses} | others
    return derive(accepted, name_all(accepted, called), extract_day)


def numbers(*values):
    return pd.array(list(values), "Int32")


def test_sittings_are_numbered_in_order_of_time():
    found = tables(rows(session_date=numbers(30, 10, 20), phq9_1=pd.array([3, 1, 2], "Int8"))).tables["occasions"]
    assert found[["occasion", "day", "phq9_1"]].to_numpy().tolist() == [[1, 0, 1], [2, 10, 2], [3, 20, 3]]


def test_given_numbers_stay_unless_some_are_missing():
    kept = tables(rows(occasion=numbers(7, 0), phq9_1=pd.array([1, 2], "Int8"))).tables["occasions"]
    assert kept["occasion"].tolist() == [0, 7]
    partly = tables(
        rows(occasion=numbers(7, None), session_date=numbers(5, 3), phq9_1=pd.array([1, 2], "Int8"))
    ).tables["occasions"]
    assert partly[["occasion", "phq9_1"]].to_numpy().tolist() == [[1, 2], [2, 1]]


def test_contacts_of_one_day_have_a_settled_order():
    contacts = rows(contact_date=numbers(5, 5, 1), attendance=["5", "3", "5"], contact_id=["b", "a", "c"])
    first = tables(rows(session_date=numbers(1)), contacts=contacts).tables["contacts"]
    again = tables(rows(session_date=numbers(1)), contacts=contacts.iloc[::-1]).tables["contacts"]
    pd.testing.assert_frame_equal(first, again)
    assert first["attendance"].tolist() == ["5", "3", "5"]
    assert first["contact_number"].tolist() == [1, 2, 3]


def test_contacts_after_the_end_of_their_referral_are_kept_and_counted():
    referrals = rows(received_date=numbers(0), discharge_date=numbers(10)).rename(columns={"_episode": "episode_id"})
    contacts = rows(contact_date=numbers(5, 10, 11, 40), attendance=["5", "5", "5", "3"])
    found = tables(rows(session_date=numbers(1)), contacts=contacts, referrals=referrals)
    assert len(found.tables["contacts"]) == 4
    assert found.notes["contacts", "contact_date", "contact_after_discharge"] == 2
    still_open = referrals.assign(discharge_date=numbers(None))
    again = tables(rows(session_date=numbers(1)), contacts=contacts, referrals=still_open)
    assert ("contacts", "contact_date", "contact_after_discharge") not in again.notes


# born, day zero -> age band; days since 1970-01-01
AGES = {
    ("2004-04-02", "2022-04-01"): "Under 18",
    ("2004-04-01", "2022-04-01"): "18 to 25",
    ("1996-02-29", "2022-02-28"): "18 to 25",
    ("1996-02-29", "2022-03-01"): "26 to 64",
}


@pytest.mark.parametrize("case", AGES)
def test_a_birthday_counts_on_its_day(case):
    born, zero = (int(pd.Timestamp(day).timestamp() // 86400) for day in case)
    patients = pd.DataFrame({"patient_id": ["a"], "birth_date": numbers(born)}).astype({"patient_id": "str"})
    assert tables(rows(session_date=numbers(zero)), patients=patients).tables["patients"]["age_band"].tolist() == [
        AGES[case]
    ]


def test_year_of_birth_and_age_are_used_where_there_is_no_date():
    zero = int(pd.Timestamp("2022-04-01").timestamp() // 86400)
    patients = pd.DataFrame({"patient_id": ["a"], "birth_year": numbers(1950), "age_years": [20.0]}).astype(
        {"patient_id": "str"}
    )
    assert tables(rows(session_date=numbers(zero)), patients=patients).tables["patients"]["age_band"].tolist() == [
        "65 to 74"
    ]
    undated = tables(rows(occasion=numbers(1)), patients=patients).tables["patients"]
    assert undated["age_band"].tolist() == ["18 to 25"]


def test_the_end_of_what_is_known():
    found = tables(rows(session_date=numbers(100)), extract_day=130).tables["referrals"]
    assert found["last_seen_day"].tolist() == [30]
    assert found["quarter"].tolist() == ["1970Q2"]
    assert tables(rows(occasion=numbers(1))).tables["referrals"]["quarter"].isna().all()


def test_totals_are_scores_only_without_items():
    with_items = rows(
        session_date=numbers(1, 2),
        phq9_total=[5.0, 6.0],
        **{f"phq9_{item}": pd.array([1, None], "Int8") for item in range(1, 10)},
    )
    found = tables(with_items)
    assert found.tables["scores"][["occasion", "instrument", "total"]].to_numpy().tolist() == [[2, "phq9", 6.0]]
    assert found.notes["responses", "phq9_total", "total_disagrees_with_items"] == 1
    assert len(found.tables["occasions"]) == 2


def test_how_people_were_drawn_enters_as_it_is():
    drawn = {
        "survey_weight": [1234.5678],
        "survey_stratum": ["46"],
        "survey_unit": ["2"],
        "survey_cycle": ["2005-2006"],
    }
    patients = pd.DataFrame({"patient_id": ["a"], **drawn}).astype({"patient_id": "str"})
    found = tables(rows(session_date=numbers(1)), patients=patients).tables["patients"]
    assert found[list(drawn)].to_dict("list") == drawn
    assert not [name for name in tables(rows(session_date=numbers(1))).tables["patients"] if name.startswith("survey")]
