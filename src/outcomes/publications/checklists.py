"""Which items of a reporting checklist does a release answer, and where? TRIPOD+AI, GRoLTS and RECORD, filled in."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader

from outcomes.errors import ConfigError

CHECKLISTS: Final = ("tripod_ai", "grolts", "record")
TO_WRITE: Final = "to be written by the author"


@dataclass(frozen=True)
class Item:
    """One item of a checklist.

    Parameters
    ----------
    number, section, asks : str
        As published, the text in short words.
    where : tuple of str
        Where a release may answer it: a file (a pattern), or `methods.md#Heading`.
    """

    number: str
    section: str
    asks: str
    where: tuple[str, ...]


@dataclass(frozen=True)
class Checklist:
    """A reporting checklist.

    Parameters
    ----------
    key, title, citation, note : str
        Name, title, source, and what a user must know.
    items : tuple of Item
        In the published order.
    """

    key: str
    title: str
    citation: str
    note: str
    items: tuple[Item, ...]


@cache
def checklist(key: str) -> Checklist:
    """Read a checklist.

    Parameters
    ----------
    key : str
        One of `CHECKLISTS`.

    Returns
    -------
    Checklist
        Its items.

    Raises
    ------
    ConfigError
        If there is no such checklist.
    """
    if key not in CHECKLISTS:
        raise ConfigError(f"checklist must be one of {', '.join(CHECKLISTS)}, got {key!r}")
    pages = Environment(loader=PackageLoader("outcomes.publications"), autoescape=True)
    held = tomllib.loads(PackageLoader("outcomes.publications").get_source(pages, f"checklists/{key}.toml")[0])
    items = tuple(Item(one["number"], one["section"], one["asks"], tuple(one["where"])) for one in held["items"])
    return Checklist(held["key"], held["title"], held["citation"], held["note"], items)


def filled(key: str, places: Collection[str]) -> str:
    """Fill a checklist in: for each item where the release answers it, else who has to.

    Parameters
    ----------
    key : str
        One of `CHECKLISTS`.
    places : collection of str
        Files of the release without ending (`tables/table_one`), and headings of its methods (`methods.md#Outcomes`).

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    ConfigError
        If there is no such checklist.

    Examples
    --------
    >>> "| 13.1 | Results |" in filled("record", ["figures/flow"])
    True
    """
    asked = checklist(key)
    lines = [f"# {asked.title}", "", asked.citation, "", asked.note, "", "| item | part | asks for | where |"]
    lines.append("|:---|:---|:---|:---|")
    for item in asked.items:
        found = sorted({place for pattern in item.where for place in places if fnmatch(place, pattern)})
        lines.append(f"| {item.number} | {item.section} | {item.asks} | {', '.join(found) or TO_WRITE} |")
    answered = sum(TO_WRITE not in line for line in lines[8:])
    lines += [
        "",
        f"{answered} of {len(asked.items)} items point to a place in this release; check each before sending.",
    ]
    return "\n".join(lines) + "\n"
