"""A record file says exactly what was meant, or it does not load."""

from decimal import Decimal
from pathlib import Path

import pytest

from outcomes.errors import ConfigError
from outcomes.reference.loader import Entry, read_key, read_toml, record, toml_files


def entry(**values: object) -> Entry:
    return Entry(values, "test.toml")


def test_every_kind_of_value_is_read_as_what_it_is() -> None:
    one = entry(name="n", count=3, yes=True, exact="0.73", codes=[1, 2], words=["a"], inner={"x": "y"})
    assert one.text("name") == "n"
    assert one.whole("count") == 3
    assert one.flag("yes") is True
    assert one.decimal("exact") == Decimal("0.73")
    assert one.wholes("codes") == (1, 2)
    assert one.texts("words") == ("a",)
    assert one.mapping("inner") == {"x": "y"}
    one.done()


def test_a_binary_fraction_is_refused_where_an_exact_decimal_is_needed() -> None:
    with pytest.raises(ConfigError, match=r"'value' must be str or int, got 0\.73"):
        entry(value=0.73).decimal("value")


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (lambda: entry().text("name"), "test.toml: 'name' is missing"),
        (lambda: entry(count=True).whole("count"), "'count' must be int, got True"),
        (lambda: entry(count="3").whole("count"), "'count' must be int, got '3'"),
        (lambda: entry(words=["a", 1]).texts("words"), "'words' must be a list of texts"),
        (lambda: entry(codes=[1, True]).wholes("codes"), "'codes' must be a list of whole numbers"),
        (lambda: entry(rows=[1]).tables("rows"), "'rows' must be a list of tables"),
        (lambda: entry(value="seven").decimal("value"), "must be a decimal written as text"),
        (lambda: entry(nmae="n").done(), r"unknown keys \['nmae'\]"),
    ],
)
def test_a_wrong_value_is_quoted_with_its_place(reading: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        reading()  # type: ignore[operator]


def test_absent_means_the_default_and_nothing_else() -> None:
    one = entry()
    assert one.text("name", "") == ""
    assert one.optional_text("name") is None
    assert one.whole("count", 0) == 0
    assert one.flag("yes", default=False) is False
    assert one.day("from") is None
    assert one.tables("rows") == []


def test_a_broken_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("a = [1,", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.toml cannot be read as TOML"):
        read_toml(tmp_path / "bad.toml")
    with pytest.raises(ConfigError, match=r"absent\.toml cannot be read"):
        read_toml(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match="no reference records"):
        toml_files(tmp_path / "none")


def test_a_record_stands_in_the_file_of_its_name() -> None:
    assert read_key(Entry({"key": "a"}, "a.toml"), Path("folder/a.toml")) == "a"
    with pytest.raises(ConfigError, match=r"b\.toml: key 'a' must equal the name of the file"):
        read_key(Entry({"key": "a"}, "b.toml"), Path("folder/b.toml"))


def test_a_record_that_is_not_there_is_an_error_that_says_which_are() -> None:
    assert record({"a": 1, "b": 2}, "b", "letter") == 2
    with pytest.raises(ConfigError, match="letter 'c' is not known; known are a, b"):
        record({"a": 1, "b": 2}, "c", "letter")
