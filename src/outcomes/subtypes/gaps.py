"""How irregular gaps in time are brought into a model that counts steps: missed steps become blank occasions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from outcomes.errors import ConfigError, DataError
from outcomes.kernel.latent_markov_starts import Search
from outcomes.subtypes.answers import answers_seen
from outcomes.subtypes.latent_markov import LatentMarkov, Source
from outcomes.subtypes.matching import match_states
from outcomes.subtypes.profiles import expected_scores
from outcomes.subtypes.sequences import MISSING, Sequences, sequences


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


@dataclass(frozen=True)
class StepComparison:
    """The fit whose steps are occasions beside the one whose steps are equal lengths of time.

    Attributes
    ----------
    table : DataFrame
        One row a state: state, initial, share (of the occasions), stays (probability of the same state one step on) and
        total (expected sum of all items), each also with ``_in_time``, of the state of the second fit that answers most
        alike (its number there is state_in_time); steps_in_a_row, the expected stay in steps of time:
        1 / (1 - stays_in_time).
    by_time : LatentMarkov
        The second fit, its states numbered from its own mildest.
    steps : EvenSteps
        What was done about gaps.
    gain : float
        Log-likelihood of the second fit less that of the first on the same answers; both have as many parameters.
    same_state : float
        Share of the occasions whose likeliest states (smoothed) in the two fits are matched.
    n_sequences, n_left_out : int
        Sequences in the second fit; those left out of it, because a time is missing or they go back in time.
    """

    table: pd.DataFrame
    by_time: LatentMarkov
    steps: EvenSteps
    gain: float
    same_state: float
    n_sequences: int
    n_left_out: int


def compare_steps(
    model: LatentMarkov,
    X: Source,
    when: ArrayLike,
    *,
    unit: float = 7.0,
    longest: int = 26,
    starts: int = 10,
    search: Search | None = None,
) -> StepComparison:
    """Would the states be others if time, not attendance, made the steps.

    Parameters
    ----------
    model : LatentMarkov
        Fitted, with the same moves at all times; its estimates are where the second fit begins.
    X : Trajectories, DataFrame or 2-D array
        What it was fitted to.
    when : array-like of float, shape (n_occasions,)
        Day of each occasion, in the order of ``sequences(X)``; NaN where it is not known.
    unit : float, default 7
        Length of a step.
    longest : int, default 26
        Most steps of one gap.
    starts : int, default 10
        New starts of the second fit beside the estimates.
    search : Search, optional
        How hard the second fit looks; the model's by default.

    Returns
    -------
    StepComparison
        Both fits, side by side.

    Raises
    ------
    ConfigError
        If the unit or the longest gap is not positive, or the moves of the model differ by step.
    DataError
        If there is not one time for each occasion, no sequence of two occasions is dated in order, or an answer that
        the model knows is not among those that are.
    """
    if model.time_varying:
        raise ConfigError("the moves of this model differ by step; compare one whose moves are the same at all times")
    data, time = sequences(X), np.asarray(when, dtype=np.float64)
    if time.shape != (data.items.shape[0],):
        raise DataError(f"when: one time for each of the {data.items.shape[0]} occasions is needed")
    kept = _orderly(data.starts, time)
    part, place = _some(data, kept)
    if not (np.diff(part.starts) > 1).any():
        raise DataError("no course of two occasions or more is dated in order")
    seen = answers_seen(part)
    if any(not np.array_equal(one, other) for one, other in zip(seen, model.answers_, strict=True)):
        raise DataError("some answers were given in courses without dates only, so the two fits would not compare")
    steps = even_steps(part, time[place], unit=unit, longest=longest)
    by_time = clone(model).set_params(n_starts=starts)
    if search is not None:
        by_time.set_params(search=search)
    by_time.fit(steps.sequences, given=(model.parameters_,))
    order = match_states(model.parameters_, by_time.parameters_)
    before, after = model.smoothed(part), by_time.smoothed(steps.sequences)[steps.kept][:, order]
    return StepComparison(
        _both(model, by_time, before, after, order),
        by_time,
        steps,
        float(by_time.log_likelihood_ - model.log_likelihood(part).sum()),
        float((before.argmax(axis=1) == after.argmax(axis=1)).mean()),
        int(kept.sum()),
        int((~kept).sum()),
    )


def _orderly(starts: NDArray[np.int64], time: NDArray[np.float64]) -> NDArray[np.bool_]:
    # sequences in which every time is known and none lies before the one that it follows
    later = np.diff(time, prepend=np.nan) >= 0
    later[starts[:-1]] = True
    good = later & np.isfinite(time)
    return np.asarray(np.logical_and.reduceat(good, starts[:-1]), dtype=np.bool_)


def _some(data: Sequences, kept: NDArray[np.bool_]) -> tuple[Sequences, NDArray[np.int64]]:
    lengths = np.diff(data.starts)
    place = np.flatnonzero(np.repeat(kept, lengths))
    starts = np.concatenate(([0], np.cumsum(lengths[kept]))).astype(np.int64)
    return Sequences(data.items[place], starts, data.columns, data.rows[place]), place


def _both(
    model: LatentMarkov,
    by_time: LatentMarkov,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    order: NDArray[np.int64],
) -> pd.DataFrame:
    columns: dict[str, NDArray[np.float64]] = {}
    as_they_are = np.arange(model.n_states)
    for fit, weights, place, ending in ((model, before, as_they_are, ""), (by_time, after, order, "_in_time")):
        columns |= {
            f"initial{ending}": fit.initial_[place],
            f"share{ending}": weights.mean(axis=0),
            f"stays{ending}": np.diagonal(fit.transition_)[place],
            f"total{ending}": expected_scores(tuple(fit.response_), fit.answers_).sum(axis=1)[place],
        }
    stays = np.minimum(columns["stays_in_time"], 1 - np.finfo(float).eps)
    numbers = {"state": as_they_are + 1, "state_in_time": order + 1}
    return pd.DataFrame({**numbers, **columns, "steps_in_a_row": 1 / (1 - stays)})
