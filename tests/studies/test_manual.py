"""The manual's page of experiment files is made from the settings, and is the page that is kept."""

import tomllib
from pathlib import Path

from outcomes.studies.experiment import Experiment
from outcomes.studies.manual import experiment_manual

PAGE = Path(__file__).resolve().parents[2] / "docs" / "experiments.md"


def test_the_page_that_is_kept_is_the_one_that_is_made():
    assert PAGE.read_text(encoding="utf-8") == experiment_manual()


def test_every_section_and_every_key_has_a_meaning():
    page = experiment_manual()
    assert all(f"\n## [{name}]\n" in page for name in Experiment.model_fields)
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 40
    assert not [row for row in rows if row.split("|")[3].strip() in {"", "None"}]


def test_values_are_written_as_in_a_file_and_the_allowed_ones_are_told():
    page = experiment_manual()
    lines = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("| `")}
    assert '| `"tidy_wide"` | ' in lines["`format`"]
    assert 'One of `"tidy_wide"`, `"tidy_long"`.' in lines["`format`"]
    assert "| `[0, 1, 2, 3, 4]` |" in lines["`landmarks`"]
    assert "| `false` |" in lines["`dirty`"]
    assert "At least 300, at most 1,200." in lines["`figure_dpi`"]
    for line in lines.values():
        default = line.split("|")[2].strip().strip("`")
        if default not in {"required", "absent", "empty"}:
            assert "key" in tomllib.loads(f"key = {default}")
