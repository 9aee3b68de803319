"""The anonymity table counts people in classes, by hand on a table that can be read."""

import pandas as pd
import pytest

from outcomes.library.anonymity import anonymity_table


def tables(**columns):
    people = [f"p{place}" for place in range(len(next(iter(columns.values()))))]
    referrals = pd.DataFrame({"pseudonym": people, "referral": people, "service": "S1", "quarter": "2022Q2"})
    return {"patients": pd.DataFrame({"pseudonym": people, **columns}), "referrals": referrals}


def line(table, known):
    return table.set_index("known").loc[known].to_dict()


def test_classes_are_counted_by_hand():
    # Six women and men: men 26 to 64 are four, women 26 to 64 one, women 65 and over one.
    told = anonymity_table(
        tables(gender=["1", "1", "1", "1", "2", "2"], age_band=["26-64", "26-64", "26-64", "26-64", "26-64", "65+"])
    )
    assert line(told, "gender") == {
        "classes": 2,
        "smallest_class": 2,
        "alone": 0,
        "people_below_5": 6,
        "people_below_10": 6,
    }
    assert line(told, "age_band")["alone"] == 1
    together = line(told, "all demographic columns")
    assert (together["classes"], together["smallest_class"], together["alone"]) == (3, 1, 2)


def test_a_missing_value_is_a_value():
    told = anonymity_table(tables(gender=["1"] * 5 + [None]))
    assert line(told, "gender")["alone"] == 1
    assert line(told, "gender")["people_below_5"] == 1


def test_the_first_referral_tells_service_and_quarter():
    given = tables(gender=["1"] * 3)
    again = given["referrals"].head(1).assign(referral="r9", quarter="2023Q1", service="S9")
    told = anonymity_table(given | {"referrals": pd.concat([again, given["referrals"]])})
    assert line(told, "quarter")["classes"] == line(told, "service")["classes"] == 1


def test_leaving_a_column_out_never_makes_a_class_smaller():
    told = anonymity_table(tables(gender=list("112212"), age_band=list("ababab"), deprivation_decile=list("123123")))
    whole = line(told, "all of these")
    for name in [name for name in told["known"] if name.startswith("all but")]:
        assert line(told, name)["smallest_class"] >= whole["smallest_class"]
        assert line(told, name)["alone"] <= whole["alone"]


def test_how_people_were_drawn_is_no_knowledge_about_them():
    plain = tables(gender=list("112212"), age_band=list("ababab"))
    drawn = {"survey_weight": [1.5, 2, 3, 4, 5, 6], "survey_stratum": list("abcdef"), "survey_unit": list("123456")}
    told = tables(gender=list("112212"), age_band=list("ababab"), **drawn, survey_cycle=list("uvwxyz"))
    pd.testing.assert_frame_equal(anonymity_table(told), anonymity_table(plain))


def test_no_people_no_table():
    assert anonymity_table(tables(gender=[])).empty


def test_every_intake_prints_it(place, feed):
    report = place.ingest(feed)
    assert "smallest_class" not in report.text()
    assert "How many people share what somebody might know of a person" in report.text()
    assert line(report.anonymity, "gender")["classes"] == feed["patients"]["gender"].nunique()
    # Nothing but names of columns and counts.
    assert set(report.anonymity.dtypes.astype(str)) <= {"int64", "str", "object"}


@pytest.mark.parametrize("name", ["birth_date", "nhs_number", "patient_id"])
def test_no_identifier_is_among_what_it_names(place, feed, name):
    assert name not in " ".join(place.ingest(feed).anonymity["known"])


def test_two_codes_of_one_region_are_one_value():
    people = pd.DataFrame({"pseudonym": list("abcd"), "region": ["Y56", "E40000003", "Y61", None]})
    sent = pd.DataFrame({"pseudonym": list("abcd"), "referral": list("wxyz"), "service": "S", "quarter": "2022Q1"})
    row = anonymity_table({"patients": people, "referrals": sent}).set_index("known").loc["region"]
    assert (row["classes"], row["alone"]) == (3, 2)
