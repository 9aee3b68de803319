"""How long do all pages of a large service take? ``python benchmarks/flags.py [referrals] [therapists] [folder]``.

An invented caseload of open referrals with PHQ-9 and GAD-7 answers, in which one blank in seven hits the forms; judged
and drawn by two processes: the page of the service, a page with a sheet for everybody per therapist, the twins. Prints
progress, wall and processor seconds, peak memory of this process and of the largest worker, bytes on disk. PDF is made
on request only and is not part of it.
"""

import argparse
import itertools
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from outcomes.flags.report import CareTables, Facts, caseload_report
from outcomes.flags.settings import FlagSettings
from outcomes.flags.writer import Writing, write_report

SEED = 2026
TODAY = pd.Timestamp("2025-03-31")
ITEMS = {"phq9": 9, "gad7": 7}
GIBIBYTE = 1 << 30


def caseload(n: int, therapists: int) -> CareTables:
    """Build open referrals of whom most get better: 0 to 12 forms each, items spread around a falling severity."""
    rng = np.random.default_rng(SEED)
    forms = rng.choice([0, 1, 2, 4, 6, 8, 12], n, p=[0.06, 0.08, 0.1, 0.2, 0.26, 0.2, 0.1])
    gone = rng.choice([1, 8, 20, 45], n, p=[0.5, 0.3, 0.12, 0.08])
    as_of = np.where(forms > 0, forms * 7 + gone, rng.integers(5, 90, n))
    referral = np.char.add("r", np.char.zfill(np.arange(n).astype(str), 7))
    people = pd.DataFrame(
        {
            "pseudonym": np.char.add("p", np.char.zfill(np.arange(n).astype(str), 7)),
            "referral": referral,
            "service": "S1",
            "therapist": np.char.add("T", np.char.zfill(rng.integers(0, therapists, n).astype(str), 4)),
            "local_id": np.char.add("A", np.char.zfill(np.arange(n).astype(str), 7)),
            "day_zero": (TODAY - pd.to_timedelta(as_of, unit="D")).date,
            "as_of_day": as_of,
            "last_contact_day": pd.array(np.where(forms > 0, forms * 7, -1), dtype="Int32"),
            "stage": np.where(forms > 0, "in treatment", "waiting"),
        }
    )
    people["last_contact_day"] = people["last_contact_day"].mask(people["last_contact_day"] < 0)
    who = np.repeat(np.arange(n), forms)
    occasion = np.arange(len(who)) - np.repeat(np.cumsum(forms) - forms, forms) + 1
    level = np.repeat(rng.uniform(0.8, 2.6, n), forms) + np.repeat(rng.normal(-0.08, 0.1, n), forms) * occasion
    rows = {"pseudonym": people["pseudonym"].to_numpy()[who], "referral": referral[who], "occasion": occasion}
    rows["day"] = pd.array(occasion * 7, dtype="Int32")
    totals = dict(rows)
    for key, count in ITEMS.items():
        answers = np.clip(np.rint(level[:, None] + rng.normal(0, 0.6, (len(who), count))), 0, 3)
        if key == "phq9":
            answers[:, -1] = np.where(rng.random(len(who)) < 0.86, 0, rng.integers(1, 4, len(who)))
        answers[rng.random(answers.shape) < 1 / 7 / count] = np.nan
        totals[key] = answers.sum(axis=1)
        rows |= {f"{key}_{place + 1}": pd.array(answers[:, place], dtype="Int8") for place in range(count)}
    return CareTables(people, pd.DataFrame(rows), pd.DataFrame(totals), course())


def course() -> pd.DataFrame:
    """Make an expected course that falls by 7 % a form, ten points wide, for four starting bands a measure."""
    edges = {"phq9": [0, 10, 15, 20, np.nan], "gad7": [0, 8, 12, 15, np.nan]}
    rows = [
        {
            "instrument": key,
            "baseline_low": low,
            "baseline_high": high,
            "occasion": since,
            "expected": (low + 4) * 0.93**since,
            "lower": max(0.0, (low + 4) * 0.93**since - 5),
            "upper": (low + 4) * 0.93**since + 5,
            "n": 400,
        }
        for key, bands in edges.items()
        for low, high in itertools.pairwise(bands)
        for since in range(14)
    ]
    return pd.DataFrame(rows)


def spent() -> float:
    """Return processor seconds of this process and of its ended children."""
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in both)


def main() -> None:
    """Time the pages of one caseload."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("referrals", nargs="?", type=int, default=100_000)
    options.add_argument("therapists", nargs="?", type=int, default=2_000)
    options.add_argument("folder", nargs="?", type=Path)
    options.add_argument("--processes", type=int, default=2)
    asked = options.parse_args()
    place = asked.folder or Path(tempfile.mkdtemp(prefix="outcomes-flags-"))
    tables = caseload(asked.referrals, asked.therapists)
    print(f"{len(tables.caseload):,} open referrals, {len(tables.occasions):,} forms", flush=True)
    wall, processor = time.perf_counter(), spent()
    facts = Facts("A large service", "invented", "abc", "nhs_talking_therapies_v2_1", date(2025, 3, 31))
    report = caseload_report(tables, settings=FlagSettings(), facts=facts)
    print(f"judged: {report.counts} in {spent() - processor:.1f} processor s {report.failure}", flush=True)

    def show(done: int, total: int) -> None:
        print(f"\rpages {done:,} of {total:,}", end="", file=sys.stderr, flush=True)

    receipt = write_report(place, report, writing=Writing(processes=asked.processes, progress=show))
    print(file=sys.stderr)
    peaks = [
        resource.getrusage(who).ru_maxrss * 1024 / GIBIBYTE for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    size = sum(path.stat().st_size for path in place.iterdir())
    print(
        f"{len(receipt.files):,} files, {size / 1e6:,.0f} MB: {time.perf_counter() - wall:.1f} wall s, "
        f"{spent() - processor:.1f} processor s, peak {peaks[0]:.2f} GiB here and {peaks[1]:.2f} GiB in a worker",
        flush=True,
    )


if __name__ == "__main__":
    main()
