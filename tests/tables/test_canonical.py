"""What the library holds is what the episodes of a study need, and nothing that identifies."""

import pytest

from outcomes.errors import ConfigError
from outcomes.tables.canonical import library_table, library_tables
from outcomes.tables.feed import SURVEY, demographic_columns


def test_patients_hold_codes_and_bands():
    names = library_table("patients").names
    assert names[0] == "pseudonym"
    drawn = {column.name for column in SURVEY}
    assert set(names[1:]) == {column.name for column in demographic_columns()} | {"age_band"} | drawn


def test_numbers_about_people_enter_as_bands():
    assert library_table("patients").column("poverty_income_ratio_us").type == "word"


def test_no_table_holds_a_date():
    assert not [column for table in library_tables().values() for column in table.columns if column.type == "date"]


def test_an_unknown_table_is_refused():
    with pytest.raises(ConfigError, match="'notes' is not part of the library"):
        library_table("notes")
