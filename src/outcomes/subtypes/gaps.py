"""How irregular gaps in time are brought into a model that counts steps: missed steps become blank occasions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcomes.errors import ConfigError, DataError
from outcomes.subtypes.sequences import MISSING, Sequences


@dataclass(frozen=True)
class EvenSteps:
    """Sequences in which every step takes the same time.

    Attributes
    ----------
    sequences : Sequences
        With a blank occasion for every step at which nothing was filled in; models sum blank occasions out.
    kept : NDArray[np.int64], shape (n_occasions,)
        Where the occasions that were put in stand now: ``model.filtered(even.sequences)[even.kept]`` has their order.
    n_blank : int
        Blank occasions put in.
    n_shortened : int
        Gaps longer than ``longest`` steps, which count as ``longest``.
    n_together : int
        Occasions less than half a step after the one before, which count as one step.
    unit : float
        Length of a step.
    """

    sequences: Sequences
    kept: NDArray[np.int64]
    n_blank: int
    n_shortened: int
    n_together: int
    unit: float

    @property
    def said(self) -> str:
        """Return in words what was done about gaps."""
        return (
            f"One step is {self.unit:g}; {self.n_blank} blank occasions stand for steps without answers; "
            f"{self.n_shortened} longer gaps were shortened; {self.n_together} occasions closer than half a step "
            "to the one before count as one step."
        )


def even_steps(data: Sequences, when: ArrayLike, *, unit: float = 1.0, longest: int = 26) -> EvenSteps:
    """How do sequences look when time, not attendance, makes the steps.

    A gap of three steps is passed by three moves of which two are unseen. Without this a month and a week are one step.

    Parameters
    ----------
    data : Sequences
        The sequences.
    when : array-like of float, shape (n_occasions,)
        Session number or day of each occasion, in the order of ``data``.
    unit : float, default 1
        Length of a step: 1 for session numbers, 7 for weekly steps of days.
    longest : int, default 26
        Most steps of one gap.

    Returns
    -------
    EvenSteps
        New sequences and what was done.

    Raises
    ------
    ConfigError
        If the unit or the longest gap is not positive.
    DataError
        If there is not one finite time for each occasion, or times go back within a sequence.

    Examples
    --------
    >>> import numpy as np
    >>> data = Sequences(np.array([[1], [2]], dtype=np.int8), np.array([0, 2]), ("a",), np.arange(2))
    >>> even_steps(data, [0, 21], unit=7).sequences.items.ravel().tolist()
    [1, -1, -1, 2]
    """
    if not (np.isfinite(unit) and unit > 0) or longest < 1:
        raise ConfigError(f"unit must be above 0 and longest at least 1, got {unit!r} and {longest!r}")
    time = np.asarray(when, dtype=np.float64)
    if time.shape != (data.items.shape[0],) or not np.isfinite(time).all():
        raise DataError(f"when: one finite time for each of the {data.items.shape[0]} occasions is needed")
    first = np.zeros(time.size, dtype=np.bool_)
    first[data.starts[:-1]] = True
    gap = np.diff(time, prepend=time[:1])
    back = int(((gap < 0) & ~first).sum())
    if back:
        raise DataError(f"when: {back} occasions lie before the one that they follow (rule time_order)")
    whole = np.rint(gap / unit)
    together = ~first & (whole < 1)
    steps = np.where(first, 1, np.clip(whole, 1, longest)).astype(np.int64)
    kept = np.cumsum(steps) - 1
    size = int(kept[-1]) + 1
    items = np.full((size, data.items.shape[1]), MISSING, dtype=np.int8)
    items[kept] = data.items
    starts = np.append(kept[data.starts[:-1]], size)
    even = Sequences(items, starts, data.columns, np.arange(size))
    return EvenSteps(
        even, kept, size - time.size, int((~first & (whole > longest)).sum()), int(together.sum()), float(unit)
    )
