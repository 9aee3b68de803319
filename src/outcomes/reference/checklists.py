"""What must a report tell? Published reporting checklists as records, in our own words."""

from dataclasses import dataclass
from functools import cache

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source
from outcomes.reference.loader import FOLDER, read_key, read_toml


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One thing that a report must tell.

    Parameters
    ----------
    number : str
        Its number in the checklist.
    asks : str
        What for, in our words.
    """

    number: str
    asks: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """A published reporting checklist.

    Parameters
    ----------
    key, name : str
        Short key and full name.
    items : tuple of ChecklistItem
        In the published order.
    source : str
        Key of the bibliography.
    verified : bool
        False where something in it is not confirmed.
    notes : str
        What a user must know.
    """

    key: str
    name: str
    items: tuple[ChecklistItem, ...]
    source: str
    verified: bool
    notes: str


@cache
def checklist(key: str) -> Checklist:
    """Say what a report of some kind of study must tell.

    Parameters
    ----------
    key : str
        Such as "grolts".

    Returns
    -------
    Checklist
        The frozen record.

    Raises
    ------
    ConfigError
        If no checklist has this key, or an item stands twice.

    Examples
    --------
    >>> checklist("grolts").items[0].asks
    'the metric of time'
    """
    path = FOLDER / "checklists" / f"{key}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.toml")))
        raise ConfigError(f"checklist {key!r} is not known; known are {known}")
    top = read_toml(path)
    items = []
    for entry in top.tables("items"):
        items.append(ChecklistItem(entry.text("number"), entry.text("asks")))
        entry.done()
    numbers = [item.number for item in items]
    if len(set(numbers)) < len(numbers):
        raise ConfigError(f"{path.name}: an item stands twice")
    found = Checklist(
        read_key(top, path),
        top.text("name"),
        tuple(items),
        source=read_source(top),
        verified=top.flag("verified"),
        notes=top.text("notes"),
    )
    top.done()
    return found
