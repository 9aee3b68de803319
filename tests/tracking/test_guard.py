"""No patient row gets into a run, whatever it is called and however it is wrapped."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.disclosure.gate import Released
from outcomes.errors import ConfigError, DisclosureError
from outcomes.tracking.guard import (
    PERSONAL_COLUMNS,
    figure_file,
    flat,
    model_file,
    numbers_of,
    plain,
    table_file,
    text_file,
)


def aggregate(rows: int = 3, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"k": range(1, rows + 1), "bic": np.linspace(9, 8, rows), **columns})


def test_an_aggregate_with_its_denominator_is_kept() -> None:
    kept = table_file("states", aggregate(), 500)
    assert kept.path == "tables/states.csv"
    assert kept.content == b"k,bic\n1,9\n2,8.5\n3,8\n"
    assert kept.note == "3 rows on 500 people"


def test_a_released_table_needs_no_denominator(released: Released) -> None:
    kept = table_file("recovery", released, None)
    assert b"Female,99" in kept.content
    assert kept.note.startswith("Recovery by gender (released under midpoint6)")


def test_a_released_table_that_was_changed_is_refused(released: Released) -> None:
    released.table.loc[0, "recovered"] = 101.0
    with pytest.raises(DisclosureError, match="seal"):
        table_file("recovery", released, None)


@pytest.mark.parametrize("column", sorted(PERSONAL_COLUMNS))
def test_no_column_of_patient_rows_gets_in(column: str) -> None:
    with pytest.raises(DisclosureError, match="belong to patient rows"):
        table_file("t", aggregate(**{column: ["a", "b", "c"]}), 500)


@pytest.mark.parametrize("column", ["Pseudonym", " REFERRAL ", "NHS number"])
def test_spelling_a_column_otherwise_does_not_help(column: str) -> None:
    with pytest.raises(DisclosureError, match="belong to patient rows"):
        table_file("t", aggregate(**{column: ["a", "b", "c"]}), 500)


@pytest.mark.parametrize(
    "cell",
    [
        "9434765919",  # an NHS number
        "943 476 5919",
        "0f3a9c1b2d4e5f60718293a4b5c6d7e8",  # a keyed pseudonym
        "MFRGGZDFMZTWQ2LK",  # the same in base 32
    ],
)
def test_cells_that_look_like_people_are_refused_and_not_shown(cell: str) -> None:
    with pytest.raises(DisclosureError, match="1 cells of column 'label' look like identifiers") as refused:
        table_file("t", aggregate(label=["a", cell, "c"]), 500)
    assert cell not in str(refused.value)


def test_dates_and_packed_cells_are_refused() -> None:
    with pytest.raises(DisclosureError, match="holds dates"):
        table_file("t", aggregate(when=pd.to_datetime(["2024-01-02"] * 3)), 500)
    with pytest.raises(DisclosureError, match="more than one value"):
        table_file("t", aggregate(scores=[[1, 2], [3], [4]]), 500)


def test_an_index_with_labels_is_refused_since_it_would_be_lost_or_hide_a_person() -> None:
    for labelled in (aggregate().set_index("k"), aggregate().set_axis(["a", "b", "c"])):
        with pytest.raises(ConfigError, match="reset_index"):
            table_file("t", labelled, 500)
    assert table_file("t", aggregate().iloc[1:], 500).content == b"k,bic\n2,8.5\n3,8\n"


@pytest.mark.parametrize("denominator", [None, 3.5, True])
def test_a_frame_without_a_denominator_is_refused(denominator: object) -> None:
    with pytest.raises(DisclosureError, match="without its denominator"):
        table_file("t", aggregate(), denominator)  # type: ignore[arg-type]


@given(rows=st.integers(1, 60), people=st.integers(0, 60))
def test_as_many_rows_as_people_are_people(rows: int, people: int) -> None:
    if people >= 10 and rows < people:
        assert table_file("t", aggregate(rows), people).note == f"{rows} rows on {people} people"
    else:
        with pytest.raises(DisclosureError, match="release"):
            table_file("t", aggregate(rows), people)


@pytest.mark.parametrize(("fewest", "kept"), [(0, True), (1, False), (9, False), (10, True)])
def test_rows_on_few_people_must_be_released_first(fewest: int, *, kept: bool) -> None:
    frame = aggregate(n=[fewest, 20, 30])
    if kept:
        assert table_file("t", frame, "n").note == "3 rows, people counted in n"
    else:
        with pytest.raises(DisclosureError, match="1 of 3 rows rest on fewer than 10 people"):
            table_file("t", frame, "n")


@pytest.mark.parametrize("n", [[1.0, None, 3.0], [-1, 20, 30], ["10", "20", "30"]])
def test_a_denominator_that_does_not_count_is_refused(n: list[object]) -> None:
    with pytest.raises(ConfigError, match="must count people"):
        table_file("t", aggregate(n=n), "n")
    with pytest.raises(ConfigError, match="no column 'finished'"):
        table_file("t", aggregate(n=n), "finished")


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="no rows"):
        table_file("t", aggregate(0), 500)


def test_the_callers_table_is_not_changed() -> None:
    frame = aggregate(n=[10, 20, 30])
    before = frame.copy(deep=True)
    table_file("t", frame, "n")
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("name", ["../up", "Sub/dir", "a b", "", "UPPER"])
def test_file_names_cannot_leave_the_run(name: str) -> None:
    for refuse in (lambda: table_file(name, aggregate(), 500), lambda: text_file(f"{name}.md", "x")):
        with pytest.raises(ConfigError, match="file name"):
            refuse()


def test_figures_are_what_they_say() -> None:
    assert figure_file("a.svg", "<svg></svg>").path == "figures/a.svg"
    assert figure_file("a.svg", "<?xml version='1.0'?><svg/>").content.startswith(b"<?xml")
    assert figure_file("a.png", b"\x89PNG\r\n\x1a\n...").path == "figures/a.png"
    with pytest.raises(ConfigError, match="does not begin like"):
        figure_file("a.png", "<svg></svg>")
    with pytest.raises(ConfigError, match=r"\.png, \.svg"):
        figure_file("a.html", "<html></html>")


def test_pages_are_not_kept_since_the_caseload_is_one() -> None:
    with pytest.raises(ConfigError, match=r"caseload\.html"):
        text_file("caseload.html", "<html></html>")


def test_pickles_are_not_models() -> None:
    with pytest.raises(ConfigError, match=r"\.json, \.ubj"):
        model_file("model.pkl", b"\x80\x04")


def test_a_model_with_rows_in_it_is_refused() -> None:
    assert model_file("m.json", '{"trees": [1]}').path == "models/m.json"
    with pytest.raises(DisclosureError, match="names pseudonym"):
        model_file("m.json", '{"training": [{"pseudonym": "x"}]}')
    with pytest.raises(ConfigError, match="not valid JSON"):
        model_file("m.json", "trees")


@pytest.mark.parametrize(
    ("value", "text", "why"),
    [
        (None, "none", "nothing is said in words"),
        ((1, 2.5, "a"), "1, 2.5, a", "lists are joined"),
        ("/home/someone/feeds/2024", ".../2024", "folders of a machine are left out"),
        (Path("/srv/data/x.csv"), ".../x.csv", "of paths too"),
        ("~/feeds/x.csv", ".../x.csv", "and of homes"),
        ("D:/people/someone/x.csv", ".../x.csv", "and of drives"),
        ("read /a/b/c.csv and /d/e.csv", "read .../c.csv and .../e.csv", "wherever they stand"),
        ("feeds/2024.csv", "feeds/2024.csv", "a relative path says nothing about the machine"),
        ("low/high", "low/high", "a slash between words is no path"),
        ("https://example.org/a/b", "https://example.org/a/b", "an address is no path"),
        ("x" * 600, "x" * 497 + "...", "long ones are cut"),
    ],
)
def test_settings_are_short_and_say_nothing_about_the_machine(value: object, text: str, why: str) -> None:
    assert plain(value) == text, why


def test_nested_settings_become_dotted_names() -> None:
    nested = {"a": {"b": {"c": 1}, "d": [1, 2]}, "e": None}
    assert flat(nested) == {"a.b.c": "1", "a.d": "1, 2", "e": "none"}


def test_texts_lose_the_folders_of_the_machine() -> None:
    assert text_file("m.md", "from /srv/data/x.csv\n").content == b"from .../x.csv\n"
    assert text_file("m.md", "a</b>, 3/4 and 1 / 2").content == b"a</b>, 3/4 and 1 / 2"


def test_metrics_that_could_not_be_estimated_are_parted() -> None:
    known, unknown = numbers_of({"a/b": 1, "c": np.float64(0.5), "d": None, "e": float("nan"), "f": float("inf")})
    assert known == {"a/b": 1.0, "c": 0.5}
    assert unknown == ["d", "e", "f"]


@pytest.mark.parametrize("name", ["AUC", "auc low", "/auc", "auc/", ""])
def test_metric_names_are_the_same_in_every_run(name: str) -> None:
    with pytest.raises(ConfigError, match="lower-case words"):
        numbers_of({name: 1.0})


@pytest.mark.parametrize("value", ["0.7", True, [0.7]])
def test_metrics_are_numbers(value: object) -> None:
    with pytest.raises(ConfigError, match="must be a number or None"):
        numbers_of({"auc": value})  # type: ignore[dict-item]
