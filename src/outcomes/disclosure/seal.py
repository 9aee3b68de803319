"""Why can a released table be trusted? It carries an HMAC over all that it shows, its policy and its register entry.

A table that has passed the gate is a draft: it is sealed under a key that is drawn when the process starts and written
nowhere. The door (`outcomes.disclosure.door`) seals it again, under the release key and with the entry of the register.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from outcomes.disclosure.links import Links
from outcomes.errors import DisclosureError

_KEYS: list[bytes] = [secrets.token_bytes(32)]  # this process's own, then the release keys that the door was given

Kind = Literal["label", "count", "rate", "gap", "statistic", "bound"]


@dataclass(frozen=True)
class Column:
    """How one printed column is to be read.

    Parameters
    ----------
    name : str
        Column of the table.
    kind : {"label", "count", "rate", "gap", "statistic", "bound"}
        What it holds; rates, gaps and their bounds are in per cent or percentage points.
    decimals : int
        Places after the point.
    low, high : str or None
        Columns with its interval.
    of : tuple of str
        Count columns that it stands on: where one of them is withheld, so is this.
    """

    name: str
    kind: Kind
    decimals: int = 0
    low: str | None = None
    high: str | None = None
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hidden:
    """One cell that is not shown, and why.

    Parameters
    ----------
    row : int
        Row of the table, from 0.
    column : str
        Column of the table.
    reason : str
        A short reason that is printed, such as "too few".
    """

    row: int
    column: str
    reason: str


@dataclass(frozen=True, eq=False)
class Released:
    """An aggregate that may be published: rounded, with what is hidden and why, under a seal.

    Only `outcomes.disclosure.gate.release` makes one that verifies. Changing any part breaks the seal.

    Parameters
    ----------
    table : DataFrame
        Printed values; NaN where a cell is hidden (see `hidden`) or not applicable.
    columns : tuple of Column
        How to read each column, in the order of the table.
    title : str
        What the table shows.
    notes : tuple of str
        Sentences that belong under it: period, rule edition, method of intervals, rounding.
    policy : str
        Key of the disclosure policy.
    hidden : tuple of Hidden
        Cells that are withheld.
    entry : str
        Its entry in the register of releases; empty while it is a draft.
    vertices : int
        Each row is a point of a curve and stands for at least this many people; 0 where nobody has looked.
    links : Links
        What ties its cells together, for the attack before a release; printed nowhere, empty once it is released.
    seal : str
        HMAC-SHA-256 of all of this, in hexadecimal.
    """

    table: pd.DataFrame
    columns: tuple[Column, ...]
    title: str
    notes: tuple[str, ...]
    policy: str
    hidden: tuple[Hidden, ...]
    entry: str = ""
    vertices: int = 0
    links: Links = field(default_factory=Links)
    seal: str = ""

    def verify(self) -> "Released":
        """Make sure that nothing was changed since the gate.

        Returns
        -------
        Released
            This very record, so that a writer can verify in passing.

        Raises
        ------
        DisclosureError
            If the seal does not belong to the content.
        """
        if not any(hmac.compare_digest(self.seal, _signature(self, key)) for key in _KEYS):
            raise DisclosureError(
                f"the seal of table {self.title!r} does not belong to its content: it did not come through "
                "disclosure.gate.release in this run, or was changed afterwards; release it again"
            )
        return self

    @property
    def reasons(self) -> Mapping[tuple[int, str], str]:
        """Reason for each hidden cell, by row and column."""
        return {(cell.row, cell.column): cell.reason for cell in self.hidden}


def signature(released: Released) -> str:
    """Compute the seal that this content must carry as a draft of this process.

    Parameters
    ----------
    released : Released
        Content, with any seal or none.

    Returns
    -------
    str
        HMAC-SHA-256 over a canonical form of everything except the seal, in hexadecimal.
    """
    return _signature(released, _KEYS[0])


def sealed(released: Released, *, key: bytes | None = None) -> Released:
    """Seal a table: as a draft of this process, or for good under the release key.

    Parameters
    ----------
    released : Released
        Content, with any seal or none.
    key : bytes, optional
        The release key; this process trusts it from then on.

    Returns
    -------
    Released
        The same content under its seal.
    """
    if key is not None and key not in _KEYS:
        _KEYS.append(key)
    return replace(released, seal=_signature(released, key or _KEYS[0]))


def _signature(released: Released, key: bytes) -> str:
    content = {
        "title": released.title,
        "notes": released.notes,
        "policy": released.policy,
        "columns": [[c.name, c.kind, c.decimals, c.low, c.high, c.of] for c in released.columns],
        "hidden": [[cell.row, cell.column, cell.reason] for cell in released.hidden],
        "entry": released.entry,
        "vertices": released.vertices,
        "links": repr(released.links),
        "names": [str(name) for name in released.table.columns],
        "index": [str(label) for label in released.table.index],
        "cells": [[repr(value) for value in released.table[name].tolist()] for name in released.table.columns],
    }
    return hmac.new(key, json.dumps(content, sort_keys=True).encode(), "sha256").hexdigest()
