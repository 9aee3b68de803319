"""What was released before? A chain of sealed entries of what was printed, so that a release can be compared."""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from outcomes.disclosure.links import Links, Sum
from outcomes.disclosure.seal import Column, Hidden, Released, sealed
from outcomes.errors import DisclosureError

_FORM: Final = 1
_DIGITS: Final = 12


@dataclass(frozen=True)
class Entry:
    """One release: what was printed, of whom, under which policy.

    Parameters
    ----------
    key : str
        Its name, made from its content under the release key.
    study : str
        Releases of one study relate to each other.
    snapshot : str
        State of the library that it was made from.
    policy : str
        Disclosure policy.
    tables : dict of str to Released
        Drafts of what was printed; they hold no true count.
    """

    key: str
    study: str
    snapshot: str
    policy: str
    tables: Mapping[str, Released]


def entry_of(study: str, snapshot: str, policy: str, tables: Mapping[str, Released], *, key: bytes) -> Entry:
    """Make the register entry of a release.

    Parameters
    ----------
    study, snapshot, policy : str
        What was released, from what, under which rule.
    tables : mapping of str to Released
        What is printed.
    key : bytes
        Release key.

    Returns
    -------
    Entry
        The same content gives the same key, so that a release that is made again has the entry it had.
    """
    content = _content(study, snapshot, policy, tables)
    name = "R-" + hmac.new(key, b"entry\n" + _canonical(content), "sha256").hexdigest()[:_DIGITS]
    return Entry(name, study, snapshot, policy, dict(tables))


def register_text(entries: Iterable[Entry], *, key: bytes) -> str:
    """Write a register: one line an entry, each sealed together with the seal before it.

    Parameters
    ----------
    entries : iterable of Entry
        Oldest first.
    key : bytes
        Release key.

    Returns
    -------
    str
        JSON lines; printed values only.
    """
    lines, last = [], ""
    for entry in entries:
        content = _content(entry.study, entry.snapshot, entry.policy, entry.tables) | {"entry": entry.key}
        last = _chained(content, last, key)
        lines.append(json.dumps(content | {"seal": last}, sort_keys=True, ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines)


def read_register(text: str, *, key: bytes) -> tuple[Entry, ...]:
    """Read a register and make sure that no line was changed, taken out or put in.

    Parameters
    ----------
    text : str
        As `register_text` wrote it.
    key : bytes
        Release key.

    Returns
    -------
    tuple of Entry
        Oldest first.

    Raises
    ------
    DisclosureError
        If a line is not what was written under this key.
    """
    entries, last = [], ""
    for number, line in enumerate(text.splitlines(), start=1):
        broken = DisclosureError(
            f"register of releases: line {number} was changed, or was written under another release key; nothing can "
            "be released until the register is restored from its copy"
        )
        try:
            content = json.loads(line)
            seal = content.pop("seal")
            last = _chained(content, last, key)
            if not hmac.compare_digest(seal, last):
                raise broken
            entries.append(_entry(content))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise broken from None
    return tuple(entries)


def _content(study: str, snapshot: str, policy: str, tables: Mapping[str, Released]) -> dict[str, Any]:
    printed = {name: _printed(released) for name, released in sorted(tables.items())}
    return {"form": _FORM, "study": study, "snapshot": snapshot, "policy": policy, "tables": printed}


def _printed(released: Released) -> dict[str, Any]:
    return {
        "title": released.title,
        "notes": list(released.notes),
        "policy": released.policy,
        "columns": [[c.name, c.kind, c.decimals, c.low, c.high, list(c.of)] for c in released.columns],
        "cells": {c.name: [_cell(value) for value in released.table[c.name].tolist()] for c in released.columns},
        "hidden": [[cell.row, cell.column, cell.reason] for cell in released.hidden],
        "sums": [[[list(part) for part in one.parts], one.whole and list(one.whole)] for one in released.links.sums],
        "chains": [[list(step) for step in chain] for chain in released.links.chains],
        "copies": [[list(one), list(other)] for one, other in released.links.copies],
    }


def _cell(value: object) -> object:
    return None if isinstance(value, float) and np.isnan(value) else value


def _entry(content: Mapping[str, Any]) -> Entry:
    tables = {name: _draft(printed) for name, printed in content["tables"].items()}
    return Entry(content["entry"], content["study"], content["snapshot"], content["policy"], tables)


def _draft(printed: Mapping[str, Any]) -> Released:
    columns = tuple(_column(column) for column in printed["columns"])
    cells = {
        column.name: [str(value) for value in printed["cells"][column.name]]
        if column.kind == "label"
        else [np.nan if value is None else float(value) for value in printed["cells"][column.name]]
        for column in columns
    }
    sums = tuple(Sum(tuple(map(_place, parts)), whole and _place(whole)) for parts, whole in printed["sums"])
    copies = tuple((_place(one), _place(other)) for one, other in printed["copies"])
    chains = tuple(tuple(map(_place, chain)) for chain in printed["chains"])
    return sealed(
        Released(
            pd.DataFrame({name: pd.Series(values) for name, values in cells.items()}),
            columns,
            printed["title"],
            tuple(printed["notes"]),
            printed["policy"],
            tuple(Hidden(*hidden) for hidden in printed["hidden"]),
            links=Links(sums, {}, copies, chains),
        )
    )


def _column(printed: list[Any]) -> Column:
    name, kind, decimals, low, high, of = printed
    return Column(name, kind, decimals, low, high, tuple(of))


def _place(pair: list[Any]) -> tuple[int, str]:
    row, column = pair
    return int(row), str(column)


def _chained(content: Mapping[str, Any], last: str, key: bytes) -> str:
    return hmac.new(key, last.encode() + b"\n" + _canonical(content), "sha256").hexdigest()


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=True).encode()
