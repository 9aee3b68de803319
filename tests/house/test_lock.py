"""What is installed is what was tested: exact versions, hashes, no host, bounds on both sides."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["run.txt", "test.txt"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(name: str) -> dict[str, set[str]]:
    """Package to the versions that the lock names; two where systems differ."""
    found: dict[str, set[str]] = {}
    for entry in entries(name):
        package, version = re.match(r"([a-z0-9-]+)==([^\s;]+)", entry).groups()  # type: ignore[union-attr]
        found.setdefault(package, set()).add(version)
    return found


def entries(name: str) -> list[str]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return re.split(r"\n(?=\S)", text.strip())


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    for entry in entries(lock):
        lines = entry.splitlines()
        assert re.match(r"[a-z0-9-]+==[^\s;]+", lines[0]), lines[0]
        assert len(lines) > 1, lines[0]
        assert all(re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines[1:]), lines[0]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_a_host_or_a_folder(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--index|--find-links|--extra|@ ", text)
    assert "/" not in re.sub(r"#.*", "", text)


def test_what_is_tested_is_what_runs() -> None:
    run, test = pins("run.txt"), pins("test.txt")
    assert {name: test.get(name) for name in run} == run
    assert not {"pytest", "ruff", "mypy"} & set(run)


def test_every_dependency_is_bounded_on_both_sides_and_locked() -> None:
    groups = PROJECT["dependency-groups"]
    wanted = [*PROJECT["project"]["dependencies"], *groups["build"], *groups["test"]]
    locked = pins("test.txt")
    for requirement in wanted:
        name, bounds = re.match(r"([A-Za-z0-9-]+)([^;]*)", requirement).groups()  # type: ignore[union-attr]
        assert ">=" in bounds, requirement
        assert "<" in bounds, requirement
        assert name.lower() in locked, requirement


def test_linux_gets_the_small_build_of_xgboost_only() -> None:
    text = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    assert re.search(r"^xgboost-cpu==\S+ ; sys_platform == 'linux'", text, re.MULTILINE)
    assert re.search(r"^xgboost==\S+ ; platform_machine == 'arm64' and sys_platform == 'darwin'", text, re.MULTILINE)
    assert "nvidia" not in text


def test_what_builds_the_package_is_locked_too() -> None:
    assert PROJECT["build-system"]["requires"] == [
        requirement.split("#")[0].strip() for requirement in PROJECT["dependency-groups"]["build"]
    ]
    assert "setuptools" in pins("run.txt")
