"""What is written for a spreadsheet, a text, a journal: the printed values, the reasons, nothing that runs."""

import csv
import io

import pandas as pd
import pytest

from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError
from outcomes.publications.latex import as_latex
from outcomes.publications.tables import as_csv, as_markdown, grid_of


def test_csv_holds_the_printed_values_and_the_reasons(recovery):
    rows = list(csv.DictReader(io.StringIO(as_csv(recovery))))
    assert [row["n"] for row in rows] == ["2997", "1497", "3", "399"]
    assert rows[0]["rate_pct"] == "48.9"
    assert rows[2]["rate_pct"] == "too few"
    assert rows[0]["gap_points"] == ""
    assert float(rows[1]["rate_pct"]) == pytest.approx(100 * 735 / 1497, abs=0.05)


def test_a_true_count_is_in_no_format(recovery):
    for write in (as_csv, as_markdown, as_latex):
        text = write(recovery)
        for sentinel in ("1465", "1,465", "3000", "3,000", "1499", "1,499"):
            assert sentinel not in text


def test_a_label_that_would_run_in_a_spreadsheet_is_quoted():
    frame = pd.DataFrame({"group": ["=1+1", "@x", "plain"], "n": [100, 100, 100]})
    table = release(frame, labels=["group"], counts=["n"], title="t")
    assert as_csv(table).splitlines()[1:3] == ["'=1+1,99", "'@x,99"]


def test_markdown_is_a_table_of_equal_rows(recovery):
    lines = as_markdown(recovery).splitlines()
    body = [line for line in lines if line.startswith("|")]
    assert len(body) == 2 + 4
    assert len({line.replace(r"\|", "").count("|") for line in body}) == 1
    assert "<script>" not in as_markdown(recovery)
    assert "48.9" in body[2]


def test_only_released_tables_are_written(recovery):
    for write in (as_csv, as_markdown, grid_of):
        with pytest.raises(DisclosureError, match="only released tables"):
            write(recovery.table)
