"""How an iterative fit climbs, when it may stop, and why it did.

One loop for every model that is fitted by repeated improvement. It keeps the whole path and never calls the cap
convergence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

P = TypeVar("P")

Reason = Literal["tolerance", "sweeps"]
LEAP_FROM = 3  # points that a leap extrapolates
CONFIRMED = 15  # plain sweeps in a row before a gap is believed where there were leaps
ROUNDING = 1e-13  # a relative change below this is noise of adding up the objective, not progress


@dataclass(frozen=True)
class Improvement(Generic[P]):
    """One sweep: where the parameters stand, and the better ones that follow.

    Attributes
    ----------
    objective : float
        Value at the parameters that were put in.
    score : float
        Standardised length of the gradient there: the root of g' I^-1 g with I the complete-data information.
    parameters : P
        The next parameters.
    """

    objective: float
    score: float
    parameters: P


@dataclass(frozen=True)
class Ascent(Generic[P]):
    """A climb that has ended.

    Attributes
    ----------
    parameters : P
        The last parameters whose objective is known.
    path : NDArray[np.float64], shape (n_kept,)
        Objective at each kept point, rising; the last one belongs to ``parameters``.
    sweeps : int
        Evaluations made, leaps that were not kept included.
    score : float
        Standardised length of the gradient at ``parameters``.
    gap : float
        Aitken's estimate of what is still missing to the limit (infinite where it does not exist).
    reason : {"tolerance", "sweeps"}
        Why it ended: both criteria met, or the cap reached.
    """

    parameters: P
    path: NDArray[np.float64]
    sweeps: int
    score: float
    gap: float
    reason: Reason


def aitken_gap(path: list[float]) -> float:
    """How far below its limit is a path that gains by a geometric series.

    Parameters
    ----------
    path : list of float
        Objective at successive sweeps.

    Returns
    -------
    float
        Estimated limit minus the last value; infinite with fewer than three values or gains that do not shrink; zero
        once
        the gains are rounding noise.

    References
    ----------
    Böhning D, Dietz E, Schaub R, Schlattmann P, Lindsay BG (1994). The distribution of the likelihood ratio for
    mixtures of
    densities from the one-parameter exponential family. Annals of the Institute of Statistical Mathematics 46, 373-388.

    Examples
    --------
    >>> aitken_gap([0.0, 1.0, 1.5])
    0.5
    """
    needed = 3
    if len(path) < needed:
        return float("inf")
    before, last = path[-2] - path[-3], path[-1] - path[-2]
    if abs(last) <= ROUNDING * abs(path[-1]):
        return 0.0
    if last <= 0 or last >= before:
        return float("inf")
    return last * last / (before - last)


def ascend(
    start: P,
    improve: Callable[[P], Improvement[P]],
    *,
    tolerance: float,
    score_tolerance: float,
    sweeps: int,
    leap: Callable[[P, P, P], P] | None = None,
) -> Ascent[P]:
    """Where does a climb from this start end, and did it arrive.

    Parameters
    ----------
    start : P
        Parameters to begin with.
    improve : callable
        Takes parameters; returns the objective and score at them and better parameters.
    tolerance : float
        Largest Aitken gap, in units of the objective, that counts as arrived.
    score_tolerance : float
        Largest standardised gradient that counts as arrived.
    sweeps : int
        Cap on the number of calls of ``improve``, at least 1.
    leap : callable, optional
        Takes three successive points and returns a guess further on. The guess is kept only if its objective is higher
        than that of the third point, so that the path never falls. Right after a leap the gains shrink faster than the
        slowest direction does and the gap looks too small, so it counts only after ``CONFIRMED`` plain sweeps.

    Returns
    -------
    Ascent
        Parameters, path and reason; ``reason`` is "sweeps" whenever the cap ended it.
    """
    path: list[float] = []
    plain: list[P] = []  # successive points since the last leap
    here, step, used = start, improve(start), 1
    while True:
        path.append(step.objective)
        plain.append(here)
        gap = aitken_gap(path[-len(plain) :])
        close = gap <= tolerance and step.score <= score_tolerance
        arrived = close and (len(plain) >= CONFIRMED or len(plain) == len(path))
        if arrived or used >= sweeps:
            reason: Reason = "tolerance" if arrived else "sweeps"
            return Ascent(here, np.array(path), used, step.score, gap, reason)
        if leap is not None and len(plain) >= LEAP_FROM and not close:
            guess = leap(*plain[-LEAP_FROM:])
            trial = improve(guess)
            used += 1
            if trial.objective > step.objective:
                here, step, plain = guess, trial, []
                continue
            plain = [here]
            if used >= sweeps:
                return Ascent(here, np.array(path), used, step.score, gap, "sweeps")
        here = step.parameters
        step = improve(here)
        used += 1
