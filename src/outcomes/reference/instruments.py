"""Which questionnaires are known, and how is each answered, scored and judged? One TOML file an instrument."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source
from outcomes.reference.loader import FOLDER, Entry, read_key, read_toml, record, toml_files
from outcomes.reference.thresholds import Band, Threshold, read_bands, read_threshold

AGGREGATIONS: Final = ("sum", "mean")


@dataclass(frozen=True, slots=True)
class Item:
    """One question.

    Parameters
    ----------
    number : int
        Position in the questionnaire, from 1.
    word : str
        One plain word or two: "sleep".
    label : str
        What it asks about, in this project's own words (the wording of the questionnaire is its owner's).
    codes : tuple of int
        Answer codes as stored, ascending.
    not_applicable : tuple of int
        Codes that mean "does not apply": answered, but no score.
    reverse : bool
        True where the code counts backwards in the total (highest code scores as the lowest).
    loinc, snomed : str or None
        LOINC and SNOMED CT code of the question.
    domain : str
        Group of items it belongs to, such as "somatic".
    safety : bool
        True where any answer above zero calls for a clinician's conversation; never imputed, never predicted.
    column : str
        Name of its column in wide tables: `{instrument}_{number}`.
    """

    number: int
    word: str
    label: str
    codes: tuple[int, ...]
    not_applicable: tuple[int, ...]
    reverse: bool
    loinc: str | None
    snomed: str | None
    domain: str
    safety: bool
    column: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """One questionnaire in one edition.

    Parameters
    ----------
    key, name, edition : str
        Short key, full name, edition or version.
    items : tuple of Item
        The questions in order.
    minimum, maximum : float
        Range of the total.
    decimals : int
        Decimals of a total that follows from complete answers.
    aggregation : str
        "sum", or "mean" of the answered items.
    caseness, reliable_change : Threshold or None
        Published thresholds; None where none could be sourced, which makes outcomes *not assessable*.
    severity : tuple of Band
        Published bands of the total; empty where none.
    missing_items_allowed : int
        How many unanswered items prorating may replace by the mean of the answered ones.
    missing_rule_source : str or None
        Where that rule comes from.
    adsm_token : str or None
        Name of the measure in the national data set's ADSM field.
    snomed_total, loinc_panel, loinc_total : str or None
        Codes of the total and the panel.
    answers : tuple of (int, str, str or None)
        Answer code, meaning in own words, LOINC answer code.
    source : str
        Key or keys of the bibliography.
    verified : bool
        False where something that decides an outcome is not confirmed by a source at hand.
    notes : str
        What a user must know.
    """

    key: str
    name: str
    edition: str
    items: tuple[Item, ...]
    minimum: float
    maximum: float
    decimals: int
    aggregation: str
    caseness: Threshold | None
    reliable_change: Threshold | None
    severity: tuple[Band, ...]
    missing_items_allowed: int
    missing_rule_source: str | None
    adsm_token: str | None
    snomed_total: str | None
    loinc_panel: str | None
    loinc_total: str | None
    answers: tuple[tuple[int, str, str | None], ...]
    source: str
    verified: bool
    notes: str

    @property
    def short_name(self) -> str:
        """What clinicians call it: the words in brackets at the end of the full name, where there are any."""
        return self.name[self.name.rindex("(") + 1 : -1] if self.name.endswith(")") else self.name

    @property
    def item_columns(self) -> tuple[str, ...]:
        """Names of the item columns in wide tables, in order."""
        return tuple(item.column for item in self.items)

    @property
    def total_column(self) -> str:
        """Name of a feed's column that carries the total without items."""
        return f"{self.key}_total"

    @property
    def safety_items(self) -> tuple[int, ...]:
        """Numbers of the items whose answers above zero call for a conversation."""
        return tuple(item.number for item in self.items if item.safety)

    @property
    def words(self) -> tuple[str, ...]:
        """The items' plain words, in order."""
        return tuple(item.word for item in self.items)

    @property
    def domains(self) -> tuple[str, ...]:
        """The groups of items, in order of first appearance."""
        return tuple(dict.fromkeys(item.domain for item in self.items))

    def severity_label(self, totals: pd.Series) -> pd.Series:
        """Say which severity band each total is in.

        Parameters
        ----------
        totals : Series of float
            Totals on the instrument's scale; missing where there is none. A fractional (prorated) total belongs to the
            band whose lowest total it has reached.

        Returns
        -------
        Series of str
            Band labels, missing where the total is missing or outside the instrument's range.

        Raises
        ------
        ConfigError
            If no bands are published for the instrument.
        """
        if not self.severity:
            raise ConfigError(f"no severity bands are recorded for {self.key}")
        values = totals.to_numpy(dtype=np.float64, na_value=np.nan)
        inside = (values >= self.minimum) & (values <= self.maximum)
        starts = np.array([band.lowest for band in self.severity], dtype=np.float64)
        labels = np.array([band.label for band in self.severity], dtype=object)
        place = np.searchsorted(starts, values, side="right") - 1
        found = labels[np.clip(place, 0, None)]
        found[~inside] = None
        return pd.Series(found, index=totals.index, name=totals.name, dtype="str")


def _read_item(entry: Entry, instrument: str, codes: tuple[int, ...], place: int) -> Item:
    number = entry.whole("number", place)
    word = entry.text("word")
    item = Item(
        number=number,
        word=word,
        label=entry.text("label", word),
        codes=entry.wholes("codes", codes),
        not_applicable=entry.wholes("not_applicable", ()),
        reverse=entry.flag("reverse", default=False),
        loinc=entry.optional_text("loinc"),
        snomed=entry.optional_text("snomed"),
        domain=entry.text("domain", "all items"),
        safety=entry.flag("safety", default=False),
        column=f"{instrument}_{number}",
    )
    entry.done()
    return item


