"""Which group is the reference, and no arithmetic hidden in the room."""

import ast
from pathlib import Path

from outcomes import fairness
from outcomes.fairness.gaps import reference_of
from outcomes.reference.groups import groupings

ALLOWED = {0, 1, 2, -1}


def test_a_declared_reference_goes_before_the_groupings_own():
    assert reference_of("gender") == groupings()["gender"].reference_label
    assert reference_of("gender", {"gender": "Male"}) == "Male"
    assert reference_of("service") is None


def unnamed(tree):
    """Nodes outside of constants that have a name at the top of the module."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and all(
            isinstance(target, ast.Name) and target.id.isupper() for target in statement.targets
        ):
            continue
        yield from ast.walk(statement)


def test_no_number_without_a_name_stands_in_the_room():
    found = {}
    for path in Path(fairness.__file__).parent.glob("*.py"):
        for node in unnamed(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, int | float)
                and not isinstance(node.value, bool)
            ):
                found[f"{path.name}:{node.lineno}"] = node.value
    strangers = {place: value for place, value in found.items() if value not in ALLOWED}
    assert set(strangers.values()) <= {0.95}, strangers  # the usual level of an interval
    assert found
