"""A code means what the standard says, however a system wrote it."""

from pathlib import Path

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.reference.codelists import code_list, code_lists, read_code_list
from outcomes.reference.loader import FOLDER
from outcomes.reference.rules import rule_editions


def test_registry_and_folder_hold_the_same_lists() -> None:
    assert set(code_lists()) == {path.stem for path in (FOLDER / "codes").glob("*.toml")}


@pytest.mark.parametrize(
    ("key", "value", "code", "kind"),
    [
        ("attendance", "5", "5", "attended"),
        ("attendance", "06", "6", "attended"),
        ("attendance", "7", "7", "did_not_attend"),
        ("appointment_type", "2 ", "02", "treatment"),
        ("appointment_type", "5", "05", "treatment"),
        ("appointment_type", "6", "06", "follow_up"),
        ("medium", "11", "11", "video"),
        ("end_code", "46", "46", "planned"),
        ("end_code", "47.0", "47", "dropped_out"),
        ("end_code", "49", "49", "died"),
        ("end_code", "13", "13", "referred_on"),
        ("end_code", "96", "96", "unknown"),
        ("end_code", "42", "42", "retired"),
        ("therapy", "304891004", "304891004", "high"),
        ("therapy", "748051000000105", "748051000000105", "low"),
        ("therapy", "1098051000000103", "1098051000000103", "employment_support"),
        ("referral_source", "b1", "B1", "self"),
        ("referral_source", "E2", "E", "other"),
        ("problem_descriptor", "F320", "F32", "depression"),
        ("problem_descriptor", "f43.1", "F431", "anxiety"),
        ("problem_descriptor", "F439", "F43", "anxiety"),
        ("problem_descriptor", "F200", "F", "other"),
        ("problem_descriptor", "K589", "K58", "medically_unexplained"),
    ],
)
def test_value_is_read_as_code_and_kind(key: str, value: str, code: str, kind: str) -> None:
    column = pd.Series([value])
    assert code_list(key).clean(column).tolist() == [code]
    assert code_list(key).kind(column).tolist() == [kind]


def test_the_labels_of_irritable_bowel_and_fatigue_are_not_swapped() -> None:
    # Official metadata swaps them in one sheet.
    found = code_list("problem_descriptor").label(pd.Series(["K58", "G933"])).tolist()
    assert found == ["Irritable bowel syndrome", "Chronic fatigue syndrome"]


def test_blank_and_illegal_values_are_missing_codes_and_not_known() -> None:
    column = pd.Series([None, "", "ZZZ"], dtype="str")
    assert code_list("attendance").clean(column).isna().all()
    assert code_list("attendance").kind(column).isna().all()
    assert code_list("attendance").label(column).tolist() == ["Not known"] * 3


def test_every_code_that_an_edition_names_is_in_its_list() -> None:
    for edition in rule_editions().values():
        assert set(edition.attended_codes) == set(code_list("attendance").of_kind("attended"))
        types = set(code_list("appointment_type").codes)
        assert {*edition.treatment_appointment_types, *edition.excluded_score_appointment_types} <= types
        assert set(edition.employment_support_therapies) == set(code_list("therapy").of_kind("employment_support"))
        assert set(edition.dropped_out_end_codes) == set(code_list("end_code").of_kind("dropped_out"))
        assert set(edition.planned_end_codes) == set(code_list("end_code").of_kind("planned"))


def test_an_unknown_list_or_kind_is_an_error() -> None:
    with pytest.raises(ConfigError, match="code list 'postcode' is not known"):
        code_list("postcode")
    with pytest.raises(ConfigError, match="has no kind 'seen'"):
        code_list("attendance").of_kind("seen")


def test_a_repeated_code_does_not_load(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        'key = "x"\ntitle = "X"\ntable = "t"\ncolumn = "c"\nsource = "loinc"\nverified = true\n'
        'codes = [{ code = "1", label = "a" }, { code = "1", label = "b" }]\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match="code '1' stands twice"):
        read_code_list(path)
