"""The invented numbers are declared, checked and complete."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from outcomes.errors import ConfigError
from outcomes.reference.instruments import instrument
from outcomes.simulation import settings as module
from outcomes.simulation.settings import ServiceSettings, invented

FILE = Path(module.__file__).with_name("invented.toml")


@pytest.mark.parametrize("section", ["states", "severity"])
def test_each_item_has_its_numbers(section: str) -> None:
    numbers = getattr(invented(), section)
    phq9, gad7 = len(instrument("phq9").items), len(instrument("gad7").items)
    if section == "states":
        assert all(len(row) == phq9 for row in numbers.phq9_locations)
        assert all(len(row) == gad7 for row in numbers.gad7_locations)
    else:
        assert (len(numbers.phq9_loadings), len(numbers.gad7_easiness)) == (phq9, gad7)
    assert list(numbers.cuts) == sorted(numbers.cuts)


@pytest.mark.parametrize("name", ["improve_to", "worsen_to", "lateral_to", "initial_anxiety"])
def test_rows_of_destinations_are_distributions(name: str) -> None:
    rows = np.array(getattr(invented().states, name))
    assert (rows >= 0).all()
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, atol=1e-3)


def test_states_split_into_cognitive_affective_and_somatic() -> None:
    states = invented().states
    affective, somatic = states.shape.index("cognitive-affective"), states.shape.index("somatic")
    mood, sleep = 1, 2  # positions of the items
    assert states.phq9_locations[affective][mood] > states.phq9_locations[somatic][mood]
    assert states.phq9_locations[affective][sleep] < states.phq9_locations[somatic][sleep]


def test_all_faults_of_a_file_are_named_together(tmp_path: Path) -> None:
    path = tmp_path / "numbers.toml"
    path.write_text(
        FILE.read_text(encoding="utf-8").replace("week_days = 7", 'week_days = "seven"\nhours = 3'), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"funnel\.week_days.*funnel\.hours"):
        invented(path)


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "numbers.toml"
    path.write_text("[states", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"numbers\.toml is not TOML"):
        invented(path)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_patients": 0}, "n_patients must be at least 1, got 0"),
        ({"n_patients": 2_000_000}, "at most 900,000"),
        ({"item_process": "magic"}, "item_process must be one of states, severity, got 'magic'"),
        ({"last_received": date(2020, 1, 1)}, "first_received <= last_received <= extract_date"),
    ],
)
def test_an_impossible_service_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ServiceSettings(**wrong)
