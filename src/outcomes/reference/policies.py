"""Under which rule may a table leave? Disclosure policies as records; `disclosure` carries them out."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source
from outcomes.reference.loader import FOLDER, read_key, read_toml, record, toml_files

ROUNDINGS: Final = ("midpoint", "nearest", "none")
RATE_BASES: Final = ("rounded", "true")
DEFAULT_POLICY: Final = "midpoint6"


@dataclass(frozen=True, slots=True)
class DisclosurePolicy:
    """One published rule of statistical disclosure control.

    Parameters
    ----------
    key, name : str
        Short key and full name.
    rounding : str
        "midpoint" (every count to the middle of its band of `base`: for base 6 the values 0, 3, 9, 15 ...), "nearest"
        (to the nearest multiple of `base`, halves up) or "none".
    base : int
        Width of the rounding.
    threshold : int
        Counts below this number are withheld; 0 where none are.
    suppress_zero : bool
        True where a count of zero is withheld as well.
    rate_decimals : int
        Decimals of a published percentage.
    rates_from : str
        "rounded" (rates are derived from the rounded counts) or "true".
    minimum_n_for_statistics : int
        Means, deviations and intervals are withheld for fewer persons than this.
    minimum_n_for_a_vertex : int
        Each point of a curve stands for at least this many persons.
    minimum_events : int
        Rates are withheld when the numerator or the persons without the event number fewer than this.
    symbol : str
        What stands in the place of a withheld value.
    published : int
        Year of the document in which the rule is read.
    recorded : date
        The day on which the rule was written down here.
    source : str
        Key or keys of the bibliography.
    verified : bool
        False where no source at hand confirms the rule.
    notes : str
        What a user must know.
    """

    key: str
    name: str
    rounding: str
    base: int
    threshold: int
    suppress_zero: bool
    rate_decimals: int
    rates_from: str
    minimum_n_for_statistics: int
    minimum_n_for_a_vertex: int
    minimum_events: int
    symbol: str
    published: int
    recorded: date
    source: str
    verified: bool
    notes: str


def read_policy(path: Path) -> DisclosurePolicy:
    """Read one policy file.

    Parameters
    ----------
    path : Path
        A TOML file named after the policy's key.

    Returns
    -------
    DisclosurePolicy
        The frozen record.

    Raises
    ------
    ConfigError
        If a value is missing, misspelt or impossible, or the source is unknown.
    """
    top = read_toml(path)
    recorded = top.day("recorded")
    if recorded is None:
        raise ConfigError(f"{path.name}: 'recorded' is missing: the day on which the rule was written down")
    policy = DisclosurePolicy(
        key=read_key(top, path),
        name=top.text("name"),
        rounding=top.text("rounding"),
        base=top.whole("base"),
        threshold=top.whole("threshold"),
        suppress_zero=top.flag("suppress_zero"),
        rate_decimals=top.whole("rate_decimals"),
        rates_from=top.text("rates_from"),
        minimum_n_for_statistics=top.whole("minimum_n_for_statistics"),
        minimum_n_for_a_vertex=top.whole("minimum_n_for_a_vertex"),
        minimum_events=top.whole("minimum_events"),
        symbol=top.text("symbol"),
        published=top.whole("published"),
        recorded=recorded,
        source=read_source(top),
        verified=top.flag("verified"),
        notes=top.text("notes", ""),
    )
    top.done()
    if policy.rounding not in ROUNDINGS:
        raise ConfigError(f"{path.name}: rounding must be one of {ROUNDINGS}, got {policy.rounding!r}")
    if policy.rates_from not in RATE_BASES:
        raise ConfigError(f"{path.name}: rates_from must be one of {RATE_BASES}, got {policy.rates_from!r}")
    if policy.base < 1 or policy.threshold < 0 or (policy.rounding == "midpoint" and policy.base % 2):
        raise ConfigError(f"{path.name}: base must be at least 1 (even for midpoint rounding), threshold at least 0")
    if policy.minimum_n_for_a_vertex < 1:
        raise ConfigError(f"{path.name}: minimum_n_for_a_vertex must be at least 1")
    return policy


@cache
def disclosure_policies(folder: Path = FOLDER / "policies") -> dict[str, DisclosurePolicy]:
    """List the disclosure policies that are known.

    Parameters
    ----------
    folder : Path, optional
        Folder with one TOML file a policy; by default the package's own.

    Returns
    -------
    dict
        Key to policy, in alphabetical order.
    """
    return {path.stem: read_policy(path) for path in toml_files(folder)}


def disclosure_policy(key: str = DEFAULT_POLICY) -> DisclosurePolicy:
    """Say what a disclosure policy asks for.

    Parameters
    ----------
    key : str, default "midpoint6"
        Key of the policy.

    Returns
    -------
    DisclosurePolicy
        The frozen record.

    Raises
    ------
    ConfigError
        If no policy has this key.

    Examples
    --------
    >>> disclosure_policy().base, disclosure_policy().rates_from
    (6, 'rounded')
    """
    return record(disclosure_policies(), key, "disclosure policy")
