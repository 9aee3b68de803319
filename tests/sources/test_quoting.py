"""Quotation marks are left out only where the file says the same without them."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcomes.sources import quoting
from outcomes.sources.delimited import read
from outcomes.sources.quoting import blocks, longest_line, without_bare_quotes


def strict_records(content):
    """The standard library's strict reader, or None where it finds a fault."""
    try:
        return list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    except csv.Error:
        return None


@pytest.mark.parametrize(
    ("content", "bare"),
    [
        (b"id,score\n1,2\n", b"id,score\n1,2\n"),
        (b'"id","score"\r\n"1",2\r\n', b"id,score\r\n1,2\r\n"),
        (b'"",""\n', b",\n"),
        (b'""\n1,2\n', None),
        (b'"a,b",1\n', None),
        (b'"a\nb",1\n', None),
        (b'"say ""so""",1\n', None),
        (b'"a"x,1\n', None),
        (b'x"a",1\n', None),
        (b'"a,1\n', None),
    ],
)
def test_only_marks_that_merely_enclose_are_left_out(content, bare):
    assert without_bare_quotes(content, ",") == bare


@settings(max_examples=400, deadline=None)
@given(text=st.text(alphabet='"",a\n\r', max_size=24))
def test_whatever_is_left_out_the_records_stay(text):
    content = text.encode()
    bare = without_bare_quotes(content, ",")
    if bare is not None:
        assert strict_records(bare) == strict_records(content)


@settings(max_examples=60, deadline=None)
@given(cells=st.lists(st.lists(st.sampled_from(["", "1", "x y", "a,b", 'q"']), min_size=1, max_size=3), max_size=8))
def test_a_file_with_all_cells_quoted_reads_like_one_with_few(tmp_path_factory, cells):
    folder = tmp_path_factory.mktemp("quoted")
    told = []
    for style in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
        path = folder / f"{style}.csv"
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream, quoting=style)
            writer.writerow(["id", "score"])
            writer.writerows(cells)
        raw = read(path, {"patient_id": "id", "phq9_1": "score"})
        told.append((raw.cells.to_pylist(), raw.numbers.tolist(), raw.unreadable, raw.refused))
    if not any(line == [""] for line in cells):  # a lone blank cell is an empty line only without quotation marks
        assert told[0] == told[1]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_blocks_end_behind_line_breaks(monkeypatch, size):
    monkeypatch.setattr(quoting, "BLOCK_BYTES", size)
    content = b"a,b\n\n1234567890\nlast"
    pieces = [piece.tobytes() for piece in blocks(content)]
    assert b"".join(pieces) == content
    assert all(piece.endswith(b"\n") for piece in pieces[:-1])
    assert longest_line(content) == 10 + 1
    assert without_bare_quotes(b'"a",b\n"12345678","9"\n', ",") == b"a,b\n12345678,9\n"
