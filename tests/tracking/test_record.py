"""Equal runs give equal bytes; versions are there, the machine and its user are not."""

import getpass
import json
import platform
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes import __version__
from outcomes.errors import ConfigError
from outcomes.tracking.record import canonical_json, code_version, environment, write_record

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=5))
def test_order_does_not_matter_and_reading_back_writes_the_same(values: dict[str, object]) -> None:
    written = canonical_json(values)
    assert canonical_json(dict(reversed(values.items()))) == written
    assert canonical_json(json.loads(written)) == written


@pytest.mark.parametrize(
    ("value", "text", "why"),
    [
        (0.1 + 0.2, "0.3", "the last bits depend on the order of a sum"),
        (1 / 3, "0.3333333333", "ten significant digits"),
        (np.float32(0.5), "0.5", "numpy's numbers are numbers"),
        (np.int64(7), "7", "whole numbers stay whole"),
        (float("nan"), "null", "not estimable"),
        (-0.0, "0.0", "no minus zero"),
        (np.bool_(True), "true", "truth values"),
        (Path("/srv/secret/x.csv"), '"x.csv"', "no folder of the machine"),
    ],
)
def test_values_are_written_in_one_way(value: object, text: str, why: str) -> None:
    assert canonical_json({"v": value}).decode() == f'{{\n  "v": {text}\n}}\n', why


def test_arrays_are_lists() -> None:
    assert json.loads(canonical_json({"v": np.array([1.5, np.nan])})) == {"v": [1.5, None]}


def test_what_cannot_be_written_is_named() -> None:
    with pytest.raises(ConfigError, match=r"record\.a\.b: infinite"):
        canonical_json({"a": {"b": float("inf")}})
    with pytest.raises(ConfigError, match=r"record\.a: .* got set"):
        canonical_json({"a": {1, 2}})


def test_environment_names_versions_and_nobody() -> None:
    found = environment()
    assert found["outcomes"] == __version__
    packages = found["packages"]
    assert isinstance(packages, dict)
    assert {"numpy", "pandas", "mlflow"} <= set(packages)
    text = json.dumps(found)
    assert platform.node() not in re.findall(r"[\w.-]+", text)  # as a word: a short name may be part of a package's
    assert str(Path.home()) not in text
    assert f'"{getpass.getuser()}"' not in text


def test_records_of_equal_runs_are_equal_bytes(tmp_path: Path) -> None:
    written = [
        [path.read_bytes() for path in write_record(tmp_path / name, configuration=c, metrics=m, snapshot="ab")]
        for name, c, m in [
            ("one", {"b": 1, "a": [2]}, {"auc": 0.7, "n": 3}),
            ("two", {"a": (2,), "b": 1}, {"n": np.int64(3), "auc": 0.7 + 1e-14}),
        ]
    ]
    assert written[0] == written[1]


def test_metrics_are_found_in_the_record(tmp_path: Path) -> None:
    write_record(tmp_path, configuration={"seed": 1}, metrics={"prognosis/auc": 0.7}, snapshot="ab")
    assert json.loads((tmp_path / "metrics.json").read_text()) == {"prognosis/auc": 0.7}
    assert json.loads((tmp_path / "configuration.json").read_text()) == {"experiment": {"seed": 1}, "snapshot": "ab"}


def test_code_outside_a_checkout_is_a_release(tmp_path: Path) -> None:
    assert code_version(tmp_path) == "released"


def test_code_in_a_checkout_is_its_commit_and_says_when_it_was_changed(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        settings = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "init.defaultBranch=main")
        command = ["git", "-C", str(tmp_path), *settings, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "--quiet")
    (tmp_path / "a.txt").write_text("one")
    git("add", "a.txt")
    git("commit", "--quiet", "--message", "first")
    commit = git("rev-parse", "HEAD")
    assert code_version(tmp_path) == commit
    (tmp_path / "untracked.txt").write_text("x")
    assert code_version(tmp_path) == commit
    (tmp_path / "a.txt").write_text("two")
    assert code_version(tmp_path) == f"{commit}+changes"
