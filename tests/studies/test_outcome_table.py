"""The service's rates beside England's, for the terminal."""

import re

import pytest
from small_study import FROM_FILES

from outcomes.errors import ConfigError
from outcomes.studies.outcome_table import service_table


def test_every_rate_stands_with_its_counts_interval_and_england(place, feed, materials):
    text = service_table(place.request(FROM_FILES, source=feed))
    row = next(line for line in text.splitlines() if re.search(r"\breliable recovery\b", line))
    numbers = re.findall(r"[\d,.]+", row)
    assert int(numbers[0]) == int(materials.outcomes["reliable_recovery"].eq(True).sum())
    assert int(numbers[0]) <= int(numbers[1])
    assert float(numbers[3]) <= float(numbers[2]) <= float(numbers[4])
    assert "England" in text
    assert "Internal: counts are not rounded." in " ".join(text.split())


def test_an_experiment_without_outcome_measures_has_no_table(place, tmp_path):
    folder = tmp_path / "feed"
    folder.mkdir()
    items = [f"dsm5_depression_{number}" for number in range(1, 10)]
    lines = [",".join(["patient_id", "occasion", *items]), *(f"P{n},1,{','.join('101010101')}" for n in range(9))]
    (folder / "responses.csv").write_text("\n".join(lines) + "\n")
    text = FROM_FILES.split("[subtypes]", maxsplit=1)[0] + '[measures]\ninstruments = ["dsm5_depression"]\n'
    with pytest.raises(ConfigError, match="scores neither PHQ-9 nor an anxiety measure, so there are no outcome rates"):
        service_table(place.request(text, source=folder))
