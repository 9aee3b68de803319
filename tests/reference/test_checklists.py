"""Reporting checklists are whole and in order."""

import pytest

from outcomes.errors import ConfigError
from outcomes.reference.checklists import checklist


def test_the_trajectory_checklist_has_its_sixteen_numbers():
    found = checklist("grolts")
    assert {int("".join(filter(str.isdigit, item.number))) for item in found.items} == set(range(1, 17))
    assert len(found.items) == 21
    assert found.source == "van_de_schoot_2017"


def test_an_unknown_checklist_is_refused():
    with pytest.raises(ConfigError, match="'none' is not known; known are .*grolts"):
        checklist("none")
