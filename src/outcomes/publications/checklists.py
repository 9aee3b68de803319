"""Which items of a reporting checklist does a release answer, and where? TRIPOD+AI, GRoLTS, STROBE and RECORD."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import source

CHECKLISTS: Final = ("tripod_ai", "grolts", "strobe", "record")
TO_WRITE: Final = "to be written by the author"
UNREAD: Final = "Numbered from a secondary source: the published list was not at hand."


@dataclass(frozen=True)
class Item:
    """One item of a checklist.

    Parameters
    ----------
    number, section, asks : str
        As published, the text in short words.
    where : tuple of str
        Where a release may answer it: a file (a pattern), or `methods.md#Heading`.
    lacks : str
        What these places do not say, for the author to write; empty where they say all.
    left_out : str
        Why this package does not do what is asked; empty where that is not so.
    applies : str
        `D` where only the development of a model is asked, `E` where only an evaluation is; else empty.
    """

    number: str
    section: str
    asks: str
    where: tuple[str, ...]
    lacks: str = ""
    left_out: str = ""
    applies: str = ""


@dataclass(frozen=True)
class Checklist:
    """A reporting checklist.

    Parameters
    ----------
    key, title, citation, note : str
        Name, title, source, and what a user must know.
    compared : str
        With what its numbers and meaning were compared.
    verified : bool
        Whether that was the published list.
    items : tuple of Item
        In the published order.
    """

    key: str
    title: str
    citation: str
    note: str
    compared: str
    verified: bool
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
        If there is no such checklist, or its source is not in the bibliography.
    """
    if key not in CHECKLISTS:
        raise ConfigError(f"checklist must be one of {', '.join(CHECKLISTS)}, got {key!r}")
    pages = Environment(loader=PackageLoader("outcomes.publications"), autoescape=True)
    held = tomllib.loads(PackageLoader("outcomes.publications").get_source(pages, f"checklists/{key}.toml")[0])
    return Checklist(
        held["key"],
        held["title"],
        source(held["source"]).citation(),
        held["note"],
        held["compared"],
        held["verified"],
        tuple(Item(**(one | {"where": tuple(one["where"])})) for one in held["items"]),
    )


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
    >>> "| 13.1 | Results: participants |" in filled("record", ["figures/flow"])
    True
    """
    asked = checklist(key)
    read = asked.compared if asked.verified else f"{UNREAD} {asked.compared}"
    lines = [f"# {asked.title}", "", asked.citation, "", asked.note, "", read, "", "| item | part | asks for | where |"]
    lines.append("|:---|:---|:---|:---|")
    found = {item.number: _places(item, places) for item in asked.items}
    lines += [
        f"| {item.number} | {item.section}{f' ({item.applies})' if item.applies else ''} | {item.asks} | "
        f"{_answer(item, found[item.number])} |"
        for item in asked.items
    ]
    partly = sum(bool(found[item.number] and item.lacks) for item in asked.items)
    lines += [
        "",
        f"{sum(map(bool, found.values()))} of {len(asked.items)} lines point to a place in this release, {partly} of "
        "them with something left to write; check each before sending.",
    ]
    return "\n".join(lines) + "\n"


def _places(item: Item, places: Collection[str]) -> list[str]:
    return sorted({place for pattern in item.where for place in places if fnmatch(place, pattern)})


def _answer(item: Item, found: list[str]) -> str:
    if not found:
        return item.left_out or TO_WRITE
    return ", ".join(found) + (f"; {TO_WRITE}: {item.lacks}" if item.lacks else "")
