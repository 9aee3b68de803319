"""Fourteen errors of libraries, each with a patient's cell in its text: none of it is seen anywhere."""

import csv
import io
import json
import logging
import sqlite3
import traceback
import zipfile
from datetime import datetime

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from pydantic import BaseModel
from sklearn.preprocessing import StandardScaler

from outcomes.cli.app import main
from outcomes.errors import DataError, OutcomesError
from outcomes.library.shield import shielded
from outcomes.tracking.opening import Subject, tracker

CELL = "Zz9SecretCell"


class Model(BaseModel):
    score: int


def in_an_empty_zip():
    with zipfile.ZipFile(io.BytesIO(), "w") as archive:
        archive.open(CELL)


PROVOKED = {
    "pandas astype": lambda: pd.Series([CELL]).astype(float),
    "pandas to_datetime": lambda: pd.to_datetime([CELL], format="%Y-%m-%d"),
    "pandas to_numeric": lambda: pd.to_numeric(pd.Series([CELL])),
    "pandas loc": lambda: pd.Series([1], index=["x"]).loc[CELL],
    "scikit-learn": lambda: StandardScaler().fit([[CELL]]),
    "pyarrow cast": lambda: pa.array([CELL]).cast(pa.int64()),
    "pyarrow csv": lambda: pyarrow.csv.read_csv(
        pa.BufferReader(f"a\n{CELL}\n".encode()),
        convert_options=pyarrow.csv.ConvertOptions(column_types={"a": pa.int64()}),
    ),
    "duckdb": lambda: duckdb.connect().execute(f"select cast('{CELL}' as integer)").fetchall(),
    "pydantic": lambda: Model(score=CELL),
    "json": lambda: json.loads(CELL),
    "encoding": lambda: (CELL.encode() + b"\xff").decode("utf-8"),
    "zip": in_an_empty_zip,
    "sqlite": lambda: sqlite3.connect(":memory:").execute(f"select * from {CELL}"),  # noqa: S608  no query of ours
    "strptime": lambda: datetime.strptime(CELL, "%Y-%m-%d"),  # noqa: DTZ007  a day
}

EXPERIMENT = """
[study]
name = "shielded"
title = "A feed that provokes errors"
question = "Does an error show a cell?"
seed = 1

[source]
format = "tidy_wide"
kind = "anonymised"
reason = "made for tests"
path = "feed"

[source.files]
patients = "patients0.csv"
referrals = "referrals0.csv"
contacts = "contacts0.csv"
responses = "responses0.csv"
"""


def everything_in(error):
    """What a careless handler could print: text, arguments, attributes, and the errors behind."""
    said = []
    while error is not None:
        said += [
            str(error),
            repr(error.args),
            repr({name: getattr(error, name) for name in dir(error) if name[0] != "_"}),
        ]
        error = error.__cause__ or error.__context__
    return "\n".join(said)


def test_there_are_fourteen_and_each_quotes_the_cell():
    assert len(PROVOKED) == 14
    for name, provoke in PROVOKED.items():
        with pytest.raises(Exception) as caught:  # noqa: PT011  any error of any library
            provoke()
        assert CELL in everything_in(caught.value), name


@pytest.mark.parametrize("name", PROVOKED)
def test_an_intake_lets_none_of_it_out(place, feed, monkeypatch, caplog, capfd, name):
    caplog.set_level(logging.DEBUG)
    first = place.ingest(feed)
    head = (place.library / "HEAD").read_bytes()
    monkeypatch.setattr("outcomes.library.intake.settle", lambda _pools: PROVOKED[name]())
    with pytest.raises(OutcomesError, match="a defect of ours while taking a feed in") as caught:
        place.ingest(feed)
    monkeypatch.undo()
    told = everything_in(caught.value) + "".join(traceback.format_exception(caught.value))
    output = capfd.readouterr()
    assert CELL not in told + caplog.text + output.out + output.err
    assert (place.library / "HEAD").read_bytes() == head
    assert place.view().snapshot == first.snapshot


def test_an_error_of_ours_loses_what_is_behind_it():
    @shielded("testing")
    def read():
        try:
            PROVOKED["json"]()
        except ValueError as error:
            raise DataError("column score: not a number") from error

    with pytest.raises(DataError, match="column score: not a number") as caught:
        read()
    assert CELL not in everything_in(caught.value)


def test_control_c_passes():
    @shielded("testing")
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()


@pytest.mark.slow
def test_no_command_log_audit_or_tracked_run_holds_it(place, feed, monkeypatch, caplog, capfd):
    """Every provoked error on the command line, and inside a tracked run; then every byte that was written is read."""
    caplog.set_level(logging.DEBUG)
    place.source(feed)
    experiment = place.root / "experiment.toml"
    experiment.write_text(EXPERIMENT)
    words = ["ingest", str(experiment), "--workspace", str(place.root / "var"), "--source", str(place.root / "feed")]
    assert main(words) == 0
    subject = Subject("shielded", "Does an error show a cell?", "s", "invented", "an edition", "a policy", {"seed": 1})
    for provoke in PROVOKED.values():
        with monkeypatch.context() as patched:
            patched.setattr("outcomes.library.intake.settle", lambda _pools, provoke=provoke: provoke())
            assert main(words) == OutcomesError.exit_code
        with pytest.raises(Exception), tracker(subject, store=place.root / "mlflow"):  # noqa: PT011, B017
            provoke()
    output = capfd.readouterr()
    said = caplog.text + output.out + output.err
    assert output.err.count("a defect of ours while taking a feed in") == 14
    assert CELL not in said
    files = [path for path in place.root.rglob("*") if path.is_file()]
    assert any("mlflow" in str(path) for path in files)
    assert [path.name for path in files if CELL.encode() in path.read_bytes()] == []


def test_csv_errors_set_a_record_apart_instead(place, feed):
    """The strict reader's own error never leaves the reader: it becomes a rule and a record number."""
    source = place.source(feed)
    path = source.files["contacts"][0]
    lines = path.read_text().splitlines()
    lines[3] = f'"{CELL}"x' + lines[3]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(csv.Error):
        list(csv.reader([lines[3]], strict=True))
    report = place.ingest(source)
    assert report.quarantine[["row", "rule"]].to_numpy().tolist() == [[4, "bad_quotes"]]
    assert CELL not in report.text() + report.quarantine_sheet()
