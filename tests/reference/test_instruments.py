"""Each questionnaire is recorded as published, and a new one is one file."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from outcomes.errors import ConfigError
from outcomes.reference.instruments import instrument, instruments, read_instrument
from outcomes.reference.loader import FOLDER

# key, items, range, caseness, reliable change, confirmed, SNOMED CT total, ADSM token
PUBLISHED = """
phq9            9   0-27   10 or more   6 or more     yes  720433000         -
gad7            7   0-21   8 or more    4 or more     yes  445455005         GAD7
spin            17  0-68   19 or more   10 or more    no   445552006         SocialPhobia
pdss            7   0-28   8 or more    5 or more     no   450326007         PanicDisorder
oci             42  0-168  40 or more   32 or more    no   450324005         OCD
pcl5            20  0-80   32 or more   10 or more    no   491581000000104   PTSD
iesr            22  0-88   33 or more   9 or more     no   -                 PTSD
hai             18  0-54   18 or more   4 or more     no   446793008         AnxietyInventory
mobility_alone  26  1-5    above 2.3    0.73 or more  no   473355002         AgoraAlone
pswq            16  16-80  45 or more   10 or more    no   446517006         -
ibs_sss         5   0-500  75 or more   -             yes  1083671000000108  IBS
phq15           15  0-30   10 or more   -             yes  1065441000000103  MUS
cfq             11  0-33   -            -             yes  1077511000000101  CFQ
biq             9   0-72   -            -             no   1128221000000100  BIQ
wsas            5   0-40   -            -             yes  -                 -
bdi2            21  0-63   -            -             no   -                 -
dsm5_depression 9   0-9    -            -             yes  -                 -
"""


def published() -> list[list[str]]:
    rows = []
    for line in PUBLISHED.strip().splitlines():
        key, rest = line.split(maxsplit=1)
        cells = [key, *(cell.strip() for cell in rest.split("  ") if cell.strip())]
        rows.append(cells)
    return rows


@pytest.mark.parametrize("row", published(), ids=lambda row: row[0])
def test_instrument_is_recorded_as_published(row: list[str]) -> None:
    key, items, span, caseness, change, confirmed, snomed, token = row
    one = instrument(key)
    assert len(one.items) == int(items)
    assert f"{one.minimum:g}-{one.maximum:g}" == span
    assert (one.caseness.words() if one.caseness else "-") == caseness
    assert (one.reliable_change.words() if one.reliable_change else "-") == change
    assert one.verified is (confirmed == "yes")
    assert (one.snomed_total or "-") == snomed
    assert (one.adsm_token or "-") == token


def test_registry_and_folder_and_table_hold_the_same_instruments() -> None:
    files = {path.stem for path in (FOLDER / "instruments").glob("*.toml")}
    assert files == set(instruments()) == {row[0] for row in published()}


def test_an_unverified_record_never_has_a_verified_threshold_that_decides() -> None:
    for one in instruments().values():
        for limit in (one.caseness, one.reliable_change):
            if limit is not None and not one.verified:
                assert not limit.verified


def test_phq9_items_are_in_published_order_with_their_codes() -> None:
    one = instrument("phq9")
    assert one.item_columns == tuple(f"phq9_{n}" for n in range(1, 10))
    expected = ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"]
    assert [item.loinc for item in one.items] == expected
    assert one.loinc_total == "44261-6"  # not 44260-8, which is item 9
    assert one.safety_items == (9,)


def test_gad7_items_six_and_seven_are_not_swapped() -> None:
    one = instrument("gad7")
    assert [item.loinc for item in one.items[-2:]] == ["69689-8", "69736-7"]
    assert [item.word for item in one.items[-2:]] == ["irritability", "fear"]
    assert one.loinc_total == "70274-6"
    assert one.loinc_panel == "69737-5"


def test_no_two_items_of_the_package_share_a_loinc_code() -> None:
    codes = [item.loinc for one in instruments().values() for item in one.items if item.loinc]
    assert len(codes) == len(set(codes)) == 16


def test_wsas_work_item_knows_does_not_apply() -> None:
    assert instrument("wsas").items[0].not_applicable == (9,)
    assert [item.not_applicable for item in instrument("wsas").items[1:]] == [()] * 4


def test_nine_binary_symptoms_stand_in_the_order_of_the_feed() -> None:
    words = "mood concentration self-worth|suicidal ideation|tiredness sleep pleasure psychomotor appetite"
    expected = [word for part in words.split("|") for word in ([part] if part == "suicidal ideation" else part.split())]
    assert list(instrument("dsm5_depression").words) == expected
    assert instrument("dsm5_depression").safety_items == (4,)


def test_backward_items_are_those_of_the_worry_questionnaire() -> None:
    backward = {(one.key, item.number) for one in instruments().values() for item in one.items if item.reverse}
    assert backward == {("pswq", number) for number in (1, 3, 8, 10, 11)}


@pytest.mark.parametrize(
    ("key", "total", "label"),
    [
        ("phq9", 0, "minimal"), ("phq9", 4, "minimal"), ("phq9", 5, "mild"), ("phq9", 9, "mild"),
        ("phq9", 10, "moderate"), ("phq9", 14, "moderate"), ("phq9", 15, "moderately severe"),
        ("phq9", 19, "moderately severe"), ("phq9", 20, "severe"), ("phq9", 27, "severe"),
        ("gad7", 14, "moderate"), ("gad7", 15, "severe"), ("phq9", 9.9, "mild"),
        ("phq9", 28, None), ("phq9", -1, None), ("phq9", None, None),
    ],
)  # fmt: skip
def test_severity_band_of_a_total(key: str, total: float | None, label: str | None) -> None:
    found = instrument(key).severity_label(pd.Series([total], dtype="float64"))
    assert (found.isna().iloc[0]) if label is None else (found.iloc[0] == label)


def test_an_instrument_is_called_by_the_words_in_brackets_or_by_its_whole_name() -> None:
    assert (instrument("gad7").short_name, instrument("phq9").short_name) == ("GAD-7", "PHQ-9")
    plain = replace(instrument("phq9"), name="Mood (PHQ) today")
    assert plain.short_name == "Mood (PHQ) today"
    assert all(record.name.rstrip(")").endswith(record.short_name) for record in instruments().values())


def test_severity_without_published_bands_is_refused() -> None:
    with pytest.raises(ConfigError, match="no severity bands are recorded for biq"):
        instrument("biq").severity_label(pd.Series([1.0]))


NEW = """
key = "mood_thermometer"
name = "Mood thermometer"
minimum = 0
maximum = 20
source = "outcomes_definition"
verified = false
code_range = [0, 10]
items = [{ word = "mood" }, { word = "worry", safety = true }]
[caseness]
value = 8
source = "outcomes_definition"
"""


def write(folder: Path, text: str, name: str = "mood_thermometer") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_adding_an_instrument_is_adding_one_file(tmp_path: Path) -> None:
    write(tmp_path, NEW)
    one = instrument("mood_thermometer", tmp_path)
    assert one.item_columns == ("mood_thermometer_1", "mood_thermometer_2")
    assert one.caseness is not None
    assert one.caseness.met([7, 8]).tolist() == [False, True]
    assert one.reliable_change is None
    assert set(instruments(tmp_path)) == {"mood_thermometer"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "outcomes_definition"\nverified', "verified", "'source' is missing"),
        ('"outcomes_definition"', '"a_friend"', "'a_friend' is not in the bibliography"),
        ("maximum = 20", "maximum = 21", "items give a total of 0-20, the record says 0-21"),
        ('"worry", safety', '"mood", safety', "two items have the same word"),
        ("verified = false", "", "'verified' is missing"),
        ("[0, 10]", "[0, 10]\nanswerz = 1", "unknown keys"),
        ("value = 8", "value = 8.5", "'value' must be str or int"),
        ('key = "mood_thermometer"', 'key = "other"', "must equal the name of the file"),
        ('items = [{ word = "mood" }, { word = "worry", safety = true }]', "", "no items"),
        ("code_range = [0, 10]", 'code_range = [0, 10]\naggregation = "median"', "aggregation must be one of"),
        ('{ word = "mood" }', '{ word = "mood", number = 3 }', "numbered 1, 2, 3"),
        ('{ word = "mood" }', '{ word = "mood", not_applicable = [3] }', "apart from 'not applicable'"),
        ("[caseness]", "[missing_items]\nallowed = 1\n[caseness]", "missing_items.allowed needs a source"),
    ],
)
def test_a_faulty_record_does_not_load(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in NEW
    with pytest.raises(ConfigError, match=message):
        read_instrument(write(tmp_path, NEW.replace(old, new)))


def test_an_unknown_instrument_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'phq8' is not known; known are .*phq9"):
        instrument("phq8")
