"""A table becomes bytes and comes back; a person is in one part."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.library.parts import (
    buckets,
    content,
    leave_out,
    person_column,
    pieces,
    to_arrow,
    to_bytes,
    to_frame,
    touched,
)


def frame(**changes):
    told = {"pseudonym": ["0a", "1b", "1c"], "n": pd.array([1, None, 3], "Int8"), "x": [0.5, np.nan, 1.0]}
    return pd.DataFrame(told | changes).astype({"pseudonym": "str"})


def test_what_is_written_is_what_is_read():
    pd.testing.assert_frame_equal(to_frame(to_arrow(to_bytes(frame()))), frame())
    assert to_frame(to_arrow(to_bytes(frame().head(0)))).dtypes.equals(frame().dtypes)


NAMES = [f"{place:032x}" for place in (7, 2**127, 0, 2**100)]


@pytest.mark.parametrize(
    "cells",
    [
        NAMES,
        [None, NAMES[0], None, NAMES[1]],
        [NAMES[0].upper().replace("0", "A"), *NAMES[1:]],  # not a keyed name: it stays text
        [NAMES[0][:-1], *NAMES[1:]],
        [None] * 4,
        [""] * 4,
        ["0" * 32, "f" * 32, "0" * 32, "0" * 32],
    ],
)
def test_keyed_names_come_back_to_the_letter(cells):
    told = pd.DataFrame({"name": pd.Series(cells, dtype="str"), "n": range(4)})
    found = to_frame(to_arrow(to_bytes(told)))
    pd.testing.assert_series_equal(found["name"], told["name"])


def test_a_keyed_name_takes_its_sixteen_bytes():
    rng = np.random.default_rng(3)
    made = pd.DataFrame({"pseudonym": pd.Series([rng.bytes(16).hex() for _ in range(4_000)], dtype="str")})
    assert len(to_bytes(made)) < 4_000 * 16 + 700


@given(
    texts=st.lists(st.none() | st.text(alphabet="01af", max_size=33), max_size=40),
    numbers=st.lists(st.none() | st.integers(-(2**31), 2**31 - 1), max_size=40),
)
def test_whatever_the_encoding_the_cells_come_back(texts, numbers):
    rows = min(len(texts), len(numbers))
    many = range(30)  # more different values than a dictionary takes
    cells = [None if text is None else f"{text}{copy}" for copy in many for text in texts[:rows]]
    told = pd.DataFrame(
        {"text": pd.Series(cells, dtype="str"), "number": pd.array(numbers[:rows] * len(many), dtype="Int32")}
    )
    found = to_frame(to_arrow(to_bytes(told)))
    pd.testing.assert_frame_equal(found, told)


def test_content_does_not_hang_on_where_a_column_lies_in_memory():
    long = pd.concat([frame(), frame()], ignore_index=True)
    assert content(long.iloc[3:]) == content(frame()) != content(long.iloc[2:5])
    assert content(frame(pseudonym=["0a", None, "1c"])) != content(frame(pseudonym=["0a", "", "1c"]))


@pytest.mark.parametrize(
    ("columns", "by"), [(["pseudonym", "patient_id"], "patient_id"), (["pseudonym"], "pseudonym"), (["n"], "")]
)
def test_a_table_is_parted_by_its_person(columns, by):
    assert person_column(pd.DataFrame(columns=columns)) == by


def test_a_table_is_one_part_or_sixteen():
    people = [f"{place:032x}" for place in range(0, 2**128, 2**121)]
    large = pd.DataFrame({"pseudonym": people, "n": range(len(people))})
    assert [bucket for bucket, _ in pieces(large, parted=False)] == [-1]
    assert [bucket for bucket, _ in pieces(large[["n"]], parted=True)] == [-1]
    apart = list(pieces(large, parted=True))
    assert [bucket for bucket, _ in apart] == list(range(16))
    assert [len(piece) for _, piece in apart] == [8] * 16
    pd.testing.assert_frame_equal(pd.concat([piece for _, piece in apart]), large)


def test_nobody_falls_between_the_parts():
    for column in ("pseudonym", "patient_id"):
        strange = pd.DataFrame({column: pd.Series(["", "zz", "00123", None, "a", "ÿ"], dtype="str")})
        assert sum(len(piece) for _, piece in pieces(strange, parted=True)) == len(strange)


def test_the_parts_that_may_hold_someone_do():
    everyone = pd.Series([f"P{place}" for place in range(200)], name="patient_id")
    place = buckets(everyone)
    assert set(place) == set(range(16))
    for number in (0, 77):
        assert touched("patient_id", [everyone[number]]) == {-1, place[number]}
    assert touched("pseudonym", ["a" + "0" * 31]) == {-1, 10}


def test_who_leaves_is_gone_and_nobody_else():
    assert leave_out(frame(), {"pseudonym": {"1b"}, "patient_id": {"0a"}})["pseudonym"].tolist() == ["0a", "1c"]
