"""Safety answers survive whatever else fails, and the report says what failed without saying a value."""

from datetime import date

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.settings import FlagSettings, ModelPermission

FACTS = Facts("Service A", "identified", "abc123", "nhs_talking_therapies_v2_1", date(2025, 3, 31))
SETTINGS = FlagSettings()


def report(tables, declared=SETTINGS, facts=FACTS):
    return caseload_report(tables, settings=declared, facts=facts)


@pytest.fixture
def tables(desk, course):
    desk.person("a", [12, 20], item9=[0, 2], as_of=15).person("b", [12, 12], as_of=15).person("c", as_of=15)
    return CareTables(desk.caseload, desk.occasions, desk.totals, course)


def test_counts_hold_no_identifier(tables):
    counts = report(tables).counts
    assert counts == {"open": 3, "safety_prompts": 1, "duty_list": 0, "flag": 1, "no_flag": 1, "cannot_score": 1}


BROKEN = {
    "no totals": ({"totals": None}, "no scores were given"),
    "totals without a day": ({"totals": pd.DataFrame({"referral": []})}, "totals: missing column"),
    "broken course": ({"course": pd.DataFrame({"n": [1]})}, "course: missing column"),
    "course of nonsense": ({"course": 7}, "the rules stopped with"),
    "probabilities without permission": ({"probabilities": pd.DataFrame({"referral": []})}, "no model is switched on"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_safety_answers_survive(tables, broken):
    change, words = BROKEN[broken]
    result = report(CareTables(**{**vars(tables), **change}))
    assert words in result.failure
    assert result.judged is None
    assert result.counts == {"open": 3, "safety_prompts": 1, "duty_list": 0, "not_judged": 3}


def test_a_model_never_changes_a_safety_answer(tables):
    model = ModelPermission("1", "a" * 64, "identified", "recovery", 0.5, "a", "b", "c", "d", "e")
    sure = pd.DataFrame({"referral": tables.caseload["referral"], "probability_recovery": 0.99})
    with_model = report(CareTables(**{**vars(tables), "probabilities": sure}), FlagSettings(model=model))
    pd.testing.assert_frame_equal(with_model.safety, report(tables).safety)
    assert with_model.counts["safety_prompts"] == 1


def test_a_switched_on_model_that_is_missing_leaves_rules_and_safety(tables):
    model = ModelPermission("1", "a" * 64, "identified", "recovery", 0.5, "a", "b", "c", "d", "e")
    result = report(tables, FlagSettings(model=model))
    assert (result.failure, result.counts["flag"], result.counts["safety_prompts"]) == ("", 1, 1)


def test_answers_in_quarantined_rows_go_to_the_duty_list_only(tables):
    rows = pd.DataFrame({"instrument": ["phq9"], "item": [9], "answer": [3], "patient_id": ["a"]})
    result = report(CareTables(**{**vars(tables), "quarantined": rows}))
    assert result.duty["person_as_given"].tolist() == ["a"]
    assert result.counts["safety_prompts"] == 1


def test_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match="kind must be one of"):
        Facts("s", "real", "x", "y")
