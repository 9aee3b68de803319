"""Examples in docstrings run as they stand, and docstrings name the parameters that there are."""

import ast
import doctest
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "src"
MODULES = sorted(SOURCES.rglob("*.py"))
WITH_EXAMPLES = [path for path in MODULES if ">>> " in path.read_text(encoding="utf-8")]
SECTION = re.compile(r"^Parameters\n-+\n(.*?)(?=\n\n[A-Z][a-z]+\n-+\n|\Z)", re.DOTALL | re.MULTILINE)


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=dotted)
def test_examples_give_what_they_say(path: Path) -> None:
    found = doctest.testmod(importlib.import_module(dotted(path)))
    assert found.failed == 0


def told(docstring: str) -> set[str] | None:
    """Name the parameters of a docstring; None where it has no such section."""
    section = SECTION.search(docstring)
    if section is None:
        return None
    heads = [line.split(" : ")[0] for line in section[1].splitlines() if line and not line.startswith(" ")]
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


def taken(node: ast.FunctionDef) -> set[str]:
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {one.arg for one in every if one is not None and one.arg not in {"self", "cls"}}


def documented(path: Path) -> Iterator[tuple[str, set[str], set[str]]]:
    """Give each function and record with a section of parameters: its name, what is told, and what there is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        names = told(ast.get_docstring(node) or "")
        if names is None:
            continue
        if isinstance(node, ast.FunctionDef):
            yield node.name, names, taken(node)
        elif any("dataclass" in ast.unparse(one) for one in node.decorator_list):
            fields = [one.target for one in node.body if isinstance(one, ast.AnnAssign)]
            yield node.name, names, {one.id for one in fields if isinstance(one, ast.Name) and one.id[0] != "_"}
        else:
            for made in (one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"):
                yield node.name, names, taken(made)


def test_every_parameter_is_told_and_no_other() -> None:
    every = [(dotted(path), *found) for path in MODULES for found in documented(path)]
    assert len(every) > 1000
    wrong = [
        (module, name, names ^ there) for module, name, names, there in every if names != there and name != "__call__"
    ]
    assert wrong == []
