"""A model is heard only under a recorded permission, and in words that say how often they were right."""

from datetime import date

import pandas as pd
import pytest

from outcomes.errors import ConfigError, DataError
from outcomes.flags.foretold import (
    ABSENT,
    IN_USE,
    OFF,
    OTHER_FILE,
    REFUSED,
    STALE,
    Foretold,
    flagging,
    model_use,
    told_people,
)
from outcomes.flags.page import caseload_page, patient_page
from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.settings import FlagSettings, ModelPermission

TODAY = date(2025, 3, 31)
SHA = "ab" * 32


def permission(**more):
    given = {"version": "1", "sha256": SHA, "trained_on": "identified", "outcome": "reliable_recovery"}
    papers = ("silent_validation", "clinical_safety_officer", "dcb0129", "dcb0160", "device_position")
    return ModelPermission(**{**given, "flag_below": 0.2, **dict.fromkeys(papers, "on file"), **more})


def foretold(referrals=("r-ann",), probability=0.1, **more):
    endings = pd.DataFrame({"referral": list(referrals), "ending": "reliable_recovery", "probability": probability})
    endings = endings.assign(low=0.05, high=0.2)
    return Foretold(
        **{"sha256": SHA, "trained_on": "identified", "made_on": date(2025, 1, 1), "endings": endings, **more}
    )


# permission | what the model handed over | kind of the caseload | verdict
@pytest.mark.parametrize(
    ("recorded", "told", "kind", "verdict"),
    [
        (None, foretold(), "identified", OFF),
        (permission(), foretold(), "identified", IN_USE),
        (permission(), None, "identified", ABSENT),
        (permission(), foretold([]), "identified", ABSENT),
        (permission(), foretold(sha256="cd" * 32), "identified", OTHER_FILE),
        (permission(), foretold(made_on=None), "identified", STALE),
        (permission(), foretold(made_on=date(2024, 3, 30)), "identified", STALE),
        (permission(), foretold(made_on=date(2024, 3, 31)), "identified", IN_USE),
        (permission(days_valid=30), foretold(), "identified", STALE),
        (permission(trained_on="invented"), foretold(), "identified", REFUSED),
        (permission(), foretold(trained_on="invented"), "identified", REFUSED),
        (permission(trained_on="invented"), foretold(trained_on="invented"), "anonymised", REFUSED),
        (permission(trained_on="invented"), foretold(trained_on="invented"), "invented", IN_USE),
    ],
)
def test_when_a_model_is_heard(recorded, told, kind, verdict):
    assert model_use(FlagSettings(model=recorded), told, kind=kind, as_of=TODAY) == verdict


def test_probabilities_beyond_one_are_refused():
    with pytest.raises(ConfigError, match="between 0 and 1"):
        foretold(probability=1.2)
    with pytest.raises(DataError, match="endings: missing"):
        foretold(endings=pd.DataFrame({"referral": []}))


def test_only_the_recorded_ending_may_flag():
    endings = pd.DataFrame(
        {"referral": ["a", "a"], "ending": ["dropped_out", "reliable_recovery"], "probability": [0.6, 0.3]}
    )
    table = flagging(foretold(endings=endings), FlagSettings(model=permission()), "identified")
    assert table["probability_reliable_recovery"].tolist() == [0.3]


def made(desk, told, kind="identified", recorded=None, course=None):
    desk.person("ann", [12, 12, 12], [9, 9, 9], as_of=22, local_id="X-ann", item9=[0, 0, 2])
    desk.person("bob", [12, 20, 21], [9, 9, 9], as_of=22, local_id="X-bob")
    tables = CareTables(desk.caseload, desk.occasions, desk.totals, course, foretold=told)
    declared = FlagSettings(model=recorded or permission())
    facts = Facts("S", kind, "h", "e", TODAY)
    return caseload_report(tables, settings=declared, facts=facts)


WORDS = {
    "reasons": pd.DataFrame(
        {
            "referral": "r-ann",
            "direction": ["for", "against", "against", "against", "against"],
            "rank": [1, 1, 2, 3, 4],
            "word": ["work", "sleep", "worry", "mood", "energy"],
            "reason": ["In work.", "Sleep is bad.", "Much worry.", "Low mood.", "Too many reasons."],
        }
    ),
    "states": pd.DataFrame({"referral": ["r-ann"], "words": ["Low mood with poor sleep."]}),
    "cautions": pd.DataFrame({"referral": ["r-ann"], "words": ["Few people like this were seen."]}),
    "record": pd.DataFrame(
        {"ending": "reliable_recovery", "told": ["about 1 in 10", "about 2 in 10"], "n": [212, 3], "n_true": [21, 1]}
    ),
}


def test_what_the_model_says_stands_on_the_sheet_with_how_often_it_was_right(desk, course):
    report = made(desk, foretold(**WORDS), course=course)
    html = patient_page(report, "r-ann")
    for words in (
        "Low chance.",
        "about 1 in 10",
        "5 to 20 in 100",
        "Of 212 people told this before, it came true for 21.",
        "In work.",
        "Sleep is bad.",
        "Low mood.",
        "Low mood with poor sleep.",
        "Few people like this were seen.",
        SHA,
    ):
        assert words in html
    assert "Too many reasons." not in html
    assert "X-bob" not in html


def test_words_that_few_were_told_before_say_so():
    said = told_people(foretold(probability=0.21, **WORDS))["r-ann"]
    assert said.endings[0].record == "Nobody knows yet: too few people were told this before."


@pytest.mark.parametrize(
    ("told", "recorded", "words"),
    [
        (None, None, "its answers are not there"),
        (foretold(["r-ann", "r-bob"], made_on=None), None, "too old"),
        (foretold(["r-ann", "r-bob"], sha256="cd" * 32), None, "not the one that the service has checked"),
        (foretold(["r-ann", "r-bob"], trained_on="invented"), None, "made up"),
    ],
)
def test_without_its_model_the_page_falls_back_to_rules_and_says_so(desk, course, told, recorded, words):
    report = made(desk, told, recorded=recorded, course=course)
    assert (report.fell_back, report.foretold, report.failure) == (True, None, "")
    html = caseload_page(report)
    assert "<strong>Rules only.</strong>" in html
    assert words in html
    assert "Low chance." not in html
    assert report.judged.set_index("referral").at["r-bob", "status"] == "flag"  # the rules go on
    assert report.counts["safety_prompts"] == 1


def test_a_model_that_calms_hides_no_safety_answer(desk, course):
    report = made(desk, foretold(["r-ann", "r-bob"], 0.99), course=course)
    assert not report.fell_back
    assert report.judged.set_index("referral").at["r-ann", "status"] == "no flag"
    assert "X-ann" in caseload_page(report).split('id="totals"', maxsplit=1)[0]


def test_who_is_outside_the_training_data_has_a_caution_and_no_chance(desk, course):
    cautions = pd.DataFrame({"referral": ["r-bob"], "words": ["This person is unlike those the model learned from."]})
    told = foretold(cautions=cautions, weeks=24)
    said = told_people(told)
    assert (said["r-bob"].endings, len(said["r-bob"].cautions)) == ((), 1)
    report = made(desk, told, course=course)
    assert "unlike those the model learned from" in patient_page(report, "r-bob")
    assert "The model gave no answer for this person." in patient_page(report, "r-bob")
    assert "How it may end within 24 weeks" in patient_page(report, "r-ann")
