"""How long does judging all models take? ``python benchmarks/prognosis.py [referrals] [workers]``.

Prints wall and processor seconds of each step for invented random walks; the machine's other work is in the wall time.
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd

from outcomes.prognosis.course import expected_course, not_on_track
from outcomes.prognosis.explanation import explain, importance
from outcomes.prognosis.models import BoostedTrees
from outcomes.prognosis.plan import Plan, contenders
from outcomes.prognosis.scoring import fit_landmarks, score_open
from outcomes.prognosis.splits import BY_PATIENT
from outcomes.prognosis.timeline import Courses
from outcomes.prognosis.validation import validate


@contextmanager
def timed(step: str) -> Iterator[None]:
    wall, busy = time.perf_counter(), time.process_time()
    yield
    print(f"{step:<28} {time.perf_counter() - wall:7.1f} s wall {time.process_time() - busy:7.1f} s processor")


def walks(n: int, seed: int = 0) -> tuple[Courses, pd.Series]:
    """Sixteen items a session, severity a random walk with a drift of one's own, 3 to 12 sessions."""
    rng = np.random.default_rng(seed)
    length = rng.integers(3, 13, n)
    rows = np.repeat(np.arange(n), length)
    number = np.concatenate([np.arange(one) for one in length])
    steps = rng.normal(0, 0.5, rows.size) - rng.normal(0.15, 0.15, n)[rows]
    steps[number == 0] = rng.normal(0.5, 1.0, n)
    walk = np.cumsum(steps)
    level = walk - (walk - steps)[number == 0][rows]
    shown = level[:, None] + rng.normal(0, 0.8, (rows.size, 16))
    answers = (shown[:, :, None] > np.array([-1.0, 0.3, 1.4])).sum(axis=2)
    who = np.char.add("p", np.char.zfill(np.arange(n).astype(str), 7))
    key = {"pseudonym": who[rows], "referral": who[rows], "occasion": number + 1, "day": 14 + 7 * number}
    names = [f"phq9_{k}" for k in range(1, 10)] + [f"gad7_{k}" for k in range(1, 8)]
    occasions = pd.DataFrame({**key, **{name: answers[:, place].astype("int8") for place, name in enumerate(names)}})
    totals = pd.DataFrame({**key, "phq9": answers[:, :9].sum(axis=1) * 1.0, "gad7": answers[:, 9:].sum(axis=1) * 1.0})
    episodes = pd.DataFrame(
        {
            "pseudonym": who,
            "referral": who,
            "end_day": 14 + 7 * length + 7,
            "gender": rng.choice(["Female", "Male"], n),
            "ethnic_group_5": rng.choice(["White", "Mixed", "Asian or Asian British"], n, p=[0.8, 0.05, 0.15]),
            "employment": rng.choice(["Employed", "Unemployed"], n),
        }
    )
    last = totals.groupby("referral", sort=False)["phq9"].last().to_numpy()
    return Courses(episodes, occasions, totals), pd.Series(last < 10, dtype="boolean")


def main(n: int, workers: int) -> None:
    courses, target = walks(n)
    with timed("validate (5 landmarks)"):
        found = validate(
            courses, target, contenders("phq9"), plan=Plan(validations=(BY_PATIENT,), workers=workers, n_bootstrap=200)
        )
    with timed("fit all landmarks"):
        fitted = fit_landmarks(courses, target, BoostedTrees())
    with timed("score everybody"):
        score_open(fitted, courses.episodes)
    with timed("explain landmark 2"):
        table = importance(explain(fitted[2].model, fitted[2].table))
    with timed("expected course"):
        not_on_track(courses.totals, expected_course(courses.totals, "phq9"))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")
    areas = found.metrics.query("metric == 'auroc'").pivot_table(index="model", columns="landmark", values="value")
    print(areas.round(3).to_string())
    print(table.head(5).round(3).to_string(index=False))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3500, int(sys.argv[2]) if len(sys.argv) > 2 else 2)
