"""Flags are watched: who gets them, what was done, what a budget would cost; outcomes afterwards are no error rates."""

from datetime import date

import pandas as pd
import pytest

from outcomes.errors import DataError
from outcomes.flags.page import use_page
from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.settings import FlagSettings
from outcomes.flags.use import budget_price, flag_rates, handled, read_record, untouched_until, use_of

FACTS = Facts("Service A", "invented", "abc123", "nhs_talking_therapies_v2_1", date(2025, 3, 31))


def made(desk, course, budget=None):
    """Four flags: one rise, and three people silent for 5, 9 and 20 weeks; six others are fine."""
    desk.person("worse", [12, 20], as_of=15, local_id="worse")
    for weeks in (5, 9, 20):
        desk.person(f"silent{weeks}", [12, 12], as_of=14 + 7 * weeks, last_contact_day=14, local_id=f"silent{weeks}")
    for number in range(6):
        desk.person(f"fine{number}", [12, 12], as_of=15, local_id=f"fine{number}")
    tables = CareTables(desk.caseload, desk.occasions, desk.totals, course)
    return caseload_report(tables, settings=FlagSettings(alert_budget=budget), facts=FACTS)


# budget per 100 | weeks without contact that keep it | flags then | given up
@pytest.mark.parametrize(("budget", "weeks", "flags", "gone"), [(30, 6, 3, 1), (20, 10, 2, 2), (10, 21, 1, 3)])
def test_the_mildest_limit_that_keeps_the_budget(desk, course, budget, weeks, flags, gone):
    use = use_of(made(desk, course, budget))
    assert (use.flagged, use.allowed) == (4, budget // 10)
    assert use.budget.to_dict("records") == [
        {"limit": "weeks_without_contact", "value": weeks, "flagged": flags, "given_up": gone}
    ]


def test_a_real_rise_is_never_traded_away(desk, course):
    price = budget_price(made(desk, course), allowed=0)
    assert price["flagged"].tolist() == [1]


def test_a_kept_budget_has_no_price(desk, course):
    use = use_of(made(desk, course, 40))
    assert use.budget.empty
    assert "so the budget is kept" in use_page(made(type(desk)(), course, 40), use)


def test_rates_have_n_and_interval_and_small_groups_have_none(desk, course):
    report = made(desk, course)
    for number in range(6):
        desk.person(f"more{number}", [12, 12], as_of=15)
    people = pd.DataFrame({"pseudonym": desk.caseload["pseudonym"], "gender": ["2"] * 10 + ["1"] * 5 + [None]})
    rates = flag_rates(report.judged, people, ["gender", "not_there"]).set_index("group")
    assert rates.loc["2", ["n", "flagged"]].tolist() == [10, 4]
    assert rates.at["2", "low"] < 0.4 < rates.at["2", "high"]
    few = flag_rates(report.judged.iloc[:9], people, ["gender"])
    assert few["share"].isna().all()


def test_what_was_done_is_counted_by_person(desk, course):
    report = made(desk, course)
    record = pd.DataFrame(
        {
            "person": ["worse", "silent5", "fine1", "gone"],
            "acknowledged": ["yes", "Yes ", "yes", "yes"],
            "acted_on": ["yes", "no", "yes", ""],
        }
    )
    assert handled(report, record) == {"flagged": 4, "acknowledged": 2, "acted_on": 1, "not_on_caseload": 1}
    page = use_page(report, use_of(report, record=record))
    assert "Of 4 people flagged now, 2 were seen to, and 1 led to a change." in page
    assert not any(name in page for name in ("silent5", "worse<", "fine1"))


def test_a_record_is_read_as_text_and_refused_without_its_content(tmp_path):
    path = tmp_path / "done.csv"
    path.write_text("person,acknowledged,acted_on\n007,yes,no\n")
    assert read_record(path)["person"].tolist() == ["007"]
    path.write_text("who\nsecret\n")
    with pytest.raises(DataError, match="missing column") as caught:
        read_record(path)
    assert "secret" not in str(caught.value)
    with pytest.raises(DataError, match="can't be read"):
        read_record(tmp_path / "none.csv")


def test_outcomes_after_flags_are_no_error_rates_and_no_labels(desk, course):
    page = use_page(made(desk, course), use_of(made(type(desk)(), course)))
    assert "What became of people who were flagged is not shown." in page
    assert not any(word in page.lower() for word in ("false alarm", "false positive", "error rate"))
    came = pd.DataFrame({"quarter": ["2025Q3", "2025Q4", "2026Q1", None], "service": ["S1", "S1", "S2", "S2"]})
    shown = date(2026, 1, 15)
    assert untouched_until(came, shown).tolist() == [107.0, 15.0, 0.0, 0.0]


def test_a_comparison_that_saw_no_flags_goes_on_teaching():
    came = pd.DataFrame({"quarter": ["2025Q3", "2026Q1", "2026Q2"], "service": ["S1", "S2", "S1"]})
    found = untouched_until(came, date(2026, 1, 15), silent_services=("S2",))
    assert found.tolist() == [107.0, float("inf"), 0.0]
    with pytest.raises(DataError, match="1 of 2 are not in the feed") as caught:
        untouched_until(came, date(2026, 1, 15), silent_services=("S2", "S9"))
    assert "S9" not in str(caught.value)
    with pytest.raises(DataError, match="quarter"):
        untouched_until(came.drop(columns="quarter"), date(2026, 1, 15))
