"""The CSV reader keeps every cell to the letter and sets apart what it cannot split."""

import gzip
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.sources.delimited import read
from outcomes.sources.raw import Dialect, Limits

WANTED = {"patient_id": "id", "phq9_1": "score"}


@pytest.fixture
def written(tmp_path):
    def write(content, name="feed.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def rows(raw):
    return raw.cells.to_pylist(), raw.numbers.tolist(), raw.unreadable


def test_cells_stay_to_the_letter(written):
    raw = read(written("id,score\n00123,1\n123,NA\nNULL,\n NA , 2\n"), WANTED)
    assert [row["patient_id"] for row in raw.cells.to_pylist()] == ["00123", "123", "NULL", " NA "]
    assert [row["phq9_1"] for row in raw.cells.to_pylist()] == ["1", "NA", "", " 2"]
    assert raw.numbers.tolist() == [2, 3, 4, 5]


def test_a_trailing_comma_shifts_nothing(written):
    raw = read(written("id,score\n1,2,\n3,1\n4\n"), WANTED)
    assert rows(raw) == (
        [{"patient_id": "3", "phq9_1": "1"}],
        [3],
        ((2, "wrong_number_of_cells"), (4, "wrong_number_of_cells")),
    )
    assert raw.rows == 3


@pytest.mark.parametrize("quote", ["", '"'])
def test_the_two_parsers_agree(written, quote):
    def line(*cells):
        return ",".join(f"{quote}{cell}{quote}" for cell in cells)

    text = "\n".join(
        [
            line("id", "score", "note"),
            line("1", "2", "a"),
            line("2", "3"),
            line("", "", ""),
            "",
            line("3", " 0", "NA", "x"),
            line("4", "1", ""),
        ]
    )
    raw = read(written(text + "\n"), WANTED)
    assert [row["patient_id"] for row in raw.cells.to_pylist()] == ["1", "", "", "4"]
    assert raw.numbers.tolist() == [2, 4, 5, 7]
    assert raw.unreadable == ((3, "wrong_number_of_cells"), (6, "wrong_number_of_cells"))
    assert raw.undeclared == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings(written, ending):
    raw = read(written(ending.join(["id,score", "1,2", "3,1"])), WANTED)
    assert rows(raw)[:2] == ([{"patient_id": "1", "phq9_1": "2"}, {"patient_id": "3", "phq9_1": "1"}], [2, 3])


def test_quoted_cells_may_hold_delimiters_and_line_breaks(written):
    raw = read(written('id,score,note\n"a,b",1,"two\nlines"\nc,2,"say ""so"""\n'), WANTED)
    assert [row["patient_id"] for row in raw.cells.to_pylist()] == ["a,b", "c"]
    assert raw.numbers.tolist() == [2, 3]


def test_broken_quotes_set_one_record_apart(written):
    raw = read(written('id,score\n"a"x,1\nb,2\n'), WANTED)
    assert rows(raw) == ([{"patient_id": "b", "phq9_1": "2"}], [3], ((2, "bad_quotes"),))


def test_a_byte_order_mark_is_no_part_of_a_name(written):
    assert read(written("\ufeffid,score\n1,2\n"), WANTED).cells.column_names == ["patient_id", "phq9_1"]


def test_the_declared_encoding_is_held_to(written):
    latin = "id,score\nJürgen,1\n".encode("cp1252")
    assert read(written(latin), WANTED).refused == "encoding"
    assert read(written(latin), WANTED, dialect=Dialect("cp1252")).cells.to_pylist()[0]["patient_id"] == "Jürgen"


def test_the_declared_delimiter_is_held_to(written):
    text = "id;score\n1;2\n"
    assert read(written(text), WANTED).refused == "no_declared_column"
    assert read(written(text), WANTED, dialect=Dialect(delimiter=";")).rows == 1


REFUSED = {
    "": "no_header",
    "\n\n": "no_header",
    "other,names\n1,2\n": "no_declared_column",
    "id,score,id\n1,2,3\n": "column_twice",
    "id,score\n1,\x002\n": "nul_byte",
    '"id,score\n1,2\n': "no_header",
}


@pytest.mark.parametrize("text", REFUSED)
def test_files_that_cannot_be_used_are_refused_with_a_rule(written, text):
    raw = read(written(text), WANTED)
    assert raw.refused == REFUSED[text]
    assert raw.cells.num_rows == 0


def test_a_refused_file_still_counts_its_records(written):
    assert read(written("other,names\n1,2\n3,4\n"), WANTED).rows == 2


def test_columns_that_the_file_lacks_are_told(written):
    assert read(written("id,x\n1,2\n"), WANTED).absent == ("phq9_1",)


def test_one_file_column_may_serve_two_names(written):
    raw = read(written("id,score\n1,2\n"), {"patient_id": "id", "episode_id": "id"})
    assert raw.cells.to_pylist() == [{"patient_id": "1", "episode_id": "1"}]
    assert raw.undeclared == 1


def test_gzip_is_read_and_damaged_gzip_refused(written):
    packed = gzip.compress(b"id,score\n1,2\n")
    assert read(written(packed, "feed.csv.gz"), WANTED).rows == 1
    assert read(written(packed[:-6], "feed.csv.gz"), WANTED).refused == "gzip_damaged"
    assert read(written(packed[:12] + b"xx" + packed[14:], "feed.csv.gz"), WANTED).refused == "gzip_damaged"


def test_a_gzip_bomb_is_refused_before_it_fills_memory(written):
    bomb = gzip.compress(b"id,score\n" + b"1,2\n" * 6_000_000)
    assert read(written(bomb, "feed.csv.gz"), WANTED, limits=Limits(max_ratio=50)).refused == "compression_ratio"
    assert read(written(bomb, "feed.csv.gz"), WANTED, limits=Limits(max_bytes=1000_000)).refused == "file_too_large"


def test_size_caps(written):
    assert read(written("id,score\n" + "1,2\n" * 100), WANTED, limits=Limits(max_bytes=50)).refused == "file_too_large"
    wide = ",".join(["id", "score", *[f"c{place}" for place in range(50)]])
    assert read(written(wide + "\n"), WANTED, limits=Limits(max_columns=20)).refused == "too_many_columns"


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_huge_cell_sets_its_record_apart(written, quote):
    raw = read(written(f"id,score,note\n1,2,{quote}{'x' * 70_000}{quote}\n2,1,\n"), WANTED)
    assert raw.unreadable == ((2, "cell_too_long"),)
    assert raw.numbers.tolist() == [3]


def test_a_huge_quoted_field_is_no_traceback(written):
    raw = read(written('id,score\n"' + "x" * 200_000 + '",1\n2,1\n'), WANTED)
    assert raw.rows == 2
    assert raw.numbers.tolist() == [3]


def test_an_unclosed_quote_loses_no_record_silently(written):
    raw = read(written('id,score\n1,2\n"2,3\n4,1\n5,2\n'), WANTED)
    assert raw.refused == "unclosed_quote"
    assert raw.rows == 4


CELL = st.text(alphabet=string.ascii_letters + string.digits + " .;|'\"", max_size=6)


@settings(max_examples=60, deadline=None)
@given(table=st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=12))
def test_every_record_is_read_or_set_apart(tmp_path_factory, table):
    import csv

    path = tmp_path_factory.mktemp("csv") / "feed.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "score"])
        writer.writerows([cells if cells != [""] else ["", ""] for cells in table])
    while table and not any(table[-1]) and len(table[-1]) == 1:
        table = table[:-1]
    raw = read(path, WANTED)
    good = [cells for cells in table if len(cells) == 2]
    got = [(row["patient_id"], row["phq9_1"]) for row in raw.cells.to_pylist() if row["patient_id"] or row["phq9_1"]]
    assert got == [tuple(cells) for cells in good if any(cells)]
    assert len(np.unique([*raw.numbers.tolist(), *(number for number, _ in raw.unreadable)])) == raw.rows


@pytest.mark.slow
def test_a_large_file_is_read_in_seconds(written):
    import time

    lines = ["id,score," + ",".join(f"c{place}" for place in range(18))]
    lines += [f"P{row // 7:07d},{row % 4}," + ",".join("0123012301230123012"[:18]) for row in range(200_000)]
    path = written("\n".join(lines) + "\n")
    start = time.process_time()
    raw = read(path, WANTED | {f"gad7_{place}": f"c{place}" for place in range(18)})
    assert raw.rows == 200_000
    assert time.process_time() - start < 5
