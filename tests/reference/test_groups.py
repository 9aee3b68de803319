"""Every value, missing ones included, lands in exactly one group."""

import string
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.errors import ConfigError
from outcomes.reference.codelists import code_list
from outcomes.reference.figures import england
from outcomes.reference.groups import Grouping, grouping, groupings, read_grouping
from outcomes.reference.loader import FOLDER

EVERY = sorted(groupings())
PUBLISHED = sorted(set(EVERY) & set(england()["breakdown"]))
CODED = [key for key in EVERY if grouping(key).codes]
ETHNIC_CODES = [*"ABCDEFGHJKLMNPRSZ", "99", "-1", "-3"]


def label(key: str, *codes: str | None) -> list[str]:
    return grouping(key).label(pd.Series(list(codes), dtype="str")).tolist()


def test_registry_and_folder_hold_the_same_groupings() -> None:
    assert set(EVERY) == {path.stem for path in (FOLDER / "groups").glob("*.toml")}


@pytest.mark.parametrize("key", CODED)
def test_every_legal_code_lands_in_exactly_one_group(key: str) -> None:
    one = grouping(key)
    for code in one.codes:
        assert int(one.members(pd.Series([code])).to_numpy().sum()) == 1
    assert set(one.codes.values()) | {one.not_stated, one.not_known} == set(one.labels)


@pytest.mark.parametrize("key", EVERY)
@settings(deadline=None, max_examples=40)
@given(text=st.one_of(st.none(), st.text(string.printable, max_size=6)))
def test_any_text_at_all_has_a_group(key: str, text: str | None) -> None:
    one = grouping(key)
    found = one.label(pd.Series([text], dtype="object"))
    assert found.notna().all()
    assert set(found.iloc[0].split(";")) <= set(one.labels)


@pytest.mark.parametrize("key", EVERY)
def test_labelling_twice_changes_nothing(key: str) -> None:
    one = grouping(key)
    codes = pd.Series([*one.codes, *one.labels, None, "?", "40"], dtype="str")
    once = one.label(codes)
    assert one.label(once).tolist() == once.tolist()


@pytest.mark.parametrize("key", EVERY)
def test_blank_and_unknown_codes_are_groups_of_their_own(key: str) -> None:
    one = grouping(key)
    assert one.label(pd.Series([None, "", "  ", "Si?"], dtype="str")).tolist() == [one.not_known] * 4
    assert {one.not_stated, one.not_known} <= set(one.labels)
    assert one.reference_label in one.labels


def test_ethnic_groups_l_and_m_are_not_lost() -> None:
    # A public query wrote 'L''M' (a missing comma), and so lost both groups.
    assert label("ethnic_group_5", "L", "M") == ["Asian or Asian British", "Black or Black British"]
    assert label("ethnic_group_16", "L", "M") == [
        "Asian or Asian British: any other Asian background",
        "Black or Black British: Caribbean",
    ]


def test_the_five_ethnic_groups_are_unions_of_the_sixteen() -> None:
    assert list(grouping("ethnic_group_5").codes) == ETHNIC_CODES == list(grouping("ethnic_group_16").codes)
    for code in ETHNIC_CODES:
        fine, coarse = grouping("ethnic_group_16").codes[code], grouping("ethnic_group_5").codes[code]
        assert fine.split(":")[0] == coarse


def test_a_region_is_one_group_under_each_of_its_codes() -> None:
    one = grouping("region")
    assert label("region", "Y56", "e40000003", " Y63", "E40000009", "E40000012", "W92000004") == [
        "London",
        "London",
        "North East and Yorkshire",
        "North East and Yorkshire",
        "North East and Yorkshire",
        "Wales",
    ]
    regions = {code: name for code, name in one.codes.items() if code.startswith("Y")}
    assert sorted(regions) == ["Y56", "Y58", "Y59", "Y60", "Y61", "Y62", "Y63"]
    assert set(regions.values()) == {name for code, name in one.codes.items() if code.startswith("E40")}
    assert len(set(one.codes.values())) == 7 + 3
    # A statistical region of England has other borders: it is not known rather than guessed. Nor is any finer place.
    places = ("E12000007", "E01000001", "E02000001", "E09000007", "SW1A 1AA")
    assert set(label("region", *places)) == {one.not_known}


def test_chinese_is_an_other_ethnic_group_in_this_standard() -> None:
    assert label("ethnic_group_5", "R") == ["Other ethnic groups"]


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("0", "Under 18"), ("17", "Under 18"), ("18", "18 to 25"), ("25", "18 to 25"), ("26", "26 to 64"),
        ("64", "26 to 64"), ("65", "65 to 74"), ("74", "65 to 74"), ("75", "75 to 89"), ("89", "75 to 89"),
        ("90", "90 and over"), ("130", "90 and over"), ("131", "Not known"), ("-1", "Not known"),
        ("17.9", "Under 18"), (" 18 ", "18 to 25"), ("18.0", "18 to 25"), ("nan", "Not known"), ("", "Not known"),
    ],
)  # fmt: skip
def test_age_band(age: str, band: str) -> None:
    # Public code once banded by "< 18" and "> 18", and so lost age 18.
    assert label("age_band", age) == [band]


def test_every_age_in_years_is_in_one_band() -> None:
    ages = pd.Series([str(age) for age in range(131)])
    assert grouping("age_band").label(ages).ne("Not known").all()
    assert grouping("age_band").members(ages).sum(axis=1).eq(1).all()


