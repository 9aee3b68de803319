"""The ending of a file's name decides which reader opens it."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from outcomes.errors import ConfigError
from outcomes.sources.tidy import read


def test_text_and_parquet_say_the_same(tmp_path):
    (tmp_path / "a.csv").write_text("id\n007\n")
    pq.write_table(pa.table({"id": ["007"]}), tmp_path / "a.parquet")
    wanted = {"patient_id": "id"}
    assert read(tmp_path / "a.csv", wanted).cells.to_pylist() == read(tmp_path / "a.parquet", wanted).cells.to_pylist()


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert read(tmp_path / "none.csv", {"patient_id": "id"}).refused == "file_not_found"


def test_another_ending_is_a_wrong_parameter(tmp_path):
    (tmp_path / "a.xlsx").write_text("x")
    with pytest.raises(ConfigError, match=r"a\.xlsx: a feed file ends in one of \.csv"):
        read(tmp_path / "a.xlsx", {"patient_id": "id"})
