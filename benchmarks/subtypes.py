"""How fast the latent Markov engine is: occasions per CPU second, seconds to the stop, beside other packages.

Seven states, 16 items of 4 answers, 5 % missing, 2-20 occasions a patient (6.7 on average). ``python
benchmarks/subtypes.py --full`` prints every figure that is required of the engine, each beside its limit; without
``--full`` 10,000 patients only (``--large`` adds 100,000, ``--million`` a million; each size in its own process, so
that its largest memory can be told). Seconds are CPU seconds of the process; only the gain of two threads is by the
clock, and needs a machine with nothing else to do. Peers are timed in the same run where they are installed
(dependency group ``benchmark``, or a folder named by ``--peers``): hmmlearn for one item, StepMix for one occasion; the
plain NumPy sweep is always there. ``--coverage`` shows instead whether the intervals of covariates hold planted
coefficients.
"""

import argparse
import importlib.util
import os
import resource
import subprocess
import sys
import time
import tomllib
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from outcomes.kernel.ascent import ascend
from outcomes.kernel.latent_markov import LatentMarkovParameters, expect, improver, leap, nominal
from outcomes.kernel.latent_markov_packing import Observations, observe
from outcomes.kernel.latent_markov_starts import REACHED, Search, search, start_values

STATES, ITEMS, ANSWERS = 7, 16, 4
# patients: CPU seconds to the Aitken stop, to a relative 1e-8, megabytes
LIMITS = {10_000: (1.5, 0.4, np.inf), 100_000: (15.0, 3.0, 500.0), 1_000_000: (150.0, 25.0, 1000.0)}
FASTEST, STAGED_SECONDS, TWO_THREADS, PEER_RATIO = 8.0, 40.0, 1.7, 30.0


