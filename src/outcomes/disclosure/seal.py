"""Why can a released table be trusted? It carries an HMAC over all that it shows, under a key that lives and dies here.

The key is drawn when the process starts and is never written: a seal says "this table came through the gate of this
process and nobody has touched it since", no more. It is not kept in any file, so released bytes do not depend on it.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from outcomes.errors import DisclosureError

_KEY = secrets.token_bytes(32)

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
    """

    name: str
    kind: Kind
    decimals: int = 0
    low: str | None = None
    high: str | None = None


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
    seal : str
        HMAC-SHA-256 of all of this, in hexadecimal.
    """

    table: pd.DataFrame
    columns: tuple[Column, ...]
    title: str
    notes: tuple[str, ...]
    policy: str
    hidden: tuple[Hidden, ...]
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
        if not hmac.compare_digest(self.seal, signature(self)):
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
    """Compute the seal that this content must carry.

    Parameters
    ----------
    released : Released
        Content, with any seal or none.

    Returns
    -------
    str
        HMAC-SHA-256 over a canonical form of everything except the seal, in hexadecimal.
    """
    content = {
        "title": released.title,
        "notes": released.notes,
        "policy": released.policy,
        "columns": [[c.name, c.kind, c.decimals, c.low, c.high] for c in released.columns],
        "hidden": [[cell.row, cell.column, cell.reason] for cell in released.hidden],
        "names": [str(name) for name in released.table.columns],
        "index": [str(label) for label in released.table.index],
        "cells": [[repr(value) for value in released.table[name].tolist()] for name in released.table.columns],
    }
    return hmac.new(_KEY, json.dumps(content, sort_keys=True).encode(), "sha256").hexdigest()
