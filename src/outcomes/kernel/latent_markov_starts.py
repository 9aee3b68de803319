"""Where to begin, and how to trust that the end is the best one: many short starts, the best few finished.

One random start is not a fit. Starts differ in kind (cut by severity; by likeness to a few occasions; random), each
from its own stream of
random numbers, so that the result depends neither on the order nor on the number of threads.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from outcomes.kernel.ascent import Ascent, Improvement, ascend
from outcomes.kernel.latent_markov import Form, LatentMarkovParameters, Structure, improver, leap, marginal
from outcomes.kernel.latent_markov_packing import Observations

STAY = (0.3, 0.95)  # range of the probability to stay in a state; random starts may begin below it
SHARPNESS = (
    0.5,
    4.0,
)  # range of the concentration of random answers around the whole sample's; below 1 states differ greatly
SMOOTHING = 0.1  # share of the whole sample (or of even moves) mixed into each state, so that no start begins at zero
DISTURBED = 2.0  # shape of the gamma weights that tell classes apart at the start
SAMPLE = 2000  # occasions looked at to make a start; more do not make a better one
REACHED = 0.01  # climbs whose limits lie within so many log units have reached the same top


Improve = Callable[[LatentMarkovParameters], Improvement[LatentMarkovParameters]]


@dataclass(frozen=True)
class Search:
    """How hard to look.

    Attributes
    ----------
    starts : int
        Short climbs.
    short_sweeps : int
        Sweeps of each short climb.
    finished : int
        How many of the best short climbs go on, to within ``REACHED`` of their limit.
    sweeps : int
        Cap on the sweeps of a climb.
    tolerance : float
        Largest Aitken gap, in log units, at which the best of the finished climbs, which goes on alone, has arrived.
    score_tolerance : float
        Largest standardised gradient of a climb that has arrived.
    """

    starts: int = 50
    short_sweeps: int = 15
    finished: int = 5
    sweeps: int = 3000
    tolerance: float = 1e-4
    score_tolerance: float = 1e-2


@dataclass(frozen=True)
class Climb:
    """One start and how far it came.

    Attributes
    ----------
    number : int
        Number of the start; start values that were handed in come first.
    kind : str
        How it was made: "given", "severity", "likeness" or "random".
    finished : bool
        Whether it was carried to the end.
    ascent : Ascent
        Parameters, path, reason.
    """

    number: int
    kind: str
    finished: bool
    ascent: Ascent[LatentMarkovParameters]

    @property
    def objective(self) -> float:
        """Return the last value of the objective."""
        return float(self.ascent.path[-1])

    @property
    def limit(self) -> float:
        """Return where the climb would end by Aitken's estimate; the last value where there is no estimate."""
        return self.objective + (self.ascent.gap if np.isfinite(self.ascent.gap) else 0.0)


