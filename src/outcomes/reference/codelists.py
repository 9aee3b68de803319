"""What does a code mean? Code lists of the data standard, each code with a label and, where a rule needs it, a kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source
from outcomes.reference.code_cleaning import clean_code, per_distinct_value, read_rules
from outcomes.reference.loader import FOLDER, read_key, read_toml, record, toml_files


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a list.

    Parameters
    ----------
    code, label : str
        The code as stored, and what it means.
    kind : str
        What the code is for the rules, such as "attended", "dropped_out", "low"; empty where no rule asks.
    """

    code: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class CodeList:
    """One list of legal codes.

    Parameters
    ----------
    key, title : str
        Short key and full title.
    table, column : str
        The canonical table and column that it governs.
    codes : Mapping of str to Code
        Legal codes.
    by_prefix : bool
        True where a stored value matches the longest code that it begins with (ICD-10).
    cleaning : tuple of str
        Names of the rules by which codes are cleaned.
    source : str
        Key or keys of the bibliography.
    verified : bool
        False where part of the list is not confirmed.
    notes : str
        What a user must know.
    """

    key: str
    title: str
    table: str
    column: str
    codes: Mapping[str, Code]
    by_prefix: bool
    cleaning: tuple[str, ...]
    source: str
    verified: bool
    notes: str

    def find(self, text: str) -> Code | None:
        """Say which code is meant by one stored value.

        Parameters
        ----------
        text : str
            The value as a system wrote it.

        Returns
        -------
        Code or None
            The entry; None where the value, cleaned, is not legal.
        """
        code = clean_code(text, self.codes, self.cleaning)
        if code is not None:
            return self.codes[code]
        if not self.by_prefix:
            return None
        plain = text.strip().upper().replace(".", "")
        fitting = [code for code in self.codes if plain.startswith(code)]
        return self.codes[max(fitting, key=len)] if fitting else None

    def clean(self, values: pd.Series) -> pd.Series:
        """Say which legal code stands in each row.

        Parameters
        ----------
        values : Series
            Codes as text; missing where not recorded.

        Returns
        -------
        Series of str
            The codes as stored in the list; missing where blank or not legal. With `by_prefix`, the list's own,
            shorter code.
        """

        def one(text: str) -> str | None:
            found = self.find(text)
            return None if found is None else found.code

        return per_distinct_value(values, one, blank=None)

    def label(self, values: pd.Series, *, unknown: str = "Not known") -> pd.Series:
        """Say what the code of each row means.

        Parameters
        ----------
        values : Series
            Codes as text; missing where not recorded.
        unknown : str, default "Not known"
            Label of blank and illegal values.

        Returns
        -------
        Series of str
            A label for every row.
        """

        def one(text: str) -> str:
            found = self.find(text)
            return unknown if found is None else found.label

        return per_distinct_value(values, one, blank=unknown)

    def kind(self, values: pd.Series) -> pd.Series:
        """Say of what kind the code of each row is.

        Parameters
        ----------
        values : Series
            Codes as text; missing where not recorded.

        Returns
        -------
        Series of str
            The kind; missing where blank, illegal, or of no kind.
        """

        def one(text: str) -> str | None:
            found = self.find(text)
            return (found.kind or None) if found else None

        return per_distinct_value(values, one, blank=None)

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Say which codes are of a kind.

        Parameters
        ----------
        kind : str
            Such as "dropped_out".

        Returns
        -------
        tuple of str
            The codes in the order of the list.

        Raises
        ------
        ConfigError
            If no code is of this kind.
        """
        found = tuple(code.code for code in self.codes.values() if code.kind == kind)
        if not found:
            kinds = sorted({code.kind for code in self.codes.values() if code.kind})
            raise ConfigError(f"code list {self.key!r} has no kind {kind!r}; it has {', '.join(kinds)}")
        return found


def read_code_list(path: Path) -> CodeList:
    """Read one code-list file.

    Parameters
    ----------
    path : Path
        A TOML file named after the list's key.

    Returns
    -------
    CodeList
        The frozen record.

    Raises
    ------
    ConfigError
        If a code stands twice, a value is missing or misspelt, or the source is unknown.
    """
    top = read_toml(path)
    codes: dict[str, Code] = {}
    for entry in top.tables("codes"):
        one = Code(entry.text("code"), entry.text("label"), entry.text("kind", ""))
        entry.done()
        if one.code in codes:
            raise ConfigError(f"{entry.where}: code {one.code!r} stands twice")
        codes[one.code] = one
    listed = CodeList(
        key=read_key(top, path),
        title=top.text("title"),
        table=top.text("table"),
        column=top.text("column"),
        codes=MappingProxyType(codes),
        by_prefix=top.flag("by_prefix", default=False),
        cleaning=read_rules(top),
        source=read_source(top),
        verified=top.flag("verified"),
        notes=top.text("notes", ""),
    )
    top.done()
    return listed


@cache
def code_lists(folder: Path = FOLDER / "codes") -> dict[str, CodeList]:
    """List the code lists that are known.

    Parameters
    ----------
    folder : Path, optional
        Folder with one TOML file a list; by default the package's own.

    Returns
    -------
    dict
        Key to list, in alphabetical order.
    """
    return {path.stem: read_code_list(path) for path in toml_files(folder)}


def code_list(key: str) -> CodeList:
    """Say which codes are legal in a column, and what do they mean.

    Parameters
    ----------
    key : str
        Such as "end_code", "attendance", "therapy".

    Returns
    -------
    CodeList
        The frozen record.

    Raises
    ------
    ConfigError
        If no list has this key.

    Examples
    --------
    >>> code_list("end_code").of_kind("dropped_out")
    ('47',)
    """
    return record(code_lists(), key, "code list")
