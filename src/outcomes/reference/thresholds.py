"""When is a score at a published threshold? Exact comparison in decimals, and severity bands that leave no gap."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import ConfigError
from outcomes.reference.bibliography import read_source
from outcomes.reference.loader import Entry

DIRECTIONS: Final = ("at_least", "above", "at_most")

# Scores have at most two decimals; a prorated score is a fraction over at most 42 items and so lies at least 1/4200
# from a threshold that it does not equal. Six places are far finer than that, and coarser than binary rounding error.
PLACES: Final = 6


def decimal_steps(values: ArrayLike) -> NDArray[np.float64]:
    """Count scores in steps so fine that equal decimals become equal numbers.

    Parameters
    ----------
    values : array_like of float
        Scores, changes or shares of them; NaN where there is none.

    Returns
    -------
    ndarray of float
        Whole numbers of millionths; NaN stays NaN.

    Examples
    --------
    >>> bool((decimal_steps(2.53 - 1.80) >= decimal_steps(0.73)).all())
    True
    """
    return np.asarray(np.rint(np.asarray(values, dtype=np.float64) * 10.0**PLACES))


@dataclass(frozen=True, slots=True)
class Threshold:
    """A published limit of a score or of a change in score.

    Parameters
    ----------
    value : Decimal
        The limit, exactly as published.
    direction : str
        "at_least" (the limit itself counts), "above" (it does not) or "at_most".
    verified : bool
        False where no source at hand confirms the value.
    source : str
        Key or keys of the bibliography.
    """

    value: Decimal
    direction: str
    verified: bool
    source: str

    def met(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Say which values are at the threshold.

        The comparison is exact in decimals: a change from 2.53 to 1.80 is 0.73, although binary arithmetic says a
        little less.

        Parameters
        ----------
        values : array_like of float
            Scores or changes on the instrument's scale; NaN where there is none.

        Returns
        -------
        ndarray of bool
            True where the threshold is met; False where it is not met and where the value is NaN (mask those yourself).
        """
        scaled = decimal_steps(values)
        limit = float(self.value.scaleb(PLACES))
        if self.direction == "at_least":
            return np.asarray(scaled >= limit)
        if self.direction == "above":
            return np.asarray(scaled > limit)
        return np.asarray(scaled <= limit)

    def words(self) -> str:
        """Say the threshold as in a sentence.

        Returns
        -------
        str
            Such as "10 or more", "above 2.3", "2 or less".
        """
        if self.direction == "above":
            return f"above {self.value}"
        return f"{self.value} or {'more' if self.direction == 'at_least' else 'less'}"


@dataclass(frozen=True, slots=True)
class Band:
    """A named range of totals, both ends included.

    Parameters
    ----------
    label : str
        Name of the band, such as "moderate".
    lowest, highest : int
        Smallest and largest total of the band.
    source : str
        Key of the bibliography.
    """

    label: str
    lowest: int
    highest: int
    source: str


def read_threshold(entry: Entry, *, verified: bool) -> Threshold:
    """Read a threshold table of a record file.

    Parameters
    ----------
    entry : Entry
        The table, with value, direction, source and, where it differs from the record's, verified.
    verified : bool
        Whether the record as a whole is verified.

    Returns
    -------
    Threshold
        The limit.

    Raises
    ------
    ConfigError
        If the direction is unknown or the source is not in the bibliography.
    """
    limit = Threshold(
        value=entry.decimal("value"),
        direction=entry.text("direction", "at_least"),
        verified=entry.flag("verified", default=verified),
        source=read_source(entry),
    )
    if limit.direction not in DIRECTIONS:
        raise ConfigError(f"{entry.where}: direction must be one of {DIRECTIONS}, got {limit.direction!r}")
    entry.done()
    return limit


def read_bands(entries: list[Entry], lowest: int, highest: int) -> tuple[Band, ...]:
    """Read severity bands, and hold them against the range of the instrument.

    Parameters
    ----------
    entries : list of Entry
        One table a band, in ascending order; empty where none are published.
    lowest, highest : int
        Range of the instrument's total.

    Returns
    -------
    tuple of Band
        The bands.

    Raises
    ------
    ConfigError
        If the bands leave a gap, overlap, or do not cover the range.
    """
    bands = []
    expected = lowest
    for entry in entries:
        band = Band(entry.text("label"), entry.whole("lowest"), entry.whole("highest"), read_source(entry))
        entry.done()
        if band.lowest != expected or band.highest < band.lowest:
            raise ConfigError(f"{entry.where}: band {band.label!r} must start at {expected}, starts at {band.lowest}")
        expected = band.highest + 1
        bands.append(band)
    if bands and bands[-1].highest != highest:
        raise ConfigError(f"severity bands end at {bands[-1].highest}, the total at {highest}")
    return tuple(bands)
