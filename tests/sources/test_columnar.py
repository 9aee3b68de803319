"""The Parquet reader gives text that a person would have typed, and refuses types without an honest text."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from outcomes.sources.columnar import read
from outcomes.sources.raw import Limits

NINE = datetime(2022, 4, 1, 9, tzinfo=UTC).replace(tzinfo=None)
WANTED = {"patient_id": "id", "session_date": "when", "phq9_1": "score"}


def stored(tmp_path, **columns):
    path = tmp_path / "feed.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_types_become_text(tmp_path):
    path = stored(tmp_path, id=["00123", None], when=[date(2022, 4, 1), None], score=[3, None], other=[1, 2])
    raw = read(path, WANTED)
    assert raw.cells.to_pylist() == [
        {"patient_id": "00123", "session_date": "2022-04-01", "phq9_1": "3"},
        {"patient_id": "", "session_date": "", "phq9_1": ""},
    ]
    assert raw.numbers.tolist() == [2, 3]
    assert raw.undeclared == 1


def test_whole_numbers_in_floating_point_keep_their_dot(tmp_path):
    raw = read(stored(tmp_path, id=["1", "2"], when=pa.array([NINE, None]), score=[3.0, float("nan")]), WANTED)
    assert raw.cells["phq9_1"].to_pylist() == ["3.0", ""]
    assert raw.cells["session_date"].to_pylist()[0].startswith("2022-04-01 09:00:00")


def test_dictionary_columns_are_read(tmp_path):
    raw = read(stored(tmp_path, id=pa.array(["a", "b"]).dictionary_encode(), when=["", ""], score=[1, 2]), WANTED)
    assert raw.cells["patient_id"].to_pylist() == ["a", "b"]


def test_types_without_honest_text_are_refused(tmp_path):
    assert read(stored(tmp_path, id=[["a"]], when=["x"], score=[1]), WANTED).refused == "column_type"


def test_what_is_no_parquet_is_refused(tmp_path):
    path = tmp_path / "feed.parquet"
    path.write_bytes(b"PAR1 not really")
    assert read(path, WANTED).refused == "unreadable"


@pytest.mark.parametrize(
    ("limits", "rule"), [(Limits(max_bytes=10), "file_too_large"), (Limits(max_columns=2), "too_many_columns")]
)
def test_size_caps(tmp_path, limits, rule):
    assert read(stored(tmp_path, id=["a"], when=["x"], score=[1]), WANTED, limits=limits).refused == rule


def test_no_declared_column(tmp_path):
    assert read(stored(tmp_path, x=["a"]), WANTED).refused == "no_declared_column"


def test_a_cell_that_is_stored_once_and_meant_a_million_times_does_not_fill_memory(tmp_path):
    long = pa.array(["x" * 200_000, "a"]).dictionary_encode().take(pa.array([0, 1] * 1_000))
    raw = read(stored(tmp_path, id=long, when=["2022-04-01"] * 2_000, score=[1] * 2_000), WANTED)
    assert raw.cells.num_rows == 1_000
    assert set(raw.unreadable) == {(number, "cell_too_long") for number in range(2, 2_002, 2)}
    assert raw.rows == 2_000


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_a_parquet_bomb_is_refused(tmp_path, compression):
    path = tmp_path / "feed.parquet"
    pq.write_table(
        pa.table({"id": ["x" * 50_000] * 1_000, "when": ["d"] * 1_000}),
        path,
        use_dictionary=compression == "none",
        compression=compression,
    )
    assert read(path, WANTED).refused == "compression_ratio"
