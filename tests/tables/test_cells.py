"""The rules of a cell: what is mended, what is refused, and that nothing is guessed."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import ConfigError
from outcomes.tables.cells import EPOCH, Reading, read_cells
from outcomes.tables.column import UNKNOWN_CODE, Column
from outcomes.tables.feed import feed_table

READING = Reading(latest=date(2024, 6, 30))


def one(column: Column, text: str, reading: Reading = READING):
    cells = read_cells(column, pa.chunked_array([[text]], pa.string()), reading)
    return cells.values.to_pylist()[0], str(cells.faults[0]), sorted(cells.notes)


# text, value, fault, notes
ITEM_CASES = """
0     | 0    |                | ''               # zero is a score
3     | 3    |                | ''
      | None |                | ''               # blank is missing, not zero
 2    | 2    |                | ''
2.0   | 2    |                | drop_decimal_point_zero
02    | 2    |                | drop_leading_zeros
4     | None | out_of_range   | ''
-1    | None | out_of_range   | ''
2.5   | None | not_an_integer | ''
NA    | None | not_a_number   | ''
1e0   | None | not_an_integer | ''
٣     | None | not_a_number   | ''               # a digit of another script is not typed by a questionnaire system
"""


@pytest.mark.parametrize("line", ITEM_CASES.strip("\n").split("\n"))
def test_answers_are_whole_legal_codes(line):
    text, value, fault, notes = (part.strip() for part in line.split("#")[0].split("|"))
    item = feed_table("responses").column("phq9_1")
    expected = None if value == "None" else int(value)
    assert one(item, text) == (expected, fault, [] if notes == "''" else [notes])


def test_blanks_around_an_answer_are_removed_and_counted():
    assert one(feed_table("responses").column("phq9_1"), " 2 ") == (2, "", ["strip_blanks"])


def test_does_not_apply_is_a_legal_answer():
    wsas = feed_table("responses")
    applies_to_work = next(name for name in wsas.names if name.startswith("wsas_") and 9 in wsas.column(name).integers)
    assert one(wsas.column(applies_to_work), "9") == (9, "", [])
    assert one(wsas.column("phq9_1"), "9")[1] == "out_of_range"


DATE_CASES = """
2022-04-01          | 2022-04-01 |                |
2022-04-01 00:00:00 | 2022-04-01 |                | time_left_off
2022-04-01T09:30    | 2022-04-01 |                | time_left_off
2022-02-30          |            | date_malformed |
2022-4-1            |            | date_malformed |
01/04/2022          |            | date_malformed |
20220401            |            | date_malformed |
2024-07-01          |            | date_in_future |
1899-12-31          |            | date_too_early |
2024-06-30          | 2024-06-30 |                |
"""


@pytest.mark.parametrize("line", DATE_CASES.strip("\n").split("\n"))
def test_dates_are_read_in_the_declared_format_only(line):
    text, value, fault, note = (part.strip() for part in line.split("|"))
    expected = date.fromisoformat(value).toordinal() - EPOCH if value else None
    column = feed_table("referrals").column("received_date")
    assert one(column, text) == (expected, fault, [note] if note else [])


def test_a_declared_format_is_held_to():
    column = feed_table("referrals").column("received_date")
    reading = Reading(latest=date(2024, 6, 30), date_format="%d/%m/%Y")
    assert one(column, "03/04/2022", reading)[0] == date(2022, 4, 3).toordinal() - EPOCH
    assert one(column, "2022-04-03", reading)[1] == "date_malformed"


def test_an_unknown_date_format_is_refused():
    with pytest.raises(ConfigError, match="date_format must be one of"):
        one(
            feed_table("referrals").column("received_date"),
            "x",
            Reading(latest=date(2024, 1, 1), date_format="%m/%d/%y"),
        )


@pytest.mark.parametrize("text", ["00123", "123", "NA", "NULL", "None", "nan", "-", "0", "1e5", "Ünïcode"])
def test_identifiers_stay_what_they_are(text):
    assert one(feed_table("patients").column("patient_id"), text) == (text, "", [])


IDENTIFIER_FAULTS = {
    " 123": "id_padding",
    "123\t": "id_padding",
    "1\x0123": "id_control_character",
    "x" * 201: "id_too_long",
    "": "required_blank",
    "   ": "required_blank",
}


@pytest.mark.parametrize("text", IDENTIFIER_FAULTS)
def test_identifiers_that_could_merge_or_split_people_are_faults(text):
    assert one(feed_table("patients").column("patient_id"), text)[:2] == (None, IDENTIFIER_FAULTS[text])


CODE_CASES = """
appointment_type | 02    | 02    |
appointment_type | 2     | 02    | restore_lost_zero
appointment_type | 2.0   | 02    | drop_decimal_point_zero restore_lost_zero
appointment_type | 77    | ?     | unknown_code
attendance       | 05    | 5     | drop_leading_zeros
"""


@pytest.mark.parametrize("line", CODE_CASES.strip("\n").split("\n"))
def test_codes_are_mended_by_named_rules(line):
    name, text, code, notes = (part.strip() for part in line.split("|"))
    assert one(feed_table("contacts").column(name), text) == (code, "", notes.split())


def test_small_letters_become_capitals_in_codes():
    assert one(feed_table("patients").column("ethnic_category"), " z") == ("Z", "", ["strip_blanks", "upper_case"])


def test_free_text_in_a_code_field_never_enters():
    value, fault, notes = one(feed_table("patients").column("gender"), "Mrs Example, 12 High Street")
    assert (value, fault, notes) == (UNKNOWN_CODE, "", ["unknown_code"])


def test_several_codes_in_one_cell_are_sorted_and_each_judged():
    disability = feed_table("patients").column("disability")
    assert one(disability, "05;1; 77")[0] == "01;05;?"
    assert one(disability, "1;5")[0] == one(disability, "05;01")[0] == "01;05"


def test_a_problem_loses_its_dot():
    assert one(feed_table("referrals").column("problem_descriptor"), "f32.0")[0] == "F320"


def test_a_fractional_total_is_kept_and_noted():
    total = feed_table("responses").column("phq9_total")
    assert one(total, "13.5") == (13.5, "", ["fractional_total"])
    assert one(total, "13.0") == (13.0, "", [])
    assert one(total, "27.5")[1] == "out_of_range"
    assert one(total, "nan")[1] == "not_a_number"
    assert one(total, "1_0")[1] == "not_a_number"


def test_declared_missing_codes_are_missing_and_counted():
    reading = Reading(latest=date(2024, 1, 1), missing={"phq9_1": frozenset({"7", "9"})})
    item = feed_table("responses").column("phq9_1")
    assert one(item, "7", reading) == (None, "", ["declared_missing"])
    assert one(item, "8", reading)[1] == "out_of_range"


def test_counts_of_notes_are_counts_of_cells():
    item = feed_table("responses").column("phq9_1")
    cells = read_cells(item, pa.chunked_array([[" 1", "1", " 1"], ["2 "]]), READING)
    assert cells.notes == {"strip_blanks": 3}
    assert cells.values.to_pylist() == [1, 1, 1, 2]


@given(st.lists(st.text(max_size=12), max_size=20))
def test_any_text_is_a_value_or_a_named_fault(texts):
    for column in (
        feed_table(table).column(name)
        for table, name in [
            ("responses", "phq9_1"),
            ("patients", "patient_id"),
            ("contacts", "contact_date"),
            ("patients", "gender"),
            ("responses", "phq9_total"),
            ("referrals", "service_id"),
        ]
    ):
        cells = read_cells(column, pa.chunked_array([texts], pa.string()), READING)
        assert len(cells.values) == len(cells.faults) == len(texts)
        for text, value, fault in zip(texts, cells.values.to_pylist(), cells.faults, strict=True):
            assert (value is None) or fault == ""
            if value is None and fault == "":
                assert not text.strip()
