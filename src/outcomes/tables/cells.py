"""What is the typed value of a cell, and which rule did it break? Nothing is clipped or guessed.

Each distinct text of a column is judged once. Mending is only ever undoing what a spreadsheet does (blanks around a
code, a lost leading zero, a letter in lower case, ".0" behind a whole number), is counted under its name, and never
happens to an identifier.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from outcomes.errors import ConfigError
from outcomes.reference.code_cleaning import RULES, SEPARATOR
from outcomes.tables.column import UNKNOWN_CODE, Column

LONGEST_ID: Final = 200
EPOCH: Final = date(1970, 1, 1).toordinal()
EARLIEST_DATE: Final = date(1900, 1, 1)
DATE_FORMATS: Final = ("%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d-%m-%Y")
ISO_TIME: Final = re.compile(r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$")
WHOLE: Final = re.compile(r"-?[0-9]{1,9}")
TRAILING_ZEROS: Final = re.compile(r"(-?[0-9]{1,9})\.0+")
SHAPES: Final = {
    "%Y-%m-%d": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "%Y%m%d": r"[0-9]{8}",
    "%d/%m/%Y": r"[0-9]{2}/[0-9]{2}/[0-9]{4}",
    "%d-%m-%Y": r"[0-9]{2}-[0-9]{2}-[0-9]{4}",
}


class Verdict(NamedTuple):
    """What one text means: a value or none, the rule it broke, the rules by which it was mended."""

    value: Any = None
    fault: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cells:
    """A typed column.

    Parameters
    ----------
    values : pyarrow.Array
        string, int32 (dates as days since 1970-01-01, whole numbers) or float64; null = missing or faulty.
    faults : ndarray of str
        Per row the rule that was broken, "" where none.
    notes : mapping of str to int
        Rule of mending to number of cells.
    """

    values: pa.Array
    faults: NDArray[np.str_]
    notes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells of one feed are to be read.

    Parameters
    ----------
    missing : mapping of str to frozenset of str
        Column to the codes that the provider declared to mean missing.
    date_format : str
        One of `DATE_FORMATS`; a time of day behind an ISO date is left off.
    latest : date
        Dates after it are in the future.
    """

    latest: date
    missing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    date_format: str = "%Y-%m-%d"


def _identifiers(texts: pa.Array, missing: frozenset[str], *, required: bool) -> Cells:
    # Identifiers to the letter: only blanks are missing, and what could merge or split two people is a fault.
    bare = pc.utf8_trim_whitespace(texts)
    blank = pc.equal(pc.binary_length(bare), 0)
    declared = pc.is_in(bare, value_set=pa.array(sorted(missing), pa.string()))
    absent = pc.or_(blank, declared)
    faults = np.full(len(texts), "", dtype="<U20")
    checks = {
        "id_control_character": pc.invert(pc.utf8_is_printable(texts)),
        "id_too_long": pc.greater(pc.utf8_length(texts), LONGEST_ID),
        "id_padding": pc.not_equal(bare, texts),
    }
    for rule, broken in checks.items():
        faults[broken.to_numpy(zero_copy_only=False)] = rule
    faults[absent.to_numpy(zero_copy_only=False)] = "required_blank" if required else ""
    values = pc.if_else(pa.array(faults != ""), None, pc.if_else(absent, None, texts))
    mended = pc.sum(pc.and_(declared, pc.invert(blank))).as_py() or 0
    return Cells(values, faults, {"declared_missing": mended} if mended and not required else {})


def _code_reader(column: Column) -> Callable[[str], Verdict]:
    allowed, pattern = frozenset(column.codes), re.compile(column.pattern) if column.pattern else None

    def is_legal(code: str) -> bool:
        return code in allowed or (pattern is not None and pattern.fullmatch(code) is not None)

    def read_one(text: str) -> Verdict:
        code, notes = text, list[str]()
        for rule in ("", *column.cleaning):
            mended = RULES[rule](code) if rule else code
            if mended != code:
                notes.append(rule)
            code = mended
            if is_legal(code):
                return Verdict(code, notes=tuple(notes))
        return Verdict(UNKNOWN_CODE, notes=("unknown_code",))

    def read_several(text: str) -> Verdict:
        verdicts = [read_one(part) for part in text.split(SEPARATOR) if part.strip()]
        codes = sorted({str(verdict.value) for verdict in verdicts})
        return Verdict(
            SEPARATOR.join(codes), notes=tuple(dict.fromkeys(note for verdict in verdicts for note in verdict.notes))
        )

    return read_several if column.several else read_one


def _word(text: str) -> Verdict:
    bare = text.strip()
    if len(bare) > LONGEST_ID or not bare.isprintable():
        return Verdict(fault="word_malformed")
    return Verdict(bare, notes=("strip_blanks",) if bare != text else ())


def _word_reader(column: Column) -> Callable[[str], Verdict]:
    pattern = re.compile(column.pattern or ".*")

    def read(text: str) -> Verdict:
        verdict = _word(text)
        if verdict.value is not None and not pattern.fullmatch(verdict.value):
            return Verdict(fault="word_malformed")
        return verdict

    return read


