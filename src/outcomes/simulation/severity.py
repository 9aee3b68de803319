"""The second generator of answers: one continuous severity a person, no subtypes, items that persist on their own."""

import numpy as np
from numpy.typing import NDArray

from outcomes.simulation.items import BURDEN_CENTRE, BURDEN_UNIT, N_PHQ9, Floats, at_least, draw_answers
from outcomes.simulation.settings import Severity

_GRID = np.linspace(-8.0, 8.0, 321)


class SeverityProcess:
    """Severity falls towards a person's own end point and wobbles; each item keeps a lasting and a drifting offset.

    Nothing here is Markov in the answers: the end point, the pace and the item offsets belong to the person and last.

    Parameters
    ----------
    numbers : Severity
        Loadings, easiness, gain, pace and persistence.
    rng : numpy.random.Generator
        Source of chance.
    """

    def __init__(self, numbers: Severity, rng: np.random.Generator) -> None:
        self._numbers, self._rng = numbers, rng
        self._cuts = np.array(numbers.cuts)
        self._loadings = np.array(numbers.phq9_loadings + numbers.gad7_loadings)
        self._easiness = np.array(numbers.phq9_easiness + numbers.gad7_easiness)
        self._level = self._wobble = np.empty((0, 2))
        self._own = self._drift = np.empty((0, len(self._loadings)), dtype=np.float32)
        self._left = self._apart = np.empty(0)
        expected = at_least(_GRID[:, None] * self._loadings + self._easiness, self._cuts).sum(axis=2)
        self._expected = expected[:, :N_PHQ9].sum(axis=1), expected[:, N_PHQ9:].sum(axis=1)

    def start(self, severity: Floats, anxiety: Floats) -> None:
        """Place everybody at a first severity of depression and of anxiety.

        Parameters
        ----------
        severity, anxiety : ndarray, shape (n,)
            Shifts in standard deviations of the start.
        """
        numbers, rng, n = self._numbers, self._rng, len(severity)
        first = rng.standard_normal(n)
        r = numbers.start_correlation
        second = r * first + np.sqrt(1 - r**2) * rng.standard_normal(n)
        self._level = np.stack(
            [
                numbers.start_mean + numbers.start_sd * (first + severity),
                numbers.anxiety_start_mean + numbers.anxiety_start_sd * (second + anxiety),
            ],
            axis=1,
        )
        self._wobble = numbers.wobble_sd * rng.standard_normal((n, 2))
        size = (n, len(self._loadings))
        self._own = (numbers.own_sd * rng.standard_normal(size, dtype=np.float32)).astype(np.float32)
        self._drift = (numbers.drift_sd * rng.standard_normal(size, dtype=np.float32)).astype(np.float32)
        self._left = numbers.gain + numbers.gain_sd * rng.standard_normal(n)
        self._apart = numbers.gain_anxiety_sd * rng.standard_normal(n)

    def advance(self, rows: NDArray[np.intp], response: Floats, worsening: Floats) -> None:
        """Move rows by one session: a share of the gain that is left, a wobble, a drift of every item.

        Parameters
        ----------
        rows : ndarray of int, shape (n_rows,)
            Which courses.
        response, worsening : ndarray, shape (n_rows,)
            Log multipliers of the pace of improving and of getting worse.
        """
        numbers, rng = self._numbers, self._rng
        pace = -np.expm1(-numbers.pace * np.exp(response))
        gained = self._left[rows] * pace
        lost = numbers.pace_worse * np.exp(worsening)
        self._left[rows] -= gained
        self._level[rows, 0] += lost - gained
        self._level[rows, 1] += lost - gained * np.exp(self._apart[rows])
        keep = numbers.wobble_persistence
        self._wobble[rows] = keep * self._wobble[rows] + np.sqrt(1 - keep**2) * numbers.wobble_sd * rng.standard_normal(
            (len(rows), 2)
        )
        keep = numbers.drift_persistence
        noise = rng.standard_normal((len(rows), len(self._loadings)), dtype=np.float32)
        self._drift[rows] = keep * self._drift[rows] + np.sqrt(1 - keep**2) * numbers.drift_sd * noise

    def _severity(self, rows: NDArray[np.intp]) -> Floats:
        return self._level[rows] + self._wobble[rows]

    def burden(self, rows: NDArray[np.intp]) -> Floats:
        """Say how much rows suffer.

        Parameters
        ----------
        rows : ndarray of int, shape (n_rows,)
            Which courses.

        Returns
        -------
        ndarray, shape (n_rows,)
            Expected totals of both questionnaires without item offsets, centred and scaled.
        """
        severity = self._severity(rows)
        totals = np.interp(severity[:, 0], _GRID, self._expected[0]) + np.interp(
            severity[:, 1], _GRID, self._expected[1]
        )
        burden: Floats = (totals - BURDEN_CENTRE) / BURDEN_UNIT
        return burden

    def shape(self) -> NDArray[np.int8]:
        """Say with which symptom shape each course started.

        Returns
        -------
        ndarray of int8, shape (n,)
            0 throughout: there are no subtypes.
        """
        return np.zeros(len(self._level), dtype=np.int8)

    def answer(self, rows: NDArray[np.intp]) -> NDArray[np.int8]:
        """Draw the answers of rows.

        Parameters
        ----------
        rows : ndarray of int, shape (n_rows,)
            Which courses.

        Returns
        -------
        ndarray of int8, shape (n_rows, 16)
            PHQ-9, then GAD-7.
        """
        severity = self._severity(rows)
        spread = np.concatenate(
            [
                np.repeat(severity[:, :1], N_PHQ9, axis=1),
                np.repeat(severity[:, 1:], len(self._loadings) - N_PHQ9, axis=1),
            ],
            axis=1,
        )
        location = spread * self._loadings + self._easiness + self._own[rows] + self._drift[rows]
        return draw_answers(at_least(location, self._cuts), self._rng)

    def truth(self, rows: NDArray[np.intp]) -> dict[str, NDArray[np.generic]]:
        """Return the hidden severities of rows.

        Parameters
        ----------
        rows : ndarray of int, shape (n_rows,)
            Which courses.

        Returns
        -------
        dict of ndarray
            `severity` and `anxiety_severity`, in logits.
        """
        severity = self._severity(rows)
        return {"severity": severity[:, 0], "anxiety_severity": severity[:, 1]}
