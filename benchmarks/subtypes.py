"""How fast the latent Markov engine is: occasions per CPU second, seconds to the stop, beside a plain NumPy
implementation.

Seven states, 16 items of 4 answers, 5 % missing, 2-12 occasions a patient. Run with ``python benchmarks/subtypes.py``;
``--large`` adds 100,000 patients. Peers are timed in the same run where they are installed: hmmlearn for one item,
StepMix for
one occasion; the plain NumPy sweep is always there.
"""

import argparse
import importlib.util
import resource
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from outcomes.kernel.ascent import ascend
from outcomes.kernel.latent_markov import LatentMarkovParameters, expect, improver, nominal
from outcomes.kernel.latent_markov_packing import Observations, observe
from outcomes.kernel.latent_markov_starts import start_values

STATES, ITEMS, ANSWERS = 7, 16, 4
GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "latent" / "seven_states.toml"


def truth(rng: np.random.Generator) -> LatentMarkovParameters:
    # the nine PHQ-9 items of the seven-state benchmark, and seven more that go with them
    golden = tomllib.loads(GOLDEN.read_text(encoding="utf-8"))
    nine = np.array(golden["locations"])
    seven = nine[:, [0, 1, 2, 3, 5, 6, 7]] + rng.normal(0, 0.3, (STATES, 7))
    level = np.concatenate((nine, seven), axis=1)
    at_least = 1 / (1 + np.exp(-(level[:, :, None] - np.array([-1.0, 1.0, 2.4]))))
    bounds = np.concatenate((np.ones((STATES, ITEMS, 1)), at_least, np.zeros((STATES, ITEMS, 1))), axis=2)
    p = bounds[:, :, :-1] - bounds[:, :, 1:]
    moves = np.array(golden["transition"])
    moves /= moves.sum(axis=1, keepdims=True)
    return LatentMarkovParameters(np.array(golden["initial"]), moves[None], tuple(p[:, item] for item in range(ITEMS)))


def draw(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(p.shape[0])[:, None] > p.cumsum(axis=1)[:, :-1]).sum(axis=1)


def cohort(n: int, seed: int) -> Observations:
    rng = np.random.default_rng(seed)
    model = truth(rng)
    lengths = rng.integers(2, 13, n)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    states = np.empty(starts[-1], dtype=np.int64)
    states[starts[:-1]] = draw(np.repeat(model.initial[None], n, axis=0), rng)
    for t in range(1, lengths.max()):
        rows = starts[:-1][lengths > t] + t
        states[rows] = draw(model.transition[0][states[rows - 1]], rng)
    codes = np.column_stack([draw(p[states], rng) for p in model.response]).astype(np.int8)
    codes[rng.random(codes.shape) < 0.05] = -1
    return observe(codes, starts, None, (ANSWERS,) * ITEMS)


def cpu_seconds(function: Callable[[], object], repeats: int) -> float:
    best = float("inf")
    for _ in range(repeats):
        before = time.process_time()
        function()
        best = min(best, time.process_time() - before)
    return best


def numpy_sweep(observations: Observations, model: LatentMarkovParameters) -> float:
    """One E step as one would write it in NumPy: padded, masked, over all patients at each occasion."""
    lengths = np.diff(observations.starts)
    n, longest = lengths.size, int(lengths.max())
    place = np.arange(longest) < lengths[:, None]
    emission = np.ones((n, longest, STATES))
    given = observations.codes >= 0
    log_emission = np.zeros((observations.n_occasions, STATES))
    for item, p in enumerate(model.response):
        log_emission[given[:, item]] += np.log(p.T)[observations.codes[given[:, item], item]]
    emission[place] = np.exp(log_emission)
    transition = model.transition[0]
    forward, scale = np.empty((n, longest, STATES)), np.ones((n, longest))
    ahead = np.repeat(model.initial[None], n, axis=0)
    for t in range(longest):
        joint = (ahead if t == 0 else forward[:, t - 1] @ transition) * emission[:, t]
        scale[:, t] = joint.sum(axis=1)
        forward[:, t] = joint / scale[:, [t]]
    behind = np.ones((n, STATES))
    smoothed, pairs = np.empty_like(forward), np.zeros((STATES, STATES))
    for t in range(longest - 1, -1, -1):
        smoothed[:, t] = forward[:, t] * behind
        if t > 0:
            onward = emission[:, t] * behind / scale[:, [t]]
            inside = place[:, t]
            pairs += transition * (forward[inside, t - 1].T @ onward[inside])
            behind = np.where(inside[:, None], onward @ transition.T, 1.0)
    weights = smoothed[place]
    for item in range(ITEMS):
        codes = observations.codes[:, item]
        np.stack([weights[codes == answer].sum(axis=0) for answer in range(ANSWERS)])
    return float(np.log(scale)[place].sum())


def one_start(observations: Observations) -> tuple[float, int, str]:
    form = nominal(ITEMS, penalty=0.1)
    improve = improver(observations, form, STATES)
    _, start = start_values(observations, form, STATES, 1, np.random.default_rng(0))
    before = time.process_time()
    climb = ascend(start, improve, tolerance=1e-4, score_tolerance=1e-2, sweeps=3000)
    return time.process_time() - before, len(climb.path), climb.reason


def peers(observations: Observations) -> None:
    for name in ("hmmlearn", "stepmix"):
        if importlib.util.find_spec(name) is None:
            print(f"{name}: not installed, no ratio")
    if importlib.util.find_spec("hmmlearn") is not None:
        from hmmlearn.hmm import CategoricalHMM  # noqa: PLC0415  optional peer

        complete = np.maximum(observations.codes[:, :1], 0).astype(int)
        lengths = np.diff(observations.starts)
        theirs = CategoricalHMM(STATES, n_iter=5, tol=-1.0, random_state=0)
        seconds = cpu_seconds(lambda: theirs.fit(complete, lengths), 1) / 5
        single = observe(complete, observations.starts, None, (ANSWERS,))
        form = nominal(1)
        start = start_values(single, form, STATES, 0, np.random.default_rng(0))[1]
        improve = improver(single, form, STATES)
        print(f"hmmlearn, one item: {seconds / cpu_seconds(lambda: improve(start), 5):.0f} times our time per sweep")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="add 100,000 patients")
    large = parser.parse_args().large
    observations = cohort(10_000, seed=1)
    form = nominal(ITEMS, penalty=0.1)
    start = start_values(observations, form, STATES, 1, np.random.default_rng(0))[1]
    improve = improver(observations, form, STATES)
    before = time.process_time()
    improve(start)
    print(f"first sweep (compiles, or loads what was compiled): {time.process_time() - before:.2f} CPU s")
    ours = cpu_seconds(lambda: improve(start), 15)
    speed = observations.n_occasions / ours / 1e6
    print(f"occasions: {observations.n_occasions:,}; whole EM sweep: {speed:.1f} million a CPU second")
    plain = cpu_seconds(lambda: numpy_sweep(observations, start), 2)
    drift = abs(numpy_sweep(observations, start) / expect(observations, start).log_likelihood - 1)
    print(f"plain NumPy E step: {plain / ours:.0f} times our whole sweep; log-likelihoods agree to {drift:.0e}")
    for n in (10_000, 100_000) if large else (10_000,):
        data = observations if n == observations.n_sequences else cohort(n, seed=2)
        seconds, sweeps, reason = one_start(data)
        print(f"one start, {n:,} patients: {seconds:.2f} CPU s, {sweeps} sweeps, stopped by {reason}")
    peers(observations)
    print(f"largest memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
