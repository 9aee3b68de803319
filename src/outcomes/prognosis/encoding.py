"""Turn categories into numbers that a model can use, with a place for what it has never seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from outcomes.errors import DataError

Floats = NDArray[np.float64]

FEWEST = 10  # people a category needs before it has a column of its own
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Encoding:
    """Columns of a frame as numbers, learnt on training rows only.

    `levels` holds, for each column in order, the categories with at least ten training rows, or None for a number.
    Every other category, missing ones and those never seen included, falls into the column `<name>=unknown`.
    """

    levels: Mapping[str, tuple[str, ...] | None]

    @classmethod
    def learn(cls, frame: pd.DataFrame) -> "Encoding":
        """Learn which categories are frequent enough.

        Parameters
        ----------
        frame : DataFrame
            Training rows; numbers stay as they are, everything else is a category.

        Returns
        -------
        Encoding
            To be applied to any frame with these columns.
        """
        levels: dict[str, tuple[str, ...] | None] = {}
        for name in frame.columns:
            column = frame[name]
            if is_numeric_dtype(column) or is_bool_dtype(column):
                levels[str(name)] = None
                continue
            counted = column.dropna().astype("str").value_counts()
            levels[str(name)] = tuple(
                sorted(str(level) for level in counted.index[counted.ge(FEWEST)] if level != UNKNOWN)
            )
        return cls(levels)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the encoded columns: `age`, `gender=Female`, `gender=unknown`."""
        return tuple(
            encoded
            for name, levels in self.levels.items()
            for encoded in ([name] if levels is None else [f"{name}={level}" for level in (*levels, UNKNOWN)])
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """For each encoded column the column of the frame it comes from."""
        return tuple(
            name for name, levels in self.levels.items() for _ in range(1 if levels is None else len(levels) + 1)
        )

    def apply(self, frame: pd.DataFrame) -> Floats:
        """Turn a frame into numbers.

        Parameters
        ----------
        frame : DataFrame
            The columns that were learnt, in any order; further ones are ignored.

        Returns
        -------
        ndarray of float, shape (n_rows, n_encoded)
            Missing numbers are NaN; a category is 1 in exactly one of its columns.

        Raises
        ------
        DataError
            If a column is missing, or one that was a number is not.
        """
        absent = [name for name in self.levels if name not in frame.columns]
        if absent:
            raise DataError(f"features: column {', '.join(absent)} is missing (rule same columns as in training)")
        parts: list[Floats] = []
        for name, levels in self.levels.items():
            column = frame[name]
            if levels is None:
                if not (is_numeric_dtype(column) or is_bool_dtype(column)):
                    raise DataError(f"features.{name}: was a number in training and is not now (rule same type)")
                parts.append(column.to_numpy(dtype=float, na_value=np.nan)[:, None])
                continue
            codes = pd.Index(levels, dtype="str").get_indexer(pd.Index(column.astype("str")))
            codes = np.where(codes < 0, len(levels), codes)
            parts.append(np.eye(len(levels) + 1)[codes])
        return np.hstack(parts) if parts else np.empty((len(frame), 0))
