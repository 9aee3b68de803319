"""Feed tables follow the reference: a new instrument or grouping is a new column without a change here."""

import pytest

from outcomes.errors import ConfigError
from outcomes.reference.groups import groupings
from outcomes.reference.instruments import instruments
from outcomes.tables.feed import demographic_columns, feed_table, feed_tables, item_columns


def test_every_item_of_every_instrument_has_a_column_with_its_codes():
    table = feed_table("responses")
    for one in instruments().values():
        for item in one.items:
            assert table.column(item.column).integers == (*item.codes, *item.not_applicable)
        assert table.column(one.total_column).maximum == float(one.maximum)


def test_every_grouping_finds_its_column():
    names = {column.name for column in demographic_columns()}
    for one in groupings().values():
        held = names if one.table == "patients" else set(feed_table("referrals").names)
        assert one.column in held or one.column == "age_years"


def test_every_code_of_every_grouping_is_legal():
    columns = {column.name: column for column in (*demographic_columns(), *feed_table("referrals").columns)}
    for one in groupings().values():
        if one.codes:
            assert set(one.codes) <= set(columns[one.column].codes)


def test_identifying_columns_are_marked():
    marked = {column.name for table in feed_tables().values() for column in table.columns if column.identifying}
    assert {"patient_id", "nhs_number", "birth_date", "episode_id", "therapist_id", "contact_id"} <= marked
    assert {"received_date", "contact_date", "session_date", "discharge_date"} <= marked
    assert not marked & {column.name for column in (*demographic_columns(), *item_columns())}


def test_an_unknown_table_is_refused():
    with pytest.raises(ConfigError, match="'notes' is not part of a feed"):
        feed_table("notes")
