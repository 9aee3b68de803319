"""The first generator of answers: hidden states with a cognitive-affective/somatic split, and anxiety beside them."""

import numpy as np
from numpy.typing import NDArray

from outcomes.simulation.items import BURDEN_CENTRE, BURDEN_UNIT, Floats, at_least, draw_answers
from outcomes.simulation.settings import States

_SHAPES = {"none": 0, "cognitive-affective": 1, "somatic": 2}


def _pick(cumulative: Floats, u: Floats) -> NDArray[np.int8]:
    # The category of each row, from its cumulative probabilities, shape (n, k).
    found: NDArray[np.int8] = np.minimum((u[:, None] >= cumulative).sum(axis=1), cumulative.shape[1] - 1).astype(
        np.int8
    )
    return found


def _standard(values: Floats, weights: Floats) -> Floats:
    mean = np.average(values, weights=weights)
    standard: Floats = (values - mean) / np.sqrt(np.average((values - mean) ** 2, weights=weights))
    return standard


class StateProcess:
    """Depression states and anxiety levels that move by one session at a time; answers are independent given both.

    Parameters
    ----------
    numbers : States
        Locations, hazards and where they lead.
    rng : numpy.random.Generator
        Source of chance.
    """

    def __init__(self, numbers: States, rng: np.random.Generator) -> None:
        self._numbers, self._rng = numbers, rng
        cuts = np.array(numbers.cuts)
        self.phq9 = at_least(np.array(numbers.phq9_locations), cuts)
        self.gad7 = at_least(np.array(numbers.gad7_locations), cuts)
        self._phq9_total, self._gad7_total = self.phq9.sum(axis=(1, 2)), self.gad7.sum(axis=(1, 2))
        self._initial = np.array(numbers.initial)
        self._initial_anxiety = np.array(numbers.initial_anxiety)
        self._usual_anxiety = self._initial_anxiety @ np.arange(len(numbers.gad7_locations))
        self._to = {
            kind: np.cumsum(np.array(getattr(numbers, f"{kind}_to")), axis=1)
            for kind in ("improve", "worsen", "lateral")
        }
        self._shapes = np.array([_SHAPES[shape] for shape in numbers.shape], dtype=np.int8)
        self.state = np.empty(0, dtype=np.int8)
        self.anxiety = np.empty(0, dtype=np.int8)
        self._started = self.state
        self._proneness: Floats = np.empty(0)

    def start(self, severity: Floats, anxiety: Floats) -> None:
        """Place everybody in a first state and anxiety level.

        Parameters
        ----------
        severity, anxiety : ndarray, shape (n,)
            Shifts: the odds of a state (a level) are multiplied by exp(shift x its standardised expected total).
        """
        level = _standard(self._phq9_total, self._initial)
        odds = np.log(self._initial) + severity[:, None] * level
        self.state = _pick(_cumulative(odds), self._rng.random(len(severity)))
        margin = self._initial @ self._initial_anxiety
        odds = np.log(self._initial_anxiety[self.state]) + anxiety[:, None] * _standard(self._gad7_total, margin)
        self.anxiety = _pick(_cumulative(odds), self._rng.random(len(severity)))
        excess = self.anxiety.astype(np.float64) - self._usual_anxiety[self.state]
        self._proneness = self._numbers.anxiety_trait * excess
        self._started = self.state.copy()

    def advance(self, rows: NDArray[np.intp], response: Floats, worsening: Floats) -> None:
        """Move rows by one session: at most one step of depression, and one of anxiety.

        Parameters
        ----------
        rows : ndarray of int, shape (n_rows,)
            Which courses.
        response, worsening : ndarray, shape (n_rows,)
            Log multipliers of the hazards of improving and of worsening.
        """
        numbers, rng = self._numbers, self._rng
        before = self.state[rows]
        hazards = np.stack(
            [
                np.array(numbers.improve)[before] * np.exp(response),
                np.array(numbers.worsen)[before] * np.exp(worsening),
                np.array(numbers.lateral)[before],
            ]
        )
        total = hazards.sum(axis=0)
        moves = rng.random(len(rows)) < -np.expm1(-total)
        which = rng.random(len(rows)) * total
        kind = np.where(moves, (which >= hazards[0]).astype(int) + (which >= hazards[0] + hazards[1]), -1)
        after, u = before.copy(), rng.random(len(rows))
        for position, name in enumerate(("improve", "worsen", "lateral")):
            chosen = kind == position
            after[chosen] = _pick(self._to[name][before[chosen]], u[chosen])
        self.state[rows] = after
        self._advance_anxiety(rows, kind, response, worsening)

    def _advance_anxiety(
        self, rows: NDArray[np.intp], kind: NDArray[np.int_], response: Floats, worsening: Floats
    ) -> None:
        numbers, rng = self._numbers, self._rng
        before = self.anxiety[rows]
        usual = self._usual_anxiety[self.state[rows]] + self._proneness[rows]
        excess = numbers.anxiety_pull * (before - usual)
        better = -np.expm1(-np.array(numbers.anxiety_improve)[before] * np.exp(response + excess))
        worse = -np.expm1(-np.array(numbers.anxiety_worsen)[before] * np.exp(worsening - excess))
        better = np.where(kind == 0, 1 - (1 - better) * (1 - numbers.anxiety_follows_better), better)
        worse = np.where(kind == 1, 1 - (1 - worse) * (1 - numbers.anxiety_follows_worse), worse)
        step = (rng.random(len(rows)) < worse).astype(np.int8) - (rng.random(len(rows)) < better).astype(np.int8)
        self.anxiety[rows] = np.clip(before + step, 0, len(numbers.gad7_locations) - 1)

    def burden(self, rows: NDArray[np.intp]) -> Floats:
        """Say how much rows suffer.

        Parameters
        ----------
        rows : ndarray of int, shape (n_rows,)
            Which courses.

        Returns
        -------
        ndarray, shape (n_rows,)
            Expected totals of both questionnaires, centred and scaled.
        """
        totals = self._phq9_total[self.state[rows]] + self._gad7_total[self.anxiety[rows]]
        burden: Floats = (totals - BURDEN_CENTRE) / BURDEN_UNIT
        return burden

    def shape(self) -> NDArray[np.int8]:
        """Say with which symptom shape each course started.

        Returns
        -------
        ndarray of int8, shape (n,)
            0 none, 1 cognitive-affective, 2 somatic.
        """
        return self._shapes[self._started]

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
        cumulative = np.concatenate([self.phq9[self.state[rows]], self.gad7[self.anxiety[rows]]], axis=1)
        return draw_answers(cumulative, self._rng)

    def truth(self, rows: NDArray[np.intp]) -> dict[str, NDArray[np.generic]]:
        """Return the hidden states of rows.

        Parameters
        ----------
        rows : ndarray of int, shape (n_rows,)
            Which courses.

        Returns
        -------
        dict of ndarray
            `state` and `anxiety_state`, positions from 0.
        """
        return {"state": self.state[rows].copy(), "anxiety_state": self.anxiety[rows].copy()}


def _cumulative(log_odds: Floats) -> Floats:
    weights = np.exp(log_odds - log_odds.max(axis=1, keepdims=True))
    edges: Floats = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    return edges
