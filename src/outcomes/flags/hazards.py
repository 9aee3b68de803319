"""What could go wrong with a caseload report, and which tests prove that it is held back? The hazard log, as data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from outcomes.errors import ConfigError

LOG: Final = Path(__file__).with_name("hazards.toml")


@dataclass(frozen=True)
class Hazard:
    """One line of the hazard log.

    Attributes
    ----------
    key
        Short name.
    hazard, cause, effect, control
        What could go wrong, why, what it would do, and what holds it back.
    tests
        Test identifiers that fail when the control is gone.
    """

    key: str
    hazard: str
    cause: str
    effect: str
    control: str
    tests: tuple[str, ...]


def hazards(path: Path = LOG) -> tuple[Hazard, ...]:
    """Read the hazard log.

    Parameters
    ----------
    path
        The log; by default the package's own.

    Returns
    -------
    tuple of Hazard
        In the order of the file.

    Raises
    ------
    ConfigError
        If a line lacks an entry, has one too many, names no test, or two lines have the same key.
    """
    names = {f.name for f in fields(Hazard)}
    found = []
    for number, line in enumerate(tomllib.loads(path.read_text(encoding="utf-8")).get("hazard", []), start=1):
        if set(line) != names or not all(line.values()):
            raise ConfigError(f"{path.name}: hazard {number} must have exactly these entries, filled: {sorted(names)}")
        found.append(Hazard(**{**line, "tests": tuple(line["tests"])}))
    if not found or len({hazard.key for hazard in found}) < len(found):
        raise ConfigError(f"{path.name}: no hazard at all, or two with the same key")
    return tuple(found)
