"""The seven-state cohort with known truth, drawn once for the room."""

import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.subtypes.sequences import Sequences

GOLDEN = Path(__file__).parents[1] / "golden" / "latent" / "seven_states.toml"
sys.path.insert(0, str(GOLDEN.parent))  # so that the data behind golden numbers are found in pytest's importlib mode


@dataclass(frozen=True)
class Cohort:
    sequences: Sequences
    states: np.ndarray  # true state of each occasion, numbered as the truth is
    truth: LatentMarkovParameters  # states in the order of expected total
    outcome: np.ndarray  # drawn from the first state, independently of the items
    outcome_rate: np.ndarray


def seven_states() -> tuple[LatentMarkovParameters, np.ndarray]:
    golden = tomllib.loads(GOLDEN.read_text(encoding="utf-8"))
    at_least = 1 / (1 + np.exp(-(np.array(golden["locations"])[:, :, None] - np.array(golden["cuts"]))))
    bounds = np.concatenate((np.ones((7, 9, 1)), at_least, np.zeros((7, 9, 1))), axis=2)
    response = bounds[:, :, :-1] - bounds[:, :, 1:]
    transition = np.array(golden["transition"])
    order = np.argsort((response @ np.arange(4)).sum(axis=1))
    truth = LatentMarkovParameters(
        np.array(golden["initial"]),
        (transition / transition.sum(axis=1, keepdims=True))[None],
        tuple(response[:, item] for item in range(9)),
    )
    return truth.reordered(order), np.array(golden["outcome_given_initial"])[order]


def draw(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(p.shape[:-1])[..., None] > p.cumsum(axis=-1)[..., :-1]).sum(axis=-1)


@pytest.fixture(scope="session")
def cohort() -> Callable[..., Cohort]:
    def make(n: int, seed: int, occasions: int = 6) -> Cohort:
        rng = np.random.default_rng(seed)
        truth, rate = seven_states()
        states = np.empty((n, occasions), dtype=np.int64)
        states[:, 0] = draw(np.repeat(truth.initial[None], n, axis=0), rng)
        for t in range(1, occasions):
            states[:, t] = draw(truth.transition[0][states[:, t - 1]], rng)
        flat = states.ravel()
        items = np.column_stack([draw(p[flat], rng) for p in truth.response]).astype(np.int8)
        outcome = (rng.random(n) < rate[states[:, 0]]).astype(float)
        starts = np.arange(0, n * occasions + 1, occasions)
        names = tuple(f"phq9_{item}" for item in range(1, 10))
        return Cohort(Sequences(items, starts, names, np.arange(flat.size)), flat, truth, outcome, rate)

    return make


@pytest.fixture(scope="session")
def small(cohort) -> Cohort:
    return cohort(400, seed=3)
