"""Which group does a person belong to? Code lists and bands in which every value, a missing one too, has one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source
from outcomes.reference.code_cleaning import SEPARATOR, clean_code, per_distinct_value, read_rules
from outcomes.reference.loader import FOLDER, Entry, read_key, read_toml, record, toml_files

PATIENTS, REFERRALS = "patients", "referrals"


@dataclass(frozen=True, slots=True)
class ValueBand:
    """A band of a number: from `start` (included) to `below` (not included); None is open.

    Parameters
    ----------
    label : str
        Name of the group.
    start, below : Decimal or None
        Limits.
    """

    label: str
    start: Decimal | None
    below: Decimal | None

    def holds(self, value: Decimal) -> bool:
        """Say whether a number is inside the band.

        Parameters
        ----------
        value : Decimal
            The number.

        Returns
        -------
        bool
            True where start <= value < below.
        """
        return (self.start is None or value >= self.start) and (self.below is None or value < self.below)


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to part people into groups.

    Parameters
    ----------
    key, title : str
        Short key, and how a table heads it.
    column : str
        Column that it reads.
    codes : Mapping of str to str
        Legal code to label; empty for a banded number.
    bands : tuple of ValueBand
        Bands of a number, without gaps; empty for a code list.
    labels : tuple of str
        Every group in display order, `not_stated` and `not_known` included.
    not_stated : str
        Group of those who were asked and gave no answer.
    not_known : str
        Group of those whose value is blank, "not known" or not a legal code.
    reference_label : str
        The group that others are compared with.
    overlapping : bool
        True where one person can be in several groups (values separated by ";").
    cleaning : tuple of str
        Names of the rules by which codes are cleaned.
    source : str
        Key or keys of the bibliography.
    verified : bool
        False where no source at hand confirms the list.
    notes : str
        What a user must know.
    table : str
        Table of that column: patients, or referrals.
    """

    key: str
    title: str
    column: str
    codes: Mapping[str, str]
    bands: tuple[ValueBand, ...]
    labels: tuple[str, ...]
    not_stated: str
    not_known: str
    reference_label: str
    overlapping: bool
    cleaning: tuple[str, ...]
    source: str
    verified: bool
    notes: str
    table: str = PATIENTS

    def _one(self, text: str) -> str | None:
        # Label of one code; None where it is neither legal nor already a label.
        if text in self.labels:
            return text
        if self.bands:
            return self._band(text)
        code = clean_code(text, self.codes, self.cleaning)
        return None if code is None else self.codes[code]

    def _band(self, text: str) -> str | None:
        try:
            number = Decimal(text.strip())
        except InvalidOperation:
            return None
        if not number.is_finite():
            return None
        return next((band.label for band in self.bands if band.holds(number)), None)

    def _several(self, text: str) -> tuple[str, ...]:
        # Labels of a value that may hold several codes, in display order, each once.
        found = {self._one(part) or self.not_known for part in text.split(SEPARATOR) if part.strip()}
        return tuple(label for label in self.labels if label in found) or (self.not_known,)

    def _label(self, text: str) -> str:
        several = self._several(text)
        return SEPARATOR.join(several) if self.overlapping else several[0]

    def label(self, codes: pd.Series) -> pd.Series:
        """Say which group each person is in.

        Labels are accepted as well as codes, so that labelling twice changes nothing. Where a grouping that does not
        overlap meets several codes in one value ("A;B"), the group that stands first in `labels` is taken.

        Parameters
        ----------
        codes : Series
            Codes (or numbers, for bands) as text; missing where not recorded.

        Returns
        -------
        Series of str
            A label for every row, never missing. For an overlapping grouping several labels are joined by ";".

        Examples
        --------
        >>> grouping("gender").label(pd.Series(["1", " 2", "x", None])).tolist()
        ['Male', 'Female', 'Not known', 'Not known']
        """
        return per_distinct_value(codes, self._label, blank=self.not_known)

    def legal(self, codes: pd.Series) -> pd.Series:
        """Say which values are blank, legal codes or labels.

        Parameters
        ----------
        codes : Series
            Codes as text; missing where not recorded.

        Returns
        -------
        Series of bool
            False where a value is present and, cleaned, is not legal: such a value is grouped as not known.
        """

        def check(text: str) -> str:
            parts = [part for part in text.split(SEPARATOR) if part.strip()]
            return "legal" if all(self._one(part) is not None for part in parts) else "illegal"

        return per_distinct_value(codes, check, blank="legal").eq("legal")

    def members(self, codes: pd.Series) -> pd.DataFrame:
        """Say who is in which group, one column a group.

        Parameters
        ----------
        codes : Series
            Codes or labels as text; missing where not recorded.

        Returns
        -------
        DataFrame of bool
            One column a label in display order; a row has one True, or several for an overlapping grouping.
        """
        joined = per_distinct_value(codes, self._label, blank=self.not_known)
        places, distinct = pd.factorize(joined)
        inside = np.array(
            [[label in str(value).split(SEPARATOR) for label in self.labels] for value in distinct], dtype=bool
        ).reshape(len(distinct), len(self.labels))
        return pd.DataFrame(inside[places], index=codes.index, columns=list(self.labels))


