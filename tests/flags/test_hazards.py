"""Every control of the hazard log names tests that are there."""

import ast
from pathlib import Path

import pytest

from outcomes.errors import ConfigError
from outcomes.flags.hazards import hazards

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("hazard", hazards(), ids=lambda hazard: hazard.key)
def test_every_named_test_is_there(hazard):
    for name in hazard.tests:
        path, _, function = name.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no hazard at all"),
        ("[[hazard]]\nkey = 'x'\n", "hazard 1 must have exactly these entries"),
        ("[[hazard]]\nkey='x'\nhazard='h'\ncause='c'\neffect='e'\ncontrol='c'\ntests=[]\n", "filled"),
    ],
)
def test_an_incomplete_log_is_refused(tmp_path, text, message):
    path = tmp_path / "log.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        hazards(path)
