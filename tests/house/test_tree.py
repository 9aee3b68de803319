"""The tree speaks of itself alone: no folder of a machine, no registry host, nothing large, nothing that is data."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 2_000_000  # bytes
# Put together here, so that this file does not hold them itself.
FOREIGN = [
    *("/" + name + "/" for name in ("root", "work", "opt/pypi", "Users")),
    *(host + ".org" for host in ("pypi", "pythonhosted")),
    "site-" + "packages/",
]


def tracked() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout: there is no list of tracked files")
    done = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_folder_of_a_machine_and_no_registry_host() -> None:
    found = [f"{file.relative_to(ROOT)}: {word}" for file in tracked() for word in FOREIGN if word in text_of(file)]
    assert found == []


def test_nothing_that_a_run_makes_is_tracked() -> None:
    names = [str(file.relative_to(ROOT)) for file in tracked()]
    made = [name for name in names if re.match(r"(var|\.venv|build)/|reports/(?!samples/)", name)]
    assert made == []
    assert not [name for name in names if name.endswith((".pyc", ".parquet", ".pkl", ".db", ".ipynb"))]


def test_nothing_is_large() -> None:
    assert [str(file) for file in tracked() if file.stat().st_size > LARGEST] == []


def test_text_files_end_with_one_line_feed() -> None:
    endings = {".py", ".md", ".toml", ".txt", ".css", ".js", ".cff", ".sh"}
    bad = [
        file.name for file in tracked() if file.suffix in endings and not re.search(r"[^\n]\n\Z|\A\Z", text_of(file))
    ]
    assert bad == []


def test_nothing_is_left_to_do_in_the_code() -> None:
    marks = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error"]))
    bad = [str(file.relative_to(ROOT)) for file in tracked() if file.suffix == ".py" and marks.search(text_of(file))]
    assert bad == []