def _read_codes(top: Entry) -> tuple[dict[str, str], list[str]]:
    # Code to label, from a list of groups that each name their codes; a code in two groups is refused.
    codes: dict[str, str] = {}
    labels = []
    for entry in top.tables("groups"):
        label = entry.text("label")
        labels.append(label)
        for code in entry.texts("codes"):
            if code in codes:
                raise ConfigError(f"{entry.where}: code {code!r} is already in group {codes[code]!r}")
            codes[code] = label
        entry.done()
    return codes, labels


def _read_bands(top: Entry) -> tuple[ValueBand, ...]:
    bands: list[ValueBand] = []
    for entry in top.tables("bands"):
        start = entry.decimal("start") if entry.has("start") else None
        below = entry.decimal("below") if entry.has("below") else None
        if bands and bands[-1].below != start:
            raise ConfigError(f"{entry.where}: band must start at {bands[-1].below}, where the one before ends")
        bands.append(ValueBand(entry.text("label"), start, below))
        entry.done()
    return tuple(bands)


def read_grouping(path: Path) -> Grouping:
    """Read one group file.

    Parameters
    ----------
    path : Path
        A TOML file named after the grouping's key.

    Returns
    -------
    Grouping
        The frozen record.

    Raises
    ------
    ConfigError
        If a code is in two groups, bands leave a gap, the reference group does not exist, or the source is unknown.
    """
    top = read_toml(path)
    codes, labels = _read_codes(top)
    bands = _read_bands(top)
    labels += [band.label for band in bands]
    not_stated, not_known = top.text("not_stated", "Not stated"), top.text("not_known", "Not known")
    labels += [label for label in (not_stated, not_known) if label not in labels]
    one = Grouping(
        key=read_key(top, path),
        title=top.text("title"),
        table=top.text("table", PATIENTS),
        column=top.text("column"),
        codes=MappingProxyType(codes),
        bands=bands,
        labels=tuple(labels),
        not_stated=not_stated,
        not_known=not_known,
        reference_label=top.text("reference_label"),
        overlapping=top.flag("overlapping", default=False),
        cleaning=read_rules(top),
        source=read_source(top),
        verified=top.flag("verified"),
        notes=top.text("notes", ""),
    )
    top.done()
    _check(one, path)
    return one


def _check(one: Grouping, path: Path) -> None:
    if bool(one.codes) == bool(one.bands):
        raise ConfigError(f"{path.name}: needs either groups of codes or bands of a number")
    if len(set(one.labels)) != len(one.labels) or any(SEPARATOR in label for label in one.labels):
        raise ConfigError(f"{path.name}: labels must differ from each other and hold no {SEPARATOR!r}")
    if one.table not in {PATIENTS, REFERRALS}:
        raise ConfigError(f"{path.name}: table must be {PATIENTS} or {REFERRALS}, got {one.table!r}")
    if one.reference_label not in one.labels:
        raise ConfigError(f"{path.name}: reference_label {one.reference_label!r} is not one of the labels")
    clash = set(one.codes) & set(one.labels)
    if any(one.codes[code] != code for code in clash):
        raise ConfigError(f"{path.name}: {sorted(clash)} are labels and codes of something else")


@cache
def groupings(folder: Path = FOLDER / "groups") -> dict[str, Grouping]:
    """List the groupings that are known.

    Parameters
    ----------
    folder : Path, optional
        Folder with one TOML file a grouping; by default the package's own.

    Returns
    -------
    dict
        Key to grouping, in alphabetical order.
    """
    return {path.stem: read_grouping(path) for path in toml_files(folder)}


def grouping(key: str, folder: Path = FOLDER / "groups") -> Grouping:
    """Say how people are grouped by one characteristic.

    Parameters
    ----------
    key : str
        Such as "ethnic_group_5".
    folder : Path, optional
        Folder with one TOML file a grouping; by default the package's own.

    Returns
    -------
    Grouping
        The frozen record.

    Raises
    ------
    ConfigError
        If no file of that name exists.
    """
    return record(groupings(folder), key, "grouping")
