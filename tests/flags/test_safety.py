"""A safety answer above zero reaches a reader whatever else is wrong."""

import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.flags.safety import ABOVE_ZERO, NOT_KNOWN, ZERO, duty_list, safety_answers, safety_columns
from outcomes.flags.settings import FlagSettings

SETTINGS = FlagSettings()


def answer(desk, **more):
    table = safety_answers(desk.caseload, desk.occasions, settings=SETTINGS, **more)
    assert len(table) == len(desk.caseload)
    return table.iloc[0]


# forms at days 7, 14, 21 ...; item 9 by form; days of the report | state | day of the answer | what came later
@pytest.mark.parametrize(
    ("item9", "as_of", "state", "day", "later"),
    [
        ([0, 0], 15, ZERO, 14, ""),
        ([0, 1], 15, ABOVE_ZERO, 14, ""),
        ([3, 0], 15, ABOVE_ZERO, 7, "zero"),
        ([2, None], 15, ABOVE_ZERO, 7, "blank"),
        ([1, 2, None], 22, ABOVE_ZERO, 14, "blank"),
        ([None, None], 15, NOT_KNOWN, None, ""),
        ([1], 35, ABOVE_ZERO, 7, ""),
        ([1], 365, ABOVE_ZERO, 7, ""),  # old, but the last thing that anybody said
        ([1, 0], 365, NOT_KNOWN, None, ""),  # old, and the last word was zero
        ([1, None], 365, ABOVE_ZERO, 7, "blank"),
        ([0, 1], 10, ABOVE_ZERO, 14, ""),  # dated after the report: a wrong date hides nothing
        ([1, 1], pd.NA, ABOVE_ZERO, 14, ""),
    ],
)
def test_answers_one_case_a_line(desk, item9, as_of, state, day, later):
    desk.person(phq9=[None] * len(item9), item9=item9, as_of=as_of)
    row = answer(desk)
    assert (row["state"], row["later"]) == (state, later)
    assert pd.isna(row["day"]) if day is None else row["day"] == day


@pytest.mark.parametrize(("item9", "as_of", "recent"), [([1], 35, True), ([1], 36, False), ([1, None], 365, False)])
def test_older_answers_are_told_from_recent_ones(desk, item9, as_of, recent):
    row = answer(desk.person(phq9=[None] * len(item9), item9=item9, as_of=as_of))
    assert (row["state"], bool(row["recent"])) == (ABOVE_ZERO, recent)


def test_alone_in_an_otherwise_blank_form(desk):
    desk.person(phq9=[None], item9=[1], as_of=8)
    assert desk.totals["phq9"].isna().all()
    assert answer(desk)["state"] == ABOVE_ZERO


def test_a_form_without_a_day_is_never_hidden(desk):
    desk.person(phq9=[None, None], item9=[2, 0], as_of=300)
    occasions = desk.occasions
    occasions.loc[0, "day"] = pd.NA
    table = safety_answers(desk.caseload, occasions, settings=SETTINGS)
    assert table.loc[0, "state"] == ABOVE_ZERO
    assert pd.isna(table.loc[0, "day"])


def test_a_blank_is_not_a_zero(desk):
    assert answer(desk.person(phq9=["part"], as_of=8))["state"] == NOT_KNOWN


def test_without_phq9_everybody_is_not_known(desk):
    desk.person("a", gad7=[9], as_of=8).person("b", gad7=[9], as_of=8)
    occasions = desk.occasions.drop(columns=[f"phq9_{n}" for n in range(1, 10)])
    table = safety_answers(desk.caseload, occasions, settings=SETTINGS)
    assert table["state"].tolist() == [NOT_KNOWN, NOT_KNOWN]
    assert table["question"].unique().tolist() == ["PHQ-9 question 9"]


def test_nobody_gets_somebody_elses_answer(desk):
    desk.person("a", [12], item9=[0], as_of=9).person("b", [12], item9=[3], as_of=9)
    table = safety_answers(desk.caseload, desk.occasions, settings=SETTINGS).set_index("referral")
    assert (table.at["r-a", "state"], table.at["r-b", "state"]) == (ZERO, ABOVE_ZERO)


def test_closed_referrals_are_not_on_the_list(desk):
    desk.person("a", [12], item9=[1]).person("closed", [12], item9=[1])
    table = safety_answers(desk.caseload.iloc[:1], desk.occasions, settings=SETTINGS)
    assert table["referral"].tolist() == ["r-a"]


def test_no_answer_is_printed_as_a_number(desk):
    columns = safety_answers(desk.person("a", [12], item9=[3]).caseload, desk.occasions, settings=SETTINGS)
    assert "answer" not in columns
    assert 3 not in columns.drop(columns=["day", "last_known_day"]).to_numpy().ravel().tolist()


def test_every_instrument_with_a_safety_question_is_read():
    assert safety_columns(["phq9", "gad7"]) == {"phq9_9": "PHQ-9 question 9"}
    assert "phq9_9" in safety_columns()
    assert "dsm5_depression_4" in safety_columns()


def test_second_instrument_adds_its_own_line(desk):
    desk.person("a", [12], item9=[0], as_of=9)
    occasions = desk.occasions.assign(dsm5_depression_4=1)
    table = safety_answers(desk.caseload, occasions, settings=SETTINGS)
    assert sorted(table["state"]) == [ABOVE_ZERO, ZERO]


def set_aside(*answers, **more):
    rows = pd.DataFrame({"instrument": "phq9", "item": 9, "answer": pd.array(answers, dtype="Int8")})
    return rows.assign(rule="session_date missing", occasion=pd.NA, **more)


def test_duty_list_holds_answers_that_may_belong_to_somebody_else():
    rows = set_aside(0, 2, None, patient_id=["a", "b", None], session_date=pd.to_datetime(["2025-03-01"] * 2 + [None]))
    table = duty_list(rows)
    assert table["person_as_given"].tolist() == ["b", "not given"]
    assert table["date_as_given"].tolist() == ["2025-03-01", "not given"]
    assert table["question"].unique().tolist() == ["PHQ-9 question 9"]
    assert table["note"].tolist() == [
        "Identity or date not confirmed.",
        "The answer could not be read. Identity or date not confirmed.",
    ]


@pytest.mark.parametrize("rows", [None, set_aside(), set_aside(0)])
def test_nothing_above_zero_is_an_empty_duty_list(rows):
    assert duty_list(rows).empty


def test_rows_without_their_answer_are_an_error():
    with pytest.raises(DataError, match=r"quarantined safety answers: missing column\(s\) answer"):
        duty_list(set_aside(1).drop(columns="answer"))


def test_forms_without_their_referral_are_an_error(desk):
    desk.person("a", [12])
    with pytest.raises(DataError, match="occasions: missing"):
        safety_answers(desk.caseload, desk.occasions.drop(columns="referral"), settings=SETTINGS)