def search(
    observations: Observations,
    form: Form,
    n_states: int,
    plan: Search,
    *,
    seed: np.random.SeedSequence,
    given: Sequence[LatentMarkovParameters] = (),
    workers: int = 1,
    on_climb: Callable[[int, int], None] | None = None,
) -> tuple[Climb, ...]:
    """Which starts were tried and where did each end; the best one comes first.

    Parameters
    ----------
    observations : Observations
        The sequences.
    form : Form
        Families, transitions, penalty.
    n_states : int
        Number of states.
    plan : Search
        How hard to look; with one state a single start is enough and is used.
    seed : numpy.random.SeedSequence
        Each start takes its own stream from it.
    given : sequence of LatentMarkovParameters, optional
        Start values to try besides.
    workers : int, default 1
        Threads; the result is the same for any number.
    on_climb : callable, optional
        Told how many of how many climbs are done.

    Returns
    -------
    tuple of Climb
        Finished ones first, best first within each.
    """
    improve = improver(observations, form, n_states)
    guess = partial(leap, families=form.families)
    n_starts = plan.starts if n_states > 1 else 1
    streams = seed.spawn(n_starts)
    jobs = len(given) + n_starts
    total = jobs + min(plan.finished, jobs)
    done = 0

    def report(climbs: Iterable[Climb]) -> list[Climb]:
        nonlocal done
        kept = []
        for climb in climbs:
            kept.append(climb)
            done += 1
            if on_climb is not None:
                on_climb(done, total)
        return kept

    def short(number: int) -> Climb:
        if number < len(given):
            kind, start = "given", given[number]
        else:
            own = number - len(given)
            kind, start = start_values(observations, form, n_states, own, np.random.default_rng(streams[own]))
        ascent = ascend(
            start,
            improve,
            tolerance=plan.tolerance,
            score_tolerance=plan.score_tolerance,
            sweeps=plan.short_sweeps,
            leap=guess,
        )
        return Climb(number, kind, finished=False, ascent=ascent)

    def climb_on(climb: Climb, gap: float, improve: Improve = improve) -> Climb:
        if climb.ascent.gap <= gap and climb.ascent.reason == "tolerance":
            return Climb(climb.number, climb.kind, finished=True, ascent=climb.ascent)
        more = ascend(
            climb.ascent.parameters,
            improve,
            tolerance=gap,
            score_tolerance=plan.score_tolerance,
            sweeps=max(plan.sweeps - climb.ascent.sweeps + 1, 1),
            leap=guess,
        )
        path = np.concatenate((climb.ascent.path, more.path[1:]))
        sweeps = climb.ascent.sweeps + more.sweeps - 1
        whole = Ascent(more.parameters, path, sweeps, more.score, more.gap, more.reason)
        return Climb(climb.number, climb.kind, finished=True, ascent=whole)

    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        over = pool.map if workers > 1 else map
        shorts = sorted(report(over(short, range(jobs))), key=_best_first)
        rough = max(plan.tolerance, REACHED)
        finals = report(over(lambda climb: climb_on(climb, rough), shorts[: plan.finished]))
        best = min(finals, key=lambda climb: (-climb.limit, climb.number))
        # the last climb is alone, so its sweeps are shared out instead; sums are joined in order, so bits are the same
        last = climb_on(best, plan.tolerance, improver(observations, form, n_states, over=over))
    others = sorted((climb for climb in finals if climb is not best), key=lambda climb: (-climb.limit, climb.number))
    return (last, *others, *shorts[plan.finished :])


def _best_first(climb: Climb) -> tuple[float, int]:
    return -climb.objective, climb.number


def start_values(
    observations: Observations, form: Form, n_states: int, number: int, rng: np.random.Generator
) -> tuple[str, LatentMarkovParameters]:
    """Where does start number so-and-so begin.

    Parameters
    ----------
    observations : Observations
        The sequences; up to ``SAMPLE`` occasions are looked at.
    form : Form
        Families and transitions.
    n_states : int
        Number of states.
    number : int
        0 cuts occasions by their mean answer; odd ones group them by likeness; even ones are random.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    kind : str
        "severity", "likeness" or "random".
    parameters : LatentMarkovParameters
        Start values without zeros.
    """
    if form.structure is not None:
        plain = replace(form, structure=None)
        kind, levels = start_values(observations, plain, form.structure.n_levels, number, rng)
        return kind, _spread(levels, form.structure, rng)
    whole = marginal(observations)
    n_periods = form.n_periods(observations)
    kind = "severity" if number == 0 else ("likeness" if number % 2 else "random")
    if kind == "random":
        sharpness = rng.uniform(*SHARPNESS)
        response = [rng.dirichlet(np.maximum(sharpness * share, 0.1), n_states) for share in whole]
        initial = rng.dirichlet(np.ones(n_states))
    else:
        codes = _sample(observations, rng)
        group = _by_severity(codes, n_states) if kind == "severity" else _by_likeness(codes, n_states, rng)
        response = [_group_shares(codes[:, item], group, n_states, share) for item, share in enumerate(whole)]
        initial = np.bincount(group, minlength=n_states) / group.size
    moves = {
        "severity": lambda: np.repeat(np.eye(n_states)[None], n_periods, axis=0),
        "likeness": lambda: _moves(n_states, n_periods, STAY, rng),
        "random": lambda: _moves(n_states, n_periods, (0.0, STAY[1]), rng),
    }[kind]()
    even = 1.0 / n_states
    return kind, LatentMarkovParameters(
        (1 - SMOOTHING) * initial + SMOOTHING * even,
        (1 - SMOOTHING) * moves + SMOOTHING * even,
        tuple(
            family.nearest((1 - SMOOTHING) * p + SMOOTHING * (share + 1e-6) / (1 + 1e-6 * share.size))
            for family, p, share in zip(form.families, response, whole, strict=True)
        ),
    )


