"""Who is on the caseload at a date, from the tables of the care view."""

from datetime import date

import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.flags.roster import last_known_day, left_lately, roster
from outcomes.reference.rules import rule_edition

EDITION = rule_edition()
TODAY = date(2025, 4, 1)


@pytest.fixture
def tables():
    names = ["open", "ended", "later", "waiting"]
    patients = pd.DataFrame({"pseudonym": [f"p-{n}" for n in names]})
    referrals = pd.DataFrame(
        {
            "pseudonym": [f"p-{n}" for n in names],
            "referral": [f"r-{n}" for n in names],
            "service": "s1",
            "therapist": ["t1", "t1", "t2", None],
            "referral_source": pd.array([None] * 4, dtype="str"),
            "problem_descriptor": pd.array([None] * 4, dtype="str"),
            "quarter": "2025Q1",
            "end_day": pd.array([None, 40, None, None], dtype="Int32"),
            "end_reason": pd.array([None] * 4, dtype="str"),
            "last_seen_day": pd.array([90, 90, 10, 80], dtype="Int32"),
            "patient_id": ["A1", "A2", "A3", "A4"],
            "therapist_id": ["Team 1", "Team 1", "Team 2", None],
            "day_zero": pd.to_datetime(["2025-01-01", "2025-01-01", "2025-03-22", "2025-01-11"]),
        }
    )
    contacts = pd.DataFrame(
        {
            "pseudonym": "p-open",
            "referral": "r-open",
            "contact_number": [1, 2, 3, 4],
            "day": pd.array([10, 20, 30, 95], dtype="Int32"),
            "attendance": ["5", "6", "3", "5"],
            "appointment_type": ["01", "02", "02", "02"],
            "medium": "01",
            "therapy": pd.array([None] * 4, dtype="str"),
            "step": pd.array([None] * 4, dtype="str"),
        }
    )
    return {"patients": patients, "referrals": referrals, "contacts": contacts}


def test_open_referrals_in_the_columns_that_the_rules_read(tables):
    table = roster(tables, as_of=TODAY, edition=EDITION).set_index("referral")
    row = table.loc["r-open"]
    assert (row["therapist"], row["stage"]) == ("Team 1", "in treatment")
    assert "local_id" not in table  # names are put in last
    assert (row["as_of_day"], row["last_contact_day"]) == (90, 20)  # day 30 was missed, day 95 is later
    assert (table.at["r-waiting", "stage"], table.at["r-waiting", "therapist"]) == (
        "waiting",
        "not yet with a therapist",
    )


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (TODAY, ["r-later", "r-open", "r-waiting"]),
        (date(2025, 2, 9), ["r-ended", "r-open", "r-waiting"]),
        (date(2025, 2, 10), ["r-open", "r-waiting"]),
        (date(2025, 1, 1), ["r-ended", "r-open"]),
        (date(2024, 12, 31), []),
    ],
)
def test_the_caseload_at_a_date_holds_who_was_open_then(tables, as_of, expected):
    assert sorted(roster(tables, as_of=as_of, edition=EDITION)["referral"]) == expected


def test_an_unplanned_contact_was_one(tables):
    tables["contacts"] = tables["contacts"].assign(planned=["Y", "Y", "N", "Y"])
    table = roster(tables, as_of=TODAY, edition=EDITION).set_index("referral")
    assert table.at["r-open", "last_contact_day"] == 30


def test_without_contacts_nobody_is_said_to_have_been_seen(tables):
    tables.pop("contacts")
    assert roster(tables, as_of=TODAY, edition=EDITION)["last_contact_day"].isna().all()


def test_a_research_view_is_no_care_view(tables):
    tables["referrals"] = tables["referrals"].drop(columns="day_zero")
    with pytest.raises(DataError, match="column day_zero is missing, so this is no care view"):
        roster(tables, as_of=TODAY, edition=EDITION)


def test_a_day_after_the_feed_is_refused(tables):
    assert last_known_day(tables["referrals"]) == TODAY
    with pytest.raises(ConfigError, match="lies after the last day of the feed"):
        roster(tables, as_of=date(2025, 4, 2), edition=EDITION)


def test_a_feed_without_dates_has_no_caseload(tables):
    referrals = tables["referrals"].assign(day_zero=pd.NaT)
    with pytest.raises(DataError, match="no referral is dated"):
        last_known_day(referrals)


def test_somebody_who_died_is_deceased_on_every_referral(tables):
    """A second referral that nobody has closed must not be chased."""
    referrals = tables["referrals"]
    referrals.loc[referrals["referral"].eq("r-ended"), ["pseudonym", "end_reason"]] = ["p-open", "49"]
    table = roster(tables, as_of=TODAY, edition=EDITION).set_index("referral")
    assert table.at["r-open", "stage"] == "deceased"
    before = roster(tables, as_of=date(2025, 2, 1), edition=EDITION).set_index("referral")
    assert before.at["r-open", "stage"] == "in treatment"


@pytest.mark.parametrize(("code", "stage"), [("49", "deceased"), ("17", "deceased"), ("13", "transferred")])
def test_who_moved_or_died_of_late_is_listed_apart(tables, code, stage):
    tables["referrals"]["end_reason"] = code
    left = left_lately(tables, as_of=date(2025, 2, 20), days=28)  # ended on day 40, 10 February
    assert left[["referral", "stage", "day"]].to_dict("records") == [{"referral": "r-ended", "stage": stage, "day": 40}]
    assert left_lately(tables, as_of=TODAY, days=28).empty  # long ago
    assert left_lately(tables, as_of=date(2025, 2, 1), days=28).empty  # not yet


def test_other_ends_are_not_listed(tables):
    tables["referrals"]["end_reason"] = "46"
    assert left_lately(tables, as_of=date(2025, 2, 20), days=28).empty
