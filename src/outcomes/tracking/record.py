"""Which settings, numbers and versions belong to a report? Plain files: equal runs, equal bytes."""

import json
import math
import numbers
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import numpy as np

from outcomes import __version__
from outcomes.errors import ConfigError

SIGNIFICANT_DIGITS = 10  # the last bits of a double depend on the order of a sum, which other thread counts may change


def canonical_json(values: Mapping[str, object]) -> bytes:
    r"""Write facts so that equal facts are equal bytes.

    Parameters
    ----------
    values : mapping
        Nested mappings, sequences, texts, numbers, None; NaN is written as null.

    Returns
    -------
    bytes
        UTF-8 JSON, keys sorted, two blanks of indentation, numbers to ten significant digits, one line feed at the end.

    Raises
    ------
    ConfigError
        If a value is of another kind, or infinite.

    Examples
    --------
    >>> canonical_json({"b": 0.1 + 0.2, "a": (1, None)}).decode()
    '{\n  "a": [\n    1,\n    null\n  ],\n  "b": 0.3\n}\n'
    """
    text = json.dumps(_canonical(values, "record"), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def _canonical(value: object, where: str) -> object:
    if isinstance(value, Mapping):
        return {str(key): _canonical(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_canonical(item, where) for item in value]
    if value is None or isinstance(value, (str, bool, np.bool_)):
        return bool(value) if isinstance(value, np.bool_) else value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return _rounded(float(value), where)
    if isinstance(value, Path):
        return value.name
    raise ConfigError(f"{where}: a record holds texts, numbers, lists and mappings, got {type(value).__name__}")


def _rounded(value: float, where: str) -> float | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise ConfigError(f"{where}: infinite; leave it out or say why it cannot be estimated")
    rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    if math.isinf(rounded):
        return value  # the largest doubles would be rounded beyond the range
    return rounded + 0.0  # minus zero becomes zero


def environment() -> dict[str, object]:
    """Say which versions made the numbers, and nothing about the machine or its user.

    Returns
    -------
    dict
        Version of this package, of Python, kind of system, and of every package that this one asks for.
    """
    packages: dict[str, str] = {}
    for requirement in requires("outcomes") or []:
        name = re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0]
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue  # asked for on another system only
    system = f"{platform.system()} {platform.machine()}"
    return {"outcomes": __version__, "python": platform.python_version(), "system": system, "packages": packages}


def code_version(folder: Path) -> str:
    """Say which commit the code is at, if it lies in a checkout.

    Parameters
    ----------
    folder : Path
        A folder of the code.

    Returns
    -------
    str
        The commit, with ``+changes`` where tracked files differ from it; ``released`` outside a checkout.
    """
    git = shutil.which("git")
    if git is None:
        return "released"
    try:
        commit = _git(git, folder, "rev-parse", "HEAD")
        changed = _git(git, folder, "status", "--porcelain", "--untracked-files=no", ".")
    except (subprocess.SubprocessError, OSError):
        return "released"
    return f"{commit}+changes" if changed else commit


def _git(git: str, folder: Path, *arguments: str) -> str:
    command = [git, "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603  fixed words, no shell
    return done.stdout.strip()


def write_record(
    folder: Path, *, configuration: Mapping[str, object], metrics: Mapping[str, object], snapshot: str
) -> tuple[Path, ...]:
    """Put the facts of a run beside its report.

    Parameters
    ----------
    folder : Path
        The report's folder; made if absent.
    configuration : mapping
        The experiment file as read.
    metrics : mapping
        Every number of the report, under the names that the tracked run uses.
    snapshot : str
        Digest of the snapshot that was read.

    Returns
    -------
    tuple of Path
        ``configuration.json``, ``environment.json`` and ``metrics.json``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     [path.name for path in write_record(Path(place), configuration={}, metrics={"n": 3}, snapshot="ab")]
    ['configuration.json', 'environment.json', 'metrics.json']
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Mapping[str, object]] = {
        "configuration.json": {"snapshot": snapshot, "experiment": configuration},
        "environment.json": environment(),
        "metrics.json": metrics,
    }
    for name, facts in files.items():
        (folder / name).write_bytes(canonical_json(facts))
    return tuple(folder / name for name in files)
