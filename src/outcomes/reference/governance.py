"""Which rules of governance set a number? Dated records, each with its source."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source
from outcomes.reference.loader import FOLDER, read_key, read_toml


@dataclass(frozen=True, slots=True)
class OptOutRule:
    """How long a list cleaned of people who opted out may be used.

    Parameters
    ----------
    key, name : str
        Short key and full name.
    longest_age_days : int
        Oldest list that may be used, in whole days.
    recorded : date
        The day on which the rule was written down here.
    source : str
        Key or keys of the bibliography.
    verified : bool
        False where no source at hand confirms the number.
    notes : str
        What a user must know.
    """

    key: str
    name: str
    longest_age_days: int
    recorded: date
    source: str
    verified: bool
    notes: str

    def limit(self) -> str:
        """Say the limit in words, and whether a source confirms it.

        Returns
        -------
        str
            Such as "21 (unverified)".
        """
        return f"{self.longest_age_days}{'' if self.verified else ' (unverified)'}"


def read_opt_out_rule(path: Path) -> OptOutRule:
    """Read the rule on the age of an opt-out list.

    Parameters
    ----------
    path : Path
        A TOML file named after the rule's key.

    Returns
    -------
    OptOutRule
        The frozen record.

    Raises
    ------
    ConfigError
        If a value is missing, misspelt or impossible, or the source is unknown.
    """
    top = read_toml(path)
    recorded = top.day("recorded")
    if recorded is None:
        raise ConfigError(f"{path.name}: 'recorded' is missing")
    rule = OptOutRule(
        key=read_key(top, path),
        name=top.text("name"),
        longest_age_days=top.whole("longest_age_days"),
        recorded=recorded,
        source=read_source(top),
        verified=top.flag("verified"),
        notes=top.text("notes", ""),
    )
    top.done()
    if rule.longest_age_days < 0:
        raise ConfigError(f"{path.name}: longest_age_days must be at least 0, got {rule.longest_age_days}")
    return rule


@cache
def opt_out_rule() -> OptOutRule:
    """Say how old an opt-out list may be.

    Returns
    -------
    OptOutRule
        The frozen record.

    Examples
    --------
    >>> opt_out_rule().limit()
    '21 (unverified)'
    """
    return read_opt_out_rule(FOLDER / "governance" / "opt_out.toml")
