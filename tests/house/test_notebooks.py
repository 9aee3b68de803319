"""Notebooks run from top to bottom, as an analyst would copy them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
EXECUTE = """
import sys, jupytext, nbclient
notebook = jupytext.read(sys.argv[1])
assert sum(cell.cell_type == "code" for cell in notebook.cells) > 1, "not in percent format"
nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute(cwd=sys.argv[2])
"""


def test_there_is_a_first_look() -> None:
    assert "first_look.py" in [path.name for path in NOTEBOOKS]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(notebook: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", EXECUTE, str(notebook), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
