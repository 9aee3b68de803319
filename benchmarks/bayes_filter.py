"""How near do the models come to the best that can be done? ``python benchmarks/bayes_filter.py [patients]``.

Seven hidden states answer nine questions at six occasions (the cohort of the tests of the latent Markov room). Who knew
the true model could do no better than filter the states from the answers so far and look ahead: that is the ceiling.
"""

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.cohort.trajectories import trajectories
from outcomes.kernel.intervals import auc
from outcomes.kernel.latent_markov_starts import Search
from outcomes.prognosis.features import features_of
from outcomes.prognosis.models import BoostedTrees, PenalisedLogistic
from outcomes.prognosis.timeline import Courses, sittings
from outcomes.studies.states import state_table
from outcomes.subtypes.latent_markov import LatentMarkov

CUTS = np.array([-1.0, 1.0, 2.4])
LOCATIONS = np.array(
    [
        [-2.2, -2.2, -1.2, -1.0, -2.2, -2.2, -2.2, -3.5, -4.5],
        [-0.6, -0.5, -1.2, -0.8, -1.6, 0.2, -0.6, -2.6, -2.6],
        [-1.0, -1.0, 0.9, 1.1, 0.1, -0.9, -0.7, -2.0, -3.8],
        [1.0, 1.1, -0.3, 0.4, -0.7, 1.9, 0.8, -1.4, -0.9],
        [0.5, 0.4, 2.4, 2.6, 1.5, 0.3, 0.8, -0.7, -2.6],
        [1.7, 1.7, 1.9, 2.1, 1.2, 1.8, 1.6, -0.2, -1.0],
        [3.2, 3.4, 3.0, 3.4, 2.5, 3.6, 3.0, 1.6, 1.1],
    ]
)
INITIAL = np.array([0.04, 0.12, 0.12, 0.22, 0.15, 0.20, 0.15])
MOVES = np.array(
    [
        [0.93, 0.04, 0.03, 0, 0, 0, 0],
        [0.16, 0.74, 0.02, 0.07, 0, 0.01, 0],
        [0.16, 0.02, 0.74, 0.01, 0.06, 0.01, 0],
        [0.02, 0.14, 0.01, 0.75, 0.01, 0.06, 0.01],
        [0.02, 0.01, 0.15, 0.01, 0.74, 0.06, 0.01],
        [0.01, 0.02, 0.03, 0.10, 0.09, 0.68, 0.07],
        [0, 0.01, 0.01, 0.03, 0.02, 0.15, 0.78],
    ]
)
MOVES = MOVES / MOVES.sum(axis=1, keepdims=True)
OCCASIONS = 6
ITEMS = [f"phq9_{item}" for item in range(1, 10)]
WELL = 9  # points at most at the last occasion


@dataclass(frozen=True)
class Cohort:
    """Answers, shape (people, occasions, items); whether the last total is low; what the true model says so far."""

    answers: np.ndarray
    well: np.ndarray
    ceiling: np.ndarray


def cohort(n: int, seed: int) -> Cohort:
    """Draw a cohort and filter it with the model that drew it."""
    rng = np.random.default_rng(seed)
    at_least = 1 / (1 + np.exp(-(LOCATIONS[:, :, None] - CUTS)))
    probability = -np.diff(np.concatenate([np.ones((7, 9, 1)), at_least, np.zeros((7, 9, 1))], axis=2), axis=2)
    state = rng.choice(7, size=n, p=INITIAL)
    answers = np.empty((n, OCCASIONS, 9), dtype=np.int64)
    filtered = np.empty((n, OCCASIONS, 7))
    belief = np.tile(INITIAL, (n, 1))
    for occasion in range(OCCASIONS):
        if occasion:
            state = (rng.random(n)[:, None] > np.cumsum(MOVES[state], axis=1)).sum(axis=1)
            belief = belief @ MOVES
        answers[:, occasion] = (rng.random((n, 9))[:, :, None] < at_least[state]).sum(axis=2)
        heard = np.ones((n, 7))
        for item in range(9):
            heard *= probability[:, item, :][:, answers[:, occasion, item]].T
        belief = belief * heard
        belief = belief / belief.sum(axis=1, keepdims=True)
        filtered[:, occasion] = belief
    low = np.array([_share_at_most(one, WELL) for one in probability])
    ahead = [np.linalg.matrix_power(MOVES, OCCASIONS - 1 - occasion) @ low for occasion in range(OCCASIONS)]
    ceiling = np.stack([filtered[:, occasion] @ ahead[occasion] for occasion in range(OCCASIONS)], axis=1)
    return Cohort(answers, answers[:, -1].sum(axis=1) <= WELL, ceiling)


def _share_at_most(items: np.ndarray, most: int) -> float:
    total = np.ones(1)
    for one in items:
        total = np.convolve(total, one)
    return float(total[: most + 1].sum())


def courses(drawn: Cohort) -> Courses:
    """Put a cohort into the tables of the library."""
    n = len(drawn.answers)
    who = np.repeat([f"p{number:06d}" for number in range(n)], OCCASIONS)
    key = {"pseudonym": who, "referral": who, "occasion": np.tile(np.arange(1, OCCASIONS + 1), n)}
    flat = drawn.answers.reshape(-1, 9)
    items = {f"phq9_{item + 1}": flat[:, item] for item in range(9)}
    occasions = pd.DataFrame({**key, **items})
    totals = pd.DataFrame({**key, "phq9": flat.sum(axis=1) * 1.0})
    return Courses(occasions[["pseudonym", "referral"]].drop_duplicates(ignore_index=True), occasions, totals)


def states_of(teaching: Courses, judged: Courses, seed: int) -> list[pd.DataFrame]:
    """Filtered state probabilities of both cohorts, learnt from the first one's answers only."""
    sequences = [trajectories(one.occasions.assign(day=np.nan), ITEMS) for one in (teaching, judged)]
    model = LatentMarkov(n_states=7, n_starts=4, random_state=seed, search=Search(starts=4, finished=1)).fit(
        sequences[0]
    )
    return [state_table(model, one) for one in sequences]


def compare(
    n: int, *, seed: int = 1, landmarks: tuple[int, ...] = (0, 1, 2, 3, 4), states: bool = True
) -> pd.DataFrame:
    """Teach on one cohort, judge on another of the same size beside the true model.

    Returns one row a landmark: auroc of the ceiling, of boosted trees and of the regression, and the standard error of
    the difference to the better of both.
    """
    teaching, judging = cohort(n, seed), cohort(n, seed + 1)
    tables = [(courses(one), one) for one in (teaching, judging)]
    filled = [sittings(table) for table, _ in tables]
    extra = states_of(tables[0][0], tables[1][0], seed) if states else [None, None]
    rows = []
    for landmark in landmarks:
        frames = [
            features_of(table, landmark, filled=sat, extra=more).frame
            for (table, _), sat, more in zip(tables, filled, extra, strict=True)
        ]
        truth = judging.well
        told = {"true model": judging.ceiling[:, landmark]}
        for name, model in (("boosted_trees", BoostedTrees()), ("penalised_logistic", PenalisedLogistic())):
            told[name] = model.fit(frames[0], teaching.well.astype(int)).predict_proba(frames[1])[:, 1]
        found = {name: float(auc(truth, p).value) for name, p in told.items()}
        best = max(found["boosted_trees"], found["penalised_logistic"])
        rows.append({"landmark": landmark, **found, "short_of": found["true model"] - best})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    print(compare(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000).round(4).to_string(index=False))
