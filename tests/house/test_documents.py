"""The manual names every command, every experiment and every make target that there is, and none that there is not."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from outcomes import __version__

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = ROOT / "src" / "outcomes"
FILES = ("py", "toml", "md", "csv", "json", "html", "key", "pub", "txt", "log", "state", "anchor", "svg", "jsonl", "db")
ELSEWHERE = ("numpy.", "pytest.")  # names of other packages


def prose(page: Path) -> str:
    """Give a page without its blocks of code."""
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """List the headings of a page as a link names them."""
    heads = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def held(path: Path) -> dict[str, set[str]]:
    """List what a module defines: each name, and for a class the names inside."""
    found: dict[str, set[str]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = set()
        elif isinstance(node, ast.ClassDef):
            inside = [one for one in node.body if isinstance(one, (ast.FunctionDef, ast.AnnAssign, ast.Assign))]
            found[node.name] = {name for one in inside for name in named(one)}
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            found |= {name: set() for name in named(node)}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: set() for alias in node.names}
    return found


def named(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def places(parts: list[str]) -> Iterator[tuple[Path, list[str]]]:
    """Give each module that dotted words can begin with, `room.module` or `module`, and the words that are left."""
    for count in (2, 1):
        for path in SOURCES.rglob(f"{parts[count - 1]}.py") if len(parts) >= count else ():
            if count == 1 or path.parent.name == parts[0]:
                yield path, parts[count:]


def stands_for_something(words: str) -> bool:
    """Say whether dotted words name a room, a module, or something that a module holds."""
    parts = words.removeprefix("outcomes.").split(".")
    if (SOURCES.joinpath(*parts)).is_dir():
        return True
    for path, left in places(parts):
        names = held(path)
        if not left or (left[0] in names and (len(left) == 1 or left[1] in names[left[0]])):
            return True
    return False


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not link.startswith(("http://", "https://", "mailto:")):
            place, _, anchor = link.partition("#")
            target = (page.parent / place) if place else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_by_its_folder_exists(page: Path) -> None:
    folders = "benchmarks|tests|src|experiments|notebooks|reports/samples|docs|requirements"
    named_files = re.findall(rf"(?<![\w./-])((?:{folders})/[\w./-]+\.\w+)", page.read_text(encoding="utf-8"))
    assert [name for name in named_files if "KEY" not in name and not (ROOT / name).exists()] == []
    modules = re.findall(r"`([a-z_]+(?:/[a-z_]+)*/[a-z_]+\.py)`", page.read_text(encoding="utf-8"))
    known = (ROOT, SOURCES, SOURCES.parent)
    assert [name for name in modules if not any((place / name).exists() for place in known)] == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_dotted_name_of_a_page_is_a_module_or_something_in_one(page: Path) -> None:
    said = {word.partition("(")[0] for word in re.findall(r"`([^`\n]+)`", prose(page))}
    words = {word for word in said if re.fullmatch(r"[a-z_]\w*(\.\w+)+", word)}
    mine = {word for word in words if word.rpartition(".")[2] not in FILES and not word.startswith(ELSEWHERE)}
    assert sorted(word for word in mine if not stands_for_something(word)) == []


def test_names_that_do_not_exist_are_noticed() -> None:
    assert stands_for_something("outcomes.disclosure.gate.release")
    assert stands_for_something("individual.teach")
    assert stands_for_something("flags.foretold.Foretold")
    assert not stands_for_something("individual.learn_by_heart")
    assert not stands_for_something("no_such_room.gate")


def test_every_option_that_a_page_gives_to_a_command_exists() -> None:
    code = """
import json
from typer.main import get_command
import outcomes.cli
from outcomes.cli.app import app

def walk(command, path, found):
    found[" ".join(path)] = [o for p in command.params for o in (*p.opts, *p.secondary_opts)] + ["--help"]
    for name, inner in getattr(command, "commands", {}).items():
        walk(inner, [*path, name], found)
    return found

print(json.dumps(walk(get_command(app), [], {})))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    options: dict[str, list[str]] = json.loads(done.stdout)
    seen = 0
    for page in PAGES:
        for words, rest in re.findall(r"outcomes ([a-z]+(?: [a-z]+)?)([^`\n#]*)", page.read_text(encoding="utf-8")):
            command = words if words in options else words.split()[0]
            given = re.findall(r"(?<![\w-])--[a-z][a-z-]+", rest) if command in options else []
            assert set(given) <= set(options.get(command, [])), f"{page.name}: outcomes {words}{rest}"
            seen += len(given)
    assert seen > 20