def _read_items(top: Entry, instrument: str) -> tuple[tuple[Item, ...], tuple[tuple[int, str, str | None], ...]]:
    # Items one by one, or a series of like items (`[item_series]`) where single words add nothing.
    answers = []
    for entry in top.tables("answers"):
        answers.append((entry.whole("code"), entry.text("label"), entry.optional_text("loinc")))
        entry.done()
    codes = top.wholes("codes", [code for code, _, _ in answers])
    if top.has("code_range"):
        first, last = top.wholes("code_range")
        codes = tuple(range(first, last + 1))
    series = top.table("item_series")
    if series.has("count"):
        count, word, domain = series.whole("count"), series.text("word"), series.text("domain", "all items")
        series.done()
        items = tuple(
            _read_item(Entry({"word": f"{word} {number}", "domain": domain}, top.where), instrument, codes, number)
            for number in range(1, count + 1)
        )
    else:
        entries = top.tables("items")
        items = tuple(_read_item(entry, instrument, codes, place) for place, entry in enumerate(entries, start=1))
    return items, tuple(answers)


def _check(instrument: Instrument) -> None:
    where = f"{instrument.key}.toml"
    if not instrument.items:
        raise ConfigError(f"{where}: no items")
    if [item.number for item in instrument.items] != list(range(1, len(instrument.items) + 1)):
        raise ConfigError(f"{where}: items must be numbered 1, 2, 3 ... without gaps")
    if len(set(instrument.words)) != len(instrument.items):
        raise ConfigError(f"{where}: two items have the same word")
    if instrument.aggregation not in AGGREGATIONS:
        raise ConfigError(f"{where}: aggregation must be one of {AGGREGATIONS}, got {instrument.aggregation!r}")
    for item in instrument.items:
        if not item.codes or list(item.codes) != sorted(set(item.codes)) or set(item.codes) & set(item.not_applicable):
            raise ConfigError(f"{where}: item {item.number} needs ascending codes, apart from 'not applicable' ones")
    _check_range(instrument, where)


def _check_range(instrument: Instrument, where: str) -> None:
    # The range must follow from the items: a wrong number of items or codes shows itself here.
    lowest = sum(item.codes[0] for item in instrument.items)
    highest = sum(item.codes[-1] for item in instrument.items)
    share = len(instrument.items) if instrument.aggregation == "mean" else 1
    if (lowest / share, highest / share) != (instrument.minimum, instrument.maximum):
        raise ConfigError(
            f"{where}: items give a total of {lowest / share:g}-{highest / share:g}, "
            f"the record says {instrument.minimum:g}-{instrument.maximum:g}"
        )


def read_instrument(path: Path) -> Instrument:
    """Read one instrument file.

    Parameters
    ----------
    path : Path
        A TOML file named after the instrument's key.

    Returns
    -------
    Instrument
        The frozen record.

    Raises
    ------
    ConfigError
        If a value is missing, misspelt, out of range, or comes from a source that the bibliography does not know.
    """
    top = read_toml(path)
    key = read_key(top, path)
    verified = top.flag("verified")
    minimum, maximum = float(top.decimal("minimum")), float(top.decimal("maximum"))
    items, answers = _read_items(top, key)
    caseness, change = top.table("caseness"), top.table("reliable_change")
    missing_rule = top.table("missing_items")
    instrument = Instrument(
        key=key,
        name=top.text("name"),
        edition=top.text("edition", ""),
        items=items,
        minimum=minimum,
        maximum=maximum,
        decimals=top.whole("decimals", 0),
        aggregation=top.text("aggregation", "sum"),
        caseness=read_threshold(caseness, verified=verified) if caseness.has("value") else None,
        reliable_change=read_threshold(change, verified=verified) if change.has("value") else None,
        severity=read_bands(top.tables("severity"), int(minimum), int(maximum)),
        missing_items_allowed=missing_rule.whole("allowed", 0),
        missing_rule_source=read_source(missing_rule) if missing_rule.has("source") else None,
        adsm_token=top.optional_text("adsm_token"),
        snomed_total=top.optional_text("snomed_total"),
        loinc_panel=top.optional_text("loinc_panel"),
        loinc_total=top.optional_text("loinc_total"),
        answers=answers,
        source=read_source(top),
        verified=verified,
        notes=top.text("notes", ""),
    )
    for entry in (caseness, change, missing_rule, top):
        entry.done()
    _check(instrument)
    if instrument.missing_items_allowed and instrument.missing_rule_source is None:
        raise ConfigError(f"{path.name}: missing_items.allowed needs a source")
    return instrument


@cache
def instruments(folder: Path = FOLDER / "instruments") -> dict[str, Instrument]:
    """List the instruments that are known.

    Parameters
    ----------
    folder : Path, optional
        Folder with one TOML file an instrument; by default the package's own.

    Returns
    -------
    dict
        Key to instrument, in alphabetical order.
    """
    return {path.stem: read_instrument(path) for path in toml_files(folder)}


def instrument(key: str, folder: Path = FOLDER / "instruments") -> Instrument:
    """Say how one instrument is answered, scored and judged.

    Parameters
    ----------
    key : str
        Such as "phq9".
    folder : Path, optional
        Folder with one TOML file an instrument; by default the package's own.

    Returns
    -------
    Instrument
        The frozen record.

    Raises
    ------
    ConfigError
        If no file of that name exists.

    Examples
    --------
    >>> phq9 = instrument("phq9")
    >>> phq9.caseness.words(), phq9.item_columns[0], phq9.safety_items
    ('10 or more', 'phq9_1', (9,))
    """
    return record(instruments(folder), key, "instrument")
