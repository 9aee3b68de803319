"""Who is who, and where the rows go."""

import pandas as pd

from outcomes.library.names import name_all, placed


def called(domain, *parts):
    return f"{domain}:{'/'.join(parts)}"


def accepted():
    rows = pd.DataFrame(
        {"patient_id": ["b", "a", "a"], "_episode": ["", "", ""], "session_date": pd.array([5, 9, None], "Int32")}
    )
    return {"responses": rows.astype({"patient_id": "str", "_episode": "str"})}


def test_without_referrals_day_zero_is_the_first_dated_row():
    names = name_all(accepted(), called)
    assert names.people["pseudonym"].tolist() == ["patient:a", "patient:b"]
    assert names.referrals[["referral", "received"]].to_numpy().tolist() == [["referral:a/", 9], ["referral:b/", 5]]


def test_contacts_count_for_day_zero_too():
    contacts = pd.DataFrame({"patient_id": ["a"], "_episode": [""], "contact_date": pd.array([2], "Int32")}).astype(
        {"patient_id": "str", "_episode": "str"}
    )
    names = name_all(accepted() | {"contacts": contacts}, called)
    assert names.referrals["received"].tolist() == [2, 5]


def test_therapists_have_pseudonyms_of_their_own():
    referrals = pd.DataFrame(
        {
            "patient_id": ["a", "b"],
            "episode_id": ["1", "2"],
            "received_date": pd.array([1, 1], "Int32"),
            "therapist_id": ["t", None],
        }
    ).astype({"patient_id": "str", "episode_id": "str", "therapist_id": "str"})
    names = name_all(accepted() | {"referrals": referrals}, called)
    assert names.referrals["therapist"].tolist()[0] == "therapist:t"
    assert names.referrals["therapist"].isna().tolist() == [False, True]


def test_people_of_every_table_are_there():
    patients = pd.DataFrame({"patient_id": ["z", "a"], "nhs_number": ["9", None]}).astype("str")
    names = name_all(accepted() | {"patients": patients}, called)
    assert names.people["patient_id"].tolist() == ["a", "b", "z"]
    assert names.people["nhs_number"].tolist()[2] == "9"


def test_rows_find_their_place():
    names = name_all(accepted(), called)
    assert placed(accepted()["responses"], names)["_place"].tolist() == [1, 0, 0]
