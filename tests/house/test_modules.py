"""Every module has its tests, no test file is without a module, and none is too long to read."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "outcomes"
TESTS = ROOT / "tests"
LONGEST = 300  # lines of code
HOUSE = {"house"}  # tests of the tree, not of a room


def modules() -> list[Path]:
    return sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if path.name != "__init__.py")


def test_of(module: Path) -> Path:
    return TESTS / module.parent / f"test_{module.name}"


test_of.__test__ = False  # type: ignore[attr-defined]


def test_every_module_has_its_test_file() -> None:
    assert [str(module) for module in modules() if not test_of(module).is_file()] == []


def test_no_test_file_is_without_a_module() -> None:
    wanted = {test_of(module) for module in modules()}
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    found = {path for room in rooms - HOUSE for path in (TESTS / room).rglob("test_*.py")}
    assert sorted(str(path.relative_to(TESTS)) for path in found - wanted) == []


@pytest.mark.parametrize("module", modules(), ids=str)
def test_no_module_is_too_long(module: Path) -> None:
    text = (SOURCE / module).read_text(encoding="utf-8")
    prose = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    code = [
        line
        for number, line in enumerate(text.splitlines(), start=1)
        if number not in prose and line.strip() and not line.strip().startswith("#")
    ]
    assert len(code) <= LONGEST
