"""Who was at risk at a landmark."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.prognosis.timeline import OCCASION, Courses, instrument_columns, known_at, sittings

# referral | started | end_day | days of questionnaires | at risk at landmark 1 | reason
CASES = """
a | True  |     | 10 20    | yes | open, two questionnaires
b | True  | 60  | 10 20 40 | yes | ended long after the landmark
c | True  | 20  | 10 20    | no  | ended on the day of the landmark: nothing can be done any more
d | True  | 90  | 10       | no  | never reached a second questionnaire
e | False | 90  | 10 20    | no  | never began treatment
f |       | 90  | 10 20    | yes | whether treatment began is not known
g | True  | 90  |          | no  | no questionnaire at all
"""


# referral | until | days of questionnaires that are left
LEFT = """
a | 15  | 10
b | 40  | 10 20 40
c | 0   |
f | inf | 10 20
"""


def test_what_happened_after_a_day_of_each_referrals_own_is_cut_away():
    courses, _ = courses_of(CASES)
    lines = [[part.strip() for part in line.split("|")] for line in LEFT.strip().splitlines()]
    until = {name: float(day) for name, day, _ in lines}
    cut = courses.until(courses.episodes["referral"].map(until).fillna(float("inf")).to_numpy())
    for name, _, days in lines:
        assert cut.totals.loc[cut.totals["referral"].eq(name), "day"].tolist() == [int(day) for day in days.split()]
        assert cut.occasions.loc[cut.occasions["referral"].eq(name), "day"].astype(int).tolist() == [
            int(day) for day in days.split()
        ]
    assert len(cut.episodes) == len(courses.episodes)


def test_questionnaires_without_a_day_are_kept_only_where_nothing_is_cut():
    courses, _ = courses_of(CASES)
    undated = replace(courses, totals=courses.totals.drop(columns="day"))
    nothing = undated.until(np.zeros(len(courses.episodes)))
    assert nothing.totals.empty
    everything = undated.until(np.full(len(courses.episodes), np.inf))
    pd.testing.assert_frame_equal(everything.totals, undated.totals)


def courses_of(table: str) -> tuple[Courses, dict[str, bool]]:
    episodes, rows, expected = [], [], {}
    for line in table.strip().splitlines():
        name, started, end_day, days, at_risk, _ = (part.strip() for part in line.split("|"))
        episodes.append(
            {
                "pseudonym": name,
                "referral": name,
                "started": {"True": True, "False": False, "": None}[started],
                "end_day": int(end_day) if end_day else None,
            }
        )
        rows += [
            {"pseudonym": name, "referral": name, "occasion": number, "day": int(day), "phq9": 10.0}
            for number, day in enumerate(days.split(), start=1)
        ]
        expected[name] = at_risk == "yes"
    frame = pd.DataFrame(episodes).astype({"started": "boolean", "end_day": "Int32"})
    totals = pd.DataFrame(rows)
    return Courses(frame, totals[[*OCCASION, "day"]], totals), expected


def test_who_is_at_risk():
    courses, expected = courses_of(CASES)
    known = known_at(courses, 1)
    assert set(known.referrals["referral"]) == {name for name, at_risk in expected.items() if at_risk}
    assert known.counts == {"referrals": 7, "never_treated": 1, "not_reached": 2, "ended_before": 1, "at_risk": 3}
    assert known.sittings["moment"].max() == 1


def test_everybody_is_counted_once(invented):
    for landmark in range(6):
        counts = dict(known_at(invented.courses, landmark).counts)
        assert counts.pop("referrals") == sum(counts.values())


def test_completion_plays_no_part(invented):
    courses = invented.courses
    plain = known_at(courses, 1)
    changed = Courses(
        courses.episodes.assign(completed=False, end_reason="99"), courses.occasions, courses.totals, courses.contacts
    )
    assert known_at(changed, 1).counts == plain.counts


def test_an_empty_questionnaire_is_not_a_sitting():
    courses, _ = courses_of(CASES)
    totals = courses.totals.assign(phq9=[None if day == 10 else 9.0 for day in courses.totals["day"]])
    filled = sittings(Courses(courses.episodes, courses.occasions, totals))
    assert len(filled) == len(totals) - totals["phq9"].isna().sum()
    assert filled.groupby("referral")["moment"].min().eq(0).all()


def test_columns_that_are_scores():
    frame = pd.DataFrame(columns=[*OCCASION, "day", "phq9", "phq9_n_imputed", "wsas"])
    assert instrument_columns(frame) == ("phq9", "wsas")


def test_a_treatment_contact_is_attended_and_treatment():
    courses, _ = courses_of("a | True | | 10 20 | yes | open")
    contacts = pd.DataFrame(
        {
            "pseudonym": "a",
            "referral": "a",
            "day": [1, 2, 3, 20, 21],
            "attendance": ["5", "3", "5", "6", "5"],
            "appointment_type": ["01", "03", "03", "02", "03"],
        }
    )
    known = known_at(Courses(courses.episodes, courses.occasions, courses.totals, contacts), 1)
    assert known.contacts["day"].tolist() == [1, 2, 3, 20]
    assert known.contacts["treatment"].tolist() == [False, False, True, True]


def test_wrong_tables_and_landmarks():
    courses, _ = courses_of(CASES)
    with pytest.raises(ConfigError, match="landmark must be 0"):
        known_at(courses, -1)
    with pytest.raises(ConfigError, match="clock must be one of order, number, got 'weeks'"):
        Courses(courses.episodes, courses.occasions, courses.totals, clock="weeks")
    with pytest.raises(DataError, match="totals: column occasion is missing"):
        Courses(courses.episodes, courses.occasions, courses.totals.drop(columns="occasion"))
    with pytest.raises(DataError, match="totals: 12 rows repeat"):
        sittings(Courses(courses.episodes, courses.occasions, pd.concat([courses.totals, courses.totals])))
