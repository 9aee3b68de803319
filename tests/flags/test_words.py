"""Sentences: right numbers, short words, and never a word that pretends to know."""

import re
from datetime import date

import pytest

from outcomes.flags.words import LIMITS, REASONS, count, listed, percent, score, sentence, share, when

NUMBERS = {
    "instrument": "phq9",
    "names": "PHQ-9 and GAD-7",
    "first": 12.0,
    "last": 19.0,
    "upper": 14.6,
    "occasion": 5.0,
    "decimals": 0,
    "weeks": 6,
    "n": 12,
    "outcome": "reliable_recovery",
    "probability": 0.18,
    "low": 0.1,
    "high": 0.3,
}
FORBIDDEN = (
    "suicid",
    "risk score",
    "high risk",
    "low risk",
    "non-compliant",
    "failed",
    "trajectory",
    "algorithm",
    "baseline",
)


def syllables(word):
    word = re.sub(r"[^a-z]", "", word.lower())
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent - (word.endswith("ed") and not word.endswith(("ted", "ded")) and groups > 1))


def grade(text):
    """Flesch-Kincaid grade; grade plus five is about the reader's age."""
    sentences = [part for part in re.split(r"[.:;!?]+\s", text + " ") if part.strip()]
    words = re.findall(r"[A-Za-z'-]*[A-Za-z][A-Za-z'-]*", text)
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


@pytest.mark.parametrize("rule", [*REASONS, *LIMITS])
def test_every_sentence_can_be_read_at_twelve(rule):
    said = sentence({"rule": rule, **NUMBERS})
    assert grade(said) <= 7.5
    assert said.endswith(".")
    assert all(len(part.split()) <= 22 for part in said.split(". "))
    assert not any(word in said.lower() for word in FORBIDDEN)


def test_the_grade_itself_tells_easy_from_hard():
    assert grade("The cat sat on the mat. It was warm.") < 2
    assert grade("Statistically reliable deterioration necessitates multidisciplinary reconsideration.") > 15


def test_numbers_reach_the_sentence():
    assert sentence({"rule": "deterioration", **NUMBERS}) == (
        "Got worse. The PHQ-9 score went up from 12 to 19. A rise of 6 or more is unlikely to be chance."
    )
    assert "19 at form 5" in sentence({"rule": "not_on_track", **NUMBERS})
    assert "at 14 or less" in sentence({"rule": "not_on_track", **NUMBERS})
    assert "about 2 in 10 (between 10 and 30 in 100)" in sentence({"rule": "model", **NUMBERS})
    assert "(" not in sentence({"rule": "model", **NUMBERS, "low": None})


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [(0, 0, "0"), (12.5, 0, "12.5"), (12.25, 0, "12.3"), (12.35, 0, "12.4"), (2.675, 2, "2.68"), (None, 0, "none")],
)
def test_scores_round_half_up(value, decimals, said):
    assert score(value, decimals) == said


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.0, "fewer than 1 in 20"),
        (0.0499, "fewer than 1 in 20"),
        (0.05, "about 1 in 10"),
        (0.149, "about 1 in 10"),
        (0.15, "about 2 in 10"),
        (0.65, "about 7 in 10"),
        (0.949, "about 9 in 10"),
        (0.951, "more than 19 in 20"),
        (1.0, "more than 19 in 20"),
    ],
)
def test_probabilities_are_said_as_people_count(probability, said):
    assert share(probability) == said


def test_small_words():
    assert [count(n, "person", "people") for n in (0, 1, 2)] == ["0 people", "1 person", "2 people"]
    assert [listed(list(w)) for w in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
    assert (percent(0.005), percent(0.125)) == ("1", "13")


def test_days_are_dates_inside_care_only():
    assert when(0, date(2024, 2, 29)) == "29 February 2024"
    assert when(1, date(2024, 2, 29)) == "1 March 2024"
    assert when(12, None) == "day 12"
    assert when(float("nan"), date(2024, 2, 29)) == "date not known"
