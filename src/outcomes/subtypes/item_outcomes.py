"""Scores and outcomes of simulated answers, by the rules that score real ones: for `implied.implied_outcome`."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from outcomes.errors import DataError
from outcomes.reference.instruments import Instrument, instrument
from outcomes.reference.thresholds import Threshold
from outcomes.subtypes.implied import Judge


def judges(columns: Sequence[str], instruments: Sequence[str]) -> dict[str, Judge]:
    """Which outcomes can be judged from these items.

    The measures are those of the instruments whose items are all there and whose thresholds are published. Recovery: at
    caseness on any of them at first, on none at last. Reliable improvement: at least one down by its index and none up
    by it; deterioration the reverse.

    Parameters
    ----------
    columns : sequence of str
        Items of the model, such as "phq9_1".
    instruments : sequence of str
        Keys of instruments.

    Returns
    -------
    dict of str to callable
        "recovery", "reliable_improvement", "reliable_deterioration", and "change_in_" each instrument's key (last minus
        first total).

    Raises
    ------
    DataError
        If no instrument is complete, or none has thresholds.
    """
    places = {column: place for place, column in enumerate(columns)}
    whole = [found for key in instruments if set((found := instrument(key)).item_columns) <= set(places)]
    judged = [each for each in whole if each.caseness is not None and each.reliable_change is not None]
    if not judged:
        raise DataError("no instrument with published thresholds has all of its items in the model")
    where = {each.key: [places[column] for column in each.item_columns] for each in whole}

    def totals(answers: NDArray[np.int8], each: Instrument) -> NDArray[np.float64]:
        added: NDArray[np.float64] = answers[:, where[each.key]].astype(np.float64).sum(axis=1)
        return added

    def case(answers: NDArray[np.int8]) -> NDArray[np.bool_]:
        cases: NDArray[np.bool_] = np.logical_or.reduce([_met(each.caseness, totals(answers, each)) for each in judged])
        return cases

    def recovery(first: NDArray[np.int8], last: NDArray[np.int8]) -> NDArray[np.float64]:
        return np.where(case(first), ~case(last), np.nan)

    def reliable(sign: int) -> Judge:
        def judge(first: NDArray[np.int8], last: NDArray[np.int8]) -> NDArray[np.float64]:
            falls = [sign * (totals(first, each) - totals(last, each)) for each in judged]
            wanted = np.logical_or.reduce(
                [_met(m.reliable_change, fall) for m, fall in zip(judged, falls, strict=True)]
            )
            other = np.logical_or.reduce(
                [_met(m.reliable_change, -fall) for m, fall in zip(judged, falls, strict=True)]
            )
            better: NDArray[np.float64] = (wanted & ~other).astype(np.float64)
            return better

        return judge

    def change(each: Instrument) -> Callable[[NDArray[np.int8], NDArray[np.int8]], NDArray[np.float64]]:
        return lambda first, last: totals(last, each) - totals(first, each)

    told: dict[str, Judge] = {
        "recovery": recovery,
        "reliable_improvement": reliable(1),
        "reliable_deterioration": reliable(-1),
    }
    return told | {f"change_in_{each.key}": change(each) for each in whole}


def _met(threshold: Threshold | None, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    if threshold is None:
        return np.zeros(values.shape, dtype=np.bool_)
    return threshold.met(values)
