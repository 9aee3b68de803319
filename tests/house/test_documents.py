"""The manual names every command, every experiment and every make target that there is, and none that there is not."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from outcomes import __version__

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture(scope="module")
def commands() -> set[str]:
    code = "from outcomes.cli.app import app; from typer.main import get_command; import outcomes.cli; "
    code += "print(*get_command(app).commands)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_readme_names_every_command_and_no_other(commands: set[str]) -> None:
    named = set(re.findall(r"`outcomes ([a-z-]+)", README))
    assert named == commands


def test_pages_name_only_commands_that_exist(commands: set[str]) -> None:
    for page in PAGES:
        named = set(re.findall(r"(?:^|[`/])outcomes ([a-z][a-z-]+)(?= [A-Z`a-z-]|`)", page.read_text(encoding="utf-8")))
        assert named <= commands | {"run"}, page.name


def test_the_readme_names_every_experiment() -> None:
    for experiment in (ROOT / "experiments").glob("*.toml"):
        assert experiment.name in README


def test_make_targets_named_anywhere_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    for page in PAGES:
        named = set(
            re.findall(r"(?:^|`|\s)make ([a-z]+)\b(?=[`\s]*(?:`|#|$))", page.read_text(encoding="utf-8"), re.MULTILINE)
        )
        assert named <= targets, page.name


def test_every_target_explains_itself() -> None:
    declared = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE).group(1).split())  # type: ignore[union-attr]
    explained = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
    assert declared - explained == {"renew"}


def test_one_version_everywhere() -> None:
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_licence_is_the_one_that_is_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Grant of Patent License" in text
    assert "license: Apache-2.0" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_no_placeholder_is_left() -> None:
    assert [page.name for page in PAGES if "PLACE" + "HOLDER" in page.read_text(encoding="utf-8")] == []
