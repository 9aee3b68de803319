"""ARCHITECTURE.md says what is there: its table of rooms is held to the folders, the contract and the code."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "outcomes"
ROOMS = sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file())
# Calls that reach the disk; copy, rename and replace are left out since tables and texts have them too.
# fmt: off
DISK = {
    "open", "read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "unlink", "rmdir", "rmtree", "touch",
    "chmod", "copyfile", "copytree", "move", "fsync", "iterdir", "glob", "rglob", "scandir", "listdir", "read_csv",
    "read_parquet", "to_parquet", "write_table", "read_table", "ParquetFile", "memory_map", "TemporaryDirectory",
    "NamedTemporaryFile", "mkdtemp",
}
# fmt: on


def table() -> list[tuple[str, str, str, str]]:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.split("\n## The rooms\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return [(a.strip(" `"), b.strip(), c.strip(), d.strip()) for a, b, c, d in rows]


def touching(room: str) -> set[str]:
    files = [SOURCE / f"{room}.py"] if (SOURCE / f"{room}.py").is_file() else sorted((SOURCE / room).rglob("*.py"))
    found = set()
    for file in files:
        calls = [
            node.func for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        ]
        names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
        if names & DISK:
            found.add(file.stem)
    return found


def test_every_room_is_in_the_table_once_and_no_other() -> None:
    assert sorted(room for room, *_ in table()) == sorted([*ROOMS, "errors"])


def test_every_room_asks_a_question() -> None:
    assert [room for room, question, *_ in table() if "?" not in question] == []


def test_the_table_stands_in_the_order_of_the_contract() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(entry for entry in contract if entry["id"] == "line")["layers"]
    height = {room.strip(): level for level, layer in enumerate(reversed(layers)) for room in layer.split("|")}
    assert set(height) == {*ROOMS, "errors"}
    order = [height[room] for room, *_ in table()]
    assert order == sorted(order)


def test_the_picture_shows_the_line_of_the_contract() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    picture = text.split("```")[1].split()
    shown = [word.strip("{}|") for word in picture if word not in {"->", "{", "}", "|"}]
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(entry for entry in contract if entry["id"] == "line")["layers"]
    assert shown == [room.strip() for layer in layers for room in layer.split("|")]


@pytest.mark.parametrize("room", [*ROOMS, "errors"])
def test_files_are_touched_where_the_table_says(room: str) -> None:
    said = {name: set(re.findall(r"`(\w+)`", files)) for name, _, _, files in table()}
    assert touching(room) == said[room], (
        f"{room}: the last column of the table must name the modules that reach the disk"
    )


def test_the_package_itself_holds_the_version_only() -> None:
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    assigned = [node.targets[0].id for node in tree.body if isinstance(node, ast.Assign)]  # type: ignore[attr-defined]
    assert assigned == ["__version__"]
    assert len(tree.body) == 2


def test_pages_named_in_the_documents_exist() -> None:
    missing = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:", "mailto:")) and not (page.parent / target).exists()
    ]
    assert missing == []
