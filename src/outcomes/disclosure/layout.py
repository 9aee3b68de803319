"""What is each column of an aggregate? Declared as label, count, rate, gap or statistic; nothing else passes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from outcomes.errors import DisclosureError

_LONGEST_LABEL = 160
_LOOKS_LIKE_A_PERSON = re.compile(
    r"^\s*(?:\d{3}\s?\d{3}\s?\d{4}"  # ten digits, an NHS number with or without spaces
    r"|[0-9a-f]{16,}"  # a pseudonym or a hash
    r"|\d{4}-\d{2}-\d{2}(?:[T ].*)?|\d{1,2}/\d{1,2}/\d{4}"  # a full date
    r"|[^@\s]+@[^@\s]+\.[^@\s]+)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Rate:
    """A percentage derived from two printed counts, with the names of its interval columns if it has one.

    Parameters
    ----------
    numerator, denominator : str
        Count columns.
    low, high : str or None
        Columns to hold Wilson's interval in per cent; recomputed, whatever the table held there.
    """

    numerator: str
    denominator: str
    low: str | None = None
    high: str | None = None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Numerator and denominator, as one pair."""
        return ((self.numerator, self.denominator),)


@dataclass(frozen=True)
class Gap:
    """Percentage points between two rates, derived from four printed counts, with Newcombe's interval.

    Parameters
    ----------
    numerator, denominator : str
        Counts of the group in question.
    reference_numerator, reference_denominator : str
        Counts of the group it is compared with.
    low, high : str or None
        Columns to hold the interval in percentage points.
    """

    numerator: str
    denominator: str
    reference_numerator: str
    reference_denominator: str
    low: str | None = None
    high: str | None = None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Both pairs of numerator and denominator."""
        return ((self.numerator, self.denominator), (self.reference_numerator, self.reference_denominator))


@dataclass(frozen=True)
class Statistic:
    """A mean, spread, AUC, model parameter: shown above a number of people, otherwise listed as too few.

    Parameters
    ----------
    n : str
        Count column: the people behind it.
    events : str or None
        Count column: those of them with the event, where the statistic needs both kinds (AUC, calibration).
    low, high : str or None
        Columns that hold its interval.
    decimals : int
        Places kept after the point.
    """

    n: str
    events: str | None = None
    low: str | None = None
    high: str | None = None
    decimals: int = 2


@dataclass(frozen=True)
class Vertices:
    """The rows are points of curves, and each point must stand for enough people.

    Parameters
    ----------
    count : str
        Column that counts the people behind a point; it need not be printed. Missing where a point is about nobody
        apart, such as acting on everyone.
    by : tuple of str
        Columns that tell curves apart.
    whole : str or None
        For a count that grows or falls along the curve (flagged at each threshold, still in treatment at each week):
        the column with everybody on the curve. A point then stands for the people between it and the point before,
        and for those between it and nobody, and it and everybody. None where each point has people of its own
        (a bin of a calibration curve).
    """

    count: str
    by: tuple[str, ...] = ()
    whole: str | None = None


RateLike = Rate | Gap | tuple[str, str] | tuple[str, str, str, str]
StatisticLike = Statistic | str | tuple[str, str]


@dataclass(frozen=True)
class Layout:
    """The declaration of a whole table.

    Parameters
    ----------
    labels, counts : tuple of str
        Columns that say what a row is, and columns that count.
    rates : dict of str to Rate or Gap
        Derived columns; they need not exist in the table.
    statistics : dict of str to Statistic
        Columns that are shown above the limits.
    """

    labels: tuple[str, ...]
    counts: tuple[str, ...]
    rates: Mapping[str, Rate | Gap] = field(default_factory=dict)
    statistics: Mapping[str, Statistic] = field(default_factory=dict)

    def names(self) -> Iterator[str]:
        """Go through every declared column, interval bounds included.

        Yields
        ------
        str
            Column name.
        """
        yield from self.labels
        yield from self.counts
        for name, what in (*self.rates.items(), *self.statistics.items()):
            yield name
            yield from (bound for bound in (what.low, what.high) if bound is not None)


def layout(
    labels: Sequence[str],
    counts: Sequence[str],
    rates: Mapping[str, RateLike],
    statistics: Mapping[str, StatisticLike],
) -> Layout:
    """Read a declaration, short forms included.

    Parameters
    ----------
    labels, counts : sequence of str
        Column names.
    rates : mapping
        Column name to `Rate`, `Gap`, ``(numerator, denominator)`` or ``(numerator, denominator, low, high)``.
    statistics : mapping
        Column name to `Statistic`, the name of its n, or ``(n, events)``.

    Returns
    -------
    Layout
        The declaration in full.

    Raises
    ------
    DisclosureError
        If a column is declared twice, a rate or statistic stands on a column that is not a count, or there is no count.
    """
    declared = Layout(
        tuple(labels),
        tuple(counts),
        {name: Rate(*what) if isinstance(what, tuple) else what for name, what in rates.items()},
        {name: _statistic(what) for name, what in statistics.items()},
    )
    if not declared.counts:
        raise DisclosureError("a table without a count cannot be judged; add the number of people behind each row")
    names = list(declared.names())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DisclosureError(f"declared more than once: {', '.join(twice)}")
    strangers = sorted({name for name in _stands_on(declared) if name not in declared.counts})
    if strangers:
        raise DisclosureError(f"rates and statistics stand on counts; not declared as counts: {', '.join(strangers)}")
    return declared


def check_table(table: pd.DataFrame, declared: Layout) -> None:
    """Refuse a table that holds more, or less, than was declared.

    Parameters
    ----------
    table : DataFrame
        The aggregate.
    declared : Layout
        Its declaration.

    Raises
    ------
    DisclosureError
        If a column is not declared, a declared one is absent, a number is not a number, or a label could be a person.
        The message names columns and counts of cells, never a cell.
    """
    undeclared = [str(name) for name in table.columns if name not in set(declared.names())]
    if undeclared:
        raise DisclosureError(
            f"not declared as label, count, rate or statistic, so it may not leave: {', '.join(undeclared)}"
        )
    measured = [name for name in declared.names() if name in _measured(declared)]
    needed = (*declared.labels, *declared.counts, *measured)
    absent = [name for name in needed if name not in table.columns]
    if absent:
        raise DisclosureError(f"declared but not in the table: {', '.join(absent)}")
    for name in (*declared.counts, *measured):
        if not pd.api.types.is_numeric_dtype(table[name]) or pd.api.types.is_bool_dtype(table[name]):
            raise DisclosureError(f"{name}: counts and statistics must be numbers, got {table[name].dtype}")
    for name in declared.labels:
        _check_label(table[name])


def _check_label(column: pd.Series) -> None:
    if pd.api.types.is_float_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        raise DisclosureError(f"{column.name}: a label must be words or whole numbers, got {column.dtype}")
    words = column.dropna().astype(str)
    suspects = int((words.str.match(_LOOKS_LIKE_A_PERSON) | words.str.len().gt(_LONGEST_LABEL)).sum())
    if suspects:
        raise DisclosureError(
            f"{column.name}: {suspects} of {len(words)} labels look like an identifier, a date or free text; "
            "a label names a group, a measure or a model"
        )


def _measured(declared: Layout) -> set[str]:
    found = {bound for what in declared.statistics.values() for bound in (what.low, what.high) if bound is not None}
    return found | set(declared.statistics)


def _statistic(what: StatisticLike) -> Statistic:
    if isinstance(what, str):
        return Statistic(what)
    return Statistic(*what) if isinstance(what, tuple) else what


def _stands_on(declared: Layout) -> Iterator[str]:
    for rate in declared.rates.values():
        for pair in rate.pairs:
            yield from pair
    for statistic in declared.statistics.values():
        yield statistic.n
        if statistic.events is not None:
            yield statistic.events