def _date_reader(reading: Reading) -> Callable[[str], Verdict]:
    if reading.date_format not in DATE_FORMATS:
        raise ConfigError(f"date_format must be one of {', '.join(DATE_FORMATS)}, got {reading.date_format!r}")
    shape = re.compile(SHAPES[reading.date_format])

    def read(text: str) -> Verdict:
        bare = text.strip()
        notes = ("strip_blanks",) if bare != text else ()
        day = ISO_TIME.sub("", bare)
        if day != bare:
            notes = (*notes, "time_left_off")
        if not shape.fullmatch(day):
            return Verdict(fault="date_malformed")
        try:
            value = datetime.strptime(day, reading.date_format).date()  # noqa: DTZ007  a calendar day has no zone
        except ValueError:
            return Verdict(fault="date_malformed")
        if value > reading.latest:
            return Verdict(fault="date_in_future")
        if value < EARLIEST_DATE:
            return Verdict(fault="date_too_early")
        return Verdict(value.toordinal() - EPOCH, notes=notes)

    return read


def _whole_reader(column: Column) -> Callable[[str], Verdict]:
    allowed = frozenset(column.integers)

    def read(text: str) -> Verdict:
        bare = text.strip()
        notes = ("strip_blanks",) if bare != text else ()
        zeros = TRAILING_ZEROS.fullmatch(bare)
        if zeros:
            bare, notes = zeros.group(1), (*notes, "drop_decimal_point_zero")
        if not WHOLE.fullmatch(bare):
            return Verdict(fault="not_an_integer" if _decimal(bare) is not None else "not_a_number")
        value = int(bare)
        if bare != str(value):
            notes = (*notes, "drop_leading_zeros")
        return Verdict(value, notes=notes) if _in_range(value, column, allowed) else Verdict(fault="out_of_range")

    return read


def _in_range(value: int | Decimal, column: Column, allowed: frozenset[int]) -> bool:
    if allowed:
        return value in allowed
    above = column.minimum is None or value >= Decimal(str(column.minimum))
    below = column.maximum is None or value <= Decimal(str(column.maximum))
    return above and below


def _decimal(text: str) -> Decimal | None:
    if "_" in text or not text.isascii() or len(text) > LONGEST_ID:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _number_reader(column: Column) -> Callable[[str], Verdict]:
    def read(text: str) -> Verdict:
        bare = text.strip()
        value = _decimal(bare)
        if value is None:
            return Verdict(fault="not_a_number")
        if not _in_range(value, column, frozenset()):
            return Verdict(fault="out_of_range")
        notes = ("strip_blanks",) if bare != text else ()
        fractional = column.unit == "points" and value != value.to_integral_value()
        return Verdict(float(value), notes=(*notes, "fractional_total") if fractional else notes)

    return read


def _reader(column: Column, reading: Reading) -> Callable[[str], Verdict]:
    match column.type:
        case "code":
            return _code_reader(column)
        case "word":
            return _word_reader(column)
        case "date":
            return _date_reader(reading)
        case "integer":
            return _whole_reader(column)
        case "number":
            return _number_reader(column)
        case _:
            raise ConfigError(f"column {column.name}: a feed has no columns of type {column.type!r}")


def _arrow_type(column: Column) -> pa.DataType:
    return {"date": pa.int32(), "integer": pa.int32(), "number": pa.float64()}.get(column.type, pa.string())


def read_cells(column: Column, texts: pa.ChunkedArray, reading: Reading) -> Cells:
    """Say what the typed values of a column are, and which rows break which rule.

    Parameters
    ----------
    column : Column
        Its declaration.
    texts : pyarrow.ChunkedArray of string
        Cells as written.
    reading : Reading
        The feed's missing codes, date format and last possible date.

    Returns
    -------
    Cells
        Values, faults and counts of mended cells.

    Examples
    --------
    >>> rules = ("strip_blanks", "upper_case")
    >>> gender = Column(name="gender", type="code", meaning="stated gender", codes=("1", "2", "X"), cleaning=rules)
    >>> texts = pa.chunked_array([["1", " 2", "x", "", "Ann"]])
    >>> cells = read_cells(gender, texts, Reading(latest=date(2024, 1, 1)))
    >>> cells.values.to_pylist(), dict(cells.notes)
    (['1', '2', 'X', None, '?'], {'strip_blanks': 1, 'upper_case': 1, 'unknown_code': 1})
    """
    missing = reading.missing.get(column.name, frozenset())
    plain = pc.fill_null(texts.combine_chunks(), "")
    if column.type == "id":
        return _identifiers(plain, missing, required=column.required)
    read = _reader(column, reading)

    def judge(text: str) -> Verdict:
        bare = text.strip()
        if not bare:
            return Verdict(fault="required_blank") if column.required else Verdict()
        if bare in missing:
            return Verdict(fault="required_blank") if column.required else Verdict(notes=("declared_missing",))
        return read(text)

    encoded = plain.dictionary_encode()
    verdicts = [judge(text) for text in encoded.dictionary.to_pylist()]
    places = encoded.indices.to_numpy(zero_copy_only=False)
    values = pa.array([verdict.value for verdict in verdicts], type=_arrow_type(column)).take(encoded.indices)
    faults = np.array([verdict.fault for verdict in verdicts] or [""], dtype=np.str_)
    counts = np.bincount(places, minlength=len(verdicts)) if len(places) else np.zeros(len(verdicts), dtype=np.int64)
    notes: Counter[str] = Counter()
    for verdict, count in zip(verdicts, counts.tolist(), strict=True):
        for note in verdict.notes:
            notes[note] += count
    return Cells(values, faults[places] if len(places) else np.zeros(0, dtype=faults.dtype), dict(notes))
