"""Every module has its tests, no test file is without a module, and none is too long to read."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "outcomes"
TESTS = ROOT / "tests"
LONGEST = 300  # lines of code
HOUSE = {"house"}  # tests of the tree, not of a room
ACROSS = {  # test file to what it holds a whole room to
    "fairness/test_planted.py": "planted gaps are found, and none where none was planted",
    "library/test_mutations.py": "feeds damaged at random",
    "library/test_privacy.py": "sentinels are found in the vault and nowhere else",
    "library/test_real.py": "real feeds come in whole",
    "prognosis/test_cbasp.py": "real people, session by session",
    "publications/test_figures.py": "every figure takes released tables only and gives the same bytes",
    "studies/test_real.py": "real answers, from file to report",
    "studies/test_same_bytes.py": "the same run elsewhere gives the same bytes",
}


def modules() -> list[Path]:
    return sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if path.name != "__init__.py")


def test_of(module: Path) -> Path:
    return TESTS / module.parent / f"test_{module.name}"


test_of.__test__ = False  # type: ignore[attr-defined]


def imported_by_tests(room: str) -> set[str]:
    """Modules of the package that the tests of a room import by name."""
    found: set[str] = set()
    for file in (TESTS / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
            elif isinstance(node, ast.Import):
                found |= {name.name for name in node.names}
    return found


def test_every_module_has_its_test_file_or_is_tested_by_name_in_a_neighbours() -> None:
    """A module that is one half of another one may be tested in that one's file, but it must be named there."""
    known = {room.name: imported_by_tests(room.name) for room in SOURCE.iterdir() if room.is_dir()}
    untested = [
        str(module)
        for module in modules()
        if not test_of(module).is_file()
        and ".".join(("outcomes", *module.with_suffix("").parts)) not in known.get(module.parts[0], set())
    ]
    assert untested == []


def test_no_test_file_is_without_a_module_unless_it_is_about_a_whole_room() -> None:
    wanted = {test_of(module) for module in modules()}
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    found = {path for room in rooms - HOUSE for path in (TESTS / room).rglob("test_*.py")}
    assert {str(path.relative_to(TESTS)) for path in found - wanted} <= set(ACROSS)


@pytest.mark.parametrize("name", sorted(ACROSS))
def test_files_about_a_whole_room_are_there(name: str) -> None:
    assert (TESTS / name).is_file()


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
