"""What is written for a spreadsheet, a text, a journal: the printed values, the reasons, nothing that runs."""

import csv
import io

import pandas as pd
import pytest

from outcomes.disclosure.gate import release
from outcomes.errors import DisclosureError
from outcomes.publications.tables import as_csv, as_latex, as_markdown, grid_of, latex_text


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


def test_latex_is_booktabs_with_every_special_character_written_out(recovery):
    text = as_latex(recovery)
    for command in (r"\toprule", r"\midrule", r"\bottomrule", r"\caption{Recovery}"):
        assert command in text
    assert "95 \\% CI" in text
    assert r"\$x\_1\$" in text
    assert "$-$0" not in text
    assert r"$-$6" in text or r"$-$" in text


@pytest.mark.parametrize(("columns", "size"), [(3, None), (6, r"\footnotesize"), (11, r"\scriptsize")])
def test_latex_type_gets_smaller_with_the_number_of_columns(columns, size):
    names = [f"n_{number}" for number in range(columns)]
    frame = pd.DataFrame({"group": ["a"], **{name: [40] for name in names}})
    head = as_latex(release(frame, labels=["group"], counts=names, title="Wide")).partition(r"\caption")[0]
    assert (r"\setlength{\tabcolsep}" in head) == (size is not None)
    assert size is None or size in head


def test_latex_text_leaves_nothing_special():
    assert latex_text(r"\ & % $ # _ { } ~ ^") == (
        r"\textbackslash{} \& \% \$ \# \_ \{ \} \textasciitilde{} \textasciicircum{}"
    )


def test_only_released_tables_are_written(recovery):
    for write in (as_csv, as_markdown, as_latex, grid_of):
        with pytest.raises(DisclosureError, match="only released tables"):
            write(recovery.table)