def beside(value: float, limit: float, *, least: bool = False) -> str:
    """Say what was required, and whether the figure meets it."""
    if not np.isfinite(limit):
        return "[nothing required]"
    met = value >= limit if least else value <= limit
    return f"[{'at least' if least else 'at most'} {limit:g}: {'met' if met else 'MISSED'}]"


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
    """Draw patients part by part, so that a million of them need no more memory than their answers."""
    rng = np.random.default_rng(seed)
    model = truth(rng)
    lengths = 2 + rng.binomial(18, rng.beta(1.2, 3.4, n))
    codes = np.concatenate([answers(model, part, rng) for part in np.array_split(lengths, max(n // 20_000, 1))])
    return observe(codes, np.concatenate(([0], np.cumsum(lengths))), None, (ANSWERS,) * ITEMS)


def answers(model: LatentMarkovParameters, lengths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    starts = np.concatenate(([0], np.cumsum(lengths)))
    states = np.empty(starts[-1], dtype=np.int64)
    states[starts[:-1]] = draw(np.repeat(model.initial[None], lengths.size, axis=0), rng)
    for t in range(1, lengths.max()):
        rows = starts[:-1][lengths > t] + t
        states[rows] = draw(model.transition[0][states[rows - 1]], rng)
    codes = np.column_stack([draw(p[states], rng).astype(np.int8) for p in model.response])
    codes[rng.random(codes.shape) < 0.05] = -1
    return codes


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
    climb = ascend(start, improve, tolerance=1e-4, score_tolerance=1e-2, sweeps=3000, leap=leap)
    return time.process_time() - before, climb.sweeps, climb.reason


def relative_stop(observations: Observations) -> tuple[float, int]:
    """To a relative change of 1e-8, plain sweeps from the cut by severity: too early, but what peers do."""
    form = nominal(ITEMS, penalty=0.1)
    improve = improver(observations, form, STATES)
    _, here = start_values(observations, form, STATES, 0, np.random.default_rng(0))
    before, last, sweeps = time.process_time(), -np.inf, 0
    while True:
        step = improve(here)
        sweeps += 1
        if step.objective - last < 1e-8 * abs(step.objective):
            return time.process_time() - before, sweeps
        here, last = step.parameters, step.objective


def alone(n: int) -> None:
    """Time one start in this process and say how much memory it took."""
    data = cohort(n, seed=2)
    improver(data, nominal(ITEMS), STATES)(start_values(data, nominal(ITEMS), STATES, 0, np.random.default_rng(0))[1])
    seconds, sweeps, reason = one_start(data)
    early, fewer = relative_stop(data)
    memory = largest_memory()
    most, most_early, most_memory = LIMITS.get(n, (np.inf, np.inf, np.inf))
    print(f"one start, {n:,} patients, {data.n_occasions:,} occasions:")
    print(f"  to the Aitken stop: {seconds:.2f} CPU s {beside(seconds, most)}, {sweeps} sweeps, stopped by {reason}")
    said = beside(early, most_early)
    print(f"  plain sweeps to a relative 1e-8 from the cut by severity: {early:.2f} CPU s {said}, {fewer} sweeps")
    print(f"  largest memory of the process, Python and all: {memory:.0f} MB {beside(memory, most_memory)}")


def largest_memory() -> float:
    """Megabytes; on Linux of this process alone, because ru_maxrss carries over from the one that started it."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def staged(observations: Observations) -> None:
    """Fifty starts of which the best five are finished, on one thread and on two."""
    form, plan, wall = nominal(ITEMS, penalty=0.1), Search(), {1: np.inf, 2: np.inf}
    seconds = np.inf
    for workers in (1, 2, 1, 2, 1, 2):  # the best of three, because others may use the machine
        clock, before = time.perf_counter(), time.process_time()
        climbs = search(observations, form, STATES, plan, seed=np.random.SeedSequence(0), workers=workers)
        wall[workers] = min(wall[workers], time.perf_counter() - clock)
        seconds = min(seconds, time.process_time() - before)
    reached = sum(climb.finished and climb.limit >= climbs[0].limit - REACHED for climb in climbs)
    print(
        f"50 staged starts, {observations.n_sequences:,} patients: {seconds:.1f} CPU s "
        f"{beside(seconds, STAGED_SECONDS)}, {reached} of 5 finished reached the best"
    )
    gain, load = wall[1] / wall[2], os.getloadavg()[0]
    print(
        f"two threads by the clock: {gain:.2f} times as fast {beside(gain, TWO_THREADS, least=True)}, on "
        f"{os.cpu_count()} processors; load of the machine in the last minute {load:.1f} (ours is 1 to 2)"
    )


def hmmlearn_ratio(observations: Observations) -> None:
    from hmmlearn.hmm import CategoricalHMM  # noqa: PLC0415  optional peer

    complete = np.maximum(observations.codes[:, :1], 0).astype(int)
    lengths = np.diff(observations.starts)
    theirs = CategoricalHMM(STATES, n_iter=5, tol=-np.inf, random_state=0)
    seconds = cpu_seconds(lambda: theirs.fit(complete, lengths), 1) / 5
    single = observe(complete, observations.starts, None, (ANSWERS,))
    form = nominal(1)
    start = start_values(single, form, STATES, 0, np.random.default_rng(0))[1]
    improve = improver(single, form, STATES)
    ratio = seconds / cpu_seconds(lambda: improve(start), 15)
    said = beside(ratio, PEER_RATIO, least=True)
    print(f"hmmlearn {version('hmmlearn')}, one item: {ratio:.0f} times our time per row and sweep {said}")


def stepmix_ratio(observations: Observations) -> None:
    from stepmix.stepmix import StepMix  # noqa: PLC0415  optional peer

    first = observations.codes  # each occasion as a person of its own
    table = np.where(first < 0, np.nan, first.astype(float))
    sweeps = (5, 25)  # the difference leaves out what they do before and after
    theirs = [
        StepMix(
            STATES, measurement="categorical_nan", max_iter=n, abs_tol=0.0, rel_tol=0.0, random_state=0, progress_bar=0
        )
        for n in sweeps
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        few, many = (cpu_seconds(lambda model=model: model.fit(table), 1) for model in theirs)
    single = observe(first, np.arange(first.shape[0] + 1), None, (ANSWERS,) * ITEMS)
    form = nominal(ITEMS)
    start = start_values(single, form, STATES, 0, np.random.default_rng(0))[1]
    improve = improver(single, form, STATES)
    ours = cpu_seconds(lambda: improve(start), 15)
    ratio = (many - few) / (sweeps[1] - sweeps[0]) / ours
    said = beside(ratio, PEER_RATIO, least=True)
    print(f"StepMix {version('stepmix')}, one occasion: {ratio:.0f} times our time per row and sweep {said}")


def peers(observations: Observations) -> None:
    for name, compare in (("hmmlearn", hmmlearn_ratio), ("stepmix", stepmix_ratio)):
        if importlib.util.find_spec(name) is None:
            print(f"{name}: not installed, no ratio")
        else:
            compare(observations)


def planted(seed: int) -> tuple[object, object, object, np.ndarray]:
    """Two states, 800 people, five sessions; one covariate of the first state, two of moves."""
    import pandas as pd  # noqa: PLC0415  the engine alone needs none of it, and its memory is measured

    from outcomes.subtypes.sequences import Sequences  # noqa: PLC0415

    rng = np.random.default_rng(seed)
    n, occasions, first = 800, 5, np.array([0.3, 0.8])
    worse, better = np.array([-1.5, 0.7, -0.4]), np.array([-1.0, -0.5, 0.6])
    sex, dose = rng.integers(0, 2, n).astype(float), rng.normal(size=(n, occasions))
    states = [(rng.random(n) < 1 / (1 + np.exp(-first[0] - first[1] * sex))).astype(int)]
    for t in range(1, occasions):
        x = np.column_stack((np.ones(n), sex, dose[:, t]))
        moved = rng.random(n) < 1 / (1 + np.exp(-np.where(states[-1] == 0, x @ worse, x @ better)))
        states.append(np.where(moved, 1 - states[-1], states[-1]))
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])[np.column_stack(states).ravel()]
    items = np.column_stack([draw(p, rng) for _ in range(5)]).astype(np.int8)
    items[rng.random(items.shape) < 0.05] = -1
    names = tuple(f"item_{k}" for k in range(1, 6))
    data = Sequences(items, np.arange(0, n * occasions + 1, occasions), names, np.arange(n * occasions))
    moves = pd.DataFrame({"sex": np.repeat(sex, occasions), "dose": dose.ravel()})
    return data, pd.DataFrame({"sex": sex}), moves, np.concatenate((first, worse, better))


def coverage(simulations: int = 200) -> None:
    """Whether 95 % intervals of planted logits hold the truth in 92 to 98 of 100 simulated cohorts."""
    from outcomes.subtypes.covariates import CovariateLatentMarkov  # noqa: PLC0415

    inside, before = [], time.process_time()
    for seed in range(simulations):
        data, initial, moves, truth_ = planted(seed)
        model = CovariateLatentMarkov(2, n_starts=2, penalty=0.01).fit(data, initial=initial, moves=moves)
        table = model.coefficients_
        inside.append(np.abs(table["coefficient"] - truth_) < 1.96 * table["standard_error"])
    shares = " ".join(f"{100 * share:.1f}" for share in np.mean(inside, axis=0))
    print(f"95 % intervals of eight planted logits cover the truth in {shares} % of {simulations} cohorts", end="")
    print(f" ({100 * np.mean(inside):.1f} % overall; {time.process_time() - before:.0f} CPU s)")


def apart(*arguments: str) -> None:
    subprocess.run([sys.executable, __file__, *arguments], check=True)  # noqa: S603  this file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="every figure that is required: all three sizes")
    parser.add_argument("--peers", type=Path, help="folder in which hmmlearn and StepMix are installed")
    parser.add_argument("--large", action="store_true", help="add 100,000 patients")
    parser.add_argument("--million", action="store_true", help="add 1,000,000 patients")
    parser.add_argument("--alone", type=int, help="time one start on so many patients and nothing else")
    parser.add_argument("--coverage", action="store_true", help="only simulate covariates, 200 times")
    asked = parser.parse_args()
    if asked.coverage:
        coverage()
        return
    if asked.alone:
        alone(asked.alone)
        return
    if asked.peers:
        sys.path.append(str(asked.peers))  # behind our own packages
    observations = cohort(10_000, seed=1)
    form = nominal(ITEMS, penalty=0.1)
    start = start_values(observations, form, STATES, 1, np.random.default_rng(0))[1]
    improve = improver(observations, form, STATES)
    before = time.process_time()
    improve(start)
    print(f"first sweep (compiles, or loads what was compiled): {time.process_time() - before:.2f} CPU s", flush=True)
    ours = cpu_seconds(lambda: improve(start), 15)
    speed = observations.n_occasions / ours / 1e6
    said = beside(speed, FASTEST, least=True)
    print(f"whole EM sweep over {observations.n_occasions:,} occasions: {speed:.1f} million a CPU second {said}")
    plain = cpu_seconds(lambda: numpy_sweep(observations, start), 2)
    drift = abs(numpy_sweep(observations, start) / expect(observations, start).log_likelihood - 1)
    print(f"plain NumPy E step: {plain / ours:.0f} times our whole sweep; log-likelihoods agree to {drift:.0e}")
    peers(observations)
    staged(observations)
    sys.stdout.flush()
    larger = {100_000: asked.large, 1_000_000: asked.million}
    sizes = [10_000, *(n for n, wanted in larger.items() if wanted or asked.full)]
    for n in sizes:
        apart("--alone", str(n))


if __name__ == "__main__":
    main()
