"""Numbers live in the reference: a formula of `measures` holds none of its own."""

import ast
from pathlib import Path

import pytest

import outcomes
from outcomes.reference.units import DECIMAL_BASE, PERCENT

MEASURES = sorted((Path(outcomes.__file__).parent / "measures").glob("*.py"))
ALLOWED = {0, 1, 2}


def foreign_numbers(source: str) -> list[tuple[int, object]]:
    """Numeric literals other than 0, 1, 2 (and -1, which is 1 with a sign), with their lines."""
    return [
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and type(node.value) in (int, float, complex) and node.value not in ALLOWED
    ]


@pytest.mark.parametrize("path", MEASURES, ids=lambda path: path.name)
def test_no_published_number_stands_in_measures(path: Path) -> None:
    assert foreign_numbers(path.read_text(encoding="utf-8")) == []


def test_the_search_finds_a_threshold_hidden_in_a_method_call() -> None:
    assert foreign_numbers("case = score.ge(10)") == [(1, 10)]
    assert foreign_numbers("x = y[::-1] + 1 - 2 * True") == []


def test_units() -> None:
    assert PERCENT == DECIMAL_BASE**2
