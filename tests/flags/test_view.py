"""Judgements become what a reader sees, person by person, in groups that add up."""

import pandas as pd
import pytest

from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.settings import FlagSettings
from outcomes.flags.view import counted, groups


@pytest.fixture
def made(desk, course):
    desk.person("ann", [12, None, 20], [8, 9, 9], as_of=22, therapist="T2", team="north")
    desk.person("bob", [12, 11], as_of=15, therapist="T1", team="south", day_zero="2025-01-01")
    desk.person("cat", as_of=15, therapist=None, team=None)
    tables = CareTables(desk.caseload, desk.occasions, desk.totals, course)
    return groups(caseload_report(tables, settings=FlagSettings(), facts=Facts("S", "invented", "h", "e")))


def test_groups_add_up_and_nobody_without_a_therapist_is_lost(made):
    assert [(group.team, group.name, group.total) for group in made] == [
        ("", "No therapist recorded", 1),
        ("north", "T2", 1),
        ("south", "T1", 1),
    ]
    assert all(group.total == len(group.people) for group in made)


def test_reasons_have_a_lead_and_scores_a_row_each(made):
    ann = made[1].people[0]
    assert [lead for lead, _ in ann.reasons] == ["Got worse.", "Not on track."]
    assert ann.brief == ("PHQ-9: 12 to 20", "GAD-7: 8 to 9")
    assert ann.rows[0] == ("Form", "When", "PHQ-9", "GAD-7")
    assert ann.rows[2] == ("2", "day 14", "none", "9")
    assert len(ann.charts) == 2
    assert ann.leads == ("Got worse.", "Not on track.")


def test_the_course_stands_under_the_forms_that_were_scored(made):
    assert "Expected at the last score" in made[1].people[0].charts[0]


def test_days_are_dates_where_the_reader_may_know_them(made):
    bob = made[2].people[0]
    assert bob.rows[1][1] == "8 January 2025"
    assert "last form 15 January 2025" in bob.when_words


def test_a_person_without_forms_has_no_drawings(made):
    cat = made[0].people[0]
    assert (cat.charts, cat.brief, cat.rows) == ((), (), (("Form", "When"),))
    assert pd.notna(cat.when_words)


def test_a_large_service_is_counted_as_a_small_one_is(whole_service, course):
    desk = whole_service(60, seed=4)
    desk.person("nobodys", [12, 12], therapist=None)
    tables = CareTables(desk.caseload, desk.occasions, desk.totals, course)
    report = caseload_report(tables, settings=FlagSettings(), facts=Facts("S", "invented", "h", "e"))
    before = report.judged[["referral", "status"]].iloc[::2].assign(status="flag")
    drawn, numbers = groups(report, before), counted(report, before)
    assert [(g.team, g.name, g.counts, g.prompts, g.news) for g in drawn] == [
        (g.team, g.name, g.counts, g.prompts, g.news) for g in numbers
    ]
    assert sum(g.prompts for g in numbers) > 0
    assert sum(g.news for g in numbers) > 0
