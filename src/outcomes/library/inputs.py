"""What is one file of a feed once it is read and typed? The record that intake, state and tally share."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True, slots=True)
class Input:
    """One file of one table, read and typed.

    Parameters
    ----------
    table : str
        Table of the source.
    declared : str
        Name of the feed table that declares its columns.
    path : Path
        The file.
    sha256 : str
        First digits of its hash.
    rows : int
        Records that were read, readable or not.
    undeclared : int
        Columns that nobody asked for.
    absent : tuple of str
        Columns that were asked for and are not there.
    refused : str
        Why it is refused; empty where it is not.
    frame, faults, notes
        As `TypedRows`; for long answers the sittings.
    members : DataFrame or None
        Where every long answer went.
    erased : int
        Records of people who were erased, turned away.
    """

    table: str
    declared: str
    path: Path
    sha256: str
    rows: int
    undeclared: int
    absent: tuple[str, ...]
    refused: str
    frame: pd.DataFrame
    faults: pd.DataFrame
    notes: Mapping[tuple[str, str], int]
    members: pd.DataFrame | None = None
    erased: int = 0
