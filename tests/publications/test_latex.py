"""LaTeX: booktabs, special characters written out, and every table on its page; compiled where there is a compiler."""

import re
import shutil
import subprocess

import pandas as pd
import pytest

from outcomes.disclosure.gate import Rate, release
from outcomes.errors import DisclosureError
from outcomes.publications.grids import under_headings
from outcomes.publications.latex import as_latex, latex_text

LONG = "a threshold in each group, so that those who need it have one chance to be noticed"


def wide(columns):
    names = [f"n_{number}" for number in range(columns)]
    frame = pd.DataFrame({"group": ["a"], **{name: [1_234_567] for name in names}})
    return release(frame, labels=["group"], counts=names, title="Wide")


def tall(rows):
    frame = pd.DataFrame({"group": [f"g{number}" for number in range(rows)], "n": [100] * rows})
    return release(frame, labels=["group"], counts=["n"], title="Tall")


def worded():
    frame = pd.DataFrame({"remedy": [LONG, "as it is & 100 %"], "group": [LONG, "–"], "n": [400, 300], "of": [900] * 2})
    rates = {"share_pct": Rate("n", "of", "low_pct", "high_pct")}
    return release(frame, labels=["remedy", "group"], counts=["n", "of"], rates=rates, title="Worded, in 100 % of it")


TABLES = {"wide": wide(9), "wider": wide(40), "tall": tall(90), "worded": worded(), "small": wide(2)}


def test_it_is_booktabs_with_every_special_character_written_out(recovery):
    text = as_latex(recovery)
    for command in (r"\toprule", r"\midrule", r"\bottomrule", r"\caption{Recovery}"):
        assert command in text
    assert re.search(r"95 \\%(\\\\| )CI", text)
    assert r"\$x\_1\$" in text
    assert "$-$0" not in text
    assert "−" not in text


def test_a_hidden_cell_is_told_from_a_value(recovery):
    assert r"\textit{too few}" in as_latex(recovery)


def test_the_heading_of_a_block_runs_over_the_table(recovery):
    text = as_latex(recovery, arrange=lambda released: under_headings(released, by="breakdown"))
    assert re.search(r"\\multicolumn\{\d+\}\{l\}\{\\textbf\{Gender\}\} \\\\", text)


def test_type_paper_and_parts_follow_from_what_has_to_fit():
    assert r"\footnotesize\setlength" not in as_latex(TABLES["small"])
    assert r"\begin{table}" in as_latex(TABLES["small"])
    assert r"\begin{landscape}" in as_latex(TABLES["wide"])
    assert as_latex(TABLES["wider"]).count(r"\begin{longtable}") > 1
    long = as_latex(TABLES["tall"])
    assert r"\begin{longtable}" in long
    assert r"\begin{landscape}" not in long
    assert long.index(r"\endfirsthead") < long.index(r"\endhead") < long.index("g0")
    assert "p{" in as_latex(TABLES["worded"])


def test_the_first_line_names_the_packages():
    assert as_latex(TABLES["small"]).startswith("% \\usepackage{booktabs}\n")
    assert as_latex(TABLES["wide"]).startswith("% \\usepackage{booktabs,longtable,pdflscape}\n")
    assert "array" in as_latex(TABLES["worded"]).splitlines()[0]


def test_latex_text_leaves_nothing_special():
    assert latex_text(r"\ & % $ # _ { } ~ ^") == (
        r"\textbackslash{} \& \% \$ \# \_ \{ \} \textasciitilde{} \textasciicircum{}"
    )


def test_only_released_tables_are_written(recovery):
    with pytest.raises(DisclosureError, match="only released tables"):
        as_latex(recovery.table)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
@pytest.mark.parametrize("name", sorted(TABLES))
def test_it_compiles_and_nothing_runs_over_the_margin(name, tmp_path):
    packages = r"\usepackage[T1]{fontenc}\usepackage{booktabs,array,longtable,pdflscape}"
    text = as_latex(TABLES[name])
    whole = rf"\documentclass[a4paper]{{article}}{packages}\begin{{document}}{text}\end{{document}}"
    (tmp_path / "page.tex").write_text(whole, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    for _ in range(2):  # a longtable learns its widths in the first run
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Overfull \\hbox" not in done.stdout
    assert "Float too large" not in done.stdout