def _spread(levels: LatentMarkovParameters, structure: Structure, rng: np.random.Generator) -> LatentMarkovParameters:
    # states begin as their levels do, each row disturbed on its own, so that classes can grow apart
    place = list(structure.level)
    n_periods, n = levels.transition.shape[0], len(place)
    initial = levels.initial[place] * structure.initial * rng.gamma(DISTURBED, size=n)
    moves = levels.transition[:, place][:, :, place] * structure.moves * rng.gamma(DISTURBED, size=(n_periods, n, n))
    moves /= moves.sum(axis=2, keepdims=True)
    return LatentMarkovParameters(initial / initial.sum(), moves, tuple(p[place] for p in levels.response))


def _sample(observations: Observations, rng: np.random.Generator) -> NDArray[np.int8]:
    if observations.n_occasions <= SAMPLE:
        return observations.codes
    return observations.codes[np.sort(rng.choice(observations.n_occasions, SAMPLE, replace=False))]


def _moves(n_states: int, periods: int, stay: tuple[float, float], rng: np.random.Generator) -> NDArray[np.float64]:
    staying = rng.uniform(*stay, size=(periods, n_states, 1))
    elsewhere = rng.dirichlet(np.ones(n_states), (periods, n_states))
    moves: NDArray[np.float64] = (1 - staying) * elsewhere + staying * np.eye(n_states)
    return moves


def _by_severity(codes: NDArray[np.int8], n_states: int) -> NDArray[np.int64]:
    # equal parts by the mean given answer; a blank occasion counts as lowest
    given = codes >= 0
    mean = np.where(given, codes, 0).sum(axis=1) / np.maximum(given.sum(axis=1), 1)
    rank = np.argsort(np.argsort(mean, kind="stable"), kind="stable")
    parts: NDArray[np.int64] = rank * n_states // codes.shape[0]
    return parts


def _by_likeness(codes: NDArray[np.int8], n_states: int, rng: np.random.Generator) -> NDArray[np.int64]:
    # groups around a few occasions, drawn apart from each other as k-means++ draws its centres
    answers = codes.astype(np.float64)
    given = codes >= 0
    level = np.where(given, answers, 0).sum(axis=0) / np.maximum(given.sum(axis=0), 1)
    answers = np.where(given, answers, level)
    distance = np.full((codes.shape[0], n_states), np.inf)
    centre = int(rng.integers(codes.shape[0]))
    for state in range(n_states):
        distance[:, state] = np.abs(answers - answers[centre]).sum(axis=1)
        nearest = distance[:, : state + 1].min(axis=1)
        chance = nearest.sum()
        even = np.full(nearest.size, 1.0 / nearest.size)
        centre = int(rng.choice(nearest.size, p=nearest / chance if chance > 0 else even))
    group: NDArray[np.int64] = distance.argmin(axis=1)
    return group


def _group_shares(
    codes: NDArray[np.int8], group: NDArray[np.int64], n_states: int, share: NDArray[np.float64]
) -> NDArray[np.float64]:
    given = codes >= 0
    counts = np.zeros((n_states, share.size))
    np.add.at(counts, (group[given], codes[given]), 1.0)
    people = counts.sum(axis=1, keepdims=True)
    return np.where(people > 0, counts / np.maximum(people, 1.0), share)
