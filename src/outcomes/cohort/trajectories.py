"""What did each person answer, sitting by sitting? Ragged arrays without padding, for models of sequences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.errors import DataError

MISSING: Final = -1
KEY: Final = ("pseudonym", "referral")


@dataclass(frozen=True, slots=True)
class ItemTrajectories:
    """Answers of many referrals, one below the other.

    Parameters
    ----------
    items : ndarray of int8, shape (n_occasions, n_items)
        Answer codes; -1 where missing.
    starts : ndarray of int64, shape (n_sequences + 1,)
        Sequence s is rows starts[s] to starts[s + 1].
    keys : DataFrame
        pseudonym and referral of each sequence.
    occasion : ndarray of int64, shape (n_occasions,)
        Number of each occasion.
    day : ndarray of float64, shape (n_occasions,)
        Days since day zero; NaN where undated.
    columns : tuple of str
        Item column of each column of `items`.
    """

    items: NDArray[np.int8]
    starts: NDArray[np.int64]
    keys: pd.DataFrame
    occasion: NDArray[np.int64]
    day: NDArray[np.float64]
    columns: tuple[str, ...]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Occasions of each sequence, shape (n_sequences,)."""
        return np.diff(self.starts)

    @property
    def sequence(self) -> NDArray[np.int64]:
        """Sequence that each occasion belongs to, shape (n_occasions,)."""
        return np.repeat(np.arange(len(self.keys)), self.lengths)

    def select(self, sequences: NDArray[np.int64] | NDArray[np.bool_]) -> "ItemTrajectories":
        """Keep whole sequences.

        Parameters
        ----------
        sequences : ndarray
            Positions, in any order and repeated where wanted (a bootstrap), or a mask of shape (n_sequences,).

        Returns
        -------
        ItemTrajectories
            The chosen sequences in the order asked for.
        """
        chosen = np.flatnonzero(sequences) if sequences.dtype == bool else np.asarray(sequences, dtype=np.int64)
        lengths = self.lengths[chosen]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        rows = np.arange(starts[-1]) - np.repeat(starts[:-1] - self.starts[chosen], lengths)
        keys = self.keys.take(chosen).reset_index(drop=True)
        return ItemTrajectories(self.items[rows], starts, keys, self.occasion[rows], self.day[rows], self.columns)


def trajectories(occasions: pd.DataFrame, columns: Sequence[str]) -> ItemTrajectories:
    """Say what each person answered, sitting by sitting.

    Sittings at which none of the wanted questions is answered say nothing and are left out.

    Parameters
    ----------
    occasions : DataFrame
        pseudonym, referral, occasion, day and the item columns.
    columns : sequence of str
        Item columns wanted.

    Returns
    -------
    ItemTrajectories
        Sequences in the order of pseudonym and referral, occasions in the order of their number.

    Raises
    ------
    DataError
        If a wanted column is absent, or no sitting has an answer.

    Examples
    --------
    >>> rows = pd.DataFrame({"pseudonym": ["a", "a", "b"], "referral": ["r", "r", "s"], "occasion": [2, 1, 1]})
    >>> rows = rows.assign(day=[7, 0, None], phq9_1=[1, 3, None])
    >>> ragged = trajectories(rows, ["phq9_1"])
    >>> ragged.items.ravel().tolist(), ragged.starts.tolist(), ragged.keys["pseudonym"].tolist()
    ([3, 1], [0, 2], ['a'])
    """
    absent = [name for name in columns if name not in occasions]
    if absent:
        raise DataError(f"occasions have no column {', '.join(absent)}; the feed does not hold these questions")
    answers = np.column_stack([occasions[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in columns])
    said = ~np.isnan(answers).all(axis=1)
    if not said.any():
        raise DataError("no sitting has an answer to any of the wanted questions")
    rows = occasions.loc[said, [*KEY, "occasion", "day"]]
    items = np.where(np.isnan(answers[said]), MISSING, answers[said]).astype(np.int8)
    places = rows.groupby(list(KEY), sort=True).ngroup().to_numpy()
    number = rows["occasion"].to_numpy(dtype=np.int64)
    order = np.lexsort((number, places))
    places = places[order]
    starts = np.concatenate([np.flatnonzero(np.r_[True, places[1:] != places[:-1]]), [len(places)]]).astype(np.int64)
    keys = rows[list(KEY)].take(order[starts[:-1]]).reset_index(drop=True)
    day = rows["day"].to_numpy(dtype=np.float64, na_value=np.nan)[order]
    return ItemTrajectories(np.ascontiguousarray(items[order]), starts, keys, number[order], day, tuple(columns))
