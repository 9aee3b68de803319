"""The import contract is kept, and each of its locks can break."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    *("reference", "kernel", "tables", "simulation", "sources", "library", "cohort", "measures", "fairness"),
    *("prognosis", "subtypes", "disclosure", "tracking", "publications", "flags", "studies", "cli"),
)
# Contract, module, and an import that it must not have.
BROKEN = [
    ("The rooms stand in one line", "measures/bad.py", "import outcomes.flags"),
    ("The rooms stand in one line", "subtypes/bad.py", "import outcomes.prognosis"),
    ("The rooms stand in one line", "newroom/__init__.py", ""),
    ("Feeds are opened by library.intake only", "library/bad.py", "import outcomes.sources"),
    ("The invented service is reached by studies only", "cohort/bad.py", "import outcomes.simulation"),
    ("Disclosure reaches nothing that holds a patient row", "disclosure/bad.py", "import outcomes.cohort"),
    ("Disclosure reaches nothing that holds a patient row", "publications/bad.py", "import outcomes.measures"),
    ("The kernel is arithmetic", "kernel/bad.py", "import pandas"),
    ("MLflow is known in tracking only", "studies/bad.py", "def later():\n    from mlflow import MlflowClient"),
    (
        "Pseudonym keys are opened by intake, relink, erase and rotate only",
        "studies/bad.py",
        "from outcomes.library import keyring",
    ),
    ("No import cycles", "cohort/bad.py", "import outcomes.cohort.worse"),
]


def lint(folder: Path) -> str:
    code = "from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", code, "--no-cache", "--no-logo"]
    environment = {"PYTHONPATH": str(folder / "src"), "PATH": "", "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """Empty rooms under the project's own contract."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    package = tmp_path / "src" / "outcomes"
    for room in ROOMS:
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").touch()
    for module in (
        "__init__",
        "errors",
        *(f"library/{name}" for name in ("intake", "relink", "erase", "rotate", "keyring")),
    ):
        (package / f"{module}.py").touch()
    (package / "cohort" / "worse.py").write_text("import outcomes.cohort.bad\n")
    (package / "cohort" / "bad.py").touch()
    return tmp_path


@pytest.mark.slow
def test_the_code_keeps_the_contract() -> None:
    said = lint(ROOT)
    assert re.search(r"Contracts: \d+ kept, 0 broken", said), said


def test_an_empty_house_keeps_it(toy: Path) -> None:
    assert "0 broken" in lint(toy)


@pytest.mark.parametrize(("contract", "module", "text"), BROKEN)
def test_each_lock_can_break(toy: Path, contract: str, module: str, text: str) -> None:
    file = toy / "src" / "outcomes" / module
    file.parent.mkdir(exist_ok=True)
    file.write_text(text + "\n")
    said = lint(toy)
    if "newroom" in module:
        assert "newroom" in said
        assert "0 broken" not in said
    else:
        assert re.search(rf"{contract}.* BROKEN", said), said
