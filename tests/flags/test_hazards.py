"""Every control of the hazard log names tests that are there, and that fail without the control."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from controls_off import SWITCH, SWITCHES

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


def test_every_named_test_has_a_switch_that_takes_its_control_away():
    named = [test.rpartition("::")[2] for hazard in hazards() for test in hazard.tests]
    assert sorted(set(named)) == sorted(SWITCHES)


@pytest.mark.slow
def test_no_named_test_stays_green_when_its_control_is_off(browser):
    """Each named test runs once more with its control taken away, and must fail."""
    assert browser
    named = sorted({test for hazard in hazards() for test in hazard.tests})
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--tb=no",
        "-rA",
        "-p",
        "no:cacheprovider",
        "-W",
        "default",
        *named,
    ]
    told = subprocess.run(
        command, cwd=ROOT, env={**os.environ, SWITCH: "1"}, capture_output=True, text=True, check=False
    )
    failed = set(re.findall(r"^FAILED (tests/flags/\S+?::\w+)", told.stdout, re.MULTILINE))
    assert sorted(set(named) - failed) == []
    assert not re.search(r"^ERROR ", told.stdout, re.MULTILINE)