def test_decile_one_is_the_most_deprived() -> None:
    assert label("deprivation_decile", "1", "10", "01") == [
        "Decile 1 (most deprived)",
        "Decile 10 (least deprived)",
        "Decile 1 (most deprived)",
    ]
    assert label("deprivation_quintile", "1", "2", "3", "10") == [
        "Quintile 1 (most deprived)",
        "Quintile 1 (most deprived)",
        "Quintile 2",
        "Quintile 5 (least deprived)",
    ]


def test_padded_shortened_and_lower_case_codes_are_read() -> None:
    assert label("gender", "2", "2 ", " 2", "02", "2.0", "x", "z") == ["Female"] * 5 + ["Not known", "Not stated"]
    assert label("employment", "1", "01", " 1", "zz", "9") == ["Employed"] * 3 + ["Not stated", "Not known"]


def test_two_disability_codes_are_not_swapped() -> None:
    # One sheet of the official metadata swaps XX and NN; the code list is right.
    assert label("disability", "XX", "NN") == ["Other disability", "No disability"]


def test_overlapping_codes_keep_every_group_once_in_order() -> None:
    one = grouping("disability")
    assert one.overlapping
    assert label("disability", "10;1; 01") == ["Behaviour and emotional;Speech"]
    members = one.members(pd.Series(["10;1", "NN", None]))
    assert members.sum(axis=1).tolist() == [2, 1, 1]
    assert members.columns.tolist() == list(one.labels)


def test_several_conditions_count_once() -> None:
    assert label("long_term_condition", "195967001;73211009", "748031000000103", "N;Y", "Z", "12345") == [
        "Long-term condition",
        "No long-term condition",
        "Long-term condition",
        "Not stated",
        "Not known",
    ]


def test_nhanes_codes() -> None:
    assert label("race_hispanic_origin_us", "3", "4.0") == ["Non-Hispanic White", "Non-Hispanic Black"]
    assert label("education_us", "7", "9", "5") == ["Not stated", "Not known", "College graduate"]
    assert label("poverty_income_ratio_us", "0", "0.99", "1", "3.99", "5", "5.4e-79") == [
        "Under 1.00 (below the poverty line)",
        "Under 1.00 (below the poverty line)",
        "1.00 to 1.99",
        "2.00 to 3.99",
        "4.00 and over",
        "Under 1.00 (below the poverty line)",
    ]


def test_illegal_values_can_be_counted() -> None:
    found = grouping("gender").legal(pd.Series(["1", " 2", None, "", "CH", "Male"], dtype="str"))
    assert found.tolist() == [True, True, True, True, False, True]


def test_most_groupings_of_a_talking_therapies_feed_have_published_figures() -> None:
    assert len(PUBLISHED) >= 9


@pytest.mark.parametrize("key", PUBLISHED)
def test_england_figures_use_the_labels_of_the_grouping(key: str) -> None:
    joined = {"Not stated, not known or invalid", "No code recorded", "Invalid code"}
    published = set(england(breakdown=key)["label"]) - joined
    own = set(grouping(key).labels) - {"Not stated", "Not known"}
    assert published - {"Not stated"} == own


GROUP = """
key = "shift"
title = "Shift"
column = "shift"
reference_label = "Day"
source = "outcomes_definition"
verified = true
groups = [{ label = "Day", codes = ["1"] }, { label = "Night", codes = ["2"] }]
"""
BANDS = """
key = "shift"
title = "Shift"
column = "shift"
reference_label = "Low"
source = "outcomes_definition"
verified = true
bands = [{ label = "Low", start = "0", below = "5" }, { label = "High", start = "5", below = "9" }]
"""


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (GROUP, 'codes = ["2"]', 'codes = ["1"]', "code '1' is already in group 'Day'"),
        (GROUP, 'reference_label = "Day"', 'reference_label = "Noon"', "'Noon' is not one of the labels"),
        (GROUP, '"outcomes_definition"', '"nobody"', "'nobody' is not in the bibliography"),
        (GROUP, '"Night"', '"Late;Night"', "hold no ';'"),
        (GROUP, '"Night"', '"1"', "are labels and codes of something else"),
        (GROUP, "groups = ", "groupz = ", "needs either groups of codes or bands|unknown keys"),
        (GROUP, 'key = "shift"', 'key = "shifts"', "must equal the name of the file"),
        (BANDS, 'start = "5"', 'start = "6"', "band must start at 5"),
    ],
)
def test_a_faulty_grouping_does_not_load(tmp_path: Path, text: str, old: str, new: str, message: str) -> None:
    path = tmp_path / "shift.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_grouping(path)


def test_a_new_grouping_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "shift.toml").write_text(GROUP, encoding="utf-8")
    one: Grouping = grouping("shift", tmp_path)
    assert one.labels == ("Day", "Night", "Not stated", "Not known")


def test_an_unknown_grouping_is_an_error() -> None:
    with pytest.raises(ConfigError, match="grouping 'height' is not known"):
        grouping("height")


def test_the_callers_column_is_left_alone() -> None:
    codes = pd.Series(["1", None], dtype="str")
    grouping("gender").label(codes)
    assert codes.tolist()[0] == "1"
    assert codes.isna().tolist() == [False, True]


def test_a_grouping_reads_patients_or_referrals(tmp_path: Path) -> None:
    text = (FOLDER / "groups" / "referral_route.toml").read_text(encoding="utf-8")
    path = tmp_path / "referral_route.toml"
    path.write_text(text, encoding="utf-8")
    assert read_grouping(path).table == "referrals"
    path.write_text(text.replace('table = "referrals"', 'table = "contacts"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="table must be patients or referrals, got 'contacts'"):
        read_grouping(path)


def test_every_source_of_referral_has_a_route() -> None:
    assert set(grouping("referral_route").codes) == set(code_list("referral_source").codes)
