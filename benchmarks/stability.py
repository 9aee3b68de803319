"""What the judgement of states costs, and whether its intervals cover: seven states, nine items, six occasions.

Run with ``python benchmarks/stability.py``; ``--cohorts 200`` is the full count for coverage (some minutes).
"""

import argparse
import time
import tomllib
from pathlib import Path

import numpy as np

from outcomes.kernel.latent_markov import LatentMarkovParameters
from outcomes.subtypes.implied import implied_outcome
from outcomes.subtypes.latent_markov import LatentMarkov
from outcomes.subtypes.sequences import Sequences
from outcomes.subtypes.simulating import draw_answers, draw_states
from outcomes.subtypes.stability import bootstrap, split_half
from outcomes.subtypes.uncertainty import standard_errors

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "latent" / "seven_states.toml"
OCCASIONS, ITEMS = 6, 9


def truth() -> LatentMarkovParameters:
    golden = tomllib.loads(GOLDEN.read_text(encoding="utf-8"))
    at_least = 1 / (1 + np.exp(-(np.array(golden["locations"])[:, :, None] - np.array(golden["cuts"]))))
    bounds = np.concatenate((np.ones((7, ITEMS, 1)), at_least, np.zeros((7, ITEMS, 1))), axis=2)
    p = bounds[:, :, :-1] - bounds[:, :, 1:]
    moves = np.array(golden["transition"])
    moves /= moves.sum(axis=1, keepdims=True)
    return LatentMarkovParameters(np.array(golden["initial"]), moves[None], tuple(p[:, item] for item in range(ITEMS)))


def cohort(n: int, seed: int) -> Sequences:
    rng = np.random.default_rng(seed)
    starts = np.arange(0, n * OCCASIONS + 1, OCCASIONS)
    answers = draw_answers(truth(), draw_states(truth(), starts, rng), rng)
    return Sequences(answers, starts, tuple(f"phq9_{item}" for item in range(1, 10)), np.arange(answers.shape[0]))


def below_ten(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    return (last.sum(axis=1) < 10) + 0.0 * first[:, 0]


def costs() -> None:
    data = cohort(10_000, 1)
    model = LatentMarkov(7, n_starts=12).fit(data)
    for name, work in (
        ("20 bootstrap samples of patients", lambda: bootstrap(model, data, n_resamples=20)),
        ("two halves, 30 starts each", lambda: split_half(model, data)),
        ("implied outcome, 20,000 people a state", lambda: implied_outcome(model, data, below_ten)),
    ):
        before = time.process_time()
        work()
        print(f"{name}: {time.process_time() - before:.1f} CPU s on 10,000 patients")


def coverage(cohorts: int) -> None:
    known = LatentMarkov(2, n_starts=3, penalty=0.0).fit(cohort(60_000, 10_000))
    right = np.concatenate((known.initial_, known.transition_.ravel()))
    inside = 0
    for seed in range(cohorts):
        data = cohort(600, seed)
        model = LatentMarkov(2, n_starts=3, penalty=0.0).fit(data)
        table = standard_errors(model, bootstrap(model, data, n_resamples=40, fresh=0, random_state=seed))
        table = table[table["kind"] != "response"]
        inside += int(((table["low"] <= right) & (right <= table["high"])).sum())
    share = inside / (cohorts * right.size)
    print(f"95 % intervals of initial and transition probabilities covered {share:.1%} in {cohorts} cohorts of 600")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=20, help="cohorts for coverage")
    cohorts = parser.parse_args().cohorts
    costs()
    coverage(cohorts)


if __name__ == "__main__":
    main()
