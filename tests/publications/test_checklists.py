"""Checklists are whole, and name only places that a release can have."""

import pytest

from outcomes.errors import ConfigError
from outcomes.publications.checklists import CHECKLISTS, TO_WRITE, checklist, filled

LENGTHS = {"tripod_ai": 52, "grolts": 21, "record": 13}


@pytest.mark.parametrize("key", CHECKLISTS)
def test_it_has_every_item_once(key):
    numbers = [item.number for item in checklist(key).items]
    assert len(numbers) == len(set(numbers)) == LENGTHS[key]
    assert checklist(key).key == key
    assert "https://doi.org/" in checklist(key).citation


def test_tripod_ai_has_27_main_items():
    assert {int(item.number.rstrip("abcdefg")) for item in checklist("tripod_ai").items} == set(range(1, 28))


def test_grolts_has_16_main_items():
    assert {int(item.number.rstrip("abc")) for item in checklist("grolts").items} == set(range(1, 17))


@pytest.mark.parametrize("key", CHECKLISTS)
def test_nothing_answered_is_left_to_the_author(key):
    assert filled(key, []).count(TO_WRITE) == LENGTHS[key]


def test_answers_are_places_of_the_release():
    said = filled("tripod_ai", ["figures/calibration", "figures/calibration_intake", "methods.md#Prediction"])
    (line,) = [line for line in said.splitlines() if line.startswith("| 12e |")]
    assert "figures/calibration, figures/calibration_intake, methods.md#Prediction" in line


def test_an_unknown_one_is_refused():
    with pytest.raises(ConfigError, match="checklist must be one of"):
        checklist("consort")
