"""Set-up says in one readable message what is missing, and installs nothing that no hash vouches for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout without an environment, and a PATH of stubs before the system's."""
    place = tmp_path / "a place with blanks"
    (place / "scripts").mkdir(parents=True)
    (place / "requirements").mkdir()
    (place / "stubs").mkdir()
    shutil.copy(ROOT / "Makefile", place)
    shutil.copy(ROOT / "pyproject.toml", place)
    shutil.copy(ROOT / "scripts" / "setup.sh", place / "scripts")
    for lock in ("run.txt", "test.txt"):
        (place / "requirements" / lock).write_text("nothing==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    return place


def stub(place: Path, name: str, text: str) -> None:
    file = place / "stubs" / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def make(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = f"{place / 'stubs'}:/usr/bin:/bin"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    return subprocess.run(
        ["/usr/bin/make", *arguments],
        cwd=place,
        env={**kept, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def no_python(place: Path) -> None:
    for name in ("python3", "python3.14", "python3.13", "python3.12", "python3.11"):
        stub(place, name, "echo Python 3.9.2; exit 1")


def test_without_a_python_that_is_new_enough_the_next_step_is_named(bare: Path) -> None:
    no_python(bare)
    done = make(bare, "run")
    assert done.returncode != 0
    assert "no Python from 3.11 to 3.14 found (python3 is Python 3.9.2)" in done.stderr
    assert "make run PYTHON=" in done.stderr


@pytest.mark.parametrize(
    ("system", "message"),
    [("MINGW64_NT-10.0", "use WSL 2"), ("Darwin", "Intel Macs are not supported")],
)
def test_systems_that_are_not_supported_are_told_so(bare: Path, system: str, message: str) -> None:
    stub(bare, "uname", f'[ "$1" = -s ] && echo {system} || echo x86_64')
    done = make(bare, "run")
    assert done.returncode != 0
    assert message.lower() in done.stderr.lower()


def test_a_python_without_venv_is_told_what_to_install(bare: Path) -> None:
    no_python(bare)
    stub(bare, "python3", '[ "$1" = -c ] && exit 0; [ "$1" = --version ] && echo Python 3.12.1 && exit 0; exit 1')
    done = make(bare, "run")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr


def test_run_installs_the_run_lock_only_and_test_the_test_lock(bare: Path) -> None:
    assert "setup.sh requirements/run.txt" in make(bare, "-n", "run").stdout
    assert "test.txt" not in make(bare, "-n", "run").stdout
    assert "setup.sh requirements/test.txt" in make(bare, "-n", "check").stdout


def test_once_set_up_nothing_is_installed_again(bare: Path) -> None:
    (bare / ".venv").mkdir()
    (bare / ".venv" / "folder").write_text(f"{bare}\n")
    for stamp in ("run.stamp", "test.stamp"):
        (bare / ".venv" / stamp).touch()
    assert "setup.sh" not in make(bare, "-n", "run").stdout
    assert "setup.sh" not in make(bare, "-n", "check").stdout
    os.utime(bare / "requirements" / "run.txt", (2**31 - 1, 2**31 - 1))
    assert "setup.sh" in make(bare, "-n", "run").stdout, "a new lock is installed"


def test_a_copied_checkout_gets_its_own_environment(bare: Path) -> None:
    (bare / ".venv").mkdir()
    (bare / ".venv" / "folder").write_text("/somewhere/else\n")
    (bare / ".venv" / "run.stamp").touch()
    assert "setup.sh" in make(bare, "-n", "run").stdout


def test_packages_are_accepted_by_hash_and_as_wheels_only() -> None:
    text = (ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8")
    installs = [line for line in text.splitlines() if "pip install" in line]
    assert len(installs) == 2
    assert "--require-hashes --only-binary :all:" in installs[0]
    assert "--no-deps --no-build-isolation" in installs[1]


def test_the_build_server_runs_what_everybody_runs() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "CI=true" in text
    assert text.rstrip().endswith("exec make test")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
